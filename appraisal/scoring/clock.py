"""Working clock: business time between two instants, for one pair and for columns of a million alike.

Source: SPEC G1. Windows are built in local time and compared as UTC instants, so daylight saving is exact.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

Microseconds = npt.NDArray[np.int64]
Windows = tuple[tuple[time, time], ...]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
END_OF_DAY = time.max  # stands for 24:00, which datetime.time cannot say


@dataclass(frozen=True, kw_only=True)
class WorkingWeek:
    """Working windows by weekday, Monday first, and the days that differ from the weekly pattern.

    ``exceptions`` maps a date to its windows; no window makes it a holiday, and a make-up workday (调休)
    names the windows that are worked. An exception goes before the weekly pattern.
    """

    days: tuple[Windows, Windows, Windows, Windows, Windows, Windows, Windows]
    exceptions: Mapping[date, Windows] = field(default_factory=dict)

    def windows_on(self, day: date) -> Windows:
        return self.exceptions.get(day, self.days[day.weekday()])


OFFICE_DAY: Windows = ((time(9), time(12)), (time(13), time(18)))
OFFICE_WEEK = WorkingWeek(days=(OFFICE_DAY, OFFICE_DAY, OFFICE_DAY, OFFICE_DAY, OFFICE_DAY, (), ()))


def microseconds(instant: datetime) -> int:
    """Return an aware instant as whole microseconds since 1970-01-01 UTC."""
    return (instant.astimezone(UTC) - _EPOCH) // _MICROSECOND


class WorkingClock:
    """Counts working time between instants that lie within [first_date, last_date] of its zone."""

    def __init__(self, *, zone: ZoneInfo, week: WorkingWeek, first_date: date, last_date: date) -> None:
        self._first = microseconds(datetime.combine(first_date, time(0), zone))
        self._last = microseconds(datetime.combine(last_date + timedelta(days=1), time(0), zone))
        starts: list[int] = [self._first]
        stops: list[int] = [self._first]
        for offset in range((last_date - first_date).days + 1):
            day = first_date + timedelta(days=offset)
            for opens, closes in week.windows_on(day):
                starts.append(microseconds(datetime.combine(day, opens, zone)))
                stops.append(_closing(day, closes, zone))
        self._starts = np.array(starts, dtype=np.int64)
        self._lengths = np.array(stops, dtype=np.int64) - self._starts
        self._before = np.concatenate(([0], np.cumsum(self._lengths)[:-1]))

    def elapsed_columns(self, starts: Microseconds, stops: Microseconds) -> Microseconds:
        """Return working microseconds of each pair; negative where the stop lies before the start.

        Shapes: two int64 arrays (n,) of microseconds since 1970 UTC; returns (n,). Raises ValueError when an
        instant lies outside the days this clock was built for.
        """
        return self._worked_until(stops) - self._worked_until(starts)

    def elapsed(self, start: datetime, stop: datetime) -> int:
        """Return working microseconds from one aware instant to another. Source: SPEC G1."""
        pair = np.array([[microseconds(start)], [microseconds(stop)]], dtype=np.int64)
        return int(self.elapsed_columns(pair[0], pair[1])[0])

    def advance_columns(self, starts: Microseconds, lengths: Microseconds) -> Microseconds:
        """Return the first instant at which so much working time has passed since each start.

        Shapes: two int64 arrays (n,), lengths not negative; returns (n,). The inverse of ``elapsed_columns``:
        the time between a start and its result is the length. Raises ValueError when a length is negative or
        reaches beyond the days this clock was built for.
        """
        if len(lengths) and lengths.min() < 0:
            raise ValueError("a length of working time is negative")
        wanted = self._worked_until(starts) + lengths
        if len(wanted) and wanted.max() > self._before[-1] + self._lengths[-1]:
            raise ValueError("a length of working time reaches beyond the days this clock was built for")
        # The window in which the sum of all windows so far first reaches what is wanted.
        window = np.searchsorted(self._before + self._lengths, wanted, side="left")
        reached: Microseconds = self._starts[window] + (wanted - self._before[window])
        return np.where(lengths == 0, starts, reached)

    def advance(self, start: datetime, length: int) -> datetime:
        """Return the UTC instant at which ``length`` working microseconds have passed since ``start``."""
        reached = self.advance_columns(np.array([microseconds(start)]), np.array([length], dtype=np.int64))
        return _EPOCH + timedelta(microseconds=int(reached[0]))

    def _worked_until(self, instants: Microseconds) -> Microseconds:
        if len(instants) and (instants.min() < self._first or instants.max() > self._last):
            raise ValueError("an instant lies outside the days this clock was built for")
        window = np.searchsorted(self._starts, instants, side="right") - 1
        inside = np.minimum(instants - self._starts[window], self._lengths[window])
        worked: Microseconds = self._before[window] + inside
        return worked


def _closing(day: date, closes: time, zone: ZoneInfo) -> int:
    if closes == END_OF_DAY:
        return microseconds(datetime.combine(day + timedelta(days=1), time(0), zone))
    return microseconds(datetime.combine(day, closes, zone))
