"""From a value to points: straight lines between anchor points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise


class Direction(StrEnum):
    UP = "up"
    DOWN = "down"


@dataclass(frozen=True)
class Curve:
    """Anchors (value, points), values rising; flat outside, or 0 beyond the worst anchor with ``cliff``.

    Raises ValueError when anchors are fewer than two, not rising, or their points move against the direction.
    Source: SPEC 2.1.
    """

    anchors: Sequence[tuple[Fraction, Fraction]]
    direction: Direction
    cliff: bool = False

    def __post_init__(self) -> None:
        if len(self.anchors) < 2:
            raise ValueError("a curve needs at least two anchors")
        sign = 1 if self.direction is Direction.UP else -1
        for (x, points), (next_x, next_points) in pairwise(self.anchors):
            if next_x <= x:
                raise ValueError("anchor values must rise")
            if sign * (next_points - points) < 0:
                raise ValueError("points must move with the direction of the measure")
        if min(points for _x, points in self.anchors) < 0:
            raise ValueError("points must not be negative")

    def points(self, value: Fraction) -> Fraction:
        """Return the points of a value, exact and unrounded."""
        first, last = self.anchors[0], self.anchors[-1]
        if value < first[0]:
            return Fraction(0) if self.cliff and self.direction is Direction.UP else first[1]
        if value > last[0]:
            return Fraction(0) if self.cliff and self.direction is Direction.DOWN else last[1]
        for (x, points), (next_x, next_points) in pairwise(self.anchors):
            if value <= next_x:
                return points + (next_points - points) * (value - x) / (next_x - x)
        return last[1]
