"""Every row of the table of steps × every role, allowed and forbidden; what is open; and the page drawn from it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.http import Http404
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from appraisal.cycles.models import Cycle, CycleState
from appraisal.reviews.conditions import OpenItem, Strength
from appraisal.reviews.diagram import draw
from appraisal.reviews.models import CycleSeal, Review, ReviewState
from appraisal.reviews.rating.self_review import save_self_rating
from appraisal.reviews.steps import moves
from appraisal.reviews.workflow import CYCLE_TRANSITIONS, REVIEW_TRANSITIONS, WITH_OWN_DOOR, Transition, Who
from engineers.models import AuditEntry, Role, User
from tests.factories import UserFactory
from tests.once import once_a_module
from tests.world import NOW, World, advance, build_world

pytestmark = pytest.mark.django_db

REASON = "Because this test wants to see it done"
ROLES = [
    *("engineer", "other engineer", "manager", "other manager", "second level", "HR", "auditor", "administrator"),
]
MEANT = {
    Who.HR: {"HR"},
    Who.ENGINEER: {"engineer"},
    Who.MANAGER: {"manager", "second level"},
    Who.SECOND_LEVEL: {"second level"},
    Who.CYCLE: set(),
}
DOORS = [step for step in REVIEW_TRANSITIONS if step.who != Who.CYCLE and step.name not in WITH_OWN_DOOR]


def name_of(step: Transition) -> str:
    return f"{step.name} from {'+'.join(step.sources)} to {step.target}"


@once_a_module
def built() -> World:
    return build_world()


def put(world: World, step: Transition, source: str) -> Review:
    """Bring cycle and review into a state in which the row exists, everything asked for being done."""
    review = world.review
    self_reviews = step.name == "hand_in_self"
    published = source in (ReviewState.PUBLISHED, ReviewState.ACKNOWLEDGED)
    cycle = {
        "state": CycleState.SELF_REVIEW
        if self_reviews
        else CycleState.PUBLISHED
        if published
        else CycleState.MANAGER_REVIEW,
        "asks_self_review": self_reviews,
        "asks_second_level": step.target == ReviewState.AWAITING_SECOND or source == ReviewState.AWAITING_SECOND,
    }
    Cycle.objects.filter(pk=world.cycle.pk).update(**cycle)
    handed_in = source in (ReviewState.AWAITING_SECOND, ReviewState.CALIBRATED)
    submitted = {"submitted_by": world.users["manager"] if handed_in else None, "submitted_at": NOW}
    Review.objects.filter(pk=review.pk).update(state=source, approved_by=None, approved_at=None, **submitted)
    review.refresh_from_db()
    review.ratings.all().delete()
    review.self_ratings.all().delete()
    for version_id, criterion in world.rating_keys:
        given = {"kpi_version_id": version_id, "criterion": criterion, "score": 4}
        review.ratings.create(**given)
        review.self_ratings.create(**given)
    return Review.objects.get(pk=review.pk)


def client_of(user: User) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    return client


@pytest.mark.parametrize("step", DOORS, ids=name_of)
def test_each_step_of_a_review_is_for_whom_the_table_says(world: World, step: Transition) -> None:
    for source in step.sources:
        for role in ROLES:
            review = put(world, step, source)
            given = {"review_id": review.pk, "transition": step.name, "by": world.users[role], "now": NOW}
            if role in MEANT[Who(step.who)]:
                assert moves.move_review(**given, reason=REASON).state == step.target
                entry = AuditEntry.objects.filter(action=f"review.{step.name}").latest("pk")
                assert (entry.actor, entry.before["state"]) == (world.users[role], source)
            else:
                with pytest.raises(Http404):
                    moves.move_review(**given, reason=REASON)
                assert Review.objects.get(pk=review.pk).state == source, role


@pytest.mark.parametrize("step", DOORS, ids=name_of)
def test_page_and_api_let_the_same_people_take_a_step(world: World, step: Transition) -> None:
    sent = {"transition": step.name, "reason": REASON}
    for door in ("move_review", "api:review-transition-list"):
        for role in ROLES:
            review = put(world, step, step.sources[0])
            kind = {"content_type": "application/json"} if door.startswith("api:") else {}
            answer = client_of(world.users[role]).post(reverse(door, args=[review.pk]), sent, **kind)
            meant = role in MEANT[Who(step.who)]
            assert answer.status_code in ((200, 302) if meant else (404,)), f"{door} as {role}"
            assert (Review.objects.get(pk=review.pk).state == step.target) == meant, f"{door} as {role}"


@pytest.mark.parametrize("step", DOORS, ids=name_of)
def test_a_step_is_refused_from_every_other_state(world: World, step: Transition) -> None:
    user = world.users[min(MEANT[Who(step.who)])]
    same_name = {source for row in DOORS if row.name == step.name for source in row.sources}
    for state in set(ReviewState.values) - same_name:
        put(world, step, step.sources[0])
        Review.objects.filter(pk=world.review.pk).update(state=state)
        with pytest.raises(ValidationError) as caught:
            moves.move_review(review_id=world.review.pk, transition=step.name, by=user, now=NOW, reason=REASON)
        assert caught.value.code == "wrong_state"


@pytest.mark.parametrize("step", [step for step in DOORS if step.asks_reason], ids=name_of)
def test_a_step_that_asks_for_a_reason_gets_none_without(world: World, step: Transition) -> None:
    review = put(world, step, step.sources[0])
    user = world.users[min(MEANT[Who(step.who)])]
    with pytest.raises(ValidationError) as caught:
        moves.move_review(review_id=review.pk, transition=step.name, by=user, now=NOW, reason="too short, see ....")
    assert set(caught.value.error_dict) == {"reason"}


def test_steps_of_the_cycle_and_appeals_have_no_door_here(world: World) -> None:
    for step in set(REVIEW_TRANSITIONS) - set(DOORS):
        for role in ROLES:
            with pytest.raises(Http404):
                moves.move_review(
                    review_id=world.review.pk, transition=step.name, by=world.users[role], now=NOW, reason=REASON
                )


def put_cycle(world: World, step: Transition) -> Cycle:
    Cycle.objects.filter(pk=world.cycle.pk).update(
        state=step.sources[0], asks_self_review=step.target == CycleState.SELF_REVIEW
    )
    return Cycle.objects.get(pk=world.cycle.pk)


def ask(world: World, step: Transition, cycle: Cycle, user: User) -> str:
    """Take a step, with the second person where it needs one; return the state the cycle is in then."""
    given: dict[str, Any] = {"cycle_id": cycle.pk, "by": user, "now": NOW}
    if not step.needs_approver:
        return str(moves.move_cycle(**given, transition=step.name, reason=REASON).state)
    asked = moves.request_reopening(**given, transition=step.name, reason=REASON)
    second = UserFactory(roles=[Role.HR])
    moves.decide_reopening(cycle_id=cycle.pk, reopening_id=asked.pk, approve=True, by=second, now=NOW)
    return str(Cycle.objects.get(pk=cycle.pk).state)


@pytest.mark.parametrize("step", CYCLE_TRANSITIONS, ids=name_of)
def test_each_step_of_a_cycle_is_for_hr(world: World, step: Transition) -> None:
    cycle = put_cycle(world, step)
    for role in set(ROLES) - {"HR"}:
        with pytest.raises(Http404):
            ask(world, step, cycle, world.users[role])
        for door in ("move_cycle", "api:cycle-transition-list"):
            kind = {"content_type": "application/json"} if door.startswith("api:") else {}
            sent = {"transition": step.name, "reason": REASON}
            answer = client_of(world.users[role]).post(reverse(door, args=[cycle.code]), sent, **kind)
            assert answer.status_code == 404, f"{door} as {role}"
        assert Cycle.objects.get(pk=cycle.pk).state == cycle.state, role
    assert ask(world, step, cycle, world.users["HR"]) == step.target
    entry = AuditEntry.objects.filter(action=f"cycle.{step.name}").latest("pk")
    assert (entry.before["state"], entry.after["state"], entry.reason) == (cycle.state, step.target, REASON)


@pytest.mark.parametrize("step", CYCLE_TRANSITIONS, ids=name_of)
def test_the_api_takes_the_steps_it_offers(world: World, step: Transition) -> None:
    cycle = put_cycle(world, step)
    client, address = client_of(world.users["HR"]), reverse("api:cycle-transition-list", args=[cycle.code])
    assert step.name in {each["name"] for each in client.get(address).json()["transitions"]}
    answer = client.post(address, {"transition": step.name, "reason": REASON}, content_type="application/json")
    if not step.needs_approver:
        assert (answer.status_code, answer.json()["state"]) == (200, step.target)
        return
    assert answer.status_code == 202
    decision = reverse("api:cycle-reopening-decision", args=[cycle.code, answer.json()["id"]])
    approve = {"data": {"approve": True}, "content_type": "application/json"}
    assert client.post(decision, **approve).status_code == 409, "not who asked"
    assert client_of(UserFactory(roles=[Role.HR])).post(decision, **approve).status_code == 200
    assert Cycle.objects.get(pk=cycle.pk).state == step.target


@pytest.mark.parametrize("state", CycleState.values)
def test_a_step_the_table_does_not_have_is_refused_with_those_it_has(world: World, state: str) -> None:
    Cycle.objects.filter(pk=world.cycle.pk).update(state=state, asks_self_review=True)
    offered = {step.name for step in CYCLE_TRANSITIONS if state in step.sources}
    for name in {step.name for step in CYCLE_TRANSITIONS} - offered:
        answer = client_of(world.users["HR"]).post(
            reverse("api:cycle-transition-list", args=[world.cycle.code]),
            {"transition": name, "reason": REASON},
            content_type="application/json",
        )
        assert (answer.status_code, answer.json()["code"]) == (409, "wrong_state")
        assert {each["name"] for each in answer.json()["transitions"]} <= offered


def test_what_is_open_needs_a_reason_and_is_kept_in_the_trail(world: World) -> None:
    take: Callable[..., Cycle] = moves.move_cycle
    given = {"cycle_id": world.cycle.pk, "transition": "start_calibration", "by": world.users["HR"], "now": NOW}
    with pytest.raises(ValidationError) as caught:
        take(**given)
    assert caught.value.code == "reason_needed"
    take(**given, reason=REASON)
    entry = AuditEntry.objects.get(action="cycle.start_calibration")
    assert (len(entry.after["open"]), entry.reason) == (1, REASON)


def test_a_waiting_veto_blocks_publishing_whatever_the_reason(world: World) -> None:
    world.review.vetoes.create(
        cause="safety_accident",
        effect="grade_cap",
        grade="D",
        happened_on="2026-03-01",
        evidence=REASON,
        proposed_by=world.users["manager"],
        proposed_at=NOW,
    )
    Cycle.objects.filter(pk=world.cycle.pk).update(state=CycleState.CALIBRATION)
    with pytest.raises(ValidationError) as caught:
        moves.move_cycle(cycle_id=world.cycle.pk, transition="publish", by=world.users["HR"], now=NOW, reason=REASON)
    assert caught.value.code == "incomplete"


def test_a_cycle_closes_while_appeals_are_possible_only_with_a_reason_that_is_kept(world: World) -> None:
    advance(world.cycle, CycleState.PUBLISHED, by=world.users["HR"])
    sealed = CycleSeal.objects.get(cycle=world.cycle).sealed_at
    given = {"cycle_id": world.cycle.pk, "transition": "close", "by": world.users["HR"]}
    # Published on Thursday 2 April 2026; Monday the 6th is a holiday (清明), so 7 workdays end on the 14th.
    assert sealed.date() == date(2026, 4, 2)
    with time_machine.travel(datetime(2026, 4, 14, 15, 59, tzinfo=UTC), tick=False):
        with pytest.raises(ValidationError, match="engineers may appeal until 2026-04-14") as caught:
            moves.move_cycle(**given, now=timezone.now())
        assert caught.value.code == "reason_needed"
    with time_machine.travel(datetime(2026, 4, 14, 16, 0, tzinfo=UTC), tick=False):
        assert moves.move_cycle(**given, now=timezone.now()).state == CycleState.CLOSED
    told = AuditEntry.objects.get(action="cycle.close").after["open"]
    assert not [text for text in told if "appeal" in text]


def test_an_incomplete_self_review_is_not_handed_in(world: World) -> None:
    Cycle.objects.filter(pk=world.cycle.pk).update(state=CycleState.SELF_REVIEW, asks_self_review=True)
    Review.objects.filter(pk=world.review.pk).update(state=ReviewState.AWAITING_SELF)
    given = {"review_id": world.review.pk, "by": world.users["engineer"], "now": NOW}
    save_self_rating(**given, version=world.review.version, scores={world.rating_keys[0]: 3}, comment="")
    with pytest.raises(ValidationError) as caught:
        moves.move_review(**given, transition="hand_in_self")
    assert caught.value.code == "incomplete"


def test_the_page_of_the_documentation_is_drawn_from_the_table() -> None:
    page = Path(__file__).parents[3] / "docs" / "workflow.md"
    assert page.read_text(encoding="utf-8") == draw(), "run manage.py draw_workflow"


def test_publishing_before_the_last_day_is_over_takes_a_reason(world: World) -> None:
    (item,) = _items_at(world, "2026-03-31T23:59:00+08:00")
    assert item.strength == Strength.NEEDS_REASON
    assert "2026-03-31" in str(item.text)
    assert _items_at(world, "2026-04-01T00:00:00+08:00") == []


def _items_at(world: World, at: str) -> list[OpenItem]:
    row = next(row for row in CYCLE_TRANSITIONS if row.name == "publish")
    with time_machine.travel(datetime.fromisoformat(at), tick=False):
        return [item for item in row.open_items(world.cycle) if "last day" in str(item.text)]
