"""The weights of a scheme as a bar that must be full."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

WHOLE = Decimal(100)


@dataclass(frozen=True, kw_only=True)
class Part:
    """A dimension on the bar: where it begins and how long it is, in weight."""

    name: str
    begins: Decimal
    weight: Decimal


@dataclass(frozen=True, kw_only=True)
class WeightBar:
    """Dimensions one after the other, and what is missing to 100 or too much."""

    parts: tuple[Part, ...]
    total: Decimal

    @classmethod
    def of(cls, weights: Sequence[tuple[str, Decimal]]) -> WeightBar:
        parts, total = [], Decimal(0)
        for name, weight in weights:
            parts.append(Part(name=name, begins=total, weight=weight))
            total += weight
        return cls(parts=tuple(parts), total=total)

    @property
    def is_full(self) -> bool:
        return self.total == WHOLE

    @property
    def missing(self) -> Decimal:
        return max(Decimal(0), WHOLE - self.total)

    @property
    def over(self) -> Decimal:
        return max(Decimal(0), self.total - WHOLE)

    @property
    def length(self) -> Decimal:
        """What the drawing is as long as: the whole, or all of the weights where they are more."""
        return max(WHOLE, self.total)
