"""From a value to points: straight lines between anchor points, and what all scoring forms have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise
from typing import Protocol


class Direction(StrEnum):
    UP = "up"
    DOWN = "down"


class PointsRule(Protocol):
    """A form of scoring: exact points for an exact value, and the most it can give. Source: SPEC 2.1 to 2.4."""

    def points(self, value: Fraction) -> Fraction | None: ...

    @property
    def highest(self) -> Fraction: ...


@dataclass(frozen=True)
class Curve:
    """Anchors (value, points), values rising; flat outside, or beyond the worst anchor 0 with ``cliff``.

    With ``zero_at`` the points fall in a straight line from the worst anchor to 0 at that value instead.
    Raises ValueError when anchors are fewer than two, not rising, or their points move against the direction, and
    when the zero point is not worse than the worst anchor or stands beside a cliff. Source: SPEC 2.1.
    """

    anchors: Sequence[tuple[Fraction, Fraction]]
    direction: Direction
    cliff: bool = False
    zero_at: Fraction | None = None

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
        if self.zero_at is not None:
            if self.cliff:
                raise ValueError("a curve ends in a cliff or at a zero point, not both")
            if sign * (self._worst[0] - self.zero_at) <= 0:
                raise ValueError("the zero point must be worse than the worst anchor")

    @property
    def highest(self) -> Fraction:
        return max(points for _x, points in self.anchors)

    def points(self, value: Fraction) -> Fraction:
        """Return the points of a value, exact and unrounded."""
        first, last = self.anchors[0], self.anchors[-1]
        if value < first[0]:
            return self._beyond_worst(value) if self.direction is Direction.UP else first[1]
        if value > last[0]:
            return self._beyond_worst(value) if self.direction is Direction.DOWN else last[1]
        for (x, points), (next_x, next_points) in pairwise(self.anchors):
            if value <= next_x:
                return points + (next_points - points) * (value - x) / (next_x - x)
        return last[1]

    @property
    def _worst(self) -> tuple[Fraction, Fraction]:
        return self.anchors[0] if self.direction is Direction.UP else self.anchors[-1]

    def _beyond_worst(self, value: Fraction) -> Fraction:
        x, points = self._worst
        if self.zero_at is not None:
            return max(Fraction(0), points * (value - self.zero_at) / (x - self.zero_at))
        return Fraction(0) if self.cliff else points
