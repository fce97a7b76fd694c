"""Improvement plans: drafted by a manager or HR, approved by HR, looked at together, ended with an outcome (SPEC 4).

A plan offers help. How it ends is a fact for those who decide further; nothing follows from it by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from appraisal.outcomes import access, notices
from appraisal.outcomes.checks import reason_in, refuse_unless_revealed
from appraisal.outcomes.models import ImprovementPlan, PlanCheck, PlanGoal, PlanOutcome, PlanState
from appraisal.outcomes.models.plans import OPEN_STATES
from appraisal.outcomes.plan_queries import cause_of, measure
from appraisal.outcomes.weak import WeakLine, get_rules, weak_lines
from appraisal.scoring.numbers import decimal_text, round_half_up
from engineers.access import is_hr, require_hr
from engineers.audit import record
from engineers.clock import organisation_day
from engineers.models import User

DAYS_TO_CHECKS = (30, 60, 90)
VALUE_PLACES = 4
MOST_CHECKS = 8


@dataclass(frozen=True, kw_only=True)
class PlanContent:
    """What is written into a draft. A goal without a target is left out."""

    start_date: date
    coach: User | None
    support: str
    targets: Mapping[int, Decimal | None]
    checks: Sequence[date]


@transaction.atomic
def draft_plan(*, review_id: int, by: User, now: datetime) -> ImprovementPlan:
    """Draft a plan from the weak lines of a published review, with checks after 30, 60 and 90 days.

    Raises Http404 unless ``by`` is HR or a manager above, and never for oneself; ValidationError before publication,
    without a weak line, and while there is a plan for this review.
    """
    review = access.get_review_to_use(viewer=by, review_id=review_id)
    refuse_unless_revealed(review.cycle)
    rules = get_rules()
    weak = weak_lines([review], rules).get(review.pk, [])
    if not weak:
        raise ValidationError(
            _("No KPI of this review lies below %(points)s points."),
            params={"points": rules.weak_points},
            code="not_weak",
        )
    today = now.astimezone(ZoneInfo(review.cycle.time_zone)).date()
    plan = ImprovementPlan(
        review=review, cause=cause_of(review, rules), start_date=today, drafted_by=by, drafted_at=now
    )
    try:
        with transaction.atomic():
            plan.save()
    except IntegrityError as error:
        raise ValidationError(_("There is an improvement plan for this review already."), code="twice") from error
    PlanGoal.objects.bulk_create([_goal(plan, line) for line in weak])
    PlanCheck.objects.bulk_create(
        [PlanCheck(plan=plan, due_date=today + timedelta(days=days)) for days in DAYS_TO_CHECKS]
    )
    after = {"cause": plan.cause, "kpis": [line.kpi.kpi.code for line in weak]}
    record(action="plan.drafted", target=plan, by=by, now=now, after=after)
    return plan


@transaction.atomic
def write_plan(*, plan_id: int, content: PlanContent, by: User, now: datetime) -> ImprovementPlan:
    """Write a draft. Raises Http404 as ``draft_plan``, and ValidationError for what is no draft or makes no sense."""
    plan = _plan_in(plan_id, by, now, PlanState.DRAFT)
    goals = {goal.pk: goal for goal in plan.goals.all()}
    if not content.targets.keys() <= goals.keys():
        raise ValidationError(_("A goal is not one of this plan."), code="bad_goal")
    days = sorted(set(content.checks))
    if not days or len(days) > MOST_CHECKS or days[0] < content.start_date:
        raise ValidationError(
            {"checks": _("Name one to eight days for checks, none of them before the first day.")}, code="bad_checks"
        )
    if content.coach is not None and content.coach.pk == plan.review.engineer.user_id:
        raise ValidationError({"coach": _("Nobody coaches themselves.")}, code="own_coach")
    before = _told(plan)
    plan.start_date, plan.coach, plan.support = content.start_date, content.coach, content.support.strip()
    plan.save(update_fields=["start_date", "coach", "support"])
    for pk, target in content.targets.items():
        goals[pk].target = target
    PlanGoal.objects.bulk_update(goals.values(), ["target"])
    plan.checks.exclude(due_date__in=days).delete()
    PlanCheck.objects.bulk_create(
        [PlanCheck(plan=plan, due_date=day) for day in days if not plan.checks.filter(due_date=day).exists()]
    )
    record(action="plan.written", target=plan, by=by, now=now, before=before, after=_told(plan))
    return plan


@transaction.atomic
def submit_plan(*, plan_id: int, by: User, now: datetime, reason: str = "") -> ImprovementPlan:
    """Hand a draft to HR; goals without a target are left out.

    Raises as ``write_plan``, and ValidationError without a coach, without help, or without any target.
    """
    plan = _plan_in(plan_id, by, now, PlanState.DRAFT)
    missing = {}
    if plan.coach is None:
        missing["coach"] = ValidationError(_("Name a coach."), code="no_coach")
    if not plan.support:
        missing["support"] = ValidationError(_("Say what help is given."), code="no_support")
    if missing:
        raise ValidationError(missing)
    if not plan.goals.filter(target__isnull=False).exists():
        raise ValidationError(_("Set a target for one KPI at least."), code="no_target")
    plan.goals.filter(target__isnull=True).delete()
    _move(plan, PlanState.SUBMITTED, "plan.submitted", by=by, now=now, reason=reason.strip())
    notices.tell_hr_of_plan(plan, by=by, now=now)
    return plan


@transaction.atomic
def approve_plan(*, plan_id: int, by: User, now: datetime, reason: str = "") -> ImprovementPlan:
    """Approve what a manager handed in: the engineer sees it from now on.

    Raises Http404 unless ``by`` is HR and not the engineer; ValidationError for one's own draft and any other state.
    """
    require_hr(by)
    plan = _plan_in(plan_id, by, now, PlanState.SUBMITTED)
    if plan.drafted_by_id == by.pk:
        raise ValidationError(_("Who drafted a plan does not approve it."), code="own_plan")
    plan.approved_by, plan.approved_at = by, now
    plan.save(update_fields=["approved_by", "approved_at"])
    _move(plan, PlanState.ACTIVE, "plan.approved", by=by, now=now, reason=reason.strip())
    notices.tell_people_of_plan(plan, by=by, now=now)
    return plan


@transaction.atomic
def return_plan(*, plan_id: int, by: User, now: datetime, reason: str = "") -> ImprovementPlan:
    """Give a plan back to its drafter with a reason. Raises as ``approve_plan``."""
    require_hr(by)
    plan = _plan_in(plan_id, by, now, PlanState.SUBMITTED)
    _move(plan, PlanState.DRAFT, "plan.returned", by=by, now=now, reason=reason_in(reason))
    notices.tell_drafter_of_plan(plan, by=by, now=now)
    return plan


@transaction.atomic
def drop_plan(*, plan_id: int, by: User, now: datetime, reason: str = "") -> ImprovementPlan:
    """Drop a plan with a reason: HR at any time, the managers above before HR has approved it."""
    states = OPEN_STATES if is_hr(by) else (PlanState.DRAFT, PlanState.SUBMITTED)
    plan = _plan_in(plan_id, by, now, *states)
    _move(plan, PlanState.DROPPED, "plan.dropped", by=by, now=now, reason=reason_in(reason))
    return plan


@transaction.atomic
def comment_plan(*, plan_id: int, text: str, by: User, now: datetime) -> ImprovementPlan:
    """Set the engineer's own comment. Raises Http404 for all others, and ValidationError unless it is under way."""
    plan = access.get_own_plan(viewer=by, plan_id=plan_id, lock=True)
    _refuse_unless(plan, PlanState.ACTIVE)
    before, plan.comment = plan.comment, text.strip()
    plan.save(update_fields=["comment"])
    record(
        action="plan.commented",
        target=plan,
        by=by,
        now=now,
        before={"comment": before},
        after={"comment": plan.comment},
    )
    return plan


