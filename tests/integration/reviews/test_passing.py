"""A due moment that passes changes the figures though no record arrives; so does a day that ends (SPEC G6)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from appraisal.cycles.models import CycleState, KpiResult, RunState, ScoringRun, StaleFigures
from appraisal.evidence.models import ServiceReport, Ticket, Visit
from appraisal.reviews.figures import live, passing
from appraisal.reviews.models import Review
from tests.factories import TicketFactory
from tests.integration.reviews.marking import marked
from tests.once import once_a_module
from tests.world import CASES, World, advance, build_world, score

pytestmark = pytest.mark.django_db

# In the first quarter of 2026, at ten in the morning in Shanghai.
SCORED = datetime(2026, 3, 10, 2, 0, tzinfo=UTC)
DUE = SCORED + timedelta(hours=1)
AFTER = DUE + timedelta(minutes=1)
MOMENT = timedelta(microseconds=1)


@once_a_module
def built() -> World:
    built = build_world()
    score(built.cycle, now=SCORED)
    StaleFigures.objects.all().delete()
    return built


def open_ticket(world: World, **fields: Any) -> Ticket:
    """Add an open case of the first engineer whose response is due, and forget that it marked somebody."""
    ticket: Ticket = TicketFactory(
        engineer=world.one,
        external_id="open",
        opened_at=SCORED - timedelta(days=1),
        **{
            "first_response_at": None,
            "resolved_at": None,
            "completed_at": None,
            "response_decided_at": DUE,
            "response_met": False,
        }
        | fields,
    )
    live.refresh(clock=lambda: SCORED)
    assert marked() == set()
    return ticket


def look(now: datetime = AFTER) -> set[str]:
    passing.mark_what_time_changed(now=now)
    return marked()


def test_a_case_that_becomes_overdue_lowers_the_live_figure(world: World) -> None:
    open_ticket(world)
    result = KpiResult.objects.filter(engineer=world.one, line__kpi_version__kpi__code="in_time")
    assert result.get().n == CASES
    assert look() == {"E1"}
    assert live.refresh(clock=lambda: AFTER) == 1
    assert (result.get().n, result.get().value) == (CASES + 1, "900/13")
    assert Review.objects.get(pk=world.review.pk).figures_as_of == AFTER


def test_whoever_was_computed_since_is_not_marked_again(world: World) -> None:
    open_ticket(world)
    look()
    assert look() == {"E1"}
    assert StaleFigures.objects.count() == 1, "the mark there is stands for it"
    live.refresh(clock=lambda: AFTER)
    assert look(AFTER + timedelta(minutes=5)) == set()


def test_a_moment_counts_from_when_it_has_passed(world: World) -> None:
    open_ticket(world)
    assert look(DUE) == set()
    live.refresh(clock=lambda: DUE)
    assert look(DUE + MOMENT) == {"E1"}
    live.refresh(clock=lambda: DUE + MOMENT)
    assert look(AFTER) == set()


@pytest.mark.parametrize(
    "moment", ["response_decided_at", "resolution_decided_at", "overdue_at", "followup_breach_at"]
)
def test_each_moment_of_a_ticket_marks(world: World, moment: str) -> None:
    open_ticket(world, **{"response_decided_at": None, "response_met": None, moment: DUE})
    assert look() == {"E1"}


@pytest.mark.parametrize("field", ["response_engineer", "owner"])
def test_everybody_whom_a_ticket_credits_is_marked(world: World, field: str) -> None:
    open_ticket(world, **{field: world.two})
    StaleFigures.objects.all().delete()
    assert "E2" in look()


def test_whoever_shares_a_case_by_visits_is_marked(world: World) -> None:
    ticket = open_ticket(world)
    Visit.objects.create(
        source="test", external_id="v", ticket=ticket, engineer=world.two, dispatched_at=SCORED, arrived_at=SCORED
    )
    StaleFigures.objects.all().delete()
    assert look() == {"E1", "E2"}


def test_an_arrival_and_a_report_that_are_due_mark(world: World) -> None:
    Visit.objects.create(
        source="test", external_id="v", engineer=world.one, dispatched_at=SCORED, arrival_decided_at=DUE
    )
    ServiceReport.objects.create(
        source="test", external_id="r", engineer=world.two, service_ended_at=SCORED, report_decided_at=DUE
    )
    StaleFigures.objects.all().delete()
    assert look() == {"E1", "E2"}


def test_what_has_happened_marks_nobody(world: World) -> None:
    open_ticket(world, first_response_at=SCORED, resolved_at=SCORED, completed_at=SCORED)
    assert look() == set()


def test_a_day_that_ends_concerns_everybody_once(world: World) -> None:
    tomorrow = SCORED + timedelta(hours=14)  # midnight in Shanghai
    assert look(tomorrow - MOMENT) == set()
    assert look(tomorrow) == {"*"}
    assert look(tomorrow) == {"*"}
    assert StaleFigures.objects.count() == 1
    live.refresh(clock=lambda: tomorrow)
    assert ScoringRun.objects.filter(state=RunState.RUNNING).count() == 1
    assert look(tomorrow) == set(), "the run under way is of the new day"


def test_a_cycle_that_is_over_waits_for_nothing(world: World) -> None:
    score(world.cycle, now=datetime(2026, 4, 1, 0, 0, tzinfo=UTC))
    open_ticket(world, response_decided_at=datetime(2026, 4, 20, tzinfo=UTC))
    assert look(datetime(2026, 5, 1, tzinfo=UTC)) == set()


def test_the_last_day_of_a_cycle_ends_too(world: World) -> None:
    assert look(datetime(2026, 5, 1, tzinfo=UTC)) == {"*"}


def test_a_published_cycle_waits_for_nothing(world: World) -> None:
    open_ticket(world)
    advance(world.cycle, CycleState.PUBLISHED, by=world.users["HR"])
    assert look() == set()


def test_a_cycle_nobody_has_computed_is_left_alone(world: World) -> None:
    ScoringRun.objects.all().delete()
    assert look() == set()


def test_the_number_of_questions_does_not_grow_with_the_records(world: World) -> None:
    open_ticket(world)
    with CaptureQueriesContext(connection) as one:
        look()
    StaleFigures.objects.all().delete()
    for number in range(5):
        TicketFactory(engineer=world.two, external_id=f"more{number}", completed_at=None, overdue_at=DUE)
    StaleFigures.objects.all().delete()
    with CaptureQueriesContext(connection) as many:
        assert look() == {"E1", "E2"}
    assert len(many) == len(one)
