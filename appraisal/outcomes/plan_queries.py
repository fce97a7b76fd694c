"""Reads of improvement plans: for whom one is proposed, and what the figures of later cycles say."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import get_language

from appraisal.cycles.models import Cycle, CycleState, KpiResult
from appraisal.cycles.workflow import REVEALED
from appraisal.kpis.choices import DirectionChoice
from appraisal.kpis.measures import Unit
from appraisal.kpis.models import SchemeLine
from appraisal.outcomes.models import ImprovementPlan, OutcomeRules, PlanCause, PlanGoal, PlanState
from appraisal.outcomes.weak import earlier_reviews, with_grade_before
from appraisal.reviews.models import Review, ReviewSeal
from appraisal.scoring.numbers import read_fraction, round_half_up

CYCLES_MEASURED = 4


def proposed(reviews: QuerySet[Review], cycle: Cycle, rules: OutcomeRules) -> QuerySet[Review]:
    """Return the reviews of a cycle, out of some, for which a plan is proposed and none was made."""
    planned = ImprovementPlan.objects.filter(review=OuterRef("pk")).exclude(state=PlanState.DROPPED)
    twice = Q(grade__in=rules.plan_twice_grades, grade_before__in=rules.plan_twice_grades)
    found = with_grade_before(reviews.filter(cycle=cycle), cycle)
    return found.filter(Q(grade__in=rules.plan_grades) | twice).filter(~Exists(planned))


def cause_of(review: Review, rules: OutcomeRules) -> str:
    """Return why there is a plan for a review."""
    if review.grade in rules.plan_grades:
        return PlanCause.LOW_GRADE
    before = earlier_reviews(review.cycle).filter(engineer=review.engineer_id).order_by("-cycle__end_date", "-pk")
    grades = rules.plan_twice_grades
    if review.grade in grades and before.values_list("grade", flat=True).first() in grades:
        return PlanCause.TWICE
    return PlanCause.AGREED


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What a later cycle says of a KPI; a published one no longer moves."""

    cycle: str
    code: str
    value: Decimal | None
    is_published: bool


@dataclass(frozen=True, kw_only=True)
class GoalView:
    """A goal with the figures of later cycles beside baseline and target, the newest last."""

    goal_id: int
    kpi: str
    name: str
    unit: str | Promise
    baseline: Decimal | None
    points: Decimal
    target: Decimal | None
    is_up: bool
    measured: tuple[Measured, ...]

    @property
    def latest(self) -> Measured | None:
        return self.measured[-1] if self.measured else None

    @property
    def is_reached(self) -> bool | None:
        """None while nothing was measured, or there is no target."""
        if self.latest is None or self.latest.value is None or self.target is None:
            return None
        return self.latest.value >= self.target if self.is_up else self.latest.value <= self.target


def measure(plan: ImprovementPlan) -> list[GoalView]:
    """Read the KPIs of a plan anew: from the sealed results of the cycles after its own, else from the last run.

    Six queries at most, however many goals and cycles there are. What a manager rates shows once it is published.
    """
    goals = list(plan.goals.select_related("kpi"))
    cycle = plan.review.cycle
    later = (
        Review.objects.filter(
            engineer=plan.review.engineer_id,
            cycle__start_date__gt=cycle.start_date,
            cycle__in=Cycle.objects.filter(parts__isnull=not cycle.parts.exists()),
        )
        .exclude(cycle__state=CycleState.DRAFT)
        .select_related("cycle")
        .order_by("-cycle__start_date", "-pk")[:CYCLES_MEASURED]
    )
    reviews = list(later)[::-1]
    values = _sealed_values(reviews) | _running_values(plan, reviews)
    english = not (get_language() or "").startswith("zh")
    return [_view(goal, reviews, values, english=english) for goal in goals]


# (review id, KPI id) → value
_Values = dict[tuple[int, int], Fraction | None]


def _sealed_values(reviews: Iterable[Review]) -> _Values:
    published = [review.pk for review in reviews if review.cycle.state in REVEALED]
    contents = {
        pk: json.loads(text)
        for pk, text in ReviewSeal.objects.filter(review__in=published).values_list("review_id", "content")
    }
    entries = {pk: content["whole"]["lines"] for pk, content in contents.items() if content["whole"]}
    ids = {int(line) for lines in entries.values() for line in lines}
    kpis = dict(SchemeLine.objects.filter(pk__in=ids).values_list("pk", "kpi_version__kpi"))
    return {
        (pk, kpis[int(line)]): read_fraction(entry["value"])
        for pk, lines in entries.items()
        for line, entry in lines.items()
        if int(line) in kpis
    }


def _running_values(plan: ImprovementPlan, reviews: Iterable[Review]) -> _Values:
    running = {review.cycle_id: review.pk for review in reviews if review.cycle.state not in REVEALED}
    stored = KpiResult.objects.filter(cycle__in=running, engineer=plan.review.engineer_id, segment=0)
    return {
        (running[cycle_id], kpi_id): read_fraction(value)
        for cycle_id, kpi_id, value in stored.values_list("cycle_id", "line__kpi_version__kpi", "value")
    }


def _view(goal: PlanGoal, reviews: Iterable[Review], values: _Values, *, english: bool) -> GoalView:
    measured = []
    for review in reviews:
        if (review.pk, goal.kpi_id) in values:
            value = values[review.pk, goal.kpi_id]
            measured.append(
                Measured(
                    cycle=review.cycle.name,
                    code=review.cycle.code,
                    value=None if value is None else round_half_up(value),
                    is_published=review.cycle.state in REVEALED,
                )
            )
    return GoalView(
        goal_id=goal.pk,
        kpi=goal.kpi.code,
        name=goal.name_en if english else goal.name_zh,
        unit=Unit(goal.unit).label,
        baseline=goal.baseline,
        points=goal.points,
        target=goal.target,
        is_up=goal.direction == DirectionChoice.UP,
        measured=tuple(measured),
    )
