"""Reads about calendars."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from appraisal.calendars import shipped
from appraisal.calendars.models import CalendarDay, CalendarYear, DayType, WorkCalendar
from appraisal.calendars.rules import CalendarRules, RegionCalendars, region_key
from appraisal.calendars.windows import Stored, ordinary_windows, windows_of
from appraisal.database.prepared import read, read_objects
from appraisal.scoring.clock import Windows, WorkingWeek
from engineers.models import Team, TeamMembership
from engineers.queries import reporting_lines


class MissingYear(NamedTuple):
    calendar: CalendarRules
    year: int


@dataclass(frozen=True, kw_only=True)
class Calendars(RegionCalendars):
    """All calendars as they stand. ``by_team`` knows the home calendar of every team that has one, or is below one."""

    by_team: Mapping[int, CalendarRules] = field(default_factory=dict)

    def calendars_of(self, engineer_ids: Collection[int], on: date) -> dict[int, CalendarRules]:
        """Return the home calendar of each engineer: that of the team on that day, else the default."""
        if not self.by_team:
            return dict.fromkeys(engineer_ids, self.default)
        lines = reporting_lines(engineer_ids=engineer_ids, on=on)
        return {engineer_id: self._of_team(line.team_id) for engineer_id, line in lines.items()}

    def for_engineer(self, engineer_id: int, on: date) -> CalendarRules:
        return self.calendars_of([engineer_id], on)[engineer_id]

    def calendars_on(self, days: Iterable[tuple[int, date]]) -> dict[tuple[int, date], CalendarRules]:
        """Return the home calendar of each (engineer, day), in one query for all of them."""
        wanted = set(days)
        if not self.by_team:
            return dict.fromkeys(wanted, self.default)
        teams: dict[int, list[tuple[date, int]]] = {}
        memberships = TeamMembership.objects.filter(engineer__in={engineer_id for engineer_id, _day in wanted})
        for engineer_id, start, team_id in memberships.order_by("pk").values_list("engineer", "start_date", "team"):
            teams.setdefault(engineer_id, []).append((start or date.min, team_id))
        for periods in teams.values():
            periods.sort(key=lambda period: period[0])
        return {(who, day): self._of_team(_latest(teams.get(who, []), day)) for who, day in wanted}

    def missing_years(self, first_date: date, last_date: date) -> list[MissingYear]:
        """Return the calendars and years of a period that nobody has entered: their holidays are not known."""
        return [
            MissingYear(calendar, year)
            for calendar in self.by_code.values()
            for year in calendar.missing_years(first_date, last_date)
        ]

    def _of_team(self, team_id: int | None) -> CalendarRules:
        return self.default if team_id is None else self.by_team.get(team_id, self.default)


def since(day: date) -> tuple[date, date]:
    """Return the span from a day on, for ``get_calendars``; with the day before, which it may be elsewhere."""
    return day - timedelta(days=1), date.max


def get_calendars(*, between: tuple[date, date] | None = None) -> Calendars:
    """Return every calendar with its days, regions and teams; a fixed number of queries.

    ``between`` spares reading days outside of a span, both ends included.
    """
    stored = read_objects(_calendars)
    days: dict[int, list[CalendarDay]] = {}
    span: dict[str, Any] = {"first": between[0], "last": between[1]} if between else {}
    for day in read_objects(_days, **span):
        days.setdefault(day.calendar_id, []).append(day)
    years: dict[int, set[int]] = {}
    for calendar_id, year in read(_years):
        years.setdefault(calendar_id, set()).add(year)
    rules = {each.pk: _rules_of(each, days.get(each.pk, ()), frozenset(years.get(each.pk, ()))) for each in stored}
    roots = {team_id: rules[calendar_id] for calendar_id, team_id in read(_teams)}
    return Calendars(
        default=next(rules[calendar.pk] for calendar in stored if calendar.is_default),
        by_region={region_key(region): rules[calendar.pk] for calendar in stored for region in calendar.regions},
        by_code={calendar.code: rules[calendar.pk] for calendar in stored},
        by_team=_with_teams_below(roots) if roots else {},
    )


def _calendars() -> QuerySet[WorkCalendar]:
    return WorkCalendar.objects.all()


def _days(first: date | None = None, last: date | None = None) -> QuerySet[CalendarDay]:
    days = CalendarDay.objects.order_by("date")
    return days if first is None else days.filter(date__gte=first, date__lte=last)


def _years() -> QuerySet[Any, Any]:
    return CalendarYear.objects.order_by().values_list("calendar_id", "year")


def _teams() -> QuerySet[Any, Any]:
    return WorkCalendar.teams.through.objects.order_by("pk").values_list("workcalendar_id", "team_id")


def home_zones() -> set[ZoneInfo]:
    """Return the zones of teams' own calendars; who has the default one lives in the zone of the cycle (SPEC G2)."""
    own = WorkCalendar.objects.filter(teams__isnull=False, is_default=False)
    return {ZoneInfo(name) for name in own.values_list("time_zone", flat=True)}