@transaction.atomic
def hold_check(*, plan_id: int, check_id: int, note: str, by: User, now: datetime) -> PlanCheck:
    """Note what a check came to; the figures of that moment are kept with it.

    Raises Http404 unless ``by`` is HR, a manager above or the coach, and ValidationError unless the plan is under way
    and the check not held yet.
    """
    plan = access.get_plan_to_check(viewer=by, plan_id=plan_id, on=_today(now), lock=True)
    _refuse_unless(plan, PlanState.ACTIVE)
    check = access.get_check(plan=plan, check_id=check_id)
    if check.held_at is not None:
        raise ValidationError(_("This check is held already."), code="held")
    check.note = reason_in(note, field="note")
    check.measured = {
        goal.kpi: decimal_text(goal.latest.value)
        for goal in measure(plan)
        if goal.latest and goal.latest.value is not None
    }
    check.held_by, check.held_at = by, now
    check.save()
    after = {"check": check.due_date, "measured": check.measured}
    record(action="plan.checked", target=plan, by=by, now=now, after=after, reason=check.note)
    return check


@transaction.atomic
def end_plan(*, plan_id: int, outcome: str, text: str, by: User, now: datetime) -> ImprovementPlan:
    """End a plan with what came of it. Raises as ``write_plan``, unless it is under way, and without a text."""
    plan = _plan_in(plan_id, by, now, PlanState.ACTIVE)
    if outcome not in PlanOutcome.values:
        raise ValidationError({"outcome": _("Choose what came of it.")}, code="no_outcome")
    plan.outcome, plan.outcome_text = outcome, reason_in(text, field="text")
    plan.state, plan.ended_by, plan.ended_at = PlanState.ENDED, by, now
    plan.save(update_fields=["outcome", "outcome_text", "state", "ended_by", "ended_at"])
    before, after = {"state": PlanState.ACTIVE}, {"state": plan.state, "outcome": outcome}
    record(action="plan.ended", target=plan, by=by, now=now, before=before, after=after, reason=plan.outcome_text)
    notices.tell_people_of_plan(plan, by=by, now=now)
    return plan


