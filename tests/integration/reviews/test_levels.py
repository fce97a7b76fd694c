"""Second level, parts of a cycle under several managers, the private note, and who is listed beside the form."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.http import Http404
from django.test import Client
from django.urls import reverse

from appraisal.cycles.models import Cycle
from appraisal.cycles.queries import get_schemes
from appraisal.notices.models import Notice
from appraisal.reviews.figures.sheets import iter_sheets
from appraisal.reviews.models import Review, ReviewState
from appraisal.reviews.rating import actions
from appraisal.reviews.steps import moves
from engineers.models import AuditEntry, Team, TeamMembership
from tests.once import once_a_module
from tests.world import NOW, World, build_world, score

pytestmark = pytest.mark.django_db

REASON = "The comment does not say what to improve"


@once_a_module
def built() -> World:
    built = build_world()
    Cycle.objects.filter(pk=built.cycle.pk).update(asks_second_level=True)
    return built


def rate(world: World, *scores: int, by: str = "manager", segment: int = 0, note: str | None = None) -> Review:
    return actions.save_rating(
        review_id=world.review.pk,
        version=Review.objects.get(pk=world.review.pk).version,
        scores=dict(zip(world.rating_keys, scores, strict=False)),
        comment=f"by {by}",
        note=note,
        segment=segment,
        by=world.users[by],
        now=NOW,
    )


def hand_in(world: World, by: str = "manager", segment: int = 0) -> Review:
    return actions.submit_review(
        review_id=world.review.pk,
        version=Review.objects.get(pk=world.review.pk).version,
        segment=segment,
        by=world.users[by],
        now=NOW,
    )


def step(world: World, name: str, by: str, reason: str = "") -> Review:
    return moves.move_review(review_id=world.review.pk, transition=name, by=world.users[by], now=NOW, reason=reason)


def client_of(world: World, role: str) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(world.users[role])
    return client


def test_the_second_level_returns_with_a_reason_and_approves(world: World) -> None:
    rate(world, 5, 4)
    assert hand_in(world).state == ReviewState.AWAITING_SECOND
    assert Notice.objects.get(topic="review.to_approve").user == world.users["second level"]
    assert b"Reviews to approve" in client_of(world, "second level").get(reverse("home")).content
    returned = step(world, "return", "second level", REASON)
    assert (returned.state, returned.return_reason) == (ReviewState.AWAITING_MANAGER, REASON)
    assert Notice.objects.get(topic="review.returned").user == world.users["manager"]
    assert REASON in client_of(world, "manager").get(reverse("rate_review", args=[world.review.pk])).content.decode()
    hand_in(world)
    approved = step(world, "approve", "second level")
    assert (approved.state, approved.approved_by) == (ReviewState.CALIBRATED, world.users["second level"])
    with pytest.raises(ValidationError):
        step(world, "take_back", "manager")


def test_who_handed_in_does_not_approve_and_hr_stands_in_where_nobody_is_above(world: World) -> None:
    rate(world, 5, 4, by="second level")
    hand_in(world, by="second level")
    for role in ("second level", "manager"):
        with pytest.raises(Http404):
            step(world, "approve", role)
    assert step(world, "approve", "HR").state == ReviewState.CALIBRATED


def test_hr_does_not_stand_in_while_there_is_a_second_level(world: World) -> None:
    rate(world, 5, 4)
    hand_in(world)
    with pytest.raises(Http404):
        step(world, "approve", "HR")


def test_a_single_review_given_back_in_calibration_can_be_rated_again(world: World) -> None:
    rate(world, 5, 4)
    hand_in(world)
    step(world, "approve", "second level")
    Cycle.objects.filter(pk=world.cycle.pk).update(state="calibration")
    with pytest.raises(ValidationError):
        rate(world, 1, 1)
    step(world, "send_back", "HR", REASON)
    assert rate(world, 4, 4).overall == Decimal("76.00")
    assert hand_in(world).state == ReviewState.AWAITING_SECOND


@pytest.fixture
def moved(world: World) -> World:
    """One moved to the other team on 1 March: two thirds of the quarter under the first manager."""
    Cycle.objects.filter(pk=world.cycle.pk).update(asks_second_level=False)
    TeamMembership.objects.filter(engineer=world.one).update(end_date=date(2026, 2, 28))
    other = Team.objects.get(code="TWO")
    TeamMembership.objects.create(engineer=world.one, team=other, start_date=date(2026, 3, 1))
    score(world.cycle, now=NOW)
    return world


def test_each_manager_rates_the_own_part_and_the_roll_up_uses_it(moved: World) -> None:
    rate(moved, 5, 5, by="manager", segment=1)
    rate(moved, 1, 1, by="other manager", segment=2)
    for role, segment in (("manager", 2), ("other manager", 1), ("manager", 0)):
        with pytest.raises(ValidationError) as caught:
            rate(moved, 3, 3, by=role, segment=segment)
        assert caught.value.code == "not_your_part"
    review = Review.objects.select_related("cycle", "profile", "engineer").get(pk=moved.review.pk)
    sheet = next(iter_sheets([review], get_schemes(review.cycle)))
    rated = [next(line.points for line in part.lines if line.kpi.kpi.code == "cooperation") for part in sheet.segments]
    assert rated == [100, 20]


def test_the_review_is_handed_in_with_its_last_part(moved: World) -> None:
    rate(moved, 5, 5, by="manager", segment=1)
    with pytest.raises(ValidationError) as caught:
        hand_in(moved, by="other manager", segment=2)
    assert caught.value.code == "incomplete"
    assert hand_in(moved, by="manager", segment=1).state == ReviewState.AWAITING_MANAGER
    with pytest.raises(ValidationError) as caught:
        rate(moved, 1, 1, by="manager", segment=1)
    assert caught.value.code == "handed_in"
    with pytest.raises(ValidationError) as caught:
        step(moved, "hand_in", "other manager")
    assert caught.value.code == "incomplete"
    rate(moved, 3, 3, by="other manager", segment=2)
    assert hand_in(moved, by="other manager", segment=2).state == ReviewState.CALIBRATED
    taken = step(moved, "take_back", "manager")
    assert taken.state == ReviewState.AWAITING_MANAGER
    assert [part.submitted_at is None for part in taken.segments.all()] == [True, False]


def test_the_former_manager_reaches_the_page_and_comments_on_the_own_part(moved: World) -> None:
    rate(moved, 5, 5, by="manager", segment=1)
    page = client_of(moved, "manager").get(reverse("rate_review", args=[moved.review.pk]))
    assert (page.status_code, page.context["part"].number) == (200, 1)
    assert [part.number for part in page.context["parts"]] == [1]
    assert Review.objects.get(pk=moved.review.pk).segments.get(number=1).comment == "by manager"
    both = client_of(moved, "second level").get(reverse("rate_review", args=[moved.review.pk]) + "?segment=1")
    assert [part.number for part in both.context["parts"]] == [1, 2]


def test_the_private_note_is_for_the_managers_above_alone(moved: World) -> None:
    rate(moved, 5, 5, by="other manager", segment=2, note="between us")
    rate(moved, 5, 5, by="manager", segment=1, note="not mine to write")
    assert Review.objects.get(pk=moved.review.pk).private_note == "between us"
    address = reverse("rate_review", args=[moved.review.pk])
    seen = {role: client_of(moved, role).get(address) for role in ("other manager", "second level", "manager")}
    assert {role: "between us" in page.content.decode() for role, page in seen.items()} == {
        "other manager": True,
        "second level": True,
        "manager": False,
    }
    for role in ("engineer", "HR", "auditor"):
        for name in ("scorecard_detail", "api:review-detail"):
            page = client_of(moved, role).get(reverse(name, args=[moved.review.pk])).content.decode()
            assert "between us" not in page, f"{name} as {role}"
    assert not any("between us" in f"{entry.before}{entry.after}" for entry in AuditEntry.objects.all())


def test_the_list_beside_the_form_is_sorted_anew_with_every_save(world: World) -> None:
    Team.objects.filter(code="TWO").update(manager=world.users["manager"])
    Review.objects.filter(pk=world.other_review.pk).update(manager=world.users["manager"])
    client = client_of(world, "manager")
    address = reverse("rate_review", args=[world.review.pk])

    def order() -> list[tuple[str, int | None]]:
        return [(each.review.engineer.employee_no, each.rank) for each in client.get(address).context["colleagues"]]

    assert order() == [("E1", 1), ("E2", 1)]
    rate(world, 1, 1)
    assert order() == [("E2", 1), ("E1", 2)]
    keys = dict.fromkeys((f"rating_{v}_{c}" for v, c in world.rating_keys), "5")
    version = Review.objects.get(pk=world.review.pk).version
    saved = client.post(
        reverse("save_rating", args=[world.review.pk]),
        keys | {"version": version, "comment": ""},
        headers={"hx-request": "true"},
    ).content.decode()
    assert saved.index('data-colleague="E1"') < saved.index('data-colleague="E2"')
