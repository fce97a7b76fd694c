"""From a value to points: so many points off, or on, for each step away from the target. Source: SPEC 2.4."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from appraisal.scoring.curves import Direction


class StepRounding(StrEnum):
    """What becomes of a step that was begun: nothing (每满), a whole step (不足1按1计), or its part."""

    FLOOR = "floor"
    CEIL = "ceil"
    PRORATA = "prorata"

    def steps(self, exact: Fraction) -> Fraction:
        if self is StepRounding.FLOOR:
            return Fraction(math.floor(exact))
        if self is StepRounding.CEIL:
            return Fraction(math.ceil(exact))
        return exact


@dataclass(frozen=True)
class Deduction:
    """``full`` points at the target, ``per_step`` fewer for each ``step`` that the value is worse; never below 0.

    A step is in the unit of the value: for a rate in percent, percentage points (每低1%扣2分).
    """

    target: Fraction
    direction: Direction
    full: Fraction
    step: Fraction
    per_step: Fraction
    steps: StepRounding = StepRounding.FLOOR

    def __post_init__(self) -> None:
        _check_positive(full=self.full, step=self.step, per_step=self.per_step)

    @property
    def highest(self) -> Fraction:
        return Fraction(self.full)

    def points(self, value: Fraction) -> Fraction:
        missing = _distance(self.target, value, self.direction) / self.step
        if missing <= 0:
            return self.highest
        return max(Fraction(0), self.full - self.per_step * self.steps.steps(missing))


@dataclass(frozen=True)
class Bonus:
    """Nothing up to the target, ``per_step`` points for each ``step`` that the value is better, at most ``cap``."""

    target: Fraction
    direction: Direction
    step: Fraction
    per_step: Fraction
    cap: Fraction
    steps: StepRounding = StepRounding.FLOOR

    def __post_init__(self) -> None:
        _check_positive(step=self.step, per_step=self.per_step, cap=self.cap)

    @property
    def highest(self) -> Fraction:
        return Fraction(self.cap)

    def points(self, value: Fraction) -> Fraction:
        gained = -_distance(self.target, value, self.direction) / self.step
        if gained <= 0:
            return Fraction(0)
        return min(self.highest, self.per_step * self.steps.steps(gained))


def _distance(target: Fraction, value: Fraction, direction: Direction) -> Fraction:
    """Return how much worse than the target the value is; negative where it is better."""
    return Fraction(target - value if direction is Direction.UP else value - target)


def _check_positive(**parts: Fraction) -> None:
    for name, part in parts.items():
        if part <= 0:
            raise ValueError(f"{name} must be above 0")
