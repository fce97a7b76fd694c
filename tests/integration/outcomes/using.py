"""Something of every kind that follows from results, for the tests that look at all addresses."""

from __future__ import annotations

from datetime import date, timedelta

from appraisal.kpis.models import Kpi
from appraisal.outcomes.models import (
    BonusBase,
    BonusPlan,
    BonusRow,
    Commendation,
    Course,
    ImprovementPlan,
    PayrollPreset,
    PlanCheck,
    PlanGoal,
    PostChange,
    PromotionDecision,
    TeamFactor,
    TrainingNeed,
)
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
    add_plan(world, review, number)
    add_need(review, number)
    Commendation.objects.create(
        engineer=world.one, title=f"Praise {number}", text="For the night shift", proposed_by=hr, proposed_at=NOW
    )
    PostChange.objects.create(
        engineer=review.engineer,
        to_team=TeamFactory(),
        effective_on=date(2026, 5, 1),
        reason="The new site needs somebody",
        proposed_by=hr,
        proposed_at=NOW,
    )
    PromotionDecision.objects.create(
        review=review, choice="not_now", reason="Not before the next cycle", decided_by=hr, decided_at=NOW
    )
    BonusRow.objects.create(
        plan=plan, review=review, grade="B", workdays=60, eligible_days=60, claim="3000", amount=3000
    )
    BonusBase.objects.create(plan=plan, profile=JobProfileFactory(), amount=3000)
    TeamFactor.objects.create(plan=plan, team=TeamFactory(), factor=1, reason="As last year")
    PayrollPreset.objects.create(name=f"Payroll {number}", columns=[["employee_no", ""], ["amount", "Betrag"]])


def add_plan(world: World, review: Review, number: int) -> None:
    """Add an improvement plan under way; goals and checks of a further one belong to the first."""
    plan = ImprovementPlan.objects.create(
        review=review,
        cause="low_grade",
        state="active",
        start_date=date(2026, 4, 2),
        drafted_by=world.users["manager"],
        drafted_at=NOW,
        approved_by=world.users["HR"],
        approved_at=NOW,
    )
    first = ImprovementPlan.objects.order_by("pk")[0]
    kpi = Kpi.objects.order_by("pk")[number]
    names = {"name_zh": "指标", "name_en": "KPI", "unit": "percent", "direction": "up"}
    PlanGoal.objects.create(plan=first, kpi=kpi, **names, baseline=50, points=50, target=90)
    for each in {plan.pk: plan, first.pk: first}.values():
        PlanCheck.objects.create(plan=each, due_date=date(2026, 5, 2) + timedelta(days=number))


def add_need(review: Review, number: int) -> None:
    """Add a course and an open need it helps with."""
    kpi = Kpi.objects.order_by("pk")[0]
    course = Course.objects.create(code=f"course-{number}", name_zh="课程", name_en="Course")
    course.kpis.add(kpi)
    TrainingNeed.objects.create(review=review, kpi=kpi, points=50)
