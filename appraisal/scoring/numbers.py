"""Exact numbers: rounding once, half up, and the one way a figure is written out."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from functools import lru_cache

STORED_PLACES = 6
SHOWN_PLACES = 2

_WIDE = Context(prec=60)


def round_half_up(value: Fraction, places: int = SHOWN_PLACES) -> Decimal:
    """Round an exact value to ``places`` decimals, ties away from zero. Source: SPEC 2.8."""
    scaled = abs(value) * 10**places
    units = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    signed = -units if value < 0 else units
    return _WIDE.scaleb(Decimal(signed), -places)


def decimal_text(value: Decimal | None, places: int = STORED_PLACES) -> str | None:
    """Write a figure with up to ``places`` decimals and no trailing zero; None stays None."""
    if value is None:
        return None
    text = format(value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP, context=_WIDE), "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def fraction_text(value: Fraction | None) -> str:
    """Write an exact value as ``p/q`` (or ``p``); the empty text stands for "not measurable"."""
    return "" if value is None else str(value)


@lru_cache(maxsize=2**16)
def read_fraction(text: str) -> Fraction | None:
    """Read what ``fraction_text`` wrote; kept, as the same figures are read again with each look at a cycle."""
    return Fraction(text) if text else None
