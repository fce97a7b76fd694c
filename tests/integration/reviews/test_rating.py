"""How a review is rated, added up, handed in, published and read."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.http import Http404
from django.test import Client
from django.urls import reverse

from appraisal.cycles.models import CycleState
from appraisal.reports.scorecards import get_scorecard
from appraisal.reviews.models import Review, ReviewState
from appraisal.reviews.rating import actions
from appraisal.reviews.rating.queries import field_name
from appraisal.reviews.steps.moves import move_review
from engineers.models import AuditEntry
from tests.once import once_a_module
from tests.world import NOW, World, advance, build_world, score

pytestmark = pytest.mark.django_db


@once_a_module
def built() -> World:
    return build_world()


def rate(world: World, *scores: int, by: str = "manager", version: int | None = None, comment: str = "") -> Review:
    return actions.save_rating(
        review_id=world.review.pk,
        version=version or Review.objects.get(pk=world.review.pk).version,
        scores=dict(zip(world.rating_keys, scores, strict=False)),
        comment=comment,
        by=world.users[by],
        now=NOW,
    )


def test_without_a_rating_the_line_waits_and_its_weight_is_redistributed(world: World) -> None:
    # 9 of 12 in time give 75 points; 70 of 100 weight is measured.
    review = Review.objects.get(pk=world.review.pk)
    assert (review.overall, review.grade, review.active_percent) == (Decimal("75.00"), "B", Decimal("70.00"))


def test_a_half_answered_form_is_no_rating_yet(world: World) -> None:
    assert rate(world, 5).overall == Decimal("75.00")


def test_the_total_moves_with_the_rating(world: World) -> None:
    # Cooperation: (5 + 4) of 10 is 90 points. Response weighs 80 of 100, teamwork 20: (75·80 + 90·20) ÷ 100.
    review = rate(world, 5, 4)
    assert (review.overall, review.grade, review.active_percent) == (Decimal("78.00"), "B", Decimal("90.00"))
    assert review.dimensions == [
        {"code": "response", "score": "75", "weight": "80"},
        {"code": "teamwork", "score": "90", "weight": "20"},
    ]


def test_a_new_scoring_keeps_the_rating(world: World) -> None:
    rate(world, 5, 4)
    score(world.cycle, now=NOW)
    assert Review.objects.get(pk=world.review.pk).overall == Decimal("78.00")


def test_the_second_of_two_managers_gets_a_conflict_and_nothing_is_lost(world: World) -> None:
    seen = world.review.version
    rate(world, 5, 4, by="manager", version=seen, comment="first")
    with pytest.raises(actions.ReviewConflict) as conflict:
        rate(world, 1, 1, by="second level", version=seen, comment="second")
    assert conflict.value.current.comment == "first"
    stored = Review.objects.get(pk=world.review.pk)
    assert (stored.comment, stored.overall, stored.changed_by) == ("first", Decimal("78.00"), world.users["manager"])


def test_the_conflict_page_shows_both_entries(world: World) -> None:
    seen = world.review.version
    rate(world, 5, 4, version=seen, comment="first")
    client = Client(headers={"accept-language": "en"})
    client.force_login(world.users["second level"])
    field = field_name(*world.rating_keys[0])
    answer = client.post(
        reverse("save_rating", args=[world.review.pk]), {"version": seen, "comment": "second", field: "1"}
    )
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Somebody else changed this review meanwhile" in page
    assert "first" in page
    assert ">second</textarea>" in page


def test_nobody_rates_the_own_review(world: World) -> None:
    world.team.manager = world.users["engineer"]
    world.team.save()
    with pytest.raises(Http404):
        rate(world, 5, 5, by="engineer")


@pytest.mark.parametrize("role", ["other manager", "HR", "auditor", "administrator", "other engineer"])
def test_only_managers_above_rate(world: World, role: str) -> None:
    with pytest.raises(Http404):
        rate(world, 5, 5, by=role)


@pytest.mark.parametrize("scores", [{(0, "nothing"): 3}, None])
def test_what_is_no_criterion_or_no_score_is_refused(world: World, scores: dict[tuple[int, str], int] | None) -> None:
    with pytest.raises(ValidationError):
        actions.save_rating(
            review_id=world.review.pk,
            version=world.review.version,
            scores=scores or {world.rating_keys[0]: 6},
            comment="",
            by=world.users["manager"],
            now=NOW,
        )


def submit(world: World) -> Review:
    return actions.submit_review(
        review_id=world.review.pk,
        version=Review.objects.get(pk=world.review.pk).version,
        by=world.users["manager"],
        now=NOW,
    )


def test_an_incomplete_review_cannot_be_handed_in(world: World) -> None:
    rate(world, 5)
    with pytest.raises(ValidationError, match=r"With others|与他人配合|Cooperation|协作精神"):
        submit(world)


def test_a_review_handed_in_is_closed_until_it_is_taken_back(world: World) -> None:
    rate(world, 5, 4)
    assert submit(world).state == ReviewState.CALIBRATED
    with pytest.raises(ValidationError):
        rate(world, 1, 1)
    move_review(review_id=world.review.pk, transition="take_back", by=world.users["manager"], now=NOW)
    assert rate(world, 4, 4).overall == Decimal("76.00")


def test_a_published_cycle_changes_no_more(world: World) -> None:
    rate(world, 5, 4)
    advance(world.cycle, CycleState.PUBLISHED, by=world.users["HR"])
    with pytest.raises(ValidationError):
        rate(world, 1, 1)
    with pytest.raises(ValidationError):
        score(world.cycle, now=NOW)
    assert Review.objects.get(pk=world.review.pk).overall == Decimal("78.00")


def test_the_engineer_sees_the_managers_part_only_once_it_is_published(world: World) -> None:
    rate(world, 5, 4, comment="for your eyes later")
    before = get_scorecard(viewer=world.users["engineer"], review_id=world.review.pk)
    assert (before.rating_shown, before.comment, before.overall) == (False, "", Decimal("75.00"))
    advance(world.cycle, CycleState.PUBLISHED, by=world.users["HR"])
    after = get_scorecard(viewer=world.users["engineer"], review_id=world.review.pk)
    assert (after.rating_shown, after.comment, after.overall) == (True, "for your eyes later", Decimal("78.00"))


def test_the_page_of_the_engineer_does_not_leak_an_unpublished_rating(world: World) -> None:
    rate(world, 5, 4, comment="for your eyes later")
    client = Client()
    client.force_login(world.users["engineer"])
    for address in (
        reverse("home"),
        reverse("scorecard_detail", args=[world.review.pk]),
        reverse("api:review-list"),
        reverse("api:review-detail", args=[world.review.pk]),
    ):
        content = client.get(address).content.decode()
        assert "78.00" not in content, address
        assert "for your eyes later" not in content, address


def test_every_rating_is_in_the_audit_trail_with_before_and_after(world: World) -> None:
    rate(world, 5, 4, comment="good")
    entry = AuditEntry.objects.get(action="review.rated")
    assert (entry.actor, entry.before["comment"], entry.after["comment"]) == (world.users["manager"], "", "good")
    assert sorted(value for key, value in entry.after.items() if key != "comment") == [4, 5]


def test_saving_what_is_stored_changes_nothing(world: World) -> None:
    first = rate(world, 5, 4, comment="good")
    assert rate(world, 5, 4, comment="good").version == first.version
    assert AuditEntry.objects.filter(action="review.rated").count() == 1


def test_a_text_that_is_too_long_is_refused_and_not_cut_off(world: World, client: Client) -> None:
    client.force_login(world.users["manager"])
    sent = {"version": world.review.version, "comment": "x" * 4001, "save": "1"}
    answer = client.post(reverse("save_rating", args=[world.review.pk]), sent, headers={"accept-language": "en"})
    assert answer.status_code == 422
    assert "4000" in answer.context["problem"]
    advance(world.cycle, CycleState.PUBLISHED, by=world.users["HR"])
    client.force_login(world.users["engineer"])
    move = reverse("move_review", args=[world.review.pk])
    client.post(move, {"transition": "acknowledge", "reason": "y" * 4001})
    assert Review.objects.get(pk=world.review.pk).state == ReviewState.PUBLISHED


def test_what_was_said_when_acknowledging_stands_on_the_scorecard(world: World, client: Client) -> None:
    advance(world.cycle, CycleState.PUBLISHED, by=world.users["HR"])
    client.force_login(world.users["engineer"])
    client.post(
        reverse("move_review", args=[world.review.pk]),
        {"transition": "acknowledge", "reason": "Two of the late ones were holidays."},
    )
    for role in ("engineer", "manager", "HR"):
        client.force_login(world.users[role])
        page = client.get(reverse("scorecard_detail", args=[world.review.pk])).content.decode()
        assert "Two of the late ones were holidays." in page
