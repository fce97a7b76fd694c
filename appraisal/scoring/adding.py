"""Many scorecards of one scheme added up: the overall of ``rollup.roll_up`` alone. Source: SPEC 2.4, 2.7, 4."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import lcm

from appraisal.scoring.rollup import GradeRules, overall_of

_NOTHING = Fraction(0)


class Adder:
    """The weights of a scheme, laid out once as integers.

    ``lines`` are dimension and weight of each line. Raises KeyError for a line of a dimension without a weight.
    """

    def __init__(
        self,
        *,
        dimension_weights: Mapping[str, Fraction],
        lines: Sequence[tuple[str, Fraction]],
        rules: GradeRules,
        bonus_cap: Fraction,
        ceiling: Fraction,
    ) -> None:
        self._bonus_cap, self._ceiling = bonus_cap, ceiling
        weights = [weight for _dimension, weight in lines]
        unit = lcm(*(weight.denominator for weight in (*weights, *dimension_weights.values())), 1)
        whole = [int(weight * unit) for weight in weights]
        by_dimension: dict[str, list[tuple[int, int]]] = {}
        for index, (dimension, _weight) in enumerate(lines):
            by_dimension.setdefault(dimension, []).append((index, whole[index]))
        self._dimensions = [
            (int(dimension_weights[code] * unit), [part for part in parts if part[1] > 0])
            for code, parts in by_dimension.items()
            if dimension_weights[code] > 0
        ]
        self._weights = whole
        # 100 · active ÷ all ≥ the share needed, without a division.
        needed = rules.rated_from_percent * sum(whole)
        self._active_from = -(-needed // 100) if sum(whole) else None
        self._none_needed = rules.rated_from_percent <= 0

    def overall(
        self, points: Sequence[Fraction | None], *, bonus: Fraction = _NOTHING, deduction: Fraction = _NOTHING
    ) -> Fraction | None:
        """Return the exact overall of the points of each line, in the order of the lines; None when not rated."""
        base = self._base(points)
        if base is None or not self._is_enough(points):
            return None
        if not bonus and not deduction and self._is_within(base):
            return base
        return overall_of(base, bonus=bonus, deduction=deduction, bonus_cap=self._bonus_cap, ceiling=self._ceiling)

    def _is_within(self, base: Fraction) -> bool:
        return 0 <= base.numerator * self._ceiling.denominator <= self._ceiling.numerator * base.denominator

    def _is_enough(self, points: Sequence[Fraction | None]) -> bool:
        if self._active_from is None:
            return self._none_needed
        active = sum(weight for weight, own in zip(self._weights, points, strict=True) if own is not None)
        return active >= self._active_from

    def _base(self, points: Sequence[Fraction | None]) -> Fraction | None:
        """Integers over one growing denominator for each dimension, and one reduction in the end."""
        total, unit, carried = 0, 1, 0
        for dimension_weight, parts in self._dimensions:
            weights, own_total, own_unit = 0, 0, 1
            for index, weight in parts:
                score = points[index]
                if score is None:
                    continue
                weights += weight
                score_unit = score.denominator
                if score_unit == own_unit:
                    own_total += weight * score.numerator
                else:
                    own_total = own_total * score_unit + weight * score.numerator * own_unit
                    own_unit *= score_unit
            if not weights:
                continue
            carried += dimension_weight
            own_unit *= weights
            total = total * own_unit + dimension_weight * own_total * unit
            unit *= own_unit
        return Fraction(total, unit * carried) if carried else None
