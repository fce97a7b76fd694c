"""Whom of the team to talk to, and why."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from appraisal.cycles.models import CycleState, KpiResult
from appraisal.reports.talks import Talk, list_talks
from appraisal.reviews.models import Interview, Review
from tests.factories import CycleFactory
from tests.once import once_a_module
from tests.world import NOW, World, advance, build_world, score

pytestmark = pytest.mark.django_db


@once_a_module
def built() -> World:
    return build_world()


def talks_of(world: World, role: str = "manager") -> list[Talk]:
    with override("en"):
        return list_talks(viewer=world.users[role])


def next_cycle(world: World, points: str) -> Review:
    """Publish the cycle and open the next, where the engineer has so many points in the only measured line."""
    advance(world.cycle, CycleState.PUBLISHED, by=world.users["HR"])
    following = CycleFactory(
        code="2026-Q2", name="Second", start_date="2026-04-01", end_date="2026-06-30", scheme=world.version
    )
    advance(following, CycleState.MANAGER_REVIEW)
    score(following, now=NOW)
    KpiResult.objects.filter(cycle=following, engineer=world.one, line=world.result.line).update(
        n=10, value=points, points=points, reason=""
    )
    review = Review.objects.get(cycle=following, engineer=world.one)
    Review.objects.filter(pk=review.pk).update(overall=points, grade="D")
    return review


def test_who_stands_in_the_middle_and_has_not_fallen_is_not_named(world: World) -> None:
    assert talks_of(world) == []


def test_who_fell_is_named_with_the_reasons_and_where_to_look(world: World) -> None:
    review = next_cycle(world, "60")
    (talk,) = talks_of(world)
    assert talk.review == review
    assert [(reason.text, reason.address) for reason in talk.reasons] == [
        ("Stands at 60 (D), 15 less than in “First quarter”.", reverse("scorecard_detail", args=[review.pk])),
        (
            "The talk about “First quarter” has not been held yet.",
            reverse("interview", args=[world.review.pk]),
        ),
        (
            "In time: 60 points, 15 less than in “First quarter”.",
            reverse("line_cases", args=[review.pk, world.result.line_id]),
        ),
    ]


def test_a_talk_that_was_held_is_no_reason(world: World) -> None:
    next_cycle(world, "60")
    Interview.objects.create(
        review=world.review,
        interviewer=world.users["manager"],
        changed_by=world.users["manager"],
        changed_at=NOW,
        held_on=NOW.date(),
    )
    (talk,) = talks_of(world)
    assert len(talk.reasons) == 2


def test_only_the_people_of_the_own_teams_are_named(world: World) -> None:
    next_cycle(world, "60")
    assert [talk.review.engineer for talk in talks_of(world, "second level")] == [world.one]
    assert talks_of(world, "other manager") == []
    assert talks_of(world, "engineer") == []


def test_the_first_page_of_a_manager_says_so(world: World) -> None:
    client = Client(headers={"accept-language": "en"})
    client.force_login(world.users["manager"])
    assert "Nobody of the team stands low or has fallen." in client.get(reverse("home")).content.decode()
    review = next_cycle(world, "60")
    page = client.get(reverse("home")).content.decode()
    assert f'<a href="{reverse("scorecard_detail", args=[review.pk])}">Stands at 60 (D), 15 less than' in page
