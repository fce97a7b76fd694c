"""What each line really weighs, and where the weight of a line without points went. Source: SPEC 2.7."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

_NOTHING = Fraction(0)


@dataclass(frozen=True, kw_only=True)
class WeightedPoints:
    """A line of a scheme: its dimension, its weight there, and its exact points or None."""

    dimension: str
    weight: Fraction
    points: Fraction | None


@dataclass(frozen=True, kw_only=True)
class Handed:
    """So many percent of the overall, handed to the line at this index."""

    index: int
    percent: Fraction


@dataclass(frozen=True, kw_only=True)
class WeightFlow:
    """The weight of one line, before and after those without points handed theirs on.

    ``own`` is its weight in the scheme and ``nominal_percent`` what that is of the overall; ``dimension_percent``
    and ``overall_percent`` are what it carries in the end, None where it carries nothing. ``received_percent`` came
    from others; ``handed`` says to whom its own weight went.
    """

    own: Fraction
    nominal_percent: Fraction
    dimension_percent: Fraction | None
    overall_percent: Fraction | None
    received_percent: Fraction
    handed: tuple[Handed, ...]


def effective_weights(
    *, dimension_weights: Mapping[str, Fraction], lines: Sequence[WeightedPoints]
) -> list[Fraction | None]:
    """Return for each line the percent of the overall it really carries; None where it has no points.

    The parts add up to 100 whenever anything is measurable: with them a reader can add the total by hand.
    """
    active = _sums([line for line in lines if line.points is not None])
    carried = sum((dimension_weights[code] for code in active), _NOTHING)
    if not carried:
        return [None] * len(lines)
    per_weight = {code: 100 * dimension_weights[code] / carried / whole for code, whole in active.items()}
    return [
        _times(per_weight[line.dimension], line.weight) if line.points is not None and line.weight else None
        for line in lines
    ]


def weight_flow(*, dimension_weights: Mapping[str, Fraction], lines: Sequence[WeightedPoints]) -> list[WeightFlow]:
    """Tell of each line what it weighs in the end and, where it has no points, who carries its weight instead.

    The weight stays in the dimension while that has any line with points, and is spread over all other dimensions
    otherwise, in proportion. What is handed on adds up to what is received. Nothing is handed on when nothing is
    measurable.
    """
    whole, active = _sums(lines), _sums([line for line in lines if line.points is not None])
    all_weight = sum((dimension_weights[code] for code in whole), _NOTHING)
    carried = effective_weights(dimension_weights=dimension_weights, lines=lines)
    nominal = [
        100 * dimension_weights[line.dimension] / all_weight * line.weight / whole[line.dimension]
        if line.weight and all_weight
        else _NOTHING
        for line in lines
    ]
    return [
        WeightFlow(
            own=line.weight,
            nominal_percent=nominal[index],
            dimension_percent=100 * line.weight / active[line.dimension] if carries is not None else None,
            overall_percent=carries,
            received_percent=_NOTHING if carries is None else carries - nominal[index],
            handed=tuple(
                Handed(index=heir, percent=nominal[index] * share)
                for heir, share in _heirs(line.dimension, lines=lines, active=active, carried=carried)
            )
            if carries is None and nominal[index]
            else (),
        )
        for index, (line, carries) in enumerate(zip(lines, carried, strict=True))
    ]


def _heirs(
    dimension: str,
    *,
    lines: Sequence[WeightedPoints],
    active: Mapping[str, Fraction],
    carried: Sequence[Fraction | None],
) -> list[tuple[int, Fraction]]:
    """Return the lines that share the weight of a line of this dimension, and each one's share of it."""
    if dimension in active:
        return [
            (index, line.weight / active[dimension])
            for index, line in enumerate(lines)
            if line.dimension == dimension and carried[index] is not None
        ]
    return [(index, percent / 100) for index, percent in enumerate(carried) if percent]


def _sums(lines: Sequence[WeightedPoints]) -> dict[str, Fraction]:
    """Return the weight of each dimension's lines; a dimension without any weight is not there."""
    sums: dict[str, Fraction] = {}
    for line in lines:
        if line.weight:
            known = sums.get(line.dimension)
            sums[line.dimension] = line.weight if known is None else known + line.weight
    return sums


def _times(factor: Fraction, weight: Fraction) -> Fraction:
    """Multiply with one reduction instead of Fraction's two."""
    return Fraction(factor.numerator * weight.numerator, factor.denominator * weight.denominator)
