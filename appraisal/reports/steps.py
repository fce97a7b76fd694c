"""A calculation as a reader adds it up again: what is calculated, with which numbers, and what comes out."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from django.utils.functional import Promise

from appraisal.scoring.numbers import STORED_PLACES, decimal_text, round_half_up

CALCULATED_PLACES = 4


@dataclass(frozen=True, kw_only=True)
class Step:
    """``calculation`` is "" where the figure is taken as it stands; ``result`` None is "not measurable"."""

    label: str
    calculation: str = ""
    result: Decimal | None
    unit: str = ""


def step(label: str | Promise, result: Fraction | int | None, calculation: str = "", unit: str | Promise = "") -> Step:
    return Step(label=str(label), calculation=calculation, result=stored(result), unit=str(unit))


def stored(value: Fraction | int | None) -> Decimal | None:
    """Round an exact figure to the places that exports write."""
    return None if value is None else round_half_up(_exact(value), STORED_PLACES)


def short(value: Fraction | Decimal | int | None) -> str:
    """Write a figure inside a sentence: two decimals at most."""
    return "–" if value is None else decimal_text(round_half_up(_exact(value))) or "0"


def precise(value: Fraction | Decimal | int | None) -> str:
    """Write a figure inside a calculation: four decimals at most."""
    return "–" if value is None else decimal_text(round_half_up(_exact(value), CALCULATED_PLACES)) or "0"


def _exact(value: Fraction | Decimal | int) -> Fraction:
    # Making a fraction of a fraction costs as much as making one; an export does it a million times.
    return value if isinstance(value, Fraction) else Fraction(value)
