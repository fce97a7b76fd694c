"""Something of every kind that follows from results, for the tests that look at all addresses."""

from __future__ import annotations

from appraisal.outcomes.models import BonusBase, BonusPlan, BonusRow, PayrollPreset, TeamFactor
from appraisal.reviews.models import Review
from tests.factories import EngineerFactory, JobProfileFactory, TeamFactory
from tests.world import NOW, World


def add_outcomes(world: World, number: int = 0) -> None:
    """Add rows as they stand while a bonus is a draft; more of everything for a higher number."""
    hr = world.users["HR"]
    plan = BonusPlan.objects.filter(cycle=world.cycle).first()
    if plan is None:
        plan = BonusPlan.objects.create(
            cycle=world.cycle, number=1, changed_by=hr, changed_at=NOW, computed_at=NOW, exact_total="3000"
        )
        review = world.review
    else:
        engineer = EngineerFactory(employee_no=f"O{number}")
        review = Review.objects.create(cycle=world.cycle, engineer=engineer, team=TeamFactory())
    BonusRow.objects.create(
        plan=plan, review=review, grade="B", workdays=60, eligible_days=60, claim="3000", amount=3000
    )
    BonusBase.objects.create(plan=plan, profile=JobProfileFactory(), amount=3000)
    TeamFactor.objects.create(plan=plan, team=TeamFactory(), factor=1, reason="As last year")
    PayrollPreset.objects.create(name=f"Payroll {number}", columns=[["employee_no", ""], ["amount", "Betrag"]])
