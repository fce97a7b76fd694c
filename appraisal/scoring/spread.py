"""Means, spread and rank correlation of figures, without binary floating point. Source: SPEC 7 (review of KPIs)."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from decimal import Context, Decimal
from fractions import Fraction
from math import isqrt
from typing import TypeVar

from appraisal.scoring.numbers import round_half_up

Key = TypeVar("Key", bound=Hashable)

_PLACES = 6
MILLION = 10**_PLACES
_WIDE = Context(prec=60)


def standard_deviation(values: Sequence[Decimal]) -> Decimal | None:
    """Return the standard deviation of a whole population to six places, half up; None of nothing."""
    return mean_and_deviation([Fraction(value) for value in values])[1]


def mean_and_deviation(values: Sequence[Fraction]) -> tuple[Fraction | None, Decimal | None]:
    """Return the mean of a whole population to six places, and its standard deviation likewise; None of nothing.

    Values are rounded to six places first: thousands of exact fractions have no common unit worth writing down.
    """
    if not values:
        return None, None
    scaled = [in_millionths(value) for value in values]
    count, total = len(scaled), sum(scaled)
    squares = sum(value * value for value in scaled)
    deviation = root(Fraction(count * squares - total * total, (count * MILLION) ** 2))
    return Fraction(total, count * MILLION), deviation


def in_millionths(value: Fraction) -> int:
    """Return a value in millionths, half up, ties away from zero."""
    size = (2 * abs(value.numerator) * MILLION + value.denominator) // (2 * value.denominator)
    return -size if value < 0 else size


def root(value: Fraction, places: int = _PLACES) -> Decimal:
    """Return the square root of a fraction, rounded half up. Raises ValueError when it is negative."""
    # The root of a scaled integer, one place more than asked; what is cut off there can only matter at a tie, and
    # a root that ends in a tie is exact.
    scale = 10 ** (places + 1)
    digits = isqrt(value.numerator * scale * scale // value.denominator)
    return round_half_up(Fraction(digits, scale), places)


def ranks(values: Mapping[Key, Fraction]) -> dict[Key, int]:
    """Return the place of each value among the different ones, from 0 up: equal values share it."""
    places = {value: place for place, value in enumerate(sorted(set(values.values())))}
    return {key: places[value] for key, value in values.items()}


def rank_correlation(pairs: Sequence[tuple[int, int]]) -> Decimal | None:
    """Return Spearman's coefficient of pairs of orders to six places; equal ones share their mean rank.

    None where there are fewer than two pairs or one side does not vary: nothing can go along with it.
    """
    count = len(pairs)
    if count < 2:
        return None
    first, second = _doubled_ranks([a for a, _b in pairs]), _doubled_ranks([b for _a, b in pairs])
    # All ranks are doubled, so that a mean rank is an integer; the mean of them all is count + 1.
    mean = count + 1
    covariance = sum((a - mean) * (b - mean) for a, b in zip(first, second, strict=True))
    one, other = sum((a - mean) ** 2 for a in first), sum((b - mean) ** 2 for b in second)
    if not one or not other:
        return None
    size = root(Fraction(covariance * covariance, one * other))
    return size if covariance >= 0 else _WIDE.minus(size)


def _doubled_ranks(values: Sequence[int]) -> list[int]:
    """Return twice the rank of each value, from 2 up; equal values share the mean of their ranks."""
    counts: dict[int, int] = {}
    for value in values:
        counts[value] = counts.get(value, 0) + 1
    doubled: dict[int, int] = {}
    before = 0
    for value in sorted(counts):
        doubled[value] = 2 * before + counts[value] + 1
        before += counts[value]
    return [doubled[value] for value in values]
