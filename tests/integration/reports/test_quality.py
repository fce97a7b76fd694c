"""The data-quality page of a cycle: what is missing or undecided, whom KPIs cover, what speaks against publishing."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from appraisal.calendars.models import CalendarYear
from appraisal.cycles.models import Cycle, CycleState
from appraisal.evidence.models import Exclusion
from tests.factories import (
    RECORD_FACTORIES,
    ComplaintFactory,
    EngineerFactory,
    JobProfileFactory,
    ServiceReportFactory,
    SurveyFactory,
    TeamFactory,
    TicketFactory,
    UserFactory,
    VisitFactory,
)
from tests.integration.reports.lines import INSIDE, add_tickets, client_of, kpi, open_cycle, scored
from tests.world import advance

pytestmark = pytest.mark.django_db


@pytest.fixture
def cycle() -> Cycle:
    return open_cycle(kpi("response_sla_rate", minimum_n=5), kpi("complaint_index", weight=0, curve=[]))


def quality(cycle: Cycle) -> dict[str, Any]:
    found: dict[str, Any] = client_of().get(reverse("api:cycle-quality", args=[cycle.code])).json()
    return found


def page(cycle: Cycle, client: Client | None = None) -> str:
    answer = (client or client_of()).get(reverse("cycle_quality", args=[cycle.code]))
    return " ".join(answer.content.decode().split())


def checks(cycle: Cycle) -> dict[str, tuple[int, int]]:
    found = quality(cycle)["checks"]
    return {f"{each['kind']}.{each['code']}": (each["count"], each["total"]) for each in found if each["count"]}


def test_missing_and_undecided_records_of_the_cycle_are_counted(cycle: Cycle) -> None:
    engineer = EngineerFactory()
    add_tickets(engineer, 3, priority=2)
    TicketFactory(engineer=engineer, opened_at=INSIDE, priority=1, resolution_met=False)  # overdue and open
    TicketFactory(engineer=engineer, opened_at=INSIDE, exclusion=Exclusion.TEST)  # counts nowhere
    TicketFactory(engineer=engineer, opened_at=INSIDE - timedelta(days=60))  # of another cycle
    VisitFactory(engineer=engineer, dispatched_at=INSIDE, ticket=None)
    SurveyFactory(engineer=engineer, responded_at=INSIDE, is_latest=False)
    ComplaintFactory(engineer=engineer, received_at=INSIDE)
    ComplaintFactory(engineer=engineer, received_at=INSIDE, verdict="justified")
    ServiceReportFactory(engineer=engineer, service_ended_at=INSIDE, submitted_at=None)
    assert checks(cycle) == {
        "tickets.no_response": (1, 4),
        "tickets.overdue": (1, 4),
        "visits.no_check_in": (1, 1),
        "visits.no_minutes": (1, 1),
        "visits.no_ticket": (1, 1),
        "surveys.not_latest": (1, 1),
        "surveys.no_score": (1, 1),
        "complaints.pending": (1, 2),
        "complaints.no_cause": (1, 2),
        "reports.not_submitted": (1, 1),
    }
    text = page(cycle)
    assert "Tickets past their due time and still open" in text
    assert '?first=2026-01-01&amp;last=2026-03-31">Complaints not decided yet' in text


def test_records_that_name_no_engineer_are_counted_by_kind_and_source(cycle: Cycle) -> None:
    engineer = EngineerFactory()
    for source, who in (("a", None), ("a", engineer), ("b", None), ("b", None)):
        TicketFactory(engineer=who, response_engineer=None, opened_at=INSIDE, source=source)
    found = [(each["kind"], each["source"], each["count"], each["total"]) for each in quality(cycle)["unattributed"]]
    assert found == [("tickets", "a", 1, 2), ("tickets", "b", 2, 2)]
    assert "They count for nobody until they name one." in page(cycle)


def test_engineers_without_team_manager_or_profile_are_named(cycle: Cycle) -> None:
    profile = JobProfileFactory()
    EngineerFactory(name="Nowhere")
    EngineerFactory(name="Unmanaged", team=TeamFactory(), profile=profile)
    EngineerFactory(name="Complete", team=TeamFactory(manager=UserFactory()), profile=profile)
    EngineerFactory(name="Gone", employed__end_date=date(2025, 6, 30))
    found = quality(cycle)
    assert found["engineers"] == 3
    assert {gap["code"]: [person["name"] for person in gap["people"]] for gap in found["gaps"]} == {
        "team": ["Nowhere"],
        "manager": ["Nowhere", "Unmanaged"],
        "profile": ["Nowhere"],
    }


def test_coverage_before_the_first_scoring_counts_who_has_records(cycle: Cycle) -> None:
    with_tickets, with_complaint, _without = (EngineerFactory() for _ in range(3))
    add_tickets(with_tickets, 3, met=1)
    ComplaintFactory(engineer=with_complaint, received_at=INSIDE)
    found = quality(cycle)
    assert found["is_scored"] is False
    assert [(each["kpi"], each["with_value"], each["engineers"]) for each in found["coverage"]] == [
        ("response_sla_rate", 1, 3),
        ("complaint_index", 1, 3),
    ]
    assert "engineers with at least one record that could count" in page(cycle)


def test_coverage_after_a_scoring_says_why_there_are_no_points(cycle: Cycle) -> None:
    enough, few, _none = (EngineerFactory() for _ in range(3))
    add_tickets(enough, 5, met=1)
    add_tickets(few, 4, met=1)
    scored(cycle)
    coverage = quality(cycle)["coverage"][0]
    assert (coverage["with_value"], coverage["engineers"], coverage["too_few"]) == (2, 3, 1)
    assert {each["reason"]: each["count"] for each in coverage["reasons"]} == {"no_data": 1, "too_few": 1}
    assert "too few cases to score: 1" in page(cycle)


def test_open_exceptions_and_missing_years_are_said_before_publishing(cycle: Cycle) -> None:
    VisitFactory(dispatched_at=INSIDE, anomalies="no_check_in")
    VisitFactory(dispatched_at=INSIDE - timedelta(days=90), anomalies="no_check_in")
    CalendarYear.objects.filter(year=2026).delete()
    assert quality(cycle)["warnings"]["open_exceptions"] == 1
    assert {each["year"] for each in quality(cycle)["warnings"]["missing_years"]} == {2026}
    for name in ("cycle_quality", "cycle_detail"):
        text = client_of().get(reverse(name, args=[cycle.code])).content.decode()
        assert "1 exception is open" in text, name
        assert "Holidays are not known for all of this period" in text, name
    advance(cycle, CycleState.CALIBRATION)
    text = client_of().get(reverse("cycle_detail", args=[cycle.code])).content.decode()
    assert "1 exception is not settled" in text
    step = {"transition": "publish", "reason": ""}
    client_of().post(reverse("move_cycle", args=[cycle.code]), step)
    cycle.refresh_from_db()
    assert cycle.state == "calibration", "bad data nobody decided about is passed with a reason only"
    step["reason"] = "Nothing was measured in this quarter"
    answer = client_of().post(reverse("move_cycle", args=[cycle.code]), step)
    cycle.refresh_from_db()
    assert (answer.status_code, cycle.state) == (302, "published")
    assert "1 exception is open" not in client_of().get(reverse("cycle_detail", args=[cycle.code])).content.decode()


def test_the_page_costs_the_same_number_of_queries_whatever_there_is(cycle: Cycle) -> None:
    client = client_of()

    def queries() -> int:
        page(cycle, client)
        with CaptureQueriesContext(connection) as captured:
            page(cycle, client)
        return len(captured)

    def grow() -> None:
        for _ in range(3):
            engineer = EngineerFactory(team=TeamFactory())
            for kind, factory in RECORD_FACTORIES.items():
                made = {} if kind in ("events", "article_uses") else {"engineer": engineer}
                factory(**made)

    grow()
    before = queries()
    grow()
    assert queries() == before
    scored(cycle)
    after = queries()
    grow()
    scored(cycle)
    assert queries() == after
