"""Reminds engineers of the workday they have not logged, while it is still in time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

from django.urls import reverse

from appraisal.calendars.queries import get_calendars
from appraisal.calendars.roster import rosters_of
from appraisal.calendars.rules import CalendarRules
from appraisal.evidence.intake.worklogs import in_time_until
from appraisal.evidence.models import Exclusion, WorkLog
from appraisal.evidence.notices import MISSING_LOG
from appraisal.notices.actions import notify
from appraisal.notices.models import Notice
from engineers.models import Engineer

FROM_HOUR = 8
LONGEST_HOLIDAYS = 31  # days between two workdays; after more nobody remembers what to log
ENGINEERS_AT_ONCE = 1000


def remind_of_missing_logs(*, now: datetime) -> int:
    """Tell each engineer once of the last workday without a log, from the morning of the next one on; return how many.

    Nobody is reminded in an organisation that keeps no work logs.
    """
    if not WorkLog.objects.exists():
        return 0
    ids = list(Engineer.objects.filter(user__is_active=True).order_by("pk").values_list("pk", flat=True))
    told = 0
    for at in range(0, len(ids), ENGINEERS_AT_ONCE):
        for day, last, missing in _missing(ids[at : at + ENGINEERS_AT_ONCE], now):
            told += _tell(missing, day, last, now)
    return told


def _missing(ids: Sequence[int], now: datetime) -> Iterator[tuple[date, date, list[int]]]:
    """Return workdays that end their window today, with the engineers who were there and have not logged them."""
    by_calendar: dict[str, list[int]] = {}
    calendars = get_calendars()
    homes = calendars.calendars_of(ids, on=now.date())
    for engineer_id in ids:
        by_calendar.setdefault(homes[engineer_id].code, []).append(engineer_id)
    for code, engineers in by_calendar.items():
        day = _day_to_log(calendars.for_code(code), now)
        if day is None:
            continue
        rosters = rosters_of(engineers, first_date=day, last_date=day)
        expected = {engineer_id for engineer_id in engineers if rosters[engineer_id].eligible}
        logs = WorkLog.objects.filter(day=day, exclusion=Exclusion.NONE, engineer__in=expected)
        missing = expected - set(logs.values_list("engineer", flat=True))
        yield day, now.astimezone(calendars.for_code(code).zone).date(), sorted(missing)


def _day_to_log(calendar: CalendarRules, now: datetime) -> date | None:
    """Return the workday before today; None on days off, and before the morning."""
    local = now.astimezone(calendar.zone)
    if local.hour < FROM_HOUR or not calendar.workdays.is_workday(local.date()):
        return None
    days = (local.date() - timedelta(days=back) for back in range(1, LONGEST_HOLIDAYS + 1))
    day = next((day for day in days if calendar.workdays.is_workday(day)), None)
    return day if day and now < in_time_until(calendar, day) else None


def _tell(engineers: Sequence[int], day: date, last: date, now: datetime) -> int:
    path = reverse("worklog_day", args=[day])
    accounts = Engineer.objects.filter(pk__in=engineers, user__isnull=False)
    people = set(accounts.values_list("user", flat=True))
    told = set(Notice.objects.filter(user__in=people, topic=MISSING_LOG, path=path).values_list("user", flat=True))
    if waiting := people - told:
        params = {"day": day.isoformat(), "last": last.isoformat()}
        notify(to=waiting, topic=MISSING_LOG, params=params, path=path, now=now)
    return len(waiting)
