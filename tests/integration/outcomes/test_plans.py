"""Improvement plans: proposed by rule, built from weak KPIs, measured by the cycles that follow (SPEC 4)."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.http import Http404
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from appraisal.cycles.models import Cycle, CycleState
from appraisal.notices.models import Notice
from appraisal.outcomes import access, plan_queries, plans
from appraisal.outcomes.models import ImprovementPlan, OutcomeRules, PlanCheck
from appraisal.outcomes.weak import get_rules
from appraisal.reviews.models import Review
from engineers.models import AuditEntry, Team, TeamMembership
from tests.factories import CycleFactory
from tests.integration.outcomes.published import add_next_cycle, build_published, client_of
from tests.once import once_a_module
from tests.world import NOW, World

pytestmark = pytest.mark.django_db

HELP = "Two days with the team of the south, and the course on handovers"
TODAY = date(2026, 4, 2)


@once_a_module
def built() -> World:
    """One stands at D, with cooperation at 20 points; below 80, the 75 points of being in time are weak too."""
    built = build_published(one=1)
    OutcomeRules.objects.create(pk=1, weak_points=80)
    return built


def given(world: World, role: str = "manager") -> dict[str, Any]:
    return {"by": world.users[role], "now": NOW}


def draft(world: World, role: str = "manager") -> ImprovementPlan:
    return plans.draft_plan(review_id=world.review.pk, **given(world, role))


def content(world: World, plan: ImprovementPlan, **changes: Any) -> plans.PlanContent:
    values = {
        "start_date": TODAY,
        "coach": world.users["second level"],
        "support": HELP,
        "targets": {goal.pk: Decimal(90) for goal in plan.goals.all()},
        "checks": [TODAY + timedelta(days=30), TODAY + timedelta(days=60)],
    }
    return plans.PlanContent(**values | changes)


def written(world: World, **changes: Any) -> ImprovementPlan:
    plan = draft(world)
    return plans.write_plan(plan_id=plan.pk, content=content(world, plan, **changes), **given(world))


def active(world: World, **changes: Any) -> ImprovementPlan:
    plan = written(world, **changes)
    plans.submit_plan(plan_id=plan.pk, **given(world))
    return plans.approve_plan(plan_id=plan.pk, **given(world, "HR"))


def proposed_numbers(world: World, cycle: Cycle) -> list[str]:
    found = plan_queries.proposed(Review.objects.all(), cycle, get_rules())
    return [review.engineer.employee_no for review in found.order_by("engineer__employee_no")]


def test_a_plan_is_proposed_for_d_until_there_is_one(world: World) -> None:
    assert proposed_numbers(world, world.cycle) == ["E1"]
    plan = draft(world)
    assert (plan.cause, proposed_numbers(world, world.cycle)) == ("low_grade", [])


def test_a_plan_is_proposed_for_c_only_the_second_time_running(world: World) -> None:
    following = add_next_cycle(world, in_time=1, late=0, state=CycleState.PUBLISHED)
    Review.objects.filter(cycle=following).update(grade="C")
    Review.objects.filter(pk=world.review.pk).update(grade="B")
    assert proposed_numbers(world, following) == []
    Review.objects.filter(pk=world.review.pk).update(grade="C")
    assert proposed_numbers(world, following) == ["E1"]
    second = Review.objects.get(cycle=following, engineer=world.one)
    assert plan_queries.cause_of(second, get_rules()) == "twice"


def test_a_quarter_is_not_compared_with_a_year(world: World) -> None:
    following = add_next_cycle(world, in_time=1, late=0, state=CycleState.PUBLISHED)
    Review.objects.filter(engineer=world.one).update(grade="C")
    Cycle.objects.get(pk=world.cycle.pk).parts.add(following)
    assert proposed_numbers(world, following) == []


def test_a_plan_is_built_from_the_weak_kpis_weakest_first(world: World) -> None:
    plan = draft(world)
    goals = list(plan.goals.values_list("kpi__code", "baseline", "points", "target"))
    # In time: 9 of 12 cases, target 95 by the scheme; cooperation: 1 of 5 is 20 of 100.
    assert goals == [("cooperation", 20, 20, None), ("in_time", 75, 75, 95)]
    assert list(plan.checks.values_list("due_date", flat=True)) == [
        date(2026, 5, 2),
        date(2026, 6, 1),
        date(2026, 7, 1),
    ]


def test_without_a_weak_kpi_there_is_no_plan(world: World) -> None:
    OutcomeRules.objects.update(weak_points=10)
    with pytest.raises(ValidationError, match="below 10"):
        draft(world)


def test_there_is_one_plan_per_review_until_it_is_dropped(world: World) -> None:
    plan = draft(world)
    with pytest.raises(ValidationError, match="already"):
        draft(world)
    plans.drop_plan(plan_id=plan.pk, reason="Agreed with HR to wait", **given(world))
    assert draft(world).state == "draft"


@pytest.mark.parametrize("role", ["engineer", "other manager", "other engineer", "auditor", "administrator"])
def test_only_hr_and_the_managers_above_draft(world: World, role: str) -> None:
    with pytest.raises(Http404):
        draft(world, role)


def test_nobody_drafts_a_plan_for_themselves(world: World) -> None:
    world.one.user = world.users["HR"]
    world.one.save()
    with pytest.raises(Http404):
        draft(world, "HR")


def test_a_plan_goes_from_the_manager_to_hr_to_the_engineer(world: World) -> None:
    plan = active(world)
    assert plan.state == "active"
    people = ("engineer", "second level", "manager")
    told = Notice.objects.filter(topic="outcomes.plan_started").values_list("user", flat=True)
    assert set(told) == {world.users[name].pk for name in people}
    assert Notice.objects.filter(topic="outcomes.plan_submitted", user=world.users["HR"]).count() == 1
    plans.comment_plan(plan_id=plan.pk, text="I agree with the goals", **given(world, "engineer"))
    plan = plans.end_plan(plan_id=plan.pk, outcome="reached", text="Both targets are reached", **given(world))
    assert (plan.state, plan.outcome) == ("ended", "reached")
    actions = AuditEntry.objects.filter(action__startswith="plan.").order_by("pk").values_list("action", flat=True)
    assert list(actions) == [
        f"plan.{step}" for step in ("drafted", "written", "submitted", "approved", "commented", "ended")
    ]
    assert set(AuditEntry.objects.filter(action__startswith="plan.").values_list("concerned_id", flat=True)) == {
        world.one.pk
    }


def test_hr_gives_a_plan_back_with_a_reason(world: World) -> None:
    plan = written(world)
    plans.submit_plan(plan_id=plan.pk, **given(world))
    with pytest.raises(ValidationError, match="10 characters"):
        plans.return_plan(plan_id=plan.pk, reason="no", **given(world, "HR"))
    returned = plans.return_plan(plan_id=plan.pk, reason="The target is out of reach", **given(world, "HR"))
    assert returned.state == "draft"
    assert Notice.objects.filter(topic="outcomes.plan_returned", user=world.users["manager"]).exists()


def test_who_drafted_a_plan_does_not_approve_it(world: World) -> None:
    plan = draft(world, "HR")
    plans.write_plan(plan_id=plan.pk, content=content(world, plan), **given(world, "HR"))
    plans.submit_plan(plan_id=plan.pk, **given(world, "HR"))
    with pytest.raises(ValidationError, match="does not approve"):
        plans.approve_plan(plan_id=plan.pk, **given(world, "HR"))
    with pytest.raises(Http404):
        plans.approve_plan(plan_id=plan.pk, **given(world, "manager"))
    assert plans.approve_plan(plan_id=plan.pk, **given(world, "HR two")).state == "active"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"coach": None}, "Name a coach"),
        ({"support": " "}, "what help"),
        ({"targets": {}}, "Set a target"),
    ],
)
def test_a_plan_without_coach_help_or_target_is_not_handed_in(
    world: World, changes: dict[str, Any], said: str
) -> None:
    plan = written(world, **changes)
    plan.goals.exclude(pk__in=changes.get("targets", plan.goals.values("pk"))).update(target=None)
    with pytest.raises(ValidationError, match=said):
        plans.submit_plan(plan_id=plan.pk, **given(world))


def test_goals_without_a_target_are_left_out(world: World) -> None:
    plan = draft(world)
    first, second = plan.goals.all()
    plans.write_plan(
        plan_id=plan.pk, content=content(world, plan, targets={first.pk: None, second.pk: 90}), **given(world)
    )
    plans.submit_plan(plan_id=plan.pk, **given(world))
    assert list(plan.goals.values_list("kpi__code", flat=True)) == ["in_time"]


@pytest.mark.parametrize("days", [[], [-1], list(range(9))])
def test_checks_are_one_to_eight_days_from_the_first_on(world: World, days: list[int]) -> None:
    with pytest.raises(ValidationError, match="one to eight days"):
        written(world, checks=[TODAY + timedelta(days=each) for each in days])


def test_the_kpis_are_measured_anew_by_the_next_cycle(world: World) -> None:
    plan = active(world)
    assert [goal.latest for goal in plan_queries.measure(plan)] == [None, None]
    following = add_next_cycle(world, in_time=19, late=1)
    cooperation, in_time = plan_queries.measure(plan)
    assert cooperation.latest is None, "what a manager rates shows once it is published"
    assert in_time.latest is not None
    assert (in_time.latest.value, in_time.latest.is_published, in_time.is_reached) == (95, False, True)
    check = plan.checks.first()
    assert check is not None
    plans.hold_check(plan_id=plan.pk, check_id=check.pk, note="On the way", **given(world, "second level"))
    check.refresh_from_db()
    assert check.measured == {"in_time": "95"}
    Cycle.objects.filter(pk=following.pk).update(state=CycleState.MANAGER_REVIEW)
    page = client_of(world, "engineer").get(reverse("improvement_plan", args=[plan.pk])).content.decode()
    assert "Second quarter" in page
    assert "95.00" in page


def test_a_published_cycle_is_read_as_it_was_sealed(world: World) -> None:
    plan = active(world)
    following = add_next_cycle(world, in_time=1, late=1, state=CycleState.PUBLISHED)
    following.results.filter(engineer=world.one).update(value="99")
    in_time = plan_queries.measure(plan)[1].latest
    assert in_time is not None
    assert (in_time.value, in_time.is_published) == (50, True)


def test_measuring_asks_a_fixed_number_of_questions(world: World) -> None:
    plan = active(world)
    plan = access.get_plan(viewer=world.users["HR"], plan_id=plan.pk, on=TODAY)

    def asked() -> int:
        with CaptureQueriesContext(connection) as captured:
            plan_queries.measure(plan)
        return len(captured)

    def add_running(code: str, month: int) -> None:
        days = {"start_date": date(2026, month, 1), "end_date": date(2026, month, 28)}
        cycle = CycleFactory(code=code, state=CycleState.OPEN, **days)
        Review.objects.create(cycle=cycle, engineer=world.one)

    add_next_cycle(world, in_time=1, late=1, state=CycleState.PUBLISHED)
    add_running("2026-07", 7)
    before = asked()
    add_running("2026-08", 8)
    assert asked() == before


def test_a_check_is_held_once_by_hr_a_manager_or_the_coach(world: World) -> None:
    plan = active(world, coach=world.users["other engineer"])
    first, second = plan.checks.all()
    with pytest.raises(Http404):
        plans.hold_check(plan_id=plan.pk, check_id=first.pk, note="Went well so far", **given(world, "engineer"))
    plans.hold_check(plan_id=plan.pk, check_id=first.pk, note="Went well so far", **given(world, "other engineer"))
    with pytest.raises(ValidationError, match="held already"):
        plans.hold_check(plan_id=plan.pk, check_id=first.pk, note="Went well so far", **given(world))
    plans.hold_check(plan_id=plan.pk, check_id=second.pk, note="Went well so far", **given(world, "HR"))
    assert plan.checks.filter(held_at__isnull=False).count() == 2


SEES = {
    "draft": {"manager", "second level", "HR", "auditor"},
    "active": {"manager", "second level", "HR", "auditor", "engineer"},
}


@pytest.mark.parametrize("state", SEES)
def test_who_sees_a_plan(world: World, state: str) -> None:
    plan = draft(world) if state == "draft" else active(world)
    address = reverse("improvement_plan", args=[plan.pk])
    seen = {role for role in world.users if client_of(world, role).get(address).status_code == 200}
    assert seen - {"HR two"} == SEES[state]


def test_after_a_transfer_the_new_manager_has_the_plan(world: World) -> None:
    plan = active(world, coach=world.users["second level"])
    TeamMembership.objects.filter(engineer=world.one).delete()
    TeamMembership.objects.create(engineer=world.one, team=Team.objects.get(code="TWO"))
    assert access.may_manage(world.users["other manager"], plan, on=TODAY)
    assert not access.may_manage(world.users["manager"], plan, on=TODAY)


def test_a_manager_writes_a_plan_in_the_browser(world: World) -> None:
    manager = client_of(world, "manager")
    proposed = manager.get(reverse("improvement_plans"), {"show": "proposed"}).content.decode()
    assert reverse("improvement_plan_draft", args=[world.review.pk]) in proposed
    manager.post(reverse("improvement_plan_draft", args=[world.review.pk]))
    plan = ImprovementPlan.objects.get()
    goals = {f"target_{goal.pk}": "90" for goal in plan.goals.all()}
    form = {"start_date": "2026-04-10", "coach": "director", "support": HELP, "check_0": "2026-05-10", **goals}
    write = reverse("improvement_plan_write", args=[plan.pk])
    refused = manager.post(write, form | {"check_0": "2026-04-01", "submit": "1"})
    assert refused.status_code == 422
    assert "none of them before the first day" in refused.content.decode()
    assert manager.post(write, form | {"submit": "1"}).status_code == 302
    client_of(world, "HR").post(reverse("improvement_plan_move", args=[plan.pk]), {"step": "approve"})
    engineer = client_of(world, "engineer")
    engineer.post(reverse("improvement_plan_comment", args=[plan.pk]), {"comment": "I shall try"})
    check = PlanCheck.objects.get(plan=plan)
    manager.post(reverse("improvement_plan_check", args=[plan.pk, check.pk]), {"note": "Half way there"})
    end = reverse("improvement_plan_end", args=[plan.pk])
    assert manager.post(end, {"outcome": "partly", "text": "no"}).status_code == 422
    assert manager.post(end, {"outcome": "partly", "text": "One of two reached"}).status_code == 302
    plan.refresh_from_db()
    assert (plan.state, plan.comment, plan.outcome) == ("ended", "I shall try", "partly")
    page = engineer.get(reverse("improvement_plan", args=[plan.pk])).content.decode()
    assert "targets reached in part" in page


def test_the_same_by_the_api(world: World) -> None:
    manager, json = client_of(world, "manager"), {"content_type": "application/json"}
    proposed = manager.get(reverse("api:improvement-plan-proposed"), {"cycle": "2026-Q1"}).json()["results"]
    assert [(row["employee_no"], row["grade"], row["grade_before"]) for row in proposed] == [("E1", "D", None)]
    made = manager.post(reverse("api:improvement-plan-list"), {"review": world.review.pk}, **json).json()
    detail = reverse("api:improvement-plan-detail", args=[made["id"]])
    body = {
        "start_date": "2026-04-10",
        "coach": "director",
        "support": HELP,
        "targets": {str(goal["id"]): "90" for goal in made["goals"]},
        "checks": ["2026-05-10"],
    }
    assert manager.put(detail, body, **json).json()["checks"][0]["due_date"] == "2026-05-10"
    move = reverse("api:improvement-plan-move", args=[made["id"]])
    assert manager.post(move, {"step": "submit"}, **json).json()["state"] == "submitted"
    assert manager.post(move, {"step": "approve"}, **json).status_code == 404
    assert client_of(world, "HR").post(move, {"step": "approve"}, **json).json()["state"] == "active"
    engineer = client_of(world, "engineer")
    comment = reverse("api:improvement-plan-comment", args=[made["id"]])
    assert engineer.post(comment, {"text": "Yes"}, **json).json()["comment"] == "Yes"
    check = manager.get(detail).json()["checks"][0]["id"]
    held = reverse("api:improvement-plan-check", args=[made["id"]])
    assert manager.post(held, {"check": check, "note": "Half way there"}, **json).status_code == 200
    end = reverse("api:improvement-plan-end", args=[made["id"]])
    ended = manager.post(end, {"outcome": "missed", "text": "Not reached in time"}, **json).json()
    assert (ended["state"], ended["outcome"]) == ("ended", "missed")
    assert [row["state"] for row in engineer.get(reverse("api:improvement-plan-list")).json()["results"]] == ["ended"]


def test_the_database_refuses_what_is_no_plan(world: World) -> None:
    plan = draft(world)
    broken: dict[str, dict[str, Any]] = {
        "plan_is_approved_by_a_second_person": {"state": "active", "approved_by": world.users["manager"]},
        "plan_under_way_was_approved": {"state": "active"},
        "plan_ended_says_how": {"outcome": "reached"},
    }
    for name, values in broken.items():
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            ImprovementPlan.objects.filter(pk=plan.pk).update(**values)
    with pytest.raises(IntegrityError, match="check_held_has_a_note"), transaction.atomic():
        plan.checks.update(held_at=NOW, held_by=world.users["HR"])
    with pytest.raises(IntegrityError, match=r"one_check_per_plan_and_day|plancheck\.plan_id"), transaction.atomic():
        PlanCheck.objects.create(plan=plan, due_date=date(2026, 5, 2))
    goal = plan.goals.all()[0]
    goal.pk = None
    with pytest.raises(IntegrityError, match=r"one_goal_per_plan_and_kpi|plangoal\.plan_id"), transaction.atomic():
        goal.save()
