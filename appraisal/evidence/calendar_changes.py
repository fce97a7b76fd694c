"""Changes of calendars, with the figures that follow from them: they are computed anew in the background.

The calendars' own room lies below and knows nothing of figures; pages and API change calendars through here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import TypedDict, Unpack

from django.db import transaction

from appraisal.calendars import actions
from appraisal.calendars.models import WorkCalendar
from appraisal.calendars.windows import Stored
from appraisal.evidence.targets import request_update
from engineers.models import Team, User


class CalendarValues(TypedDict):
    name_zh: str
    name_en: str
    time_zone: str
    week: Sequence[Stored]
    regions: Sequence[str]
    teams: Sequence[Team]


@transaction.atomic
def create_calendar(*, code: str, by: User, now: datetime, **values: Unpack[CalendarValues]) -> WorkCalendar:
    """Add a calendar. Raises ValidationError."""
    calendar = actions.create_calendar(code=code, by=by, now=now, **values)
    request_update(now=now)
    return calendar


@transaction.atomic
def save_calendar(*, calendar: WorkCalendar, by: User, now: datetime, **values: Unpack[CalendarValues]) -> None:
    """Change hours and whom a calendar serves. Raises ValidationError."""
    if actions.save_calendar(calendar=calendar, by=by, now=now, **values):
        request_update(now=now)


@transaction.atomic
def set_day(
    *,
    calendar: WorkCalendar,
    day: date,
    type: str,  # noqa: A002 -- the field's name
    windows: Stored = (),
    name: str = "",
    by: User,
    now: datetime,
) -> None:
    """Let a day differ from the weekly pattern. Raises ValidationError."""
    if actions.set_day(calendar=calendar, day=day, type=type, windows=windows, name=name, by=by, now=now):
        request_update(now=now)


@transaction.atomic
def add_known_years(*, calendar: WorkCalendar, by: User | None, now: datetime) -> list[int]:
    """Enter the years that a newer library knows; return them."""
    years = actions.add_known_years(calendar=calendar, by=by, now=now)
    if years:
        request_update(now=now)
    return years


@transaction.atomic
def clear_day(*, calendar: WorkCalendar, day: date, by: User, now: datetime) -> None:
    """Let a day be as the week says again."""
    if actions.clear_day(calendar=calendar, day=day, by=by, now=now):
        request_update(now=now)
