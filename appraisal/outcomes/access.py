"""Who may see and decide what follows from results."""

from __future__ import annotations

from datetime import date
from typing import TypeVar

from django.db.models import Model, Q, QuerySet
from django.http import Http404

from appraisal.cycles.access import visible_cycles
from appraisal.cycles.models import Cycle
from appraisal.cycles.workflow import REVEALED
from appraisal.outcomes.models import (
    BonusPlan,
    BonusPlanState,
    BonusRow,
    Commendation,
    Course,
    ImprovementPlan,
    PayrollPreset,
    PlanCheck,
    PlanState,
    PostChange,
    TrainingNeed,
)
from appraisal.reviews.access import team_reviews, visible_reviews
from appraisal.reviews.models import Review
from engineers.access import is_hr, reads_everything, require_hr, require_reader, visible_engineers
from engineers.models import Engineer, User

Row = TypeVar("Row", bound=Model)


def get_bonus_plan(*, viewer: User, plan_id: int) -> BonusPlan:
    """Return a bonus plan for HR and auditors. Raises Http404."""
    require_reader(viewer)
    plan = BonusPlan.objects.select_related("cycle", "changed_by", "approved_by", "locked_by").filter(pk=plan_id)
    return _first(plan)


def get_bonus_plan_to_run(*, viewer: User, plan_id: int, lock: bool = False) -> BonusPlan:
    """Return a bonus plan that HR may change, approve and export. Raises Http404."""
    require_hr(viewer)
    plans = BonusPlan.objects.select_related("cycle").filter(pk=plan_id)
    return _first(plans.select_for_update(of=("self",)) if lock else plans)


def visible_bonuses(viewer: User) -> QuerySet[BonusRow]:
    """Return all bonuses for those who read everything; to an engineer the own ones, once approved and to be shown."""
    rows = BonusRow.objects.select_related("plan__cycle", "review__engineer", "team")
    if reads_everything(viewer):
        return rows
    # Of several versions only the newest decided one is what an engineer gets, and sees if that one is shown.
    decided = rows.filter(
        review__engineer__user=viewer,
        plan__state__in=[BonusPlanState.APPROVED, BonusPlanState.LOCKED],
        plan__cycle__state__in=REVEALED,
    )
    newest = {row.review_id: row.pk for row in decided.order_by("plan__number")}
    return decided.filter(pk__in=newest.values(), plan__is_shown=True)


def get_bonus(*, viewer: User, row_id: int) -> BonusRow:
    """Return a bonus the viewer may see. Raises Http404."""
    return _first(visible_bonuses(viewer).filter(pk=row_id))


def get_preset(*, viewer: User, preset_id: int) -> PayrollPreset:
    """Return columns for the payroll that HR may use and change. Raises Http404."""
    require_hr(viewer)
    return _first(PayrollPreset.objects.filter(pk=preset_id))


def chosen_cycle(*, viewer: User, code: str) -> tuple[Cycle | None, list[Cycle]]:
    """Return the published cycle a code names, else the newest one, and all there are."""
    cycles = list(visible_cycles(viewer).filter(state__in=REVEALED))
    named = next((cycle for cycle in cycles if cycle.code == code), None)
    return named or (cycles[0] if cycles else None), cycles


def reviews_to_use(viewer: User) -> QuerySet[Review]:
    """Return the published reviews from which HR, or a manager above, draws consequences; one's own is none."""
    reviews = Review.objects.exclude(engineer__user=viewer) if is_hr(viewer) else team_reviews(viewer)
    return reviews.filter(cycle__state__in=REVEALED)


def get_review_to_use(*, viewer: User, review_id: int) -> Review:
    """Return one of ``reviews_to_use``. Raises Http404."""
    found = reviews_to_use(viewer).select_related("cycle", "engineer__user", "profile", "team")
    return _first(found.filter(pk=review_id))


def visible_plans(viewer: User, *, on: date) -> QuerySet[ImprovementPlan]:
    """Return the improvement plans of the teams below on that day, all for HR and auditors.

    The engineer, and the coach, see a plan once HR has approved it.
    """
    plans = ImprovementPlan.objects.select_related("review__engineer__user", "review__cycle", "review__team", "coach")
    if reads_everything(viewer):
        return plans
    approved = Q(state__in=[PlanState.ACTIVE, PlanState.ENDED])
    own = Q(review__engineer__user=viewer)
    below = Q(review__engineer__in=visible_engineers(viewer, on=on)) & ~own
    return plans.filter(below | approved & (own | Q(coach=viewer)))


