"""A case belongs to the cycle by the calendar day of the engineer's home, wherever the cycle is kept (SPEC G2)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from appraisal.calendars.actions import create_calendar, save_calendar
from appraisal.calendars.models import WorkCalendar
from appraisal.calendars.shipped import WEEK
from appraisal.cycles.models import KpiResult, StaleFigures
from appraisal.evidence.models import Ticket
from appraisal.reports.cases import get_line_cases
from appraisal.reviews.figures import passing
from appraisal.reviews.figures.seals import verify_cycle
from appraisal.reviews.models import Review
from engineers.models import Engineer, Team
from tests.factories import hr_user
from tests.once import once_a_module
from tests.world import CASES, NOW, World, advance, build_world, score

pytestmark = pytest.mark.django_db

# The first quarter ends on 31 March at 16:00 UTC in Shanghai, the zone of the cycle, and 15 hours later in California.
IN_BETWEEN = datetime(2026, 4, 1, 3, 0, tzinfo=UTC)


@once_a_module
def built() -> World:
    world = build_world()
    for engineer in (world.one, world.two):
        ticket = Ticket.objects.filter(engineer=engineer).first()
        assert ticket is not None
        Ticket.objects.filter(pk=ticket.pk).update(
            response_decided_at=IN_BETWEEN, resolved_at=IN_BETWEEN, completed_at=IN_BETWEEN
        )
    return world


def give_calendar(team: Team, zone: str = "America/Los_Angeles") -> WorkCalendar:
    return create_calendar(
        code="west", name_zh="西", name_en="West", time_zone=zone, week=WEEK, teams=[team], by=hr_user(), now=NOW
    )


def cases_of(engineer: Engineer, kpi: str = "in_time") -> int:
    return KpiResult.objects.get(engineer=engineer, line__kpi_version__kpi__code=kpi, segment=0).n


def test_the_day_is_that_of_the_engineers_home(world: World) -> None:
    give_calendar(world.team)
    score(world.cycle, now=NOW)
    assert (cases_of(world.one), cases_of(world.two)) == (CASES, CASES - 1)
    assert (cases_of(world.one, "volume"), cases_of(world.two, "volume")) == (CASES, CASES - 1)


def test_the_first_day_begins_with_home_as_well(world: World) -> None:
    """New Year's night in Shanghai is still the old year in California."""
    night = datetime(2025, 12, 31, 20, 0, tzinfo=UTC)
    Ticket.objects.filter(response_decided_at=IN_BETWEEN).update(response_decided_at=night, completed_at=night)
    give_calendar(world.team)
    score(world.cycle, now=NOW)
    assert (cases_of(world.one), cases_of(world.two)) == (CASES - 1, CASES)


def test_the_page_lists_the_cases_that_counted(world: World) -> None:
    give_calendar(world.team)
    score(world.cycle, now=NOW)
    for engineer in (world.one, world.two):
        result = KpiResult.objects.get(engineer=engineer, line__kpi_version__kpi__code="in_time", segment=0)
        review = Review.objects.get(engineer=engineer)
        found = get_line_cases(viewer=world.users["HR"], review_id=review.pk, line_id=result.line_id)
        assert found.counted == result.n


def test_the_seal_is_verified_by_the_same_days(world: World) -> None:
    give_calendar(world.team)
    score(world.cycle, now=NOW)
    advance(world.cycle, "published")
    assert list(verify_cycle(world.cycle)) == []


def test_a_calendar_moved_to_another_zone_marks_the_figures(world: World) -> None:
    calendar = give_calendar(world.team)
    score(world.cycle, now=NOW)
    StaleFigures.objects.all().delete()
    given = {name: getattr(calendar, name) for name in ("name_zh", "name_en", "week", "regions")}
    save_calendar(calendar=calendar, time_zone="Asia/Shanghai", teams=[world.team], by=hr_user(), now=NOW, **given)
    assert StaleFigures.objects.exists()
    score(world.cycle, now=NOW)
    assert cases_of(world.one) == CASES - 1


def test_what_falls_due_after_the_cycles_own_end_still_concerns_who_lives_west_of_it(world: World) -> None:
    """By Shanghai's clock the quarter is over; the home of one engineer is still in it."""
    give_calendar(world.team)
    as_of = IN_BETWEEN - timedelta(hours=1)
    score(world.cycle, now=as_of)
    StaleFigures.objects.all().delete()
    Ticket.objects.filter(response_decided_at=IN_BETWEEN).update(completed_at=None)
    StaleFigures.objects.all().delete()
    passing.mark_what_time_changed(now=IN_BETWEEN + timedelta(minutes=5))
    assert StaleFigures.objects.filter(engineer=world.one).exists()