def missing_years(first_date: date, last_date: date) -> list[MissingYear]:
    """Return the calendars and years of a period that nobody has entered, for the warning on a cycle's page."""
    return get_calendars().missing_years(first_date, last_date)


def windows_on(*, day: CalendarDay, week: list[Stored]) -> Windows:
    """Return the hours of a day that differs from the weekly pattern."""
    match day.type:
        case DayType.HOLIDAY:
            return ()
        case DayType.WORKDAY:
            # A make-up workday falls on a day off, which has no hours of its own: it has an ordinary day's.
            return windows_of(week[day.date.weekday()] or ordinary_windows(week))
        case _:
            return windows_of(day.windows)


def _rules_of(calendar: WorkCalendar, days: Iterable[CalendarDay], years: frozenset[int]) -> CalendarRules:
    monday, tuesday, wednesday, thursday, friday, saturday, sunday = (windows_of(day) for day in calendar.week)
    return CalendarRules(
        code=calendar.code,
        name=calendar.name,
        zone=calendar.zone,
        week=WorkingWeek(
            days=(monday, tuesday, wednesday, thursday, friday, saturday, sunday),
            exceptions={day.date: windows_on(day=day, week=calendar.week) for day in days},
        ),
        years=years,
    )


def _with_teams_below(roots: dict[int, CalendarRules]) -> dict[int, CalendarRules]:
    """Return the calendar of each team: its own, else the nearest one above it in the tree."""
    parents = dict(Team.objects.order_by().values_list("pk", "parent"))
    found: dict[int, CalendarRules] = {}
    for team_id in parents:
        above: int | None = team_id
        while above is not None and above not in roots:
            above = parents[above]
        if above is not None:
            found[team_id] = roots[above]
    return found


def _latest(periods: list[tuple[date, int]], day: date) -> int | None:
    """Return the team of the latest period that began by a day, as ``reporting_lines`` finds it."""
    number = bisect_right(periods, day, key=lambda period: period[0])
    return periods[number - 1][1] if number else None


@dataclass(frozen=True, kw_only=True)
class CalendarRow:
    """A calendar in the list, with the coming years nobody has entered."""

    calendar: WorkCalendar
    teams: tuple[Team, ...]
    missing: tuple[int, ...]


def list_calendars(calendars: QuerySet[WorkCalendar], *, today: date) -> list[CalendarRow]:
    """Return calendars with their teams and which of this year and the next are not entered; a few queries."""
    rows = []
    for calendar in calendars.prefetch_related("teams", "years"):
        entered = {each.year for each in calendar.years.all()}
        missing = tuple(year for year in (today.year, today.year + 1) if year not in entered)
        rows.append(CalendarRow(calendar=calendar, teams=tuple(calendar.teams.all()), missing=missing))
    return rows


def years_to_add(calendar: WorkCalendar) -> list[int]:
    """Return the years that the library knows and nobody has entered; of a calendar that was filled from it."""
    sources = dict(calendar.years.values_list("year", "source"))
    if not any(source.startswith(shipped.LIBRARY) for source in sources.values()):
        return []
    return [year for year in shipped.known_years() if year not in sources]
