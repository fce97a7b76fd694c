"""Interviews: minutes that both confirm, anew after each change; they never hold up the closing."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import Http404
from django.test import Client
from django.urls import reverse

from appraisal.cycles.models import CycleState
from appraisal.reviews.conditions import Strength, interviews_agreed
from appraisal.reviews.interviews import actions as interviews
from appraisal.reviews.models import Interview
from engineers.models import AuditEntry
from tests.world import NOW, World, advance, build_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    built = build_world()
    advance(built.cycle, CycleState.PUBLISHED, by=built.users["HR"])
    return built


def save(world: World, role: str = "manager", **changes: Any) -> Interview:
    given = {
        "review_id": world.review.pk,
        "interviewer_id": world.users["manager"].pk,
        "planned_on": date(2026, 4, 1),
        "held_on": date(2026, 4, 2),
        "strengths": "Fast on site",
        "goals": "First-time fix above 90 %",
        "by": world.users[role],
        "now": NOW,
    }
    return interviews.save_interview(**given | changes)


def confirm(world: World, role: str) -> Interview:
    version = Interview.objects.get().version
    return interviews.confirm_interview(review_id=world.review.pk, version=version, by=world.users[role], now=NOW)


def client_of(world: World, role: str) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(world.users[role])
    return client


def test_both_confirm_and_a_change_of_the_minutes_asks_both_anew(world: World) -> None:
    save(world)
    confirm(world, "engineer")
    assert confirm(world, "manager").is_agreed
    save(world, support="A course on drives")
    interview = Interview.objects.get()
    assert (interview.confirmed_by_engineer_at, interview.confirmed_by_interviewer_at) == (None, None)


def test_what_is_saved_unchanged_and_the_engineers_comment_keep_the_confirmations(world: World) -> None:
    save(world)
    confirm(world, "engineer")
    save(world)
    given = {"review_id": world.review.pk, "comment": "I see it differently", "now": NOW}
    interviews.comment_interview(**given, by=world.users["engineer"])
    interview = Interview.objects.get()
    assert (interview.comment, interview.confirmed_by_engineer_at) == ("I see it differently", NOW)
    with pytest.raises(Http404):
        interviews.comment_interview(**given, by=world.users["manager"])


def test_nothing_is_confirmed_that_was_not_read_or_not_held(world: World) -> None:
    save(world, held_on=None)
    with pytest.raises(ValidationError, match="no minutes"):
        confirm(world, "engineer")
    save(world)
    with pytest.raises(interviews.InterviewConflict):
        interviews.confirm_interview(review_id=world.review.pk, version=1, by=world.users["engineer"], now=NOW)
    with pytest.raises(interviews.InterviewConflict):
        save(world, version=1, goals="Other goals")


@pytest.mark.parametrize("role", ["HR", "second level", "other manager", "auditor", "other engineer"])
def test_nobody_else_confirms(world: World, role: str) -> None:
    save(world)
    with pytest.raises(Http404):
        confirm(world, role)


@pytest.mark.parametrize("role", ["engineer", "other engineer", "other manager", "auditor", "administrator"])
def test_only_managers_above_and_hr_write_minutes(world: World, role: str) -> None:
    with pytest.raises(Http404):
        save(world, role)


def test_a_manager_above_or_hr_leads_it(world: World) -> None:
    for role in ("manager", "second level", "HR"):
        save(world, "HR", interviewer_id=world.users[role].pk)
    for role in ("engineer", "other manager", "auditor"):
        with pytest.raises(ValidationError, match="leads the interview"):
            save(world, "HR", interviewer_id=world.users[role].pk)


def test_no_interview_before_publication_nor_held_in_the_future() -> None:
    built = build_world()
    with pytest.raises(ValidationError, match="follow its publication"):
        save(built)
    advance(built.cycle, CycleState.PUBLISHED, by=built.users["HR"])
    with pytest.raises(ValidationError, match="not come yet"):
        save(built, held_on=date(2026, 4, 3))


def test_a_missing_interview_is_told_and_never_blocks(world: World) -> None:
    assert [(str(item.text), item.strength) for item in interviews_agreed(world.cycle)] == [
        ("2 interviews have no agreed minutes", Strength.TOLD)
    ]
    save(world)
    confirm(world, "engineer")
    confirm(world, "manager")
    assert [str(item.text) for item in interviews_agreed(world.cycle)] == ["1 interview has no agreed minutes"]
    page = client_of(world, "HR").get(reverse("cycle_interviews", args=["2026-Q1"])).content.decode()
    assert "E2" in page
    assert ">E1<" not in page, "a token on the page may hold the bare letters"
    told = client_of(world, "HR").get(reverse("api:cycle-interview-list", args=["2026-Q1"])).json()["results"]
    assert [(row["employee_no"], row["interview"]) for row in told] == [("E2", None)]
    assert (
        reverse("cycle_interviews", args=["2026-Q1"])
        in client_of(world, "HR").get(reverse("cycle_detail", args=["2026-Q1"])).content.decode()
    )
    assert advance(world.cycle, CycleState.CLOSED, by=world.users["HR"]).state == CycleState.CLOSED
    with pytest.raises(IntegrityError, match="closed"), transaction.atomic():
        Interview.objects.update(goals="other")


def test_changes_are_in_the_trail(world: World) -> None:
    save(world)
    save(world, goals="Other goals")
    entry = AuditEntry.objects.filter(action="review.interview_saved").latest("pk")
    assert (entry.before["goals"], entry.after["goals"]) == ("First-time fix above 90 %", "Other goals")


@time_machine.travel(NOW, tick=False)
def test_interview_in_the_browser(world: World) -> None:
    manager, engineer = client_of(world, "manager"), client_of(world, "engineer")
    door = reverse("interview", args=[world.review.pk])
    assert "No interview yet" in engineer.get(door).content.decode()
    sent = {"interviewer": world.users["manager"].pk, "planned_on": "2026-04-02", "held_on": "2026-04-03"}
    assert manager.post(door, sent).status_code == 422
    sent |= {"held_on": "2026-04-02", "goals": "First-time fix above 90 %"}
    assert manager.post(door, sent).status_code == 302
    assert engineer.post(door, sent).status_code == 404
    assert "First-time fix above 90 %" in engineer.get(door).content.decode()
    confirmation = reverse("interview_confirm", args=[world.review.pk])
    for client in (manager, engineer):
        assert client.post(confirmation, {"version": 1}).status_code == 302
    said = reverse("interview_comment", args=[world.review.pk])
    assert engineer.post(said, {"comment": "Thank you"}).status_code == 302
    page = client_of(world, "auditor").get(door).content.decode()
    assert "agreed by both" in page
    assert "Thank you" in page


@time_machine.travel(NOW, tick=False)
def test_interview_through_the_api(world: World) -> None:
    kind = {"content_type": "application/json"}
    door = reverse("api:review-interview-list", args=[world.review.pk])
    manager, engineer = client_of(world, "manager"), client_of(world, "engineer")
    assert engineer.get(door).json() == []
    sent = {"interviewer": world.users["manager"].pk, "held_on": "2026-04-02", "goals": "Fewer repeats"}
    assert manager.post(door, sent, **kind).json()["goals"] == "Fewer repeats"
    assert engineer.post(door, sent, **kind).status_code == 404
    confirmation = reverse("api:review-interview-confirmation", args=[world.review.pk])
    assert engineer.post(confirmation, {"version": 7}, **kind).status_code == 409
    assert engineer.post(confirmation, {"version": 1}, **kind).status_code == 200
    said = reverse("api:review-interview-comment", args=[world.review.pk])
    assert engineer.post(said, {"comment": "Agreed"}, **kind).json()["comment"] == "Agreed"
    assert [each["comment"] for each in manager.get(door).json()] == ["Agreed"]


def test_the_database_confirms_no_interview_that_was_not_held(world: World) -> None:
    save(world, held_on=None)
    with pytest.raises(IntegrityError), transaction.atomic():
        Interview.objects.update(confirmed_by_engineer_at=NOW)
