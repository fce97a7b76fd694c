"""Writes about calendars, one verb each. Figures follow in the rooms above: see ``evidence.calendar_changes``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from appraisal.calendars import shipped
from appraisal.calendars.models import BY_HAND, CalendarDay, CalendarYear, DayType, WorkCalendar
from appraisal.calendars.queries import years_to_add
from appraisal.calendars.rules import region_key
from appraisal.calendars.windows import Stored
from engineers.audit import record
from engineers.models import Team, User


@transaction.atomic
def create_calendar(
    *,
    code: str,
    name_zh: str,
    name_en: str,
    time_zone: str,
    week: Sequence[Stored],
    regions: Sequence[str] = (),
    teams: Sequence[Team] = (),
    by: User | None,
    now: datetime,
) -> WorkCalendar:
    """Add a calendar. Raises ValidationError."""
    calendar = WorkCalendar(
        code=code, name_zh=name_zh, name_en=name_en, time_zone=time_zone, week=list(week), regions=_labels(regions)
    )
    _check(calendar, teams)
    calendar.save()
    calendar.teams.set(teams)
    record(action="calendar.created", target=calendar, by=by, now=now, after=_values_of(calendar))
    return calendar


@transaction.atomic
def save_calendar(
    *,
    calendar: WorkCalendar,
    name_zh: str,
    name_en: str,
    time_zone: str,
    week: Sequence[Stored],
    regions: Sequence[str],
    teams: Sequence[Team],
    by: User | None,
    now: datetime,
) -> bool:
    """Change names, zone, weekly hours and whom the calendar serves; return whether anything differs.

    Raises ValidationError, also when another calendar serves a region or team already.
    """
    calendar = WorkCalendar.objects.select_for_update().get(pk=calendar.pk)
    before = _values_of(calendar)
    calendar.name_zh, calendar.name_en, calendar.time_zone = name_zh, name_en, time_zone
    calendar.week, calendar.regions = list(week), _labels(regions)
    _check(calendar, teams)
    calendar.save()
    calendar.teams.set(teams)
    after = _values_of(calendar)
    if after == before:
        return False
    record(action="calendar.changed", target=calendar, by=by, now=now, before=before, after=after)
    return True


@transaction.atomic
def set_day(
    *,
    calendar: WorkCalendar,
    day: date,
    type: str,  # noqa: A002 -- the field's name
    windows: Stored = (),
    name: str = "",
    by: User | None,
    now: datetime,
) -> bool:
    """Let a day differ from the weekly pattern; return whether anything changed. Raises ValidationError."""
    WorkCalendar.objects.select_for_update().get(pk=calendar.pk)
    entry = calendar.days.filter(date=day).first() or CalendarDay(calendar=calendar, date=day)
    before = _values_of_day(entry) if entry.pk else {}
    entry.type, entry.name = type, name
    entry.windows = [list(window) for window in windows] if type == DayType.SHORT else []
    entry.full_clean()
    after = _values_of_day(entry)
    if after == before:
        return False
    entry.save()
    record(action="calendar.day_set", target=calendar, by=by, now=now, before=before, after=after)
    return True


@transaction.atomic
def clear_day(*, calendar: WorkCalendar, day: date, by: User | None, now: datetime) -> bool:
    """Let a day be as the week says again; return whether it was not."""
    entry = calendar.days.filter(date=day).first()
    if entry is None:
        return False
    record(action="calendar.day_cleared", target=calendar, by=by, now=now, before=_values_of_day(entry))
    entry.delete()
    return True


@transaction.atomic
def mark_year_entered(
    *, calendar: WorkCalendar, year: int, source: str = BY_HAND, by: User | None, now: datetime
) -> bool:
    """Say that a year's holidays and make-up workdays are all entered; return False when that was said before."""
    WorkCalendar.objects.select_for_update().get(pk=calendar.pk)
    if calendar.years.filter(year=year).exists():
        return False
    entered = CalendarYear(calendar=calendar, year=year, source=source, entered_at=now, entered_by=by)
    entered.full_clean()
    entered.save()
    record(
        action="calendar.year_entered", target=calendar, by=by, now=now, after={"year": year, "source": entered.source}
    )
    return True


@transaction.atomic
def add_known_years(*, calendar: WorkCalendar, by: User | None, now: datetime) -> list[int]:
    """Enter the years that the library knows by now and nobody has entered; return them.

    Only into a calendar filled from it before. A day that people have set stays as they set it.
    """
    WorkCalendar.objects.select_for_update().get(pk=calendar.pk)
    years = years_to_add(calendar)
    taken = set(calendar.days.values_list("date", flat=True))
    for year in years:
        days = [
            CalendarDay(
                calendar=calendar,
                date=day.date,
                type=DayType.WORKDAY if day.is_workday else DayType.HOLIDAY,
                name=day.name,
            )
            for day in shipped.known_days()
            if day.date.year == year and day.date not in taken
        ]
        CalendarDay.objects.bulk_create(days)
        CalendarYear.objects.create(
            calendar=calendar, year=year, source=shipped.source(), entered_at=now, entered_by=by
        )
        record(
            action="calendar.year_added",
            target=calendar,
            by=by,
            now=now,
            after={"year": year, "source": shipped.source(), "days": len(days)},
        )
    return years


@transaction.atomic
def reopen_year(*, calendar: WorkCalendar, year: int, by: User | None, now: datetime) -> bool:
    """Take back that a year is entered; return whether it was."""
    entered = calendar.years.filter(year=year).first()
    if entered is None:
        return False
    record(action="calendar.year_reopened", target=calendar, by=by, now=now, before={"year": year})
    entered.delete()
    return True


def _labels(regions: Sequence[str]) -> list[str]:
    """Return labels of regions, each once, in the order given."""
    first: dict[str, str] = {}
    for region in regions:
        if region.strip():
            first.setdefault(region_key(region), region.strip())
    return list(first.values())


def _check(calendar: WorkCalendar, teams: Sequence[Team]) -> None:
    """Raise ValidationError for bad fields, and where a ticket or an engineer would have two calendars."""
    calendar.full_clean()
    for other in WorkCalendar.objects.exclude(pk=calendar.pk).prefetch_related("teams"):
        taken = {region_key(region) for region in other.regions}
        for region in calendar.regions:
            if region_key(region) in taken:
                raise _served("regions", region, other)
        for team in other.teams.all():
            if team in teams:
                raise _served("teams", team.name, other)


def _served(field: str, label: str, other: WorkCalendar) -> ValidationError:
    problem = ValidationError(
        _("“%(label)s” is served by the calendar %(calendar)s already."),
        code="served",
        params={"label": label, "calendar": other.name},
    )
    return ValidationError({field: problem})


def _values_of(calendar: WorkCalendar) -> dict[str, object]:
    names = ("code", "name_zh", "name_en", "time_zone", "week", "regions")
    teams = list(calendar.teams.order_by("code").values_list("code", flat=True))
    return {name: getattr(calendar, name) for name in names} | {"teams": teams}


def _values_of_day(entry: CalendarDay) -> dict[str, object]:
    return {
        "date": entry.date.isoformat(),
        "type": str(entry.type),
        "windows": entry.windows,
        "name": entry.name,
    }
