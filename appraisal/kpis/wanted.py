"""The shares of grades an organisation wants, as a scheme version holds them: off unless there are any (SPEC 4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from appraisal.scoring.distribution import SMALLEST_POOL, GradeShare, quotas
from appraisal.scoring.numbers import decimal_text

LARGEST_MINIMUM = 1000


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Shares, best grade first, and the number of people below which a pool is not ranked."""

    shares: tuple[GradeShare, ...]
    smallest_pool: int

    @property
    def grades(self) -> list[str]:
        return [share.grade for share in self.shares]


def read_distribution(entry: Any, *, bands: Sequence[Sequence[str]]) -> dict[str, Any]:
    """Return wanted shares as they are stored, {} for none. ``bands`` are the grades of the same version.

    Raises ValidationError unless the shares name grades of the bands in their order and add up to 100, with caps at
    the top and the bottom only.
    """
    if not entry:
        return {}
    try:
        shares = [
            GradeShare(
                grade=str(share["grade"]),
                percent=Fraction(Decimal(str(share["percent"]))),
                is_cap=bool(share.get("cap", False)),
            )
            for share in entry["shares"]
        ]
        smallest = int(entry.get("smallest_pool", SMALLEST_POOL))
    except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise _fault(_("“distribution” has “shares”: a list of grade, percent and cap.")) from error
    names = [name for name, _lower in bands]
    if len(shares) < 2 or [name for name in names if name in {share.grade for share in shares}] != [
        share.grade for share in shares
    ]:
        raise _fault(_("The wanted shares name at least two grades of the scheme, each once, the best first."))
    if not 2 <= smallest <= LARGEST_MINIMUM:
        raise _fault(_("The smallest pool is a number from 2 to 1000."))
    if any(share.is_cap for share in shares[1:-1]):
        raise _fault(_("Only the best and the last of the shares may be caps."))
    if any(share.percent <= 0 for share in shares):
        raise _fault(_("A wanted share is above 0."))
    try:
        quotas(0, shares)
    except ValueError as error:
        raise _fault(_("The wanted shares add up to 100, and one of them is no cap.")) from error
    return {
        "smallest_pool": smallest,
        "shares": [
            {"grade": share.grade, "percent": decimal_text(_decimal(share.percent)) or "0", "cap": share.is_cap}
            for share in shares
        ],
    }


def wanted_of(stored: Mapping[str, Any]) -> Wanted | None:
    """Return the wanted shares of what ``read_distribution`` stored; None where there are none."""
    if not stored:
        return None
    return Wanted(
        shares=tuple(
            GradeShare(grade=share["grade"], percent=Fraction(share["percent"]), is_cap=share["cap"])
            for share in stored["shares"]
        ),
        smallest_pool=stored["smallest_pool"],
    )


def _decimal(percent: Fraction) -> Decimal:
    return Decimal(percent.numerator) / Decimal(percent.denominator)


def _fault(message: Any) -> ValidationError:
    return ValidationError(message, code="bad_distribution")
