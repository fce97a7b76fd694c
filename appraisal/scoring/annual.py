"""A year from its quarters. Source: SPEC 4 (annual, joiners), E15."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

RATED_QUARTER_FROM = Fraction(1, 3)
RATED_YEAR_FROM = Fraction(1, 2)


@dataclass(frozen=True, kw_only=True)
class Quarter:
    """A quarter's workdays, those on which the engineer could be appraised, and the score, None when not rated."""

    workdays: int
    eligible_workdays: int
    score: Fraction | None

    def __post_init__(self) -> None:
        if not 0 <= self.eligible_workdays <= self.workdays:
            raise ValueError(f"{self.eligible_workdays} of {self.workdays} workdays is no share")

    @property
    def is_rated(self) -> bool:
        return self.score is not None and is_long_enough(
            eligible_workdays=self.eligible_workdays, workdays=self.workdays, rated_from=RATED_QUARTER_FROM
        )


@dataclass(frozen=True, kw_only=True)
class AnnualScore:
    """``score`` is None when the year is not rated; ``rated`` are the indexes of the quarters that can count."""

    score: Fraction | None
    eligible_percent: Fraction
    rated: tuple[int, ...]


def is_long_enough(*, eligible_workdays: int, workdays: int, rated_from: Fraction = RATED_QUARTER_FROM) -> bool:
    """Tell whether somebody was there for enough of a period to be rated; exactly the share is enough."""
    return workdays > 0 and eligible_workdays >= rated_from * workdays


def annual_score(quarters: Sequence[Quarter], *, rated_from: Fraction = RATED_YEAR_FROM) -> AnnualScore:
    """Weigh the rated quarters by their eligible workdays; all eligible days count for whether the year is rated."""
    workdays = sum(quarter.workdays for quarter in quarters)
    eligible = sum(quarter.eligible_workdays for quarter in quarters)
    rated = tuple(index for index, quarter in enumerate(quarters) if quarter.is_rated)
    parts = [(q.eligible_workdays, q.score) for q in quarters if q.is_rated and q.score is not None]
    days = sum(part for part, _score in parts)
    score = None
    if days and is_long_enough(eligible_workdays=eligible, workdays=workdays, rated_from=rated_from):
        score = sum((part * score for part, score in parts), Fraction(0)) / days
    return AnnualScore(
        score=score, eligible_percent=Fraction(100 * eligible, workdays) if workdays else Fraction(0), rated=rated
    )
