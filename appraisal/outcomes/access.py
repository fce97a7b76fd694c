"""Who may see and decide what follows from results."""

from __future__ import annotations

from typing import TypeVar

from django.db.models import Model, QuerySet
from django.http import Http404

from appraisal.cycles.workflow import REVEALED
from appraisal.outcomes.models import BonusPlan, BonusPlanState, BonusRow, PayrollPreset
from engineers.access import reads_everything, require_hr, require_reader
from engineers.models import User

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
    # Of several versions only the newest decided one is what an engineer gets.
    decided = rows.filter(
        review__engineer__user=viewer,
        plan__is_shown=True,
        plan__state__in=[BonusPlanState.APPROVED, BonusPlanState.LOCKED],
        plan__cycle__state__in=REVEALED,
    )
    newest = {row.review_id: row.pk for row in decided.order_by("plan__number")}
    return decided.filter(pk__in=newest.values())


def get_bonus(*, viewer: User, row_id: int) -> BonusRow:
    """Return a bonus the viewer may see. Raises Http404."""
    return _first(visible_bonuses(viewer).filter(pk=row_id))


def get_preset(*, viewer: User, preset_id: int) -> PayrollPreset:
    """Return columns for the payroll that HR may use and change. Raises Http404."""
    require_hr(viewer)
    return _first(PayrollPreset.objects.filter(pk=preset_id))


def _first(rows: QuerySet[Row]) -> Row:
    row = rows.first()
    if row is None:
        raise Http404
    return row