def get_plan(*, viewer: User, plan_id: int, on: date) -> ImprovementPlan:
    """Return an improvement plan the viewer may see. Raises Http404."""
    found = visible_plans(viewer, on=on).select_related("drafted_by", "approved_by", "ended_by")
    return _first(found.filter(pk=plan_id))


def plans_to_manage(viewer: User, *, on: date) -> QuerySet[ImprovementPlan]:
    """Return the plans HR, or the managers above on that day, write and end; one's own is none."""
    plans = ImprovementPlan.objects.exclude(review__engineer__user=viewer)
    return plans if is_hr(viewer) else plans.filter(review__engineer__in=visible_engineers(viewer, on=on))


def get_plan_to_manage(*, viewer: User, plan_id: int, on: date, lock: bool = False) -> ImprovementPlan:
    """Return one of ``plans_to_manage``; an auditor has none. Raises Http404."""
    if reads_everything(viewer) and not is_hr(viewer):
        raise Http404
    return _locked_plan(plans_to_manage(viewer, on=on), plan_id, lock=lock)


def may_manage(viewer: User, plan: ImprovementPlan, *, on: date) -> bool:
    if reads_everything(viewer) and not is_hr(viewer):
        return False
    return plans_to_manage(viewer, on=on).filter(pk=plan.pk).exists()


def get_plan_to_check(*, viewer: User, plan_id: int, on: date, lock: bool = False) -> ImprovementPlan:
    """Return a plan whose checks the viewer holds: HR, the managers above, the coach. Raises Http404."""
    coached = ImprovementPlan.objects.filter(coach=viewer, pk=plan_id).exclude(review__engineer__user=viewer)
    if coached.exists():
        return _locked_plan(coached, plan_id, lock=lock)
    return get_plan_to_manage(viewer=viewer, plan_id=plan_id, on=on, lock=lock)


def get_own_plan(*, viewer: User, plan_id: int, lock: bool = False) -> ImprovementPlan:
    """Return one's own plan, once HR has approved it. Raises Http404."""
    own = ImprovementPlan.objects.filter(review__engineer__user=viewer, state__in=[PlanState.ACTIVE, PlanState.ENDED])
    return _locked_plan(own, plan_id, lock=lock)


def get_check(*, plan: ImprovementPlan, check_id: int) -> PlanCheck:
    """Return a check of a plan that was reached through here. Raises Http404."""
    return _first(plan.checks.filter(pk=check_id))


def _locked_plan(plans: QuerySet[ImprovementPlan], plan_id: int, *, lock: bool) -> ImprovementPlan:
    found = plans.select_related("review__engineer__user", "review__cycle", "coach")
    return _first((found.select_for_update(of=("self",)) if lock else found).filter(pk=plan_id))


def get_course(*, viewer: User, course_id: int) -> Course:
    """Return a course for HR and auditors. Raises Http404."""
    require_reader(viewer)
    return _first(Course.objects.filter(pk=course_id))


def visible_needs(viewer: User) -> QuerySet[TrainingNeed]:
    """Return one's own training needs, those of the teams below, or all for those who read everything."""
    needs = TrainingNeed.objects.select_related(
        "review__engineer", "review__cycle", "review__team", "kpi", "course", "decided_by"
    )
    if reads_everything(viewer):
        return needs
    return needs.filter(review__in=visible_reviews(viewer), review__cycle__state__in=REVEALED)


def get_need(*, viewer: User, need_id: int) -> TrainingNeed:
    """Return a training need the viewer may see. Raises Http404."""
    return _first(visible_needs(viewer).filter(pk=need_id))


def get_need_to_decide(*, viewer: User, need_id: int, lock: bool = False) -> TrainingNeed:
    """Return a need that HR, or a manager above, decides; one's own is none. Raises Http404."""
    needs = TrainingNeed.objects.filter(pk=need_id, review__in=reviews_to_use(viewer))
    needs = needs.select_related("review__engineer", "kpi", "course")
    return _first(needs.select_for_update(of=("self",)) if lock else needs)


def may_decide_need(viewer: User, need: TrainingNeed) -> bool:
    return reviews_to_use(viewer).filter(pk=need.review_id).exists()


