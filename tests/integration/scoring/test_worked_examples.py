"""The worked examples of SPEC 6 that involve records, end to end: imported, scored, exported."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from appraisal.calendars.queries import get_calendars
from appraisal.cycles.models import Cycle, ManualValue
from appraisal.evidence.models import FigureUpdate, Target, TargetClock, TargetKind
from appraisal.evidence.targets import add_target, update_figures
from appraisal.kpis.files import load_scheme
from appraisal.kpis.models import Kpi
from engineers.models import Employment, Engineer, Leave
from tests.factories import hr_user
from tests.integration.scoring.cycles import Line, lines_by_engineer, run_cycle

pytestmark = pytest.mark.django_db

CASES = json.loads((Path(__file__).parents[2] / "data" / "cases.json").read_text(encoding="utf-8"))
TICKET_COLUMNS = [
    "number",
    "engineer",
    "team",
    "customer",
    "product",
    "category",
    "priority",
    "job_type",
    "opened",
    "responded",
    "resolved",
    "closed",
    "reopened",
    "reassigned",
    "dispatched",
    "arrived",
    "left",
    "survey_sent",
    "survey_answered",
    "score",
    "attitude",
    "asset",
    "fault",
    "region",
    "no_fault_found",
    "response_due",
    "resolution_due",
]
IDENTITY = "[[0, 0], [100, 100]]"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def import_rows(folder: Path, kind: str, columns: Sequence[str], rows: Sequence[Mapping[str, object]]) -> None:
    """Write a file in the portal's own form and import it as an operator would."""
    path = folder / f"{kind}.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)
    preset = "portal" if kind == "tickets" else f"portal_{kind}"
    call_command(
        *("import_evidence", str(path), "--kind", kind, "--preset", preset, "--source", "portal"),
        "--create-engineers",
    )


def import_tickets(folder: Path, *rows: Mapping[str, object]) -> None:
    defaults = {"job_type": "repair", "reopened": 0, "reassigned": 0, "priority": 3}
    import_rows(folder, "tickets", TICKET_COLUMNS, [defaults | row for row in rows])


def use_scheme(*kpis: str) -> None:
    """Load a scheme of these KPIs, given as the inside of a flow mapping; the first carries all the weight."""
    lines = [
        f"      - {{name: {{zh: 甲, en: A}}, minimum_n: 1, weight: {0 if number else 100}, {kpi}}}"
        for number, kpi in enumerate(kpis)
    ]
    text = "\n".join(
        [
            "code: example",
            "name: {zh: 例, en: Example}",
            "rated_from_percent: 60",
            "grade_bands: [[S, 95], [A, 85], [B, 70], [C, 60], [D, 0]]",
            "dimensions:",
            "  - code: all",
            "    name: {zh: 全部, en: All}",
            "    kpis:",
            *lines,
        ]
    )
    load_scheme(text=text + "\n", by=None, now=datetime(2026, 1, 1, tzinfo=UTC))


def scored(folder: Path, start: str, end: str, code: str = "example") -> dict[str, dict[str, Line]]:
    """Score a cycle over these days and return its exported lines by engineer and KPI."""
    return lines_by_engineer(run_cycle(folder, code=code, start=start, end=end, scheme="example"))


def promise(kind: str, minutes: int) -> None:
    add_target(
        target=Target(kind=kind, minutes=minutes, clock=TargetClock.BUSINESS, from_date=date(2026, 1, 1)),
        by=None,
        now=datetime(2026, 1, 1, tzinfo=UTC),
    )


def shown(value: str | None, places: int = 2) -> str:
    """Round an exported figure half up to the places the examples have."""
    assert value is not None
    units = Fraction(value) * 10**places
    rounded = (2 * units.numerator + units.denominator) // (2 * units.denominator)
    return f"{rounded // 10**places}.{rounded % 10**places:0{places}}"


def hours(minutes: str) -> str:
    return shown(str(Fraction(minutes) / 60))


BUSINESS = "code: business, measure: resolution_time, statistic: median, clock: business, curve: [[0, 100], [99, 0]]"
CALENDAR = "code: calendar, measure: resolution_time, statistic: median, clock: calendar"
IN_TIME = f"code: in_time, measure: resolution_sla_rate, curve: {IDENTITY}"


def test_e1_holiday_makeup(folder: Path) -> None:
    import_tickets(
        folder, {"number": 1, "engineer": "甲", "opened": "2026-02-13 17:30:00", "resolved": "2026-02-24 10:00:00"}
    )
    use_scheme(BUSINESS, CALENDAR)
    lines = scored(folder, "2026-01-01", "2026-03-31")["甲"]
    case = CASES["E1_holiday_makeup"]
    assert shown(lines["business"]["value"]) == hours(case["correct_min"])
    assert shown(lines["calendar"]["value"]) == hours(case["calendar_min"])


