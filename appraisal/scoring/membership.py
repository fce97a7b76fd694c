"""When a case is decided, whether it met its target, to which cycle it belongs. Source: SPEC G4, G6, E5."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

SECOND = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Period:
    """The local dates from ``start`` up to, not including, ``end``."""

    code: str
    start: date
    end: date


def decided_at(stop: datetime | None, due: datetime) -> datetime:
    """Return the earlier of stop and due: a case still open when it was due is decided, as a breach."""
    return due.astimezone(UTC) if stop is None else min(stop, due).astimezone(UTC)


def is_met(elapsed_us: int, target_seconds: int) -> bool:
    """Compare in whole seconds, inclusive: a second that was only begun does not count."""
    return elapsed_us // SECOND <= target_seconds


def period_of(instant: datetime, periods: Iterable[Period], zone: ZoneInfo) -> Period | None:
    """Return the period that holds the local date of an instant, None where there is none."""
    day = instant.astimezone(zone).date()
    return next((period for period in periods if period.start <= day < period.end), None)
