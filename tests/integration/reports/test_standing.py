"""The engineer's first page: where one stands, what moved it, what is asked, what would lift it."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from appraisal.cycles.models import CycleState, KpiResult
from appraisal.reports.asked import list_asked
from appraisal.reports.standing import Standing, get_standing
from appraisal.reviews.models import Interview, Review
from tests.factories import CycleFactory
from tests.once import once_a_module
from tests.world import CASES, IN_TIME, NOW, World, add_ticket, advance, build_world, score

pytestmark = pytest.mark.django_db


@once_a_module
def built() -> World:
    return build_world()


def standing_of(world: World) -> Standing:
    standing = get_standing(viewer=world.users["engineer"], now=NOW)
    assert standing is not None
    return standing


def test_the_next_cases_that_are_named_really_reach_the_grade_and_one_fewer_does_not(world: World) -> None:
    standing = standing_of(world)
    # 9 of 12 in time is 75 points and nothing else is measured: a B. (9 + 8) ÷ (12 + 8) is the first share from 85 on.
    assert (standing.overall, standing.grade, standing.next_grade) == (Decimal("75.00"), "B", "A")
    (lift,) = standing.lifts
    assert (lift.cases, lift.value, lift.needed) == (8, Decimal("75.00"), Decimal("85.00"))
    for number in range(7):
        add_ticket(world.one, 40 + number, in_time=True)
    score(world.cycle, now=NOW)
    assert standing_of(world).grade == "B"
    add_ticket(world.one, 47, in_time=True)
    score(world.cycle, now=NOW)
    assert standing_of(world).grade == "A"


def test_who_has_the_best_grade_is_told_of_none(world: World) -> None:
    for number in range(30):
        add_ticket(world.one, 40 + number, in_time=True)
    score(world.cycle, now=NOW)
    standing = standing_of(world)
    assert (standing.grade, standing.next_grade, standing.lifts) == ("A", "", ())


def test_what_is_not_a_plain_share_is_projected_in_points(world: World) -> None:
    found = KpiResult.objects.filter(cycle=world.cycle, engineer=world.one, line=world.result.line)
    found.update(is_manual=True, value="80", points="80")
    (lift,) = standing_of(world).lifts
    assert (lift.cases, lift.value, lift.needed) == (None, Decimal("80.00"), Decimal("85.00"))


def test_the_lines_that_moved_it_are_told_with_their_effect(world: World) -> None:
    advance(world.cycle, CycleState.PUBLISHED, by=world.users["HR"])
    following = CycleFactory(
        code="2026-Q2", name="Second", start_date="2026-04-01", end_date="2026-06-30", scheme=world.version
    )
    advance(following, CycleState.MANAGER_REVIEW)
    score(following, now=NOW)
    KpiResult.objects.filter(cycle=following, engineer=world.one, line=world.result.line).update(
        n=10, value="60", numerator="6", denominator="10", points="60", reason=""
    )
    standing = standing_of(world)
    assert standing.last is not None
    assert standing.last.cycle == world.cycle
    (move,) = standing.moves
    # The only line with points carries all of the overall.
    assert (move.before, move.points, move.effect) == (Decimal("75.00"), Decimal("60.00"), Decimal("-15.00"))
    assert standing.change == Decimal("-15.00")


def test_after_publication_the_last_result_is_shown_and_until_when_to_appeal(world: World) -> None:
    advance(world.cycle, CycleState.PUBLISHED, by=world.users["HR"])
    standing = standing_of(world)
    assert (standing.review, standing.last) == (None, Review.objects.get(pk=world.review.pk))
    asked = list_asked(viewer=world.users["engineer"], last=standing.last, now=NOW)
    (appeal,) = [each for each in asked if each.is_offer]
    assert appeal.address == reverse("review_appeal", args=[world.review.pk])
    later = list_asked(viewer=world.users["engineer"], last=standing.last, now=NOW + timedelta(days=60))
    assert [each for each in later if each.is_offer] == []


def test_minutes_are_asked_to_be_confirmed_once_they_are_written(world: World) -> None:
    advance(world.cycle, CycleState.PUBLISHED, by=world.users["HR"])
    address = reverse("interview", args=[world.review.pk])
    interview = Interview.objects.create(
        review=world.review,
        interviewer=world.users["manager"],
        held_on=date(2026, 4, 2),
        changed_by=world.users["manager"],
        changed_at=NOW,
    )
    viewer = world.users["engineer"]
    assert address not in [each.address for each in list_asked(viewer=viewer, last=None, now=NOW)]
    Interview.objects.filter(pk=interview.pk).update(goals="Arrive in time")
    assert address in [each.address for each in list_asked(viewer=viewer, last=None, now=NOW)]
    assert list_asked(viewer=world.users["other engineer"], last=None, now=NOW) == []


def test_the_first_page_says_it_in_words(world: World, client: Client) -> None:
    client.force_login(world.users["engineer"])
    page = client.get(reverse("home"), headers={"accept-language": "en"}).content.decode()
    assert "What would lift me to A" in page
    assert "the next 8 cases all meet it (85 % instead of 75 %)" in page
    assert (IN_TIME, CASES) == (9, 12)
