"""Repairs that came back: same asset, same fault, charged to those who fixed it first. Source: SPEC 1, G9, E7."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction

REPEAT_WINDOW = timedelta(days=30)


@dataclass(frozen=True, kw_only=True)
class Fix:
    """A repaired case. ``shares`` says who is credited with how much of it and adds up to 1.

    ``is_repair`` is False for what never counts: no fault found, preventive visits, cancelled cases.
    """

    asset: str
    fault: str
    opened_at: datetime
    fixed_at: datetime
    shares: Mapping[str, Fraction] = field(default_factory=dict)
    is_repair: bool = True


@dataclass(frozen=True, kw_only=True)
class RepeatRate:
    """Credited fixes that came back, of the credited fixes whose window has passed."""

    repeated: Fraction = Fraction(0)
    matured: Fraction = Fraction(0)

    @property
    def percent(self) -> Fraction | None:
        return 100 * self.repeated / self.matured if self.matured else None

    def plus(self, share: Fraction, *, repeated: bool) -> RepeatRate:
        came_back = self.repeated + share if repeated else self.repeated
        return RepeatRate(repeated=came_back, matured=self.matured + share)


def credit_shares(minutes: Mapping[str, int]) -> dict[str, Fraction]:
    """Share one case by visit minutes, adding up to 1; alike where nobody's minutes are known. Source: SPEC G9."""
    if minutes and min(minutes.values()) < 0:
        raise ValueError("minutes of a visit are negative")
    whole = sum(minutes.values())
    if not whole:
        return {name: Fraction(1, len(minutes)) for name in minutes}
    return {name: Fraction(part, whole) for name, part in minutes.items()}


def repeat_delays(fixes: Sequence[Fix]) -> list[timedelta | None]:
    """Return for each fix the time to the opening of its earliest follow-up, None where there is none.

    A follow-up is a later repair of the same asset and fault, opened at or after the fix. Without an asset or a
    fault nothing matches.
    """
    openings: dict[tuple[str, str], list[tuple[datetime, int]]] = {}
    for index, fix in enumerate(fixes):
        if _can_match(fix):
            openings.setdefault((fix.asset, fix.fault), []).append((fix.opened_at, index))
    return [
        min(
            (at - fix.fixed_at for at, other in openings[fix.asset, fix.fault] if other != i and at >= fix.fixed_at),
            default=None,
        )
        if _can_match(fix)
        else None
        for i, fix in enumerate(fixes)
    ]


def repeated_fixes(fixes: Sequence[Fix], *, cutoff: datetime, window: timedelta = REPEAT_WINDOW) -> list[bool | None]:
    """Tell of each fix whether it came back within the window, inclusive; None where that is not decided yet.

    A fix is decided, matured, when its window has passed by the cut-off; what is no repair is never asked.
    """
    return [
        (delay is not None and delay <= window) if fix.is_repair and fix.fixed_at + window <= cutoff else None
        for fix, delay in zip(fixes, repeat_delays(fixes), strict=True)
    ]


def repeat_rates(
    fixes: Sequence[Fix], *, cutoff: datetime, window: timedelta = REPEAT_WINDOW
) -> dict[str, RepeatRate]:
    """Return each engineer's rate: a fix weighs in numerator and denominator by the engineer's share of it."""
    rates: dict[str, RepeatRate] = {}
    for fix, repeated in zip(fixes, repeated_fixes(fixes, cutoff=cutoff, window=window), strict=True):
        if repeated is not None:
            for name, share in fix.shares.items():
                rates[name] = rates.get(name, RepeatRate()).plus(share, repeated=repeated)
    return rates


def team_rate(rates: Iterable[RepeatRate]) -> RepeatRate:
    """Add up the rates of a team's engineers."""
    found = list(rates)
    return RepeatRate(
        repeated=sum((rate.repeated for rate in found), Fraction(0)),
        matured=sum((rate.matured for rate in found), Fraction(0)),
    )


def _can_match(fix: Fix) -> bool:
    return fix.is_repair and bool(fix.asset) and bool(fix.fault)
