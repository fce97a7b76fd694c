"""One period under several roles, managers or schemes: scored apart, weighed by workdays. Source: SPEC 4."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

SCORED_FROM_WORKDAYS = 15


@dataclass(frozen=True, kw_only=True)
class Segment:
    workdays: int
    score: Fraction | None

    def is_scored(self, scored_from: int = SCORED_FROM_WORKDAYS) -> bool:
        return self.score is not None and self.workdays >= scored_from


def segmented_score(segments: Sequence[Segment], *, scored_from: int = SCORED_FROM_WORKDAYS) -> Fraction | None:
    """Return the mean of the segments long enough to be scored, by workdays; None where there is none."""
    scored = [(s.workdays, s.score) for s in segments if s.is_scored(scored_from) and s.score is not None]
    days = sum(workdays for workdays, _score in scored)
    return sum((workdays * score for workdays, score in scored), Fraction(0)) / days if days else None
