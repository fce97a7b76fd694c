"""A month of a calendar as a page shows it."""

from __future__ import annotations

from calendar import Calendar as WeekGrid
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.translation import gettext as _

from appraisal.calendars.models import FIRST_YEAR, LAST_YEAR, CalendarDay, CalendarYear, WorkCalendar
from appraisal.calendars.queries import windows_on
from appraisal.calendars.windows import stored_windows, windows_of, write_windows

YEARS_AROUND = 3


@dataclass(frozen=True, kw_only=True)
class DayView:
    """``type`` is empty where the day is as the week says."""

    date: date
    is_in_month: bool
    type: str
    label: str
    name: str
    hours: str

    @property
    def is_worked(self) -> bool:
        return bool(self.hours)


@dataclass(frozen=True, kw_only=True)
class YearView:
    """``source`` is empty for a year that nobody has entered."""

    year: int
    source: str
    is_shown: bool

    @property
    def is_entered(self) -> bool:
        return bool(self.source)


@dataclass(frozen=True, kw_only=True)
class MonthView:
    first: date
    weeks: tuple[tuple[DayView, ...], ...]
    years: tuple[YearView, ...]
    differing: tuple[DayView, ...]  # of the whole year

    @property
    def year(self) -> YearView:
        return next(year for year in self.years if year.is_shown)

    @property
    def previous(self) -> str:
        return _month_of(self.first - timedelta(days=1))

    @property
    def following(self) -> str:
        return _month_of(self.first + timedelta(days=31))


def month_named(text: str, *, today: date) -> date:
    """Return the first day of a month written as 2026-02; this month for anything else."""
    year, _dash, month = text.partition("-")
    if year.isdecimal() and month.isdecimal() and FIRST_YEAR <= int(year) <= LAST_YEAR and 1 <= int(month) <= 12:
        return date(int(year), int(month), 1)
    return today.replace(day=1)


def get_month(calendar: WorkCalendar, first: date) -> MonthView:
    """Return a month's grid, whole weeks from Monday on, and the days of its year that differ from the week."""
    grid = WeekGrid().monthdatescalendar(first.year, first.month)
    start = min(grid[0][0], date(first.year, 1, 1))
    end = max(grid[-1][-1], date(first.year, 12, 31))
    entries = {entry.date: entry for entry in calendar.days.filter(date__range=(start, end))}
    days = {day: _view(calendar, day, entries.get(day), first) for week in grid for day in week}
    differing = [_view(calendar, day, entry, first) for day, entry in entries.items() if day.year == first.year]
    entered = {each.year: each for each in calendar.years.all()}
    return MonthView(
        first=first,
        weeks=tuple(tuple(days[day] for day in week) for week in grid),
        years=tuple(_year(year, entered.get(year), first.year) for year in _years_around(first.year)),
        differing=tuple(differing),
    )


def get_day(calendar: WorkCalendar, day: date) -> DayView:
    return _view(calendar, day, calendar.days.filter(date=day).first(), day)


def _view(calendar: WorkCalendar, day: date, entry: CalendarDay | None, month: date) -> DayView:
    windows = windows_on(day=entry, week=calendar.week) if entry else windows_of(calendar.week[day.weekday()])
    return DayView(
        date=day,
        is_in_month=(day.year, day.month) == (month.year, month.month),
        type=entry.type if entry else "",
        label=str(entry.get_type_display()) if entry else "" if windows else _("day off"),
        name=entry.name if entry else "",
        hours=write_windows(stored_windows(windows)),
    )


def _years_around(year: int) -> range:
    return range(max(year - YEARS_AROUND, FIRST_YEAR), min(year + YEARS_AROUND, LAST_YEAR) + 1)


def _year(year: int, entered: CalendarYear | None, shown: int) -> YearView:
    return YearView(year=year, source=_(entered.source) if entered else "", is_shown=year == shown)


def _month_of(day: date) -> str:
    return f"{day:%Y-%m}" if FIRST_YEAR <= day.year <= LAST_YEAR else ""
