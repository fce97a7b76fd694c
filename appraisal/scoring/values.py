"""From exact sums and counts to the value of a measure; None means "not measurable", never 0."""

from __future__ import annotations

from fractions import Fraction


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
