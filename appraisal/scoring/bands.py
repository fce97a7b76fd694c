"""From a value to points: steps. Source: SPEC 2.2."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from appraisal.scoring.curves import Direction


@dataclass(frozen=True)
class Bands:
    """Points from each bound (bound, points) on; 0 where no bound is reached. Bounds come in any order.

    Only one bound of a band is stored, so that no value falls between two bands, and the value is compared
    unrounded. Upwards a bound is the lowest value of its band (95 -> 10, 85 -> 8: 94.999 gives 8); downwards it is
    the highest (0 -> 10, 1 -> 8: 0.001 gives 8). Raises ValueError when there is no bound, when two are equal, or
    when points are negative or move against the direction.
    """

    bounds: Sequence[tuple[Fraction, Fraction]]
    direction: Direction

    def __post_init__(self) -> None:
        if not self.bounds:
            raise ValueError("bands need at least one bound")
        best_first = sorted(self.bounds, reverse=self.direction is Direction.UP)
        for (bound, points), (next_bound, next_points) in pairwise(best_first):
            if bound == next_bound:
                raise ValueError("two bands have the same bound")
            if next_points > points:
                raise ValueError("points must move with the direction of the measure")
        if min(points for _bound, points in self.bounds) < 0:
            raise ValueError("points must not be negative")

    @property
    def highest(self) -> Fraction:
        return max(points for _bound, points in self.bounds)

    def points(self, value: Fraction) -> Fraction:
        """Return the points of the best band that the value reaches."""
        if self.direction is Direction.UP:
            return max((points for bound, points in self.bounds if value >= bound), default=Fraction(0))
        return max((points for bound, points in self.bounds if value <= bound), default=Fraction(0))
