"""Few cases: drawn towards the others of the job family for the score, an interval for the flag.

Source: SPEC 2.6. The interval never scores: it would punish those with little work.
"""

from __future__ import annotations

from decimal import Context, Decimal
from enum import StrEnum
from fractions import Fraction

from appraisal.scoring.curves import Direction

POOL_WEIGHT = 10
Z_95 = Decimal("1.96")

_PRECISE = Context(prec=40)


class Flag(StrEnum):
    """Whether a rate differs from its target by more than chance."""

    NONE = "none"
    WORSE = "significantly_worse"
    BETTER = "significantly_better"


def shrink(*, total: int | Fraction, n: int | Fraction, pool_mean: Fraction, k: int = POOL_WEIGHT) -> Fraction:
    """Return (total + k · pool) ÷ (n + k): the formula alone, which gives the pool's mean for no case at all."""
    return (total + k * pool_mean) / Fraction(n + k)


def shrunk_mean(
    *,
    total: int | Fraction,
    n: int | Fraction,
    pool_total: int | Fraction,
    pool_n: int | Fraction,
    k: int = POOL_WEIGHT,
) -> Fraction | None:
    """Return a mean drawn towards the pool's; the raw mean without a pool, None without a case.

    The pool is the same job family without the engineer: no case of one's own is no data, not the pool's mean.
    """
    if not n:
        return None
    if not pool_n:
        return Fraction(total) / n
    return shrink(total=total, n=n, pool_mean=Fraction(pool_total) / pool_n, k=k)


def wilson(*, met: int | Fraction, n: int | Fraction, z: Decimal = Z_95) -> tuple[Decimal, Decimal]:
    """Return Wilson's interval of a share, 0 to 1; without a case all of it is possible."""
    _check_share(met, n)
    if not n:
        return Decimal(0), Decimal(1)
    c = _PRECISE
    cases, square = _decimal(n), c.multiply(z, z)
    middle = c.add(_decimal(met), c.divide(square, Decimal(2)))
    spread = c.add(_decimal(met * (n - met) / Fraction(n)), c.divide(square, Decimal(4)))
    half = c.multiply(z, spread.sqrt(c))
    whole = c.add(cases, square)
    lower, upper = c.divide(c.subtract(middle, half), whole), c.divide(c.add(middle, half), whole)
    return max(Decimal(0), lower), min(Decimal(1), upper)


def wilson_flag(
    *, met: int | Fraction, n: int | Fraction, target: Fraction, direction: Direction, z: Decimal = Z_95
) -> Flag:
    """Flag a share whose whole interval lies on one side of the target; the target is a share, 0 to 1."""
    lower, upper = wilson(met=met, n=n, z=z)
    if Fraction(upper) < target:
        return Flag.WORSE if direction is Direction.UP else Flag.BETTER
    if Fraction(lower) > target:
        return Flag.BETTER if direction is Direction.UP else Flag.WORSE
    return Flag.NONE


def _check_share(met: int | Fraction, n: int | Fraction) -> None:
    if not 0 <= met <= n:
        raise ValueError(f"{met} of {n} is no share")


def _decimal(value: int | Fraction) -> Decimal:
    exact = Fraction(value)
    return _PRECISE.divide(Decimal(exact.numerator), Decimal(exact.denominator))
