"""The worked examples of SPEC 6 about an engineer among others and over a year: imported, scored, exported."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from appraisal.calendars.queries import get_calendars
from appraisal.cycles.models import Cycle, ManualValue
from appraisal.kpis.models import Kpi
from engineers.models import Employment, Engineer, Leave
from tests.examples import CASES
from tests.factories import hr_user
from tests.integration.scoring.example_cycles import IDENTITY, import_tickets, scored, shown, use_scheme

pytestmark = pytest.mark.django_db


def answered(who: str, met: int, n: int, region: str = "") -> list[dict[str, object]]:
    """Cases of an engineer of which so many were answered by their due time."""
    return [
        {
            "number": f"{who} {region} {number}",
            "engineer": who,
            "region": region,
            "opened": "2026-02-02 09:00:00",
            "response_due": "2026-02-02 10:00:00",
            "responded": "2026-02-02 09:30:00" if number < met else "2026-02-02 11:00:00",
        }
        for number in range(n)
    ]


@pytest.mark.parametrize("counts", ["3/3", "0/2", "42/50"])
def test_e12_small_n(folder: Path, counts: str) -> None:
    met, n = map(int, counts.split("/"))
    # The others of the family answer 80 %; the engineer's own cases are no part of that.
    import_tickets(folder, *answered("甲", met, n), *answered("others", 8, 10))
    use_scheme(f"code: answered, measure: response_sla_rate, shrink_k: 10, curve: {IDENTITY}")
    line = scored(folder, "2026-01-01", "2026-03-31")["甲"]["answered"]
    assert (line["numerator"], line["denominator"]) == (str(met), str(n))
    assert shown(line["points"]) == CASES["E12_small_n"]["shrunk_pct"][counts]


def test_e12_no_case_is_no_data_whatever_the_family_does(folder: Path) -> None:
    import_tickets(folder, {"number": "open", "engineer": "甲", "opened": "2026-02-02 09:00:00"})
    import_tickets(folder, *answered("others", 8, 10))
    use_scheme(f"code: answered, measure: response_sla_rate, shrink_k: 10, curve: {IDENTITY}")
    line = scored(folder, "2026-01-01", "2026-03-31")["甲"]["answered"]
    assert (line["n"], line["value"], line["points"], line["reason"]) == (0, None, None, "no_data")


def test_e15_annual(folder: Path) -> None:
    case = CASES["E15_annual"]
    engineer = Engineer.objects.create(employee_no="甲", name="甲")
    Employment.objects.create(engineer=engineer, start_date=date(2025, 1, 1))
    quarters = {
        "Q1": ("2026-01-01", "2026-03-31"),
        "Q2": ("2026-04-01", "2026-06-30"),
        "Q3": ("2026-07-01", "2026-09-30"),
        "Q4": ("2026-10-01", "2026-12-31"),
    }
    calendar = get_calendars().default
    for name, days in quarters.items():
        first, last = map(date.fromisoformat, days)
        every = [first + timedelta(days=offset) for offset in range((last - first).days + 1)]
        workdays = [day for day in every if calendar.workdays.is_workday(day)]
        assert len(workdays) == case["working_days"][name]
        present = case["eligible"][name]
        if present < len(workdays):
            Leave.objects.create(engineer=engineer, start_date=workdays[present], end_date=last)
    use_scheme(f"code: satisfied, measure: csat_top2, curve: {IDENTITY}")
    hr = hr_user()
    scores = {"Q1": "82.40", "Q2": "99.99", "Q3": "90.10", "Q4": "76.00"}
    reviews: dict[str, Any] = {}
    for name, (start, end) in quarters.items():
        call_command("create_cycle", name, "--start", start, "--end", end, "--scheme", "example")
        ManualValue.objects.create(
            cycle=Cycle.objects.get(code=name),
            engineer=engineer,
            kpi=Kpi.objects.get(code="satisfied"),
            value=scores[name],
            evidence="from the example",
            entered_by=hr,
            entered_at=datetime(2026, 1, 1, tzinfo=UTC),
        )
        reviews[name] = only_review(folder, name)
    assert [name for name, review in reviews.items() if review["overall"] is not None] == case["rated"]
    call_command("create_cycle", "2026", "--start", "2026-01-01", "--end", "2026-12-31", "--scheme", "example")
    Cycle.objects.get(code="2026").parts.set(Cycle.objects.filter(code__in=quarters))
    assert shown(only_review(folder, "2026")["overall"]) == case["annual"]


def only_review(folder: Path, code: str) -> dict[str, Any]:
    """Open, score and export a cycle of one engineer."""
    path = folder / f"{code}.json"
    call_command("open_cycle", code)
    call_command("score_cycle", code, "--wait")
    call_command("export_cycle", code, "--format", "json", "--output", str(path))
    (review,) = json.loads(path.read_text(encoding="utf-8"))["reviews"]
    assert isinstance(review, dict)
    return review


def test_e16_case_mix(folder: Path) -> None:
    import_tickets(
        folder,
        *answered("A", 9, 10, "near"),
        *answered("A", 30, 40, "far"),
        *answered("B", 36, 40, "near"),
        *answered("B", 6, 10, "far"),
        # With these the pool answers 95 % near, 70 % far and 80 % of all.
        *answered("C", 50, 50, "near"),
        *answered("C", 69, 100, "far"),
    )
    use_scheme(
        f"code: mixed, measure: response_sla_rate, strata: [region], scores_adjusted: true, curve: {IDENTITY}",
        f"code: raw, measure: response_sla_rate, strata: [region], curve: {IDENTITY}",
    )
    lines = scored(folder, "2026-01-01", "2026-03-31")
    for who in ("A", "B"):
        case = CASES["E16_case_mix"][who]
        assert shown(lines[who]["mixed"]["value"]) == case["raw_pct"], "the raw figure stays beside it"
        assert shown(lines[who]["mixed"]["points"]) == case["adjusted_pct"]
        assert shown(lines[who]["raw"]["points"]) == case["raw_pct"], "scored only where the scheme says so"