def test_e2_pauses(folder: Path) -> None:
    import_tickets(
        folder, {"number": 1, "engineer": "甲", "opened": "2026-09-20 16:00:00", "resolved": "2026-09-28 10:00:00"}
    )
    pauses = [("2026-09-21 10:00:00", "2026-09-21 15:00:00"), ("2026-09-21 14:00:00", "2026-09-22 09:30:00")]
    pauses.append(("2026-09-24 17:00:00", ""))  # runs on until the case is resolved
    rows = [
        {"number": f"P{at}", "ticket": 1, "type": "paused", "at": at, "until": until, "reason": "waiting_customer"}
        for at, until in pauses
    ]
    import_rows(folder, "events", ("number", "ticket", "engineer", "type", "at", "until", "reason"), rows)
    case = CASES["E2_pauses"]
    promise(TargetKind.RESOLUTION, int(case["target_min"]))
    use_scheme(BUSINESS, IN_TIME)
    update_all_figures()
    lines = scored(folder, "2026-07-01", "2026-09-30")["甲"]
    assert shown(lines["business"]["value"]) == hours(case["net_min"])
    assert (lines["in_time"]["numerator"], lines["in_time"]["denominator"]) == ("0", "1")
    assert case["met"] is False


def test_e3_reopened(folder: Path) -> None:
    case = CASES["E3_reopened"]
    promise(TargetKind.RESOLUTION, int(case["target_min"]))
    import_tickets(
        folder, {"number": 1, "engineer": "甲", "opened": "2026-03-02 09:00:00", "resolved": "2026-03-04 16:00:00"}
    )
    happened = [("resolved", "2026-03-02 15:00:00"), ("reopened", "2026-03-04 10:00:00")]
    happened.append(("resolved", "2026-03-04 16:00:00"))
    rows = [{"number": at, "ticket": 1, "type": kind, "at": at} for kind, at in happened]
    import_rows(folder, "events", ("number", "ticket", "engineer", "type", "at"), rows)
    use_scheme(BUSINESS, IN_TIME, "code: ftf, measure: first_time_fix_rate")
    member = date.fromisoformat(case["member_date"])
    lines = scored(folder, member.isoformat(), member.isoformat())["甲"]
    assert shown(lines["business"]["value"]) == hours(case["resume_min"])
    assert lines["ftf"]["value"] == ("100" if case["first_time_fix"] else "0")
    # The day before holds nothing of it: the last resolution is the date of membership.
    day_before = (member - timedelta(days=1)).isoformat()
    earlier = scored(folder, "2026-03-02", day_before, code="earlier")["甲"]
    assert earlier["business"]["n"] == 0
    whole = scored(folder, "2026-03-01", "2026-03-31", code="whole")["甲"]
    assert (whole["in_time"]["numerator"], whole["in_time"]["denominator"]) == ("0", "1")
    assert case["met_resume"] is False


def test_e5_membership(folder: Path) -> None:
    import_tickets(
        folder,
        {
            "number": "late",
            "engineer": "甲",
            "opened": "2026-03-31 09:00:00",
            "response_due": "2026-03-31 17:00:00",
            "responded": "2026-04-01 09:10:00",
        },
        {  # answered at 2026-03-31T16:30Z, which is April in Shanghai
            "number": "utc",
            "engineer": "乙",
            "opened": "2026-03-31 20:00:00",
            "response_due": "2026-04-02 09:00:00",
            "responded": "2026-04-01 00:30:00",
        },
        {"number": "open", "engineer": "丙", "opened": "2026-03-31 20:00:00", "response_due": "2027-01-31 09:00:00"},
    )
    use_scheme(f"code: answered, measure: response_sla_rate, curve: {IDENTITY}")
    first = scored(folder, "2026-01-01", "2026-03-31", code="2026-Q1")
    second = scored(folder, "2026-04-01", "2026-06-30", code="2026-Q2")
    figures = {
        (quarter, who): (lines[who]["answered"]["numerator"], lines[who]["answered"]["n"])
        for quarter, lines in (("2026-Q1", first), ("2026-Q2", second))
        for who in ("甲", "乙", "丙")
    }
    case = CASES["E5_membership"]
    assert figures[case["late_ticket_cycle"], "甲"] == ("1" if case["late_ticket_met"] else "0", 1)
    assert figures[case["utc_event_cycle"], "乙"] == ("1", 1)
    assert figures[case["wrong_utc_cycle"], "乙"] == (None, 0)
    assert figures["2026-Q1", "丙"] == figures["2026-Q2", "丙"] == (None, 0)


