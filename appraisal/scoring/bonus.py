"""Variable pay from a grade. Source: SPEC 4 (team, application), E18."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from math import lcm
from types import MappingProxyType

from appraisal.scoring.numbers import round_half_up

GRADE_COEFFICIENTS: Mapping[str, Fraction] = MappingProxyType(
    {"S": Fraction("1.3"), "A": Fraction("1.2"), "B": Fraction("1.0"), "C": Fraction("0.8"), "D": Fraction("0.5")}
)
LOWEST_TEAM_FACTOR = Fraction("0.9")
HIGHEST_TEAM_FACTOR = Fraction("1.1")


def bonus_amount(
    *,
    base: Fraction,
    coefficient: Fraction | None,
    team_factor: Fraction = Fraction(1),
    eligible_days: int,
    workdays: int,
    is_vetoed: bool = False,
    lowest_team_factor: Fraction = LOWEST_TEAM_FACTOR,
    highest_team_factor: Fraction = HIGHEST_TEAM_FACTOR,
) -> Fraction | None:
    """Return base · coefficient · team factor · share of the period, exact; 0 after a veto on the bonus.

    None without a coefficient: who is not rated gets no figure from here. Raises ValueError when the days are no
    share of the period.
    """
    if not 0 <= eligible_days <= workdays or not workdays:
        raise ValueError(f"{eligible_days} of {workdays} workdays is no share")
    if is_vetoed:
        return Fraction(0)
    if coefficient is None:
        return None
    team = max(lowest_team_factor, min(highest_team_factor, team_factor))
    return base * coefficient * team * Fraction(eligible_days, workdays)


def round_to_unit(value: Fraction, unit: Decimal) -> Decimal:
    """Round an amount to whole units, ties away from zero; the unit is a cent, or what is paid out at least."""
    return round_half_up(value / Fraction(unit), 0) * unit


def share_pool(claims: Mapping[str, Fraction], *, pool: Decimal, unit: Decimal) -> dict[str, Decimal]:
    """Divide a budget in proportion to exact claims, in whole units that add up to it exactly.

    Largest remainder: each gets the whole units of the exact share, what is left goes one by one to the largest
    remainders. Ties go to the larger claim, then to the key that sorts first, so the order of the rows is of no
    consequence. A claim of 0 gets nothing. Raises ValueError for a budget that is not whole units, for a negative
    claim, and when there is nobody to get it.
    """
    units, rest = divmod(pool, unit)
    if rest:
        raise ValueError(f"{pool} is not a multiple of {unit}")
    if any(claim < 0 for claim in claims.values()):
        raise ValueError("a claim is not negative")
    # Whole numbers in place of fractions: the same figures, and ten thousand of them in no time.
    scale = lcm(*(claim.denominator for claim in claims.values()))
    parts = {key: claim.numerator * (scale // claim.denominator) for key, claim in claims.items()}
    whole = sum(parts.values())
    if not whole:
        raise ValueError("nobody has a claim on the budget")
    found, remainders = {}, {}
    for key, part in parts.items():
        found[key], remainders[key] = divmod(int(units) * part, whole)
    served = sorted(parts, key=lambda key: (-remainders[key], -parts[key], key))
    for key in served[: int(units) - sum(found.values())]:
        found[key] += 1
    return {key: number * unit for key, number in found.items()}
