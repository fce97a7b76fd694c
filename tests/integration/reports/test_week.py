"""What moved an engineer's overall since last week."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from appraisal.reports.standing import get_standing
from appraisal.reports.week import Week
from appraisal.reviews.figures.days import keep_days
from appraisal.reviews.models import ReviewDay
from appraisal.reviews.tasks import keep_days as task
from tests.once import once_a_module
from tests.world import NOW, World, add_ticket, advance, build_world, score

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@once_a_module
def built() -> World:
    return build_world()


def week_of(world: World, days: int = 0) -> Week | None:
    standing = get_standing(viewer=world.users["engineer"], now=NOW + days * DAY)
    assert standing is not None
    return standing.week


def one_more_case(world: World, number: int) -> None:
    add_ticket(world.one, number, in_time=True)
    score(world.cycle, now=NOW)


def test_every_review_is_kept_once_a_day_with_its_lines(world: World) -> None:
    assert keep_days(now=NOW) == 2
    assert keep_days(now=NOW + timedelta(hours=2)) == 0
    kept = ReviewDay.objects.get(review=world.review)
    assert (kept.day, kept.overall) == (date(2026, 4, 2), Decimal("75.00"))
    assert kept.lines == {"in_time": ["75.000000", 12], "repeat": [None, 0], "cooperation": [None, 0]}


def test_the_change_since_a_week_ago_is_told_by_line_with_the_cases_that_came_in(world: World) -> None:
    keep_days(now=NOW)
    for number in range(40, 44):
        one_more_case(world, number)
    keep_days(now=NOW + 4 * DAY)
    one_more_case(world, 44)
    week = week_of(world, days=7)
    assert week is not None
    # 9 of 12, then 14 of 17 in time.
    assert (week.day, week.before, week.change) == (date(2026, 4, 2), Decimal("75.00"), Decimal("7.35"))
    (move,) = week.moves
    assert (move.name, move.before, move.points, move.effect, move.cases) == (
        "In time",
        Decimal("75.00"),
        Decimal("82.35"),
        Decimal("7.35"),
        5,
    )


def test_where_nothing_is_older_the_oldest_day_is_compared_with_and_today_never(world: World) -> None:
    assert week_of(world) is None
    keep_days(now=NOW)
    assert week_of(world) is None
    week = week_of(world, days=2)
    assert week is not None
    assert (week.day, week.change, week.moves) == (date(2026, 4, 2), Decimal("0.00"), ())


def test_of_several_days_the_last_one_before_the_week_counts(world: World) -> None:
    for days in (0, 1, 2, 5):
        keep_days(now=NOW + days * DAY)
    week = week_of(world, days=9)
    assert week is not None
    assert week.day == date(2026, 4, 4)


def test_old_days_go_and_those_of_published_cycles_too(world: World) -> None:
    keep_days(now=NOW)
    keep_days(now=NOW + 11 * DAY)
    assert {each.day for each in ReviewDay.objects.all()} == {date(2026, 4, 13)}
    advance(world.cycle, "published")
    assert keep_days(now=NOW + 11 * DAY) == 0
    assert not ReviewDay.objects.exists()


def test_what_the_manager_rated_is_not_in_it(world: World) -> None:
    from appraisal.reviews.rating import actions

    world.review.refresh_from_db()
    scores = dict(zip(world.rating_keys, (5, 4), strict=True))
    actions.save_rating(
        review_id=world.review.pk,
        version=world.review.version,
        scores=scores,
        comment="",
        by=world.users["manager"],
        now=NOW,
    )
    keep_days(now=NOW)
    kept = ReviewDay.objects.get(review=world.review)
    assert (kept.overall, kept.lines["cooperation"][0]) == (Decimal("75.00"), None)


def test_the_page_says_what_moved_or_when_it_will(world: World) -> None:
    client = Client(headers={"accept-language": "en"})
    client.force_login(world.users["engineer"])
    page = client.get(reverse("home")).content.decode()
    assert "from tomorrow on, what has moved them stands here" in page
    ReviewDay.objects.create(
        review=world.review, day="2026-03-01", overall="70", lines={"in_time": ["70", 11], "repeat": [None, 0]}
    )
    page = " ".join(client.get(reverse("home")).content.decode().split())
    assert "What moved it since 2026-03-01" in page
    assert "70 → 75 points · 1 more case" in page


def test_it_is_kept_by_the_clock() -> None:
    assert task.name in {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