def test_e6_followup(folder: Path) -> None:
    def ticket(number: str, due: str, resolved: str) -> dict[str, str]:
        return {
            "number": number,
            "engineer": "甲",
            "opened": "2026-03-02 09:00:00",
            "resolution_due": due,
            "resolved": resolved,
        }

    import_tickets(
        folder,
        ticket("A", "2026-03-02 10:00:00", "2026-03-03 18:00:00"),
        ticket("B", "2026-03-04 09:00:00", "2026-03-06 12:00:00"),
        ticket("C", "2026-03-05 16:00:00", "2026-03-06 10:00:00"),
        ticket("D", "2026-03-03 10:00:00", "2026-03-13 10:00:00"),
    )
    rows: list[dict[str, str]] = [
        {"number": f"{ticket} {at}", "ticket": ticket, "type": "updated", "at": at}
        for ticket, at in (
            ("A", "2026-03-02 17:00:00"),
            ("A", "2026-03-03 11:00:00"),
            ("B", "2026-03-06 09:00:00"),
        )
    ]
    rows.append(
        {"number": "D", "ticket": "D", "type": "paused", "at": "2026-03-02 09:00:00", "reason": "waiting_customer"}
    )
    import_rows(folder, "events", ("number", "ticket", "engineer", "type", "at", "reason"), rows)
    use_scheme(f"code: followed, measure: followup_continuity, curve: {IDENTITY}")
    line = scored(folder, "2026-01-01", "2026-03-31")["甲"]["followed"]
    case = CASES["E6_followup"]
    assert int(line["numerator"]) == sum(case["compliant"])
    assert int(line["denominator"]) == len(case["compliant"])
    assert shown(line["value"]) == case["rate_pct"]


def test_e7_repeat(folder: Path) -> None:
    def fix(number: str, engineer: str, fault: str, opened: str, resolved: str, **more: object) -> dict[str, object]:
        asset, name = fault.split("/")
        base = {"number": number, "engineer": engineer, "asset": asset, "fault": name}
        return base | {"opened": opened, "resolved": resolved} | more

    import_tickets(
        folder,
        fix("F1", "A", "X/f", "2026-06-01 09:00:00", "2026-06-01 10:00:00"),
        fix("callback", "A", "X/f", "2026-06-10 09:00:00", "2026-06-10 10:00:00", no_fault_found="yes"),
        fix("preventive", "A", "X/f", "2026-06-20 09:00:00", "2026-06-20 10:00:00", job_type="preventive"),
        fix("F2", "B", "X/f", "2026-07-01 10:00:00", "2026-07-02 12:00:00"),
        fix("F3", "B", "X/f", "2026-07-20 09:00:00", "2026-07-20 18:00:00"),
        fix("F4", "A", "X/g", "2026-07-22 09:00:00", "2026-07-22 10:00:00"),
        fix("F5", "A", "Y/f", "2026-06-05 09:00:00", "2026-06-05 10:00:00"),
    )
    visits = [
        {"number": "V1", "ticket": "F3", "engineer": "B", "dispatched": "2026-07-20 09:30:00", "minutes": 120},
        {
            "number": "V2",
            "ticket": "F3",
            "engineer": "C",
            "dispatched": "2026-07-20 09:30:00",
            "minutes": 60,
            "assisting": "yes",
        },
    ]
    columns = ("number", "ticket", "engineer", "dispatched", "arrived", "minutes", "assisting")
    import_rows(folder, "visits", columns, visits)
    use_scheme("code: repeats, measure: repeat_repair_rate, credit: share, curve: [[0, 100], [100, 0]]")
    lines = scored(folder, "2026-07-01", "2026-08-31")
    case = CASES["E7_repeat"]
    for who in ("A", "B", "C"):
        line = lines[who]["repeats"]
        assert shown(line["value"]) == case["rate_pct"][who], who
        assert Fraction(line["denominator"]).limit_denominator(1000) == Fraction(case["denominators"][who]), who
    met = sum(Fraction(lines[who]["repeats"]["numerator"]) for who in "ABC")
    decided = sum(Fraction(lines[who]["repeats"]["denominator"]) for who in "ABC")
    team = 100 * met / decided
    assert shown(str(team.limit_denominator(1000))) == case["team_pct"]


def test_e7_repeat_one_second_later_is_none(folder: Path) -> None:
    one_second_more = {"asset": "X", "fault": "f", "opened": "2026-07-01 10:00:01"}
    import_tickets(
        folder,
        {
            "number": "F1",
            "engineer": "A",
            "asset": "X",
            "fault": "f",
            "opened": "2026-06-01 09:00:00",
            "resolved": "2026-06-01 10:00:00",
        },
        {"number": "F2", "engineer": "B"} | one_second_more,
    )
    use_scheme("code: repeats, measure: repeat_repair_rate, curve: [[0, 100], [100, 0]]")
    line = scored(folder, "2026-07-01", "2026-08-31")["A"]["repeats"]
    assert (line["numerator"], line["denominator"]) == ("0", "1")
    assert "F1" not in CASES["E7_repeat"]["window_minus_1s_hits"]


