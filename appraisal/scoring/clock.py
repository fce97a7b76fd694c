"""Working clock: business time between two instants, for one pair and for columns of a million alike.

Source: SPEC G1. Windows are built in local time and compared as UTC instants, so daylight saving is exact.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from appraisal.scoring.timetable import Microseconds, Timetable

Windows = tuple[tuple[time, time], ...]
Pause = tuple[datetime, datetime | None]  # without an end it lasts until something else stops the clock

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


END_OF_TIME = microseconds(datetime.max.replace(tzinfo=UTC))


def union(pauses: Iterable[Pause]) -> list[tuple[int, int]]:
    """Return pauses as microseconds, in order, with those that overlap or touch made one.

    A pause without an end lasts until ``END_OF_TIME``; one that ends before it begins holds no time. Source: SPEC G1.
    """
    merged: list[tuple[int, int]] = []
    for start, stop in sorted((microseconds(a), END_OF_TIME if b is None else microseconds(b)) for a, b in pauses):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(stop, merged[-1][1]))
        elif start < stop:
            merged.append((start, stop))
    return merged


class WorkingClock:
    """Counts working time between instants that lie within [first_date, last_date] of its zone."""

    def __init__(self, *, zone: ZoneInfo, week: WorkingWeek, first_date: date, last_date: date) -> None:
        self._first = microseconds(datetime.combine(first_date, time(0), zone))
        self._last = microseconds(datetime.combine(last_date + timedelta(days=1), time(0), zone))
        windows = list(_windows(zone=zone, week=week, first_date=first_date, last_date=last_date))
        # An empty window in front, so that every instant has one that opens before it.
        self._opens = [self._first, *(opens for opens, _closes in windows)]
        self._closes = [self._first, *(closes for _opens, closes in windows)]
        self._before = [0]  # working time before each window opens
        for opens, closes in zip(self._opens, self._closes, strict=True):
            self._before.append(self._before[-1] + closes - opens)
        self._until = self._before[1:]  # working time until each window closes
        self._table = Timetable(
            opens=np.array(self._opens), closes=np.array(self._closes), first=self._first, last=self._last
        )

    def elapsed_columns(self, starts: Microseconds, stops: Microseconds) -> Microseconds:
        """Return working microseconds of each pair; negative where the stop lies before the start.

        Shapes: two int64 arrays (n,) of microseconds since 1970 UTC; returns (n,). Raises ValueError when an
        instant lies outside the days this clock was built for.
        """
        return self._table.between(starts, stops)

    def elapsed(self, start: datetime, stop: datetime, pauses: Iterable[Pause] = ()) -> int:
        """Return working microseconds from one aware instant to another, without those inside a pause.

        Source: SPEC G1, G3. Pauses may overlap, come in any order and reach beyond both instants.
        """
        begin, end = microseconds(start), microseconds(stop)
        paused = 0
        for pause_start, pause_stop in union(pauses):
            inside_start, inside_stop = max(pause_start, begin), min(pause_stop, end)
            if inside_start < inside_stop:
                paused += self._worked_until(inside_stop) - self._worked_until(inside_start)
        return self._worked_until(end) - self._worked_until(begin) - paused

    def advance_columns(self, starts: Microseconds, lengths: Microseconds) -> Microseconds:
        """Return the first instant at which so much working time has passed since each start.

        Shapes: two int64 arrays (n,), lengths not negative; returns (n,). The inverse of ``elapsed_columns``:
        the time between a start and its result is the length. Raises ValueError when a length is negative or
        reaches beyond the days this clock was built for.
        """
        if len(lengths) and lengths.min() < 0:
            raise ValueError("a length of working time is negative")
        wanted = self._table.worked_until(starts) + lengths
        if len(wanted) and wanted.max() > self._until[-1]:
            raise ValueError("a length of working time reaches beyond the days this clock was built for")
        # The window in which the sum of all windows so far first reaches what is wanted.
        window = np.searchsorted(np.array(self._until), wanted, side="left")
        reached: Microseconds = np.array(self._closes)[window] - (np.array(self._until)[window] - wanted)
        return np.where(lengths == 0, starts, reached)

    def advance(self, start: datetime, length: int, pauses: Iterable[Pause] = ()) -> datetime:
        """Return the first UTC instant at which ``length`` working microseconds outside pauses have passed.

        Raises ValueError as ``advance_columns`` does, so too where a pause without an end holds the clock.
        """
        reached = self.advance_if_running(start, length, pauses)
        if reached is None:
            raise ValueError("a pause without an end holds the clock")
        return reached

    def advance_if_running(self, start: datetime, length: int, pauses: Iterable[Pause] = ()) -> datetime | None:
        """Do as ``advance``, but return None where a pause without an end holds the clock before it gets there."""
        if length < 0:
            raise ValueError("a length of working time is negative")
        begin = microseconds(start)
        wanted = self._worked_until(begin) + length
        if length == 0:
            return start.astimezone(UTC)
        for pause_start, pause_stop in union(pauses):
            held_from = self._worked_until(min(max(pause_start, begin), self._last))
            if pause_stop <= begin or held_from >= wanted:
                continue
            if pause_stop == END_OF_TIME:
                return None
            wanted += self._worked_until(min(pause_stop, self._last)) - held_from
        if wanted > self._until[-1]:
            raise ValueError("a length of working time reaches beyond the days this clock was built for")
        window = bisect_left(self._until, wanted)
        return _EPOCH + timedelta(microseconds=self._closes[window] - (self._until[window] - wanted))

    def _worked_until(self, instant: int) -> int:
        if not self._first <= instant <= self._last:
            raise ValueError("an instant lies outside the days this clock was built for")
        window = bisect_right(self._opens, instant) - 1
        return self._before[window] + min(instant, self._closes[window]) - self._opens[window]


def _windows(*, zone: ZoneInfo, week: WorkingWeek, first_date: date, last_date: date) -> Iterator[tuple[int, int]]:
    """Yield the working windows in order, as UTC microseconds; windows that touch are one."""
    opened = closed = microseconds(datetime.combine(first_date, time(0), zone))
    for offset in range((last_date - first_date).days + 1):
        day = first_date + timedelta(days=offset)
        for opens, closes in week.windows_on(day):
            # A change of clocks may swallow a window or a part of it; no moment counts twice.
            start = max(microseconds(datetime.combine(day, opens, zone)), closed)
            stop = _closing(day, closes, zone)
            if stop <= start:
                continue
            if start > closed:
                if opened < closed:
                    yield opened, closed
                opened = start
            closed = stop
    if opened < closed:
        yield opened, closed


def _closing(day: date, closes: time, zone: ZoneInfo) -> int:
    if closes == END_OF_DAY:
        return microseconds(datetime.combine(day + timedelta(days=1), time(0), zone))
    return microseconds(datetime.combine(day, closes, zone))
