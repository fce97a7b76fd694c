"""A year's score from its quarters (SPEC 4, annual)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from django.db.models import QuerySet

from appraisal.cycles.models import Cycle
from appraisal.database.prepared import read_objects
from appraisal.reviews.models import Review
from appraisal.scoring.annual import AnnualScore, Quarter, annual_score
from appraisal.scoring.numbers import read_fraction


@dataclass(frozen=True)
class Year:
    """The quarters of one engineer in their order, and the score they add up to."""

    names: tuple[str, ...]
    quarters: tuple[Quarter, ...]
    score: AnnualScore


def years_of(
    cycle: Cycle,
    engineer_ids: Sequence[int],
    *,
    scores: Mapping[tuple[int, int], Fraction | None] | None = None,
) -> dict[int, Year]:
    """Return the year of each engineer; nothing when the cycle has no quarters.

    ``scores`` stand in place of the stored overalls: {(cycle id of the quarter, engineer id): score}.
    Somebody without a review in a quarter was absent there: its workdays are those of the others.
    """
    parts = read_objects(_parts, year_id=cycle.pk)
    if not parts:
        return {}
    found: dict[tuple[int, int], Quarter] = {}
    workdays: dict[int, int] = {}
    for review in Review.objects.filter(cycle__in=parts).only(
        "cycle_id", "engineer_id", "workdays", "eligible_days", "exact_overall"
    ):
        workdays[review.cycle_id] = max(workdays.get(review.cycle_id, 0), review.workdays)
        found[review.cycle_id, review.engineer_id] = Quarter(
            workdays=review.workdays,
            eligible_workdays=review.eligible_days,
            score=read_fraction(review.exact_overall)
            if scores is None
            else scores.get((review.cycle_id, review.engineer_id)),
        )
    years = {}
    for engineer_id in engineer_ids:
        quarters = tuple(
            found.get(
                (part.pk, engineer_id), Quarter(workdays=workdays.get(part.pk, 0), eligible_workdays=0, score=None)
            )
            for part in parts
        )
        years[engineer_id] = Year(tuple(part.name for part in parts), quarters, annual_score(quarters))
    return years


def _parts(*, year_id: int) -> QuerySet[Cycle]:
    return Cycle.objects.filter(years=year_id).order_by("start_date", "pk")
