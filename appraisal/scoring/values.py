"""From exact sums and counts to the value of a measure; None means "not measurable", never 0."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

WINSORISED_FROM = 20
WINSORISED_PERCENT = 95


def rate_percent(*, met: int, decided: int) -> Fraction | None:
    """Return the share of decided cases that met their target, in percent.

    Source: SPEC G4, G6. Raises ValueError when ``met`` exceeds ``decided``.
    """
    if not 0 <= met <= decided:
        raise ValueError(f"{met} of {decided} is no share")
    return Fraction(100 * met, decided) if decided else None


def mean(*, total: Fraction, count: int) -> Fraction | None:
    """Return the arithmetic mean, or None for no cases at all."""
    return total / count if count else None


def percentile_rank(*, count: int, percent: int) -> tuple[int, Fraction]:
    """Return the 0-based index of the lower neighbour and the way from it to the next one.

    Linear percentile (type 7, ``percentile_cont``). Source: SPEC G11.
    """
    position = Fraction((count - 1) * percent, 100)
    index = position.numerator // position.denominator
    return index, position - index


def percentile(*, lower: Fraction, upper: Fraction, count: int, percent: int) -> Fraction | None:
    """Interpolate between the two order statistics that ``percentile_rank`` names. Source: SPEC G11."""
    if not count:
        return None
    _index, part = percentile_rank(count=count, percent=percent)
    return lower + (upper - lower) * part


def robust_mean(values: Sequence[Fraction]) -> Fraction:
    """Return the mean with all above the 95th percentile cut to it; the median of fewer than 20 values.

    Source: SPEC G11: what a mean must be where it scores, so that one forgotten case does not decide. Raises
    ValueError for no values at all.
    """
    if not values:
        raise ValueError("no values have no mean")
    if len(values) < WINSORISED_FROM:
        return _percentile_of(values, 50)
    highest = _percentile_of(values, WINSORISED_PERCENT)
    return sum((min(value, highest) for value in values), Fraction(0)) / len(values)


def per_hundred(*, total: int | Fraction, base: int) -> Fraction | None:
    """Return so much per hundred cases, None without a case; unlike a rate it may exceed 100. Source: E8."""
    return Fraction(100 * total) / base if base else None


def _percentile_of(values: Sequence[Fraction], percent: int) -> Fraction:
    ordered = sorted(values)
    index, part = percentile_rank(count=len(ordered), percent=percent)
    lower, upper = ordered[index], ordered[min(index + 1, len(ordered) - 1)]
    return lower + (upper - lower) * part
