"""Follow-up of an overdue case: was the customer told often enough until it was solved?

Source: SPEC 1 ``followup_continuity``, E6. A gap runs from the due instant or an update to the next update or the
resolution, in business time outside pauses.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from fractions import Fraction
from itertools import pairwise

from appraisal.scoring.clock import Pause, WorkingClock

ALL_KEPT = Fraction(100)


def gaps(
    *,
    overdue_at: datetime,
    updates: Iterable[datetime],
    stop: datetime,
    clock: WorkingClock,
    pauses: Sequence[Pause] = (),
) -> list[int]:
    """Return the gaps in working microseconds; ``stop`` is the resolution or, of an open case, the cycle's end."""
    touches = [*_touches(overdue_at, updates, stop), stop]
    return [clock.elapsed(one, following, pauses) for one, following in pairwise(touches)]


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
    """
    touches = list(_touches(overdue_at, updates, resolved_at))
    for one, following in pairwise(touches if resolved_at is None else [*touches, resolved_at]):
        if clock.elapsed(one, following, pauses) > allowed_us:
            return clock.advance(one, allowed_us, pauses)
    if resolved_at is not None:
        return None
    return clock.advance_if_running(touches[-1], allowed_us, pauses)


def is_exempt(*, overdue_at: datetime, stop: datetime, clock: WorkingClock, pauses: Sequence[Pause]) -> bool:
    """Tell whether pauses covered all the working time after the due instant: such a case proves nothing."""
    return clock.elapsed(overdue_at, stop) > 0 and clock.elapsed(overdue_at, stop, pauses) == 0


def continuity_percent(*, kept: int, overdue: int, owned: int) -> Fraction | None:
    """Return the share of overdue cases whose every gap was short enough.

    Who owned cases of which none was overdue did all right; who owned none is not measurable. Source: E6.
    """
    if not 0 <= kept <= overdue:
        raise ValueError(f"{kept} of {overdue} is no share")
    if overdue:
        return Fraction(100 * kept, overdue)
    return ALL_KEPT if owned else None


def _touches(overdue_at: datetime, updates: Iterable[datetime], stop: datetime | None) -> Iterator[datetime]:
    """Yield the due instant and the updates that came after it and before the stop, in order."""
    yield overdue_at
    yield from (at for at in sorted(updates) if at > overdue_at and (stop is None or at < stop))
