"""Variable pay from a grade. Source: SPEC 4 (team, application), E18."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from types import MappingProxyType

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
