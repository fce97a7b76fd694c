"""From a value to points: how much of the target was reached. Source: SPEC 2.3."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from appraisal.scoring.curves import Direction


@dataclass(frozen=True)
class Ratio:
    """Upwards 100 · value ÷ target, downwards 100 · (2 - value ÷ target), between 0 and ``ceiling``.

    Never target ÷ value, which has no bound near 0. Raises ValueError when the target is not positive: a target
    of 0 needs bands.
    """

    target: Fraction
    direction: Direction
    ceiling: Fraction = Fraction(120)

    def __post_init__(self) -> None:
        if self.target <= 0:
            raise ValueError("a ratio needs a target above 0; use bands")
        if self.ceiling <= 0:
            raise ValueError("the ceiling of a ratio must be above 0")

    @property
    def highest(self) -> Fraction:
        return Fraction(self.ceiling)

    def points(self, value: Fraction) -> Fraction:
        reached = Fraction(value) / self.target
        percent = 100 * (reached if self.direction is Direction.UP else 2 - reached)
        return max(Fraction(0), min(self.highest, percent))