def test_e8_complaints(folder: Path) -> None:
    case = CASES["E8_complaints"]
    import_tickets(
        folder,
        *(
            {"number": number, "engineer": "甲", "opened": "2026-02-02 09:00:00", "resolved": "2026-02-02 10:00:00"}
            for number in range(case["tickets_closed"])
        ),
    )
    decided = [("general", "justified"), ("serious", "justified"), ("major", "pending"), ("general", "unjustified")]
    rows = [
        {
            "number": number,
            "engineer": "甲",
            "received": "2026-02-10 09:00:00",
            "type": "quality",
            "severity": severity,
            "verdict": verdict,
        }
        for number, (severity, verdict) in enumerate(decided)
    ]
    import_rows(folder, "complaints", ("number", "engineer", "received", "type", "severity", "verdict"), rows)
    use_scheme(
        "code: weighted, measure: complaint_index, curve: [[0, 100], [10, 0]]",
        "code: counted, measure: complaint_index, parameters: {weighted: 0}",
    )
    lines = scored(folder, "2026-01-01", "2026-03-31")["甲"]
    assert shown(lines["weighted"]["value"]) == case["weighted_per_100"]
    assert shown(lines["counted"]["value"]) == case["per_100"]
    assert lines["weighted"]["n"] == case["tickets_closed"]


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


def test_e17_outliers(folder: Path) -> None:
    opened = datetime(2026, 2, 2, 9)
    import_tickets(
        folder,
        *(
            {
                "number": number,
                "engineer": "甲",
                "opened": f"{opened:%Y-%m-%d %H:%M:%S}",
                "resolved": f"{opened + timedelta(hours=length):%Y-%m-%d %H:%M:%S}",
            }
            for number, length in enumerate((1, 2, 2, 3, 4, 5, 6, 7, 8, 120))
        ),
    )
    kpis = [
        f"code: {statistic}, measure: resolution_time, statistic: {statistic}, clock: calendar"
        for statistic in ("median", "mean", "p90")
    ]
    use_scheme(kpis[0] + ", curve: [[0, 100], [99, 0]]", *kpis[1:])
    lines = scored(folder, "2026-01-01", "2026-03-31")["甲"]
    case = CASES["E17_outliers"]
    assert shown(lines["mean"]["value"]) == case["mean"]
    assert shown(lines["median"]["value"]) == case["median"]
    assert shown(lines["p90"]["value"]) == case["p90_cont"]


def test_e19_survey(folder: Path) -> None:
    case = CASES["E19_survey"]
    scores = [5, 5, 4, 4, 3, 2, 1]
    recommended = [10, 9, 9, 8, 7, 6, 3]
    rows: list[dict[str, object]] = [
        {"number": number, "engineer": "甲", "sent": "2026-02-02 09:00:00"} for number in range(case["sent"])
    ]
    for row, score, recommend in zip(rows, scores, recommended, strict=False):
        row |= {"answered": "2026-02-03 09:00:00", "score": score, "recommend": recommend}
    # The others of the family: 80 % satisfied.
    rows += [
        {
            "number": f"other {number}",
            "engineer": "others",
            "sent": "2026-02-02 09:00:00",
            "answered": "2026-02-03 09:00:00",
            "score": 5 if number < 8 else 1,
        }
        for number in range(10)
    ]
    columns = ("number", "ticket", "engineer", "sent", "answered", "score", "recommend")
    import_rows(folder, "surveys", columns, rows)
    use_scheme(
        f"code: top2, measure: csat_top2, shrink_k: 10, curve: {IDENTITY}",
        "code: mean, measure: csat_avg, statistic: mean",
        "code: returned, measure: survey_response_rate",
        "code: nps, measure: nps, statistic: score",
    )
    lines = scored(folder, "2026-01-01", "2026-03-31")["甲"]
    assert lines["top2"]["n"] == case["n"]
    assert shown(lines["mean"]["value"]) == case["average"]
    assert shown(lines["top2"]["value"]) == case["top2_pct"]
    assert shown(lines["returned"]["value"]) == case["response_pct"]
    assert shown(lines["nps"]["value"]) == case["nps"]
    assert shown(lines["top2"]["points"]) == case["shrunk_top2_team_80_k10"]


def update_all_figures() -> None:
    for update in FigureUpdate.objects.filter(finished_at__isnull=True):
        update_figures(update_id=update.pk)