def get_review_to_promote(*, viewer: User, review_id: int) -> Review:
    """Return a published review whose rules for a promotion the viewer may see: HR, auditors, the managers above.

    One's own is none. Raises Http404.
    """
    reviews = Review.objects.exclude(engineer__user=viewer) if reads_everything(viewer) else team_reviews(viewer)
    found = reviews.filter(cycle__state__in=REVEALED).select_related("cycle", "engineer", "team")
    return _first(found.filter(pk=review_id))


def engineers_to_commend(viewer: User, *, on: date) -> QuerySet[Engineer]:
    """Return the engineers HR, or a manager above on that day, may praise or move; oneself is none."""
    if is_hr(viewer):
        return Engineer.objects.exclude(user=viewer)
    if reads_everything(viewer):
        return Engineer.objects.none()
    return visible_engineers(viewer, on=on).exclude(user=viewer)


def get_engineer_to_commend(*, viewer: User, engineer_id: int, on: date) -> Engineer:
    """Return one of ``engineers_to_commend``. Raises Http404."""
    return _first(engineers_to_commend(viewer, on=on).filter(pk=engineer_id))


def visible_commendations(viewer: User, *, on: date) -> QuerySet[Commendation]:
    """Return the commendations of the teams below on that day, all for HR and auditors, one's own approved ones."""
    praises = Commendation.objects.select_related("engineer", "proposed_by", "decided_by")
    if reads_everything(viewer):
        return praises
    own = Q(engineer__user=viewer, is_approved=True)
    return praises.filter(Q(engineer__in=engineers_to_commend(viewer, on=on)) | own)


def get_commendation(*, viewer: User, commendation_id: int, on: date) -> Commendation:
    """Return a commendation the viewer may see. Raises Http404."""
    return _first(visible_commendations(viewer, on=on).filter(pk=commendation_id))


def get_commendation_to_decide(*, viewer: User, commendation_id: int, on: date, lock: bool = False) -> Commendation:
    """Return a commendation of somebody HR, or the viewer as a manager, may praise. Raises Http404."""
    praises = Commendation.objects.filter(pk=commendation_id, engineer__in=engineers_to_commend(viewer, on=on))
    praises = praises.select_related("engineer")
    return _first(praises.select_for_update(of=("self",)) if lock else praises)


def may_decide_commendation(viewer: User, praise: Commendation, *, on: date) -> bool:
    if praise.is_approved is not None or praise.proposed_by_id == viewer.pk:
        return False
    return engineers_to_commend(viewer, on=on).filter(pk=praise.engineer_id).exists()


def visible_post_changes(viewer: User, *, on: date) -> QuerySet[PostChange]:
    """Return the changes of post of the teams below on that day, all for HR and auditors, and one's own."""
    changes = PostChange.objects.select_related(
        "engineer", "from_team", "from_profile", "to_team", "to_profile", "proposed_by", "decided_by"
    )
    if reads_everything(viewer):
        return changes
    return changes.filter(Q(engineer__in=engineers_to_commend(viewer, on=on)) | Q(engineer__user=viewer))


def get_post_change(*, viewer: User, change_id: int, on: date) -> PostChange:
    """Return a change of post the viewer may see. Raises Http404."""
    return _first(visible_post_changes(viewer, on=on).filter(pk=change_id))


def get_post_change_to_decide(*, viewer: User, change_id: int, on: date, lock: bool = False) -> PostChange:
    """Return a change of post of somebody HR, or the viewer as a manager, answers for; never one's own.

    Raises Http404.
    """
    changes = visible_post_changes(viewer, on=on).filter(pk=change_id)
    changes = changes.filter(engineer__in=engineers_to_commend(viewer, on=on))
    return _first(changes.select_for_update(of=("self",)) if lock else changes)


def may_decide_post_change(viewer: User, change: PostChange, *, on: date) -> bool:
    if change.is_approved is not None or change.proposed_by_id == viewer.pk:
        return False
    return engineers_to_commend(viewer, on=on).filter(pk=change.engineer_id).exists()


def get_own_post_change(*, viewer: User, change_id: int, lock: bool = False) -> PostChange:
    """Return a change of one's own post. Raises Http404."""
    changes = PostChange.objects.filter(pk=change_id, engineer__user=viewer).select_related("engineer")
    return _first(changes.select_for_update(of=("self",)) if lock else changes)


def _first(rows: QuerySet[Row]) -> Row:
    row = rows.first()
    if row is None:
        raise Http404
    return row
