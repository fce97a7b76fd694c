"""Engineers rate themselves first; nobody else reads it before it is handed in or the stage is over."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.http import Http404
from django.test import Client
from django.urls import reverse

from appraisal.cycles.models import Cycle, CycleState
from appraisal.notices.models import Notice
from appraisal.reviews.models import Review, ReviewState
from appraisal.reviews.rating import actions
from appraisal.reviews.rating.queries import field_name
from appraisal.reviews.rating.self_review import save_self_rating
from appraisal.reviews.steps import moves
from engineers.models import AuditEntry
from tests.once import once_a_module
from tests.world import NOW, World, advance, build_world, score

pytestmark = pytest.mark.django_db


@once_a_module
def built() -> World:
    """A cycle in the stage of self-reviews."""
    built = build_world()
    Cycle.objects.filter(pk=built.cycle.pk).update(state=CycleState.OPEN, asks_self_review=True)
    advance(built.cycle, CycleState.SELF_REVIEW, by=built.users["HR"])
    built.review.refresh_from_db()
    return built


def write(world: World, *scores: int, comment: str = "", by: str = "engineer") -> Review:
    return save_self_rating(
        review_id=world.review.pk,
        version=Review.objects.get(pk=world.review.pk).version,
        scores=dict(zip(world.rating_keys, scores, strict=False)),
        comment=comment,
        by=world.users[by],
        now=NOW,
    )


def hand_in(world: World) -> Review:
    return moves.move_review(review_id=world.review.pk, transition="hand_in_self", by=world.users["engineer"], now=NOW)


def client_of(world: World, role: str) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(world.users[role])
    return client


def seen_by(world: World, role: str) -> tuple[str, bool]:
    """Return the page on which managers rate, and whether the API shows the self-review's comment."""
    client = client_of(world, role)
    page = client.get(reverse("rate_review", args=[world.review.pk]))
    entry = client.get(reverse("api:review-self-list", args=[world.review.pk])).json()
    return page.content.decode(), bool(entry["comment"] or entry["scores"])


def test_everybody_with_an_account_is_asked(world: World) -> None:
    assert set(world.cycle.reviews.values_list("state", flat=True)) == {ReviewState.AWAITING_SELF}
    told = set(Notice.objects.filter(topic="cycle.self_review_started").values_list("user__username", flat=True))
    assert told == {"one", "two"}
    assert b"asks for your self-review" in client_of(world, "engineer").get(reverse("home")).content


def test_a_draft_is_hidden_from_everybody_else(world: World) -> None:
    write(world, 5, 4, comment="I did well")
    for role in ("manager", "second level"):
        page, in_api = seen_by(world, role)
        assert ("I did well" in page, "data-own" in page, in_api) == (False, False, False), role
    for role in ("HR", "auditor"):
        entry = client_of(world, role).get(reverse("api:review-self-list", args=[world.review.pk])).json()
        assert (entry["comment"], entry["scores"]) == ("", {})
    assert not AuditEntry.objects.filter(action="review.self_rated", after__icontains="well").exists()


def test_handed_in_it_stands_beside_the_managers_form(world: World) -> None:
    write(world, 5, 4, comment="I did well")
    assert hand_in(world).state == ReviewState.AWAITING_MANAGER
    page, in_api = seen_by(world, "manager")
    assert ("I did well" in page, page.count("data-own"), in_api) == (True, 2, True)


def test_a_draft_that_was_never_handed_in_stays_the_engineers_own(world: World) -> None:
    write(world, 5, comment="I did well")
    advance(world.cycle, CycleState.MANAGER_REVIEW, by=world.users["HR"])
    assert Review.objects.get(pk=world.review.pk).state == ReviewState.AWAITING_MANAGER
    page, in_api = seen_by(world, "manager")
    assert ("I did well" in page, "data-own" in page, in_api) == (False, False, False)
    entry = client_of(world, "engineer").get(reverse("api:review-self-list", args=[world.review.pk])).json()
    assert entry["comment"] == "I did well"


def test_nobody_writes_anothers_and_it_counts_in_no_figure(world: World) -> None:
    before = Review.objects.get(pk=world.review.pk).overall
    for role in ("manager", "other engineer", "HR"):
        with pytest.raises(Http404):
            write(world, 1, 1, by=role)
    write(world, 1, 1)
    score(world.cycle, now=NOW)
    assert Review.objects.get(pk=world.review.pk).overall == before


def test_what_is_handed_in_is_not_changed_and_the_manager_waits_for_the_stage(world: World) -> None:
    write(world, 5, 4)
    hand_in(world)
    with pytest.raises(ValidationError):
        write(world, 1, 1)
    with pytest.raises(ValidationError) as caught:
        actions.save_rating(
            review_id=world.review.pk,
            version=Review.objects.get(pk=world.review.pk).version,
            scores={world.rating_keys[0]: 3},
            comment="",
            by=world.users["manager"],
            now=NOW,
        )
    assert caught.value.code == "cycle_not_ratable"


def test_an_old_version_is_a_conflict(world: World) -> None:
    seen = world.review.version
    write(world, 5)
    with pytest.raises(moves.ReviewConflict):
        save_self_rating(
            review_id=world.review.pk, version=seen, scores={}, comment="late", by=world.users["engineer"], now=NOW
        )


def test_the_page_saves_and_hands_in(world: World) -> None:
    client = client_of(world, "engineer")
    sent = {field_name(*key): "4" for key in world.rating_keys} | {"version": world.review.version, "comment": "mine"}
    answer = client.post(reverse("save_self_review", args=[world.review.pk]), sent | {"submit": "1"})
    assert answer.status_code == 302
    review = Review.objects.get(pk=world.review.pk)
    assert (review.state, review.self_comment) == (ReviewState.AWAITING_MANAGER, "mine")
    page = client.get(reverse("self_review", args=[world.review.pk])).content.decode()
    assert 'name="comment"' not in page
    stale = client.post(reverse("save_self_review", args=[world.review.pk]), sent)
    assert stale.status_code == 422


def test_the_api_saves_and_hands_in(world: World) -> None:
    address = reverse("api:review-self-list", args=[world.review.pk])
    scores = {f"{version_id}.{criterion}": 4 for version_id, criterion in world.rating_keys}
    sent = {"version": world.review.version, "comment": "mine", "scores": scores, "submit": True}
    client = client_of(world, "engineer")
    answer = client.post(address, sent, content_type="application/json")
    assert (answer.status_code, answer.json()["scores"]) == (200, scores)
    assert client.post(address, sent, content_type="application/json").status_code == 409
    assert Review.objects.get(pk=world.review.pk).state == ReviewState.AWAITING_MANAGER