def _plan_in(plan_id: int, by: User, now: datetime, *states: str) -> ImprovementPlan:
    plan = access.get_plan_to_manage(viewer=by, plan_id=plan_id, on=_today(now), lock=True)
    _refuse_unless(plan, *states)
    return plan


def _refuse_unless(plan: ImprovementPlan, *states: str) -> None:
    if plan.state not in states:
        raise ValidationError(
            _("The plan is in the state “%(state)s”; this is not possible in it."),
            params={"state": plan.get_state_display()},
            code="bad_state",
        )


def _today(now: datetime) -> date:
    return organisation_day(now)


def _move(plan: ImprovementPlan, state: str, action: str, *, by: User, now: datetime, reason: str) -> None:
    before, plan.state = plan.state, state
    plan.save(update_fields=["state"])
    record(action=action, target=plan, by=by, now=now, before={"state": before}, after={"state": state}, reason=reason)


def _goal(plan: ImprovementPlan, line: WeakLine) -> PlanGoal:
    kpi = line.kpi
    return PlanGoal(
        plan=plan,
        kpi=kpi.kpi,
        name_zh=kpi.name_zh,
        name_en=kpi.name_en,
        unit=kpi.measure.unit,
        direction=kpi.direction,
        baseline=None if line.value is None else round_half_up(line.value, VALUE_PLACES),
        points=round_half_up(line.points),
        target=kpi.target,
    )


def _told(plan: ImprovementPlan) -> dict[str, object]:
    return {
        "start_date": plan.start_date,
        "coach": plan.coach.username if plan.coach else "",
        "support": plan.support,
        "targets": {goal.kpi.code: goal.target for goal in plan.goals.select_related("kpi")},
        "checks": list(plan.checks.values_list("due_date", flat=True)),
    }


STEPS = {"submit": submit_plan, "approve": approve_plan, "return": return_plan, "drop": drop_plan}
