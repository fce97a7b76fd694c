"""Workdays of a calendar: terms in workdays and the share of a period that somebody was there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Protocol

LONGEST_BREAK_DAYS = 366  # a calendar that holds no workday for longer was not filled in


class Calendar(Protocol):
    """What ``clock.WorkingWeek`` knows: the working windows of a day, none on a day off."""

    def windows_on(self, day: date) -> tuple[object, ...]: ...


@dataclass(frozen=True)
class Workdays:
    """Counts the days on which a calendar has any working window: make-up days do, holidays do not."""

    calendar: Calendar

    def is_workday(self, day: date) -> bool:
        return bool(self.calendar.windows_on(day))

    def count_workdays(self, start: date, end: date) -> int:
        """Return the workdays from ``start`` to ``end``, both included; 0 when the end lies before the start."""
        return sum(self.is_workday(start + timedelta(days=offset)) for offset in range((end - start).days + 1))

    def add_workdays(self, start: date, n: int) -> date:
        """Return the n-th workday after ``start``; the day after it is the first that can count.

        Source: SPEC 4 (appeal), E18. Raises ValueError when ``n`` is negative or the calendar holds no workdays.
        """
        if n < 0:
            raise ValueError("a term of workdays is negative")
        day = last_workday = start
        while n:
            day += timedelta(days=1)
            if self.is_workday(day):
                n -= 1
                last_workday = day
            elif (day - last_workday).days >= LONGEST_BREAK_DAYS:
                raise ValueError("the calendar holds no workday within a year")
        return day


def as_if_present_throughout(number: Fraction, *, present: Fraction) -> Fraction:
    """Return a number of cases or units as that of a whole period, of whose workdays somebody was there for a part.

    On a target of so many this is the same as asking for a part of it. Raises ValueError unless the part is above 0
    and at most 1. Source: SPEC 4 (count targets are pro-rated).
    """
    if not 0 < present <= 1:
        raise ValueError(f"{present} is no part of a period")
    return number / present
