"""What the tests of bonus plans share: a plan, computed and approved."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from appraisal.jobs.actions import run_now
from appraisal.jobs.models import JobState
from appraisal.outcomes import bonus
from appraisal.outcomes.models import BonusPlan, BonusRow
from appraisal.reviews.models import Review
from tests.world import NOW, World

SETTINGS: dict[str, Any] = {
    "coefficients": {"A": Decimal("1.2"), "B": Decimal("1.1"), "D": Decimal("0.5")},
    "lowest_team_factor": Decimal("0.9"),
    "highest_team_factor": Decimal("1.1"),
    "pool": None,
    "unit": "0.01",
    "is_shown": True,
}


def given(world: World, role: str = "HR") -> dict[str, Any]:
    return {"by": world.users[role], "now": NOW}


def draft(world: World, **settings: Any) -> BonusPlan:
    """Make a plan with a base of 3000 for everybody."""
    plan = bonus.create_plan(cycle_id=world.cycle.pk, **given(world))
    bonus.set_profile_bases(plan_id=plan.pk, amounts={None: Decimal(3000)}, **given(world))
    chosen = bonus.BonusSettings(**SETTINGS | settings)
    return bonus.change_plan(plan_id=plan.pk, chosen=chosen, **given(world))


def compute(world: World, plan: BonusPlan) -> BonusPlan:
    job = run_now(bonus.request_computation(plan_id=plan.pk, **given(world)), NOW)
    assert (job.state, job.error) == (JobState.DONE, "")
    return BonusPlan.objects.get(pk=plan.pk)


def decided(world: World, **settings: Any) -> BonusPlan:
    plan = compute(world, draft(world, **settings))
    return bonus.approve_plan(plan_id=plan.pk, **given(world, "HR two"))


def bonus_of(plan: BonusPlan, review: Review) -> BonusRow:
    return BonusRow.objects.get(plan=plan, review=review)
