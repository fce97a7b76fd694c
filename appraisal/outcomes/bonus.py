"""Bonus plans: made from published results by one person of HR, approved by a second, then locked (SPEC 4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import pairwise

from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from appraisal.cycles.models import Cycle
from appraisal.jobs.actions import request_job
from appraisal.jobs.models import Job
from appraisal.outcomes import access, bonus_queries, notices
from appraisal.outcomes.checks import reason_in, refuse_unless_revealed
from appraisal.outcomes.models import BonusBase, BonusPlan, BonusPlanState, TeamFactor
from appraisal.reviews.models import CycleSeal
from appraisal.scoring.rollup import NOT_RATED
from engineers.access import require_hr
from engineers.audit import record
from engineers.models import Engineer, JobProfile, Team, User

COMPUTE = "outcomes.bonus"
HIGHEST_COEFFICIENT = Decimal(10)
# Between what a plan sets the bounds of its team factors.
LOWEST_FACTORS = (Decimal("0.01"), Decimal(1))
HIGHEST_FACTORS = (Decimal(1), Decimal(10))
PROBLEMS_NAMED = 10


@dataclass(frozen=True, kw_only=True)
class BonusSettings:
    """What HR chooses of a plan. A grade without a coefficient, "NR" among them, gets no figure."""

    coefficients: Mapping[str, Decimal]
    lowest_team_factor: Decimal
    highest_team_factor: Decimal
    pool: Decimal | None
    unit: str
    is_shown: bool


@transaction.atomic
def create_plan(*, cycle_id: int, by: User, now: datetime) -> BonusPlan:
    """Begin a plan, or its next version: with what the version before it, or the last cycle's plan, was made of.

    Raises Http404 unless ``by`` has the HR role, and ValidationError before publication, for a cycle that was never
    sealed, and while there is a draft.
    """
    require_hr(by)
    cycle = Cycle.objects.select_for_update().get(pk=cycle_id)
    refuse_unless_revealed(cycle)
    if not CycleSeal.objects.filter(cycle=cycle).exists():
        raise ValidationError(_("This cycle was published without a seal; no bonus rests on it."), code="not_sealed")
    if cycle.bonus_plans.filter(state=BonusPlanState.DRAFT).exists():
        raise ValidationError(_("There is a draft already; finish it first."), code="draft_exists")
    before = cycle.bonus_plans.first()
    model = before or BonusPlan.objects.filter(cycle__start_date__lt=cycle.start_date).first()
    plan = BonusPlan(cycle=cycle, number=before.number + 1 if before else 1, changed_by=by, changed_at=now)
    if model is not None:
        for name in ("coefficients", "lowest_team_factor", "highest_team_factor", "unit", "is_shown"):
            setattr(plan, name, getattr(model, name))
    if before is not None:
        plan.pool = before.pool
    plan.save()
    if model is not None:
        BonusBase.objects.bulk_create(
            [
                BonusBase(plan=plan, engineer_id=b.engineer_id, profile_id=b.profile_id, amount=b.amount)
                for b in model.bases.all()
            ]
        )
    if before is not None:
        TeamFactor.objects.bulk_create(
            [
                TeamFactor(plan=plan, team_id=f.team_id, factor=f.factor, reason=f.reason)
                for f in before.team_factors.all()
            ]
        )
    record(action="bonus.created", target=plan, by=by, now=now, after={"version": plan.number})
    return plan


@transaction.atomic
def change_plan(
    *, plan_id: int, chosen: BonusSettings, by: User, now: datetime, is_confirmed: bool = False
) -> BonusPlan:
    """Set coefficients, bounds, budget and rounding; what was computed is gone.

    Raises Http404 unless ``by`` has the HR role, and ValidationError for a plan that is no draft, for figures that
    make no sense, and, unless ``is_confirmed``, where a better grade gets less than a worse one (code "falls").
    """
    plan = _draft(plan_id, by)
    for grade, value in chosen.coefficients.items():
        if not 0 <= value <= HIGHEST_COEFFICIENT:
            raise ValidationError(
                _("The coefficient of %(grade)s is not between %(least)s and %(most)s."),
                params={"grade": grade, "least": 0, "most": HIGHEST_COEFFICIENT},
                code="bad_coefficient",
            )
    for name, (least, most) in (("lowest_team_factor", LOWEST_FACTORS), ("highest_team_factor", HIGHEST_FACTORS)):
        if not least <= getattr(chosen, name) <= most:
            message = _("The bounds of team factors lie around 1: this one between %(least)s and %(most)s.")
            params = {"least": least, "most": most}
            raise ValidationError({name: ValidationError(message, params=params, code="bad_bounds")})
    falls = _falling(chosen.coefficients, bonus_queries.list_grades(plan))
    if falls is not None and not is_confirmed:
        raise falls
    if chosen.pool is not None and chosen.pool % Decimal(chosen.unit):
        raise ValidationError(
            {"pool": _("The budget is not a multiple of what is rounded to.")}, code="not_a_multiple"
        )
    before = _told(plan)
    plan.coefficients = {grade: str(value.normalize() + 0) for grade, value in chosen.coefficients.items()}
    plan.lowest_team_factor, plan.highest_team_factor = chosen.lowest_team_factor, chosen.highest_team_factor
    plan.pool, plan.unit, plan.is_shown = chosen.pool, chosen.unit, chosen.is_shown
    plan.full_clean(
        exclude=["cycle", "changed_by", "approved_by", "locked_by", "computed_at", "approved_at", "locked_at"]
    )
    _changed(plan, by, now)
    after = _told(plan) | ({"better_grade_gets_less": True} if falls is not None else {})
    record(action="bonus.changed", target=plan, by=by, now=now, before=before, after=after)
    return plan


@transaction.atomic
def set_engineer_bases(*, plan_id: int, amounts: Mapping[str, Decimal], by: User, now: datetime) -> int:
    """Set the bases by employee number in place of those there were; all of them or none. Return how many.

    Raises as ``change_plan``, and ValidationError naming numbers that nobody of the cycle has.
    """
    plan = _draft(plan_id, by)
    reviewed = Engineer.objects.filter(reviews__cycle=plan.cycle_id)
    ids = dict(reviewed.values_list("employee_no", "pk"))
    unknown = sorted(amounts.keys() - ids.keys())
    if unknown:
        raise ValidationError(
            _("Nobody of this cycle has the number: %(numbers)s."),
            params={"numbers": ", ".join(unknown[:PROBLEMS_NAMED])},
            code="unknown_engineer",
        )
    _refuse_negative(amounts)
    plan.bases.filter(engineer__isnull=False).delete()
    BonusBase.objects.bulk_create(
        [BonusBase(plan=plan, engineer_id=ids[number], amount=amount) for number, amount in amounts.items()],
        batch_size=1000,
    )
    _changed(plan, by, now)
    after = {"engineers": len(amounts), "sum": sum(amounts.values(), Decimal(0))}
    record(action="bonus.bases_set", target=plan, by=by, now=now, after=after)
    return len(amounts)


@transaction.atomic
def set_profile_bases(
    *, plan_id: int, amounts: Mapping[JobProfile | None, Decimal | None], by: User, now: datetime
) -> None:
    """Set the base of each job profile, and under None that of everybody else; an amount of None takes it out."""
    plan = _draft(plan_id, by)
    given = {profile: amount for profile, amount in amounts.items() if amount is not None}
    _refuse_negative({str(profile): amount for profile, amount in given.items()})
    plan.bases.filter(engineer__isnull=True).delete()
    BonusBase.objects.bulk_create(
        [BonusBase(plan=plan, profile=profile, amount=amount) for profile, amount in given.items()]
    )
    _changed(plan, by, now)
    after = {profile.code if profile else "*": amount for profile, amount in given.items()}
    record(action="bonus.bases_set", target=plan, by=by, now=now, after=after)


@transaction.atomic
def set_team_factor(
    *, plan_id: int, team: Team, factor: Decimal | None, by: User, now: datetime, reason: str = ""
) -> None:
    """Set how a team as a whole did, with the reason; None takes the factor back. Raises as ``change_plan``."""
    plan = _draft(plan_id, by)
    before = plan.team_factors.filter(team=team).first()
    if factor is None:
        plan.team_factors.filter(team=team).delete()
    else:
        reason = reason_in(reason)
        if not plan.lowest_team_factor <= factor <= plan.highest_team_factor:
            message = ValidationError(
                _("The factor of a team lies between %(least)s and %(most)s in this plan."),
                params={"least": plan.lowest_team_factor, "most": plan.highest_team_factor},
                code="bad_factor",
            )
            raise ValidationError({"factor": message})
        plan.team_factors.update_or_create(team=team, defaults={"factor": factor, "reason": reason})
    _changed(plan, by, now)
    record(
        action="bonus.team_factor_set",
        target=plan,
        by=by,
        now=now,
        before={"team": team.code, "factor": before.factor if before else None},
        after={"team": team.code, "factor": factor},
        reason=reason,
    )


@transaction.atomic
def request_computation(*, plan_id: int, by: User, now: datetime) -> Job:
    """Ask for the amounts of a draft, in the background. Raises as ``change_plan``, and when no base is entered."""
    plan = _draft(plan_id, by)
    refuse_unless_revealed(plan.cycle)
    if not plan.bases.exists():
        raise ValidationError(
            _("Enter a base first: for everybody, a job profile or single engineers."), code="no_base"
        )
    _forget(plan)
    reviews = plan.cycle.reviews.order_by("engineer_id").values_list("pk", flat=True)
    record(action="bonus.computation_requested", target=plan, by=by, now=now)
    return request_job(
        kind=COMPUTE,
        item_ids=list(reviews),
        by=by,
        now=now,
        subject=f"{plan.cycle.code} v{plan.number}.{plan.revision}",
        params={"plan": plan.pk, "revision": plan.revision},
        path=reverse("bonus_plan", args=[plan.pk]),
    )


@transaction.atomic
def approve_plan(*, plan_id: int, by: User, now: datetime) -> BonusPlan:
    """Approve a computed draft; engineers see their own from now on, where the plan says so.

    Raises Http404 unless ``by`` has the HR role, and ValidationError for whoever had a hand in the plan, for who gets
    a bonus by it, for a plan that is not computed, and when results have changed since.
    """
    plan = _draft(plan_id, by)
    refuse_unless_revealed(plan.cycle)
    if plan.computed_at is None:
        raise ValidationError(_("The amounts are not computed yet."), code="not_computed")
    if bonus_queries.has_made(plan, by):
        raise ValidationError(_("Who made a bonus plan does not approve it."), code="own_plan")
    if plan.rows.filter(review__engineer__user=by).exists():
        raise ValidationError(_("Nobody approves the own bonus."), code="own_bonus")
    if bonus_queries.count_differences(plan):
        raise ValidationError(
            _("Results have changed since the amounts were computed; compute them anew."), code="stale"
        )
    plan.state, plan.approved_by, plan.approved_at = BonusPlanState.APPROVED, by, now
    plan.save(update_fields=["state", "approved_by", "approved_at"])
    record(action="bonus.approved", target=plan, by=by, now=now, after=_sum(plan))
    if plan.is_shown:
        notices.tell_of_bonus(plan, now=now)
    return plan


@transaction.atomic
def lock_plan(*, plan_id: int, by: User, now: datetime) -> BonusPlan:
    """Lock an approved plan when it goes to the payroll.

    Raises Http404, and ValidationError unless it is approved, and when results have changed since.
    """
    plan = access.get_bonus_plan_to_run(viewer=by, plan_id=plan_id, lock=True)
    if plan.state != BonusPlanState.APPROVED:
        raise ValidationError(_("Only an approved plan is locked."), code="not_approved")
    if bonus_queries.count_differences(plan):
        raise ValidationError(
            _("Results have changed since the amounts were computed; begin a new version."), code="stale"
        )
    plan.state, plan.locked_by, plan.locked_at = BonusPlanState.LOCKED, by, now
    plan.save(update_fields=["state", "locked_by", "locked_at"])
    record(action="bonus.locked", target=plan, by=by, now=now, after=_sum(plan))
    return plan


def _draft(plan_id: int, by: User) -> BonusPlan:
    plan = access.get_bonus_plan_to_run(viewer=by, plan_id=plan_id, lock=True)
    if not plan.is_draft:
        raise ValidationError(
            _("The plan is %(state)s and no longer changes; begin a new version."),
            params={"state": plan.get_state_display()},
            code="not_a_draft",
        )
    return plan


def _changed(plan: BonusPlan, by: User, now: datetime) -> None:
    plan.revision += 1
    plan.changed_by, plan.changed_at = by, now
    plan.save()
    _forget(plan)


def _forget(plan: BonusPlan) -> None:
    """Take away what was computed before."""
    plan.rows.all().delete()
    plan.computed_at, plan.exact_total = None, ""
    plan.save(update_fields=["computed_at", "exact_total"])


def _refuse_negative(amounts: Mapping[str, Decimal]) -> None:
    negative = [name for name, amount in amounts.items() if amount < 0]
    if negative:
        raise ValidationError(
            _("A base is not negative: %(names)s."), params={"names": ", ".join(negative[:PROBLEMS_NAMED])}
        )


def _falling(coefficients: Mapping[str, Decimal], grades: Sequence[str]) -> ValidationError | None:
    """Return the warning that a better grade gets less than a worse one; ``grades`` are best first."""
    given = [(grade, coefficients[grade]) for grade in grades if grade in coefficients and grade != NOT_RATED]
    for (better, more), (worse, less) in pairwise(given):
        if more < less:
            return ValidationError(
                _("%(better)s gets %(more)s, less than %(worse)s with %(less)s. Confirm that this is meant."),
                params={
                    "better": better,
                    "more": f"{more.normalize():f}",
                    "worse": worse,
                    "less": f"{less.normalize():f}",
                },
                code="falls",
            )
    return None


def _told(plan: BonusPlan) -> dict[str, object]:
    names = [field for field in BonusSettings.__dataclass_fields__ if field != "coefficients"]
    return {name: getattr(plan, name) for name in names} | {"coefficients": dict(plan.coefficients)}


def _sum(plan: BonusPlan) -> dict[str, object]:
    return {"version": plan.number, "sum": bonus_queries.sum_of(plan), "engineers": plan.rows.count()}
