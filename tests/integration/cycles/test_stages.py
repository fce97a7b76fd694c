"""Who takes part in a cycle and by when; who is still open; one reminder a person and day."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from appraisal.cycles.models import Cycle, CycleState, StageDeadline
from appraisal.notices.models import Notice
from appraisal.reviews.models import Reminder, Review, ReviewState
from appraisal.reviews.reminders import remind
from appraisal.reviews.steps import moves
from engineers.models import AuditEntry
from tests.factories import CycleFactory, EngineerFactory
from tests.once import once_a_module
from tests.world import NOW, World, advance, build_world

pytestmark = pytest.mark.django_db

DUE = date(2026, 4, 4)  # two days after NOW, which is 16:00 in Shanghai


@once_a_module
def built() -> World:
    return build_world()


def set_stages(world: World, cycle: Cycle | None = None, **changes: object) -> Cycle:
    given = {"asks_self_review": False, "asks_second_level": False, "deadlines": {}} | changes
    return moves.set_stages(cycle_id=(cycle or world.cycle).pk, **given, by=world.users["HR"], now=NOW)  # type: ignore[arg-type]


def reminded(day: datetime) -> list[str]:
    """Remind at a moment and return who was."""
    Notice.objects.filter(topic="review.reminder").delete()
    remind(now=day)
    return sorted(Notice.objects.filter(topic="review.reminder").values_list("user__username", flat=True))


def client_of(world: World, role: str) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(world.users[role])
    return client


def test_self_reviews_can_be_asked_for_until_the_stage_would_have_begun(world: World) -> None:
    Cycle.objects.filter(pk=world.cycle.pk).update(state=CycleState.OPEN)
    set_stages(world, asks_self_review=True)
    assert set(world.cycle.reviews.values_list("state", flat=True)) == {ReviewState.AWAITING_SELF}
    set_stages(world, asks_self_review=False)
    assert set(world.cycle.reviews.values_list("state", flat=True)) == {ReviewState.AWAITING_MANAGER}
    advance(world.cycle, CycleState.MANAGER_REVIEW)
    with pytest.raises(ValidationError) as caught:
        set_stages(world, asks_self_review=True)
    assert set(caught.value.error_dict) == {"asks_self_review"}


def test_engineers_without_an_account_are_not_waited_for(world: World) -> None:
    world.two.user = None
    world.two.save()
    cycle = CycleFactory(code="next", scheme=world.version, asks_self_review=True)
    advance(cycle, CycleState.OPEN)
    states = dict(cycle.reviews.values_list("engineer__employee_no", "state"))
    assert states == {"E1": ReviewState.AWAITING_SELF, "E2": ReviewState.AWAITING_MANAGER}


def test_deadlines_are_set_moved_and_removed_with_a_trace(world: World) -> None:
    set_stages(world, deadlines={"manager_review": DUE, "calibration": DUE})
    set_stages(world, deadlines={"manager_review": DUE + timedelta(days=1), "calibration": None})
    assert list(world.cycle.deadlines.values_list("state", "due_date")) == [("manager_review", date(2026, 4, 5))]
    entry = AuditEntry.objects.filter(action="cycle.stages_set").latest("pk")
    assert entry.before["deadlines"] == {"calibration": "2026-04-04", "manager_review": "2026-04-04"}
    with pytest.raises(ValidationError):
        set_stages(world, deadlines={"draft": DUE})
    with pytest.raises(IntegrityError), transaction.atomic():
        StageDeadline.objects.create(cycle=world.cycle, state="manager_review", due_date=DUE)


def test_managers_are_reminded_from_three_days_before_until_they_are_done(world: World) -> None:
    set_stages(world, deadlines={"manager_review": DUE})
    assert reminded(NOW - timedelta(days=2)) == [], "four days before"
    assert reminded(NOW) == ["manager", "other-manager"]
    Review.objects.filter(pk=world.review.pk).update(state=ReviewState.CALIBRATED)
    assert reminded(NOW + timedelta(days=1)) == ["other-manager"]
    Review.objects.filter(pk=world.other_review.pk).update(
        state=ReviewState.AWAITING_SECOND, submitted_by=world.users["other manager"]
    )
    assert reminded(NOW + timedelta(days=2)) == ["director"]


def test_nobody_is_reminded_twice_on_a_day_whatever_is_open(world: World) -> None:
    set_stages(world, deadlines={"manager_review": DUE})
    other = advance(CycleFactory(code="next", scheme=world.version), CycleState.MANAGER_REVIEW)
    set_stages(world, other, deadlines={"manager_review": DUE})
    assert reminded(NOW) == ["manager", "other-manager"]
    assert reminded(NOW + timedelta(hours=5)) == []
    assert Reminder.objects.count() == 2
    with pytest.raises(IntegrityError), transaction.atomic():
        Reminder.objects.create(user=world.users["manager"], day=NOW.date())


def test_nobody_is_reminded_before_eight_in_the_morning(world: World) -> None:
    set_stages(world, deadlines={"manager_review": DUE})
    at_seven = NOW.replace(hour=23) - timedelta(days=1)  # 07:00 of the same day in Shanghai
    assert reminded(at_seven) == []
    assert reminded(at_seven + timedelta(hours=1)) == ["manager", "other-manager"]


def test_engineers_are_reminded_of_the_self_review_and_of_the_acknowledgement(world: World) -> None:
    Cycle.objects.filter(pk=world.cycle.pk).update(state=CycleState.OPEN)
    set_stages(world, asks_self_review=True, deadlines={"self_review": DUE, "published": DUE, "calibration": DUE})
    advance(world.cycle, CycleState.SELF_REVIEW)
    assert reminded(NOW) == ["one", "two"]
    advance(world.cycle, CycleState.CALIBRATION)
    assert reminded(NOW + timedelta(days=1)) == ["hr"]
    advance(world.cycle, CycleState.PUBLISHED)
    moves.move_review(review_id=world.review.pk, transition="acknowledge", by=world.users["engineer"], now=NOW)
    assert reminded(NOW + timedelta(days=2)) == ["two"]


def test_the_page_of_the_cycle_says_who_is_open_and_leads_there(world: World) -> None:
    set_stages(world, deadlines={"manager_review": DUE})
    page = client_of(world, "HR").get(reverse("cycle_detail", args=["2026-Q1"])).content.decode()
    assert "due 2026-04-04" in page
    assert f"?state=awaiting_manager&amp;team={world.team.pk}" in page
    assert "2 reviews are not handed in" in page
    auditor = client_of(world, "auditor").get(reverse("cycle_detail", args=["2026-Q1"])).content.decode()
    assert 'name="transition"' not in auditor


def test_hr_sets_the_stages_on_the_page_and_by_the_api(world: World) -> None:
    hr = client_of(world, "HR")
    page = reverse("cycle_stages", args=["2026-Q1"])
    assert hr.post(page, {"asks_second_level": "on", "due_manager_review": "2026-04-04"}).status_code == 302
    world.cycle.refresh_from_db()
    assert (world.cycle.asks_self_review, world.cycle.asks_second_level) == (False, True)
    assert hr.post(page, {"asks_self_review": "on"}).status_code == 422
    address = reverse("api:cycle-stage-list", args=["2026-Q1"])
    stored = hr.get(address).json()
    assert stored["deadlines"]["manager_review"] == "2026-04-04"
    sent = stored | {"deadlines": {"manager_review": None}}
    answer = hr.post(address, sent, content_type="application/json")
    assert (answer.status_code, answer.json()["deadlines"]["manager_review"]) == (200, None)
    assert hr.post(address, sent | {"asks_self_review": True}, content_type="application/json").status_code == 409


def test_the_list_of_who_is_open_is_short_and_opens_without_a_script(world: World) -> None:
    """Four names, the rest behind "and N more"; a fifth is shown, for the line that hides it is no shorter."""
    cycle = world.cycle
    Cycle.objects.filter(pk=cycle.pk).update(state=CycleState.SELF_REVIEW)
    cycle.reviews.update(state=ReviewState.AWAITING_SELF)
    client = Client(headers={"accept-language": "en"})
    client.force_login(world.users["HR"])

    def shown(people: int) -> tuple[int, int, str]:
        while cycle.reviews.count() < people:
            Review.objects.create(cycle=cycle, engineer=EngineerFactory(), state=ReviewState.AWAITING_SELF)
        answer = client.get(reverse("cycle_detail", args=[cycle.code]))
        awaited = answer.context["awaited"]
        return len(awaited.first), len(awaited.others), answer.content.decode()

    assert shown(5)[:2] == (5, 0)
    first, others, page = shown(7)
    assert (first, others) == (4, 3)
    assert "<summary>and 3 more</summary>" in page
