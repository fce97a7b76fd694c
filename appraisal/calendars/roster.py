"""Scheduled workdays of engineers: their calendar's, within employment, leave removed (SPEC 4)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from appraisal.calendars.queries import get_calendars
from appraisal.database.prepared import read
from appraisal.database.ranges import IdRange, among
from engineers.models import Employment, Leave, Period


@dataclass(frozen=True)
class Roster:
    """``workdays`` of the calendar in a span of days, and those on which the engineer was there to work.

    ``zone`` is the home zone of an engineer whose calendar is not the organisation's (SPEC G2).
    """

    workdays: tuple[date, ...]
    eligible: tuple[date, ...]
    zone: ZoneInfo | None = None

    def between(self, first_date: date, last_date: date) -> Roster:
        """Return the part of the roster between two days, both included."""
        if not self.workdays or (first_date <= self.workdays[0] and self.workdays[-1] <= last_date):
            return self
        return replace(
            self,
            workdays=tuple(day for day in self.workdays if first_date <= day <= last_date),
            eligible=tuple(day for day in self.eligible if first_date <= day <= last_date),
        )

    def part_present(self, first_date: date, last_date: date) -> Fraction:
        """Return the part of all its workdays on which the engineer was there between two days; 0 without any."""
        present = len(self.between(first_date, last_date).eligible)
        return Fraction(present, len(self.workdays)) if present else Fraction(0)


def rosters_of(engineer_ids: Sequence[int], *, first_date: date, last_date: date) -> dict[int, Roster]:
    """Return the roster of each engineer, ids rising, between two days, both included. A fixed number of queries."""
    known = get_calendars(between=(first_date, last_date))
    calendars = known.calendars_of(engineer_ids, on=last_date)
    employed = _periods(Employment, engineer_ids, first_date, last_date)
    away = _periods(Leave, engineer_ids, first_date, last_date)
    days = [first_date + timedelta(days=offset) for offset in range((last_date - first_date).days + 1)]
    full: dict[str, Roster] = {}
    rosters: dict[int, Roster] = {}
    for engineer_id in engineer_ids:
        calendar = calendars[engineer_id]
        if calendar.code not in full:
            workdays = tuple(day for day in days if calendar.workdays.is_workday(day))
            full[calendar.code] = Roster(workdays, workdays, None if calendar is known.default else calendar.zone)
        whole = full[calendar.code]
        present, absent = employed.get(engineer_id, []), away.get(engineer_id, [])
        if not absent and _covers(present, first_date, last_date):
            rosters[engineer_id] = whole
            continue
        eligible = tuple(day for day in whole.workdays if _within(day, present) and not _within(day, absent))
        rosters[engineer_id] = replace(whole, eligible=eligible)
    return rosters


def _periods(
    model: type[Period], engineer_ids: Sequence[int], first_date: date, last_date: date
) -> dict[int, list[tuple[date, date]]]:
    found: dict[int, list[tuple[date, date]]] = {}
    for engineer_id, start, end in read(_overlapping, model, ids=engineer_ids, first=first_date, last=last_date):
        found.setdefault(engineer_id, []).append((start or date.min, end or date.max))
    return found


def _overlapping(model: type[Period], ids: Sequence[int] | IdRange, *, first: date, last: date) -> QuerySet[Any, Any]:
    periods = model.objects.overlapping(first, last).filter(among("engineer_id", ids)).order_by()
    return periods.values_list("engineer_id", "start_date", "end_date")


def _covers(periods: Iterable[tuple[date, date]], first: date, last: date) -> bool:
    return any(start <= first and last <= end for start, end in periods)


def _within(day: date, periods: Iterable[tuple[date, date]]) -> bool:
    return any(start <= day <= end for start, end in periods)
