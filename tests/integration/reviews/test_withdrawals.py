"""Disputes and appeals taken back by who filed them: nothing is left to decide, and nothing is blocked by them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import Http404
from django.test import Client
from django.urls import reverse

from appraisal.cycles.models import CycleState
from appraisal.evidence.models import Ticket
from appraisal.notices.models import Notice
from appraisal.reviews.appeals import actions as appeals
from appraisal.reviews.appeals import disputes
from appraisal.reviews.appeals.claims import Claim
from appraisal.reviews.appeals.queries import count_open
from appraisal.reviews.appeals.withdrawals import withdraw_appeal, withdraw_dispute
from appraisal.reviews.models import Appeal, Dispute, Review, ReviewState
from appraisal.reviews.reminders import remind
from appraisal.reviews.steps import moves
from engineers.models import AuditEntry
from tests.once import once_a_module
from tests.world import IN_TIME, NOW, World, advance, build_world

pytestmark = pytest.mark.django_db

WHY = "The customer was not there, see the photo of the door"
REASON = "Confirmed by the dispatcher on the telephone"


@once_a_module
def built() -> World:
    return build_world()


def claim_of(world: World, number: int = IN_TIME) -> Claim:
    ticket = Ticket.objects.get(external_id=f"E1-{number:02}")
    return Claim(line_id=world.result.line_id, record_id=ticket.pk, cause="other", text=WHY)


def dispute_of(world: World) -> Dispute:
    return disputes.raise_dispute(
        review_id=world.review.pk, claim=claim_of(world), by=world.users["engineer"], now=NOW
    )


def appeal_of(world: World, *numbers: int) -> Appeal:
    claims = [claim_of(world, number) for number in numbers]
    sent = {"review_id": world.review.pk, "by": world.users["engineer"], "now": NOW}
    return appeals.file_appeal(**sent, text=WHY, claims=claims)


def take_back(world: World, dispute: Dispute | None = None, role: str = "engineer", reason: str = "") -> Any:
    sent = {"review_id": world.review.pk, "by": world.users[role], "now": NOW, "reason": reason}
    return withdraw_dispute(dispute_id=dispute.pk, **sent) if dispute else withdraw_appeal(**sent)


def client_of(world: World, role: str) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(world.users[role])
    return client


def people_told(topic: str) -> set[str]:
    return set(Notice.objects.filter(topic=topic).values_list("user__username", flat=True))


def test_a_dispute_is_taken_back_with_trail_and_notice_and_can_be_raised_anew(world: World) -> None:
    dispute = dispute_of(world)
    assert count_open(viewer=world.users["HR"]) == 1
    take_back(world, dispute, reason="I found the photo, it was me")
    dispute.refresh_from_db()
    assert (dispute.outcome, dispute.decided_by, dispute.is_left_out) == ("withdrawn", None, False)
    assert count_open(viewer=world.users["HR"]) == 0
    entry = AuditEntry.objects.get(action="review.dispute_withdrawn")
    assert (entry.actor, entry.reason) == (world.users["engineer"], "I found the photo, it was me")
    assert people_told("appeal.dispute_withdrawn") == {"hr", "director"}
    assert dispute_of(world).pk != dispute.pk


def test_the_clock_of_what_is_withdrawn_has_stopped(world: World) -> None:
    take_back(world, dispute_of(world))
    remind(now=datetime(2026, 4, 17, 9, 0, tzinfo=UTC))
    assert people_told("appeal.decide_soon") == set()


def test_a_withdrawn_dispute_holds_up_no_publication(world: World) -> None:
    dispute = dispute_of(world)
    with pytest.raises(ValidationError, match="is disputed and not decided"):
        advance(world.cycle, CycleState.PUBLISHED, by=world.users["HR"])
    take_back(world, dispute)
    assert advance(world.cycle, CycleState.PUBLISHED, by=world.users["HR"]).state == CycleState.PUBLISHED


@pytest.mark.parametrize("role", ["HR", "manager", "second level", "other engineer", "auditor", "administrator"])
def test_nobody_else_takes_it_back(world: World, role: str) -> None:
    dispute = dispute_of(world)
    with pytest.raises(Http404):
        take_back(world, dispute, role)
    with pytest.raises(Http404):
        take_back(world, role=role)


def test_what_is_decided_is_not_taken_back_nor_what_is_taken_back_decided(world: World) -> None:
    dispute = dispute_of(world)
    sent = {"review_id": world.review.pk, "dispute_id": dispute.pk, "uphold": False, "reason": REASON, "now": NOW}
    disputes.decide_dispute(**sent, by=world.users["HR"])
    with pytest.raises(ValidationError, match="closed already: refused"):
        take_back(world, dispute)
    other = dispute_of(world)
    take_back(world, other)
    with pytest.raises(ValidationError, match="closed already: withdrawn"):
        disputes.decide_dispute(**sent | {"dispute_id": other.pk}, by=world.users["HR"])


@pytest.mark.parametrize("acknowledged", [False, True])
def test_an_appeal_is_taken_back_with_its_cases_and_the_review_stands_where_it_stood(
    world: World, acknowledged: bool
) -> None:
    advance(world.cycle, CycleState.PUBLISHED, by=world.users["HR"])
    if acknowledged:
        moves.move_review(
            review_id=world.review.pk, transition="acknowledge", by=world.users["engineer"], now=NOW, reason=""
        )
    appeal = appeal_of(world, IN_TIME)
    with pytest.raises(ValidationError, match="withdrawn with its appeal"):
        take_back(world, appeal.disputes.get())
    take_back(world)
    appeal.refresh_from_db()
    assert (appeal.outcome, appeal.decided_by, appeal.disputes.get().outcome) == ("withdrawn", None, "withdrawn")
    state = ReviewState.ACKNOWLEDGED if acknowledged else ReviewState.PUBLISHED
    assert Review.objects.get(pk=world.review.pk).state == state
    assert people_told("appeal.withdrawn") == {"hr", "director"}
    assert AuditEntry.objects.get(action="review.withdraw_appeal").actor == world.users["engineer"]
    assert appeal_of(world, IN_TIME).pk != appeal.pk, "there is still time for another one"
    take_back(world)
    assert advance(world.cycle, CycleState.CLOSED, by=world.users["HR"]).state == CycleState.CLOSED


@time_machine.travel(NOW, tick=False)
def test_both_are_withdrawn_on_their_pages_which_show_it(world: World) -> None:
    engineer, dispute = client_of(world, "engineer"), dispute_of(world)
    page = reverse("dispute_detail", args=[world.review.pk, dispute.pk])
    door = reverse("withdraw_dispute", args=[world.review.pk, dispute.pk])
    assert door in engineer.get(page).content.decode()
    assert door not in client_of(world, "HR").get(page).content.decode()
    assert engineer.post(door, {"reason": ""}).status_code == 302
    assert engineer.post(door, {"reason": ""}).status_code == 422
    assert "withdrawn" in client_of(world, "HR").get(page).content.decode()
    assert "E1-09" in client_of(world, "HR").get(reverse("dispute_queue"), {"show": "decided"}).content.decode()
    cases = reverse("line_cases", args=[world.review.pk, world.result.line_id])
    assert f"record={dispute.record_id}" in engineer.get(cases).content.decode(), "it can be disputed anew"
    advance(world.cycle, CycleState.PUBLISHED, by=world.users["HR"])
    appeal_of(world)
    page = reverse("review_appeal", args=[world.review.pk])
    door = reverse("withdraw_appeal", args=[world.review.pk])
    assert door in engineer.get(page).content.decode()
    assert engineer.post(door, {"reason": "A mistake of mine"}).status_code == 302
    assert "A mistake of mine" in client_of(world, "HR").get(page).content.decode()


@time_machine.travel(NOW, tick=False)
def test_the_api_does_the_same(world: World) -> None:
    engineer, kind = client_of(world, "engineer"), {"content_type": "application/json"}
    dispute = dispute_of(world)
    door = reverse("api:dispute-withdrawal", args=[world.review.pk, dispute.pk])
    answer = engineer.post(door, {}, **kind)
    assert (answer.status_code, answer.json()["outcome"]) == (200, "withdrawn")
    assert engineer.post(door, {}, **kind).status_code == 409
    advance(world.cycle, CycleState.PUBLISHED, by=world.users["HR"])
    appeal_of(world, IN_TIME)
    door = reverse("api:appeal-withdrawal", args=[world.review.pk])
    answer = engineer.post(door, {"reason": "A mistake of mine"}, **kind).json()
    assert (answer["outcome"], answer["reason"], answer["cases"][0]["outcome"]) == (
        *("withdrawn", "A mistake of mine"),
        "withdrawn",
    )
    assert engineer.post(door, {}, **kind).json() == {"detail": "This appeal is closed already: withdrawn."}


def test_the_database_refuses_a_withdrawal_by_who_decides(world: World) -> None:
    dispute = dispute_of(world)
    with pytest.raises(IntegrityError), transaction.atomic():
        Dispute.objects.filter(pk=dispute.pk).update(outcome="withdrawn", decided_by=world.users["HR"])
