"""What would lift a result to a grade: so many further good cases of a share, or so many points of one line.

Nothing is guessed: whoever asks says by ``reaches`` what the scoring rules make of a value.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from appraisal.scoring.numbers import SHOWN_PLACES


@dataclass(frozen=True, kw_only=True)
class Share:
    """A share of cases as it scores: where it is drawn to the job family, ``pool_cases`` of its mean are added.

    Raises ValueError when there is no case, or when more were met than decided. Source: SPEC G4, 2.6.
    """

    met: int
    decided: int
    met_is_good: bool
    pool_percent: Fraction = Fraction(0)
    pool_cases: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.met <= self.decided or not self.decided or self.pool_cases < 0:
            raise ValueError(f"{self.met} of {self.decided} is no share")

    @classmethod
    def drawn_to_pool(cls, *, met: int, decided: int, met_is_good: bool, scored: Fraction, pool_cases: int) -> Share:
        """Return the share of which ``scored`` percent came out after ``pool_cases`` were added.

        The pool is the family without the engineer: it stays as it is when the engineer gets more cases.
        """
        pool = (scored * (decided + pool_cases) - 100 * met) / pool_cases
        return cls(met=met, decided=decided, met_is_good=met_is_good, pool_percent=pool, pool_cases=pool_cases)

    def percent_after(self, more: int) -> Fraction:
        """Return the share itself after so many further cases, all good: met, or where that is bad, not met."""
        return Fraction(100 * self._met_after(more), self.decided + more)

    def scored_after(self, more: int) -> Fraction:
        """Return what scores then."""
        pooled = 100 * self._met_after(more) + self.pool_cases * self.pool_percent
        return pooled / Fraction(self.decided + more + self.pool_cases)

    def _met_after(self, more: int) -> int:
        return self.met + more if self.met_is_good else self.met


def fewest_good_cases(share: Share, *, most: int, reaches: Callable[[Fraction], bool]) -> int | None:
    """Return how few further cases, all good, make a score that ``reaches``; 0 if it does, None beyond ``most``.

    ``reaches`` must hold for every better share if it holds for one, as points never fall with a better value.
    """
    if not reaches(share.scored_after(most)):
        return None
    lower, upper = -1, most
    while upper - lower > 1:
        middle = (lower + upper) // 2
        lower, upper = (lower, middle) if reaches(share.scored_after(middle)) else (middle, upper)
    return upper


def points_to_reach(*, points: Fraction, overall: Fraction, bound: Decimal, carries_percent: Fraction) -> Fraction:
    """Return the least points, with two decimals, that one line needs for an overall that is shown as ``bound``.

    ``carries_percent`` is what the line carries of the overall. Grades go by the overall as shown, so half of its
    last place is enough. Raises ValueError for a line that carries nothing. Source: SPEC 2.8.
    """
    if carries_percent <= 0:
        raise ValueError("a line that carries nothing lifts nothing")
    least = Fraction(bound) - Fraction(1, 2 * 10**SHOWN_PLACES)
    needed = points + 100 * (least - overall) / carries_percent
    return max(points, Fraction(math.ceil(needed * 10**SHOWN_PLACES), 10**SHOWN_PLACES))
