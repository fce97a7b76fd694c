"""Rules for one case, written a second time: what the product computes for whole columns must agree with these.

Independent on purpose and called by tests only: they go through a case step by step, as one would on paper.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from appraisal.scoring.clock import Pause, WorkingClock

SECOND = 1_000_000


def is_met(elapsed_us: int, target_seconds: int) -> bool:
    """Compare in whole seconds, inclusive: a second that was only begun does not count. Source: SPEC G4."""
    return elapsed_us // SECOND <= target_seconds


def broken_at(
    *,
    overdue_at: datetime,
    updates: Iterable[datetime],
    resolved_at: datetime | None,
    clock: WorkingClock,
    allowed_us: int,
    pauses: Sequence[Pause] = (),
) -> datetime | None:
    """Return the first instant at which a gap was longer than allowed; None when the promise was kept.

    A gap of exactly ``allowed_us`` keeps it. Of an open case the instant may lie ahead: the promise breaks then
    unless somebody reports; it is None only while a pause without an end holds the case.
    Source: SPEC 1 ``followup_continuity``, E6.
    """
    told = (at for at in sorted(updates) if at > overdue_at and (resolved_at is None or at < resolved_at))
    touches = [overdue_at, *told]
    for one, following in pairwise(touches if resolved_at is None else [*touches, resolved_at]):
        if clock.elapsed(one, following, pauses) > allowed_us:
            return clock.advance(one, allowed_us, pauses)
    if resolved_at is not None:
        return None
    return clock.advance_if_running(touches[-1], allowed_us, pauses)


@dataclass(frozen=True, kw_only=True)
class Repair:
    """A case. ``counts`` is False for what is no repair: no fault found, preventive visits, cancelled cases."""

    asset: str
    fault: str
    opened_at: datetime
    fixed_at: datetime | None
    counts: bool = True


def repeat_delays(repairs: Sequence[Repair]) -> list[timedelta | None]:
    """Return for each repair the time from its fix to its earliest follow-up, None where there is none.

    A follow-up is a repair of the same asset and fault opened after the fix. Without an asset or a fault nothing
    matches. Source: SPEC 1 ``repeat_repair_rate``, E7.
    """
    return [
        min(
            (
                other.opened_at - repair.fixed_at
                for other in repairs
                if _matches(repair, other) and other.opened_at > repair.fixed_at
            ),
            default=None,
        )
        if repair.fixed_at
        else None
        for repair in repairs
    ]


def _matches(one: Repair, other: Repair) -> bool:
    named = bool(one.asset) and bool(one.fault)
    return named and one.counts and other.counts and (one.asset, one.fault) == (other.asset, other.fault)
