"""Days of the work log: what is expected of an engineer on each, what was written, and until when it may be."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from hashlib import sha256

from django.db.models import QuerySet, TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from appraisal.calendars.queries import get_calendars, since
from appraisal.calendars.roster import rosters_of
from appraisal.calendars.rules import CalendarRules
from appraisal.evidence.intake.worklogs import in_time_until
from appraisal.evidence.models import Exclusion, Ticket, WorkLog
from engineers.models import Engineer, Leave, LeaveKind

OWN_SOURCE = "worklog"  # of logs written in the portal: one a day, its number names engineer and day
LATE_DAYS = 14  # a day without a log can still be written that long; it counts as late
MINUTES = ("wrench_minutes", "travel_minutes", "other_minutes")
CONTENT = ("work", "problems", *MINUTES, "tickets")


def ticket_numbers(text: str) -> list[str]:
    """Return the numbers in a text, each once, in their order."""
    return list(dict.fromkeys(number for number in re.split(r"[\s,，、;；]+", text) if number))


def unknown_tickets(logs: Iterable[WorkLog]) -> dict[int, list[str]]:
    """Return the numbers logs name that no ticket has (yet), by the id of the log; one query.

    They are told, not refused: a log is written on the day, the file with the tickets may come after it.
    """
    named = {log.pk: ticket_numbers(log.tickets) for log in logs}
    numbers = {number for each in named.values() for number in each}
    known = (
        set(Ticket.objects.filter(external_id__in=numbers).values_list("external_id", flat=True)) if numbers else ()
    )
    missing = {pk: [number for number in each if number not in known] for pk, each in named.items()}
    return {pk: each for pk, each in missing.items() if each}


class DayState(TextChoices):
    """What became of a day; ``OPEN`` and ``MISSING`` are workdays nobody has logged yet, or in time."""

    IN_TIME = "in_time", _("logged, in time")
    LATE = "late", _("logged, too late")
    UNDATED = "undated", _("logged, time not known")
    OPEN = "open", _("to be logged")
    MISSING = "missing", _("not logged")
    LEAVE = "leave", _("on leave")
    OFF = "off", _("day off")
    AHEAD = "ahead", _("still to come")


# Beside the colour, which not everybody sees.
SIGNS = {
    DayState.IN_TIME: "✓",
    DayState.LATE: "!",
    DayState.UNDATED: "?",
    DayState.OPEN: "○",
    DayState.MISSING: "×",
    DayState.LEAVE: "–",
}


@dataclass(frozen=True, kw_only=True)
class Day:
    """``until`` ends the edit window, ``is_open``: it has not; ``is_expected``: SPEC ``worklog_rate`` counts it."""

    day: date
    state: DayState
    is_expected: bool
    is_makeup: bool
    leave: str | Promise
    until: datetime
    logs: tuple[WorkLog, ...] = field(repr=False)
    is_open: bool
    may_write: bool
    is_withdrawn: bool

    @property
    def own(self) -> WorkLog | None:
        """The log written in the portal."""
        return next((log for log in self.logs if log.source == OWN_SOURCE), None)

    @property
    def last_date(self) -> date:
        """The last day on which the log is in time."""
        return (self.until - timedelta(days=1)).date()

    @property
    def sign(self) -> str:
        return SIGNS.get(self.state, "") + ("+" if self.is_makeup else "")

    @property
    def is_foreign(self) -> bool:
        """Whether another system, or HR, has written this day."""
        return bool(self.logs) and self.own is None

    @property
    def version(self) -> str:
        return version_of(self.own)


@dataclass(frozen=True)
class HomeDays:
    """The days of one engineer on the home calendars; what is needed to tell the edit window of any of them."""

    calendars: Mapping[date, CalendarRules]
    zone_today: date

    def until(self, day: date) -> datetime:
        return in_time_until(self.calendars[day], day)


def number_of(engineer: Engineer, day: date) -> str:
    """Return the number of the one log that an engineer writes about a day."""
    return f"{engineer.pk}-{day:%Y-%m-%d}"


def version_of(log: WorkLog | None) -> str:
    """Return a mark that differs whenever the content of a log does, whoever changed it; empty for no log."""
    if log is None:
        return ""
    content = "\0".join(str(getattr(log, name)) for name in CONTENT)
    return sha256(content.encode()).hexdigest()[:16]


def home_days(engineer: Engineer, days: Sequence[date], *, now: datetime) -> HomeDays:
    """Return the calendar of each day and what day it is there (SPEC G2: the engineer's home zone)."""
    asked = (*days, now.date())
    calendars = get_calendars(between=since(min(asked))).calendars_on((engineer.pk, day) for day in asked)
    today = now.astimezone(calendars[engineer.pk, now.date()].zone).date()
    return HomeDays({day: calendars[engineer.pk, day] for day in days}, today)


def list_days(*, engineer: Engineer, first_date: date, last_date: date, now: datetime) -> list[Day]:
    """Return the days between two, both included, with their logs. A fixed number of queries."""
    days = [first_date + timedelta(days=offset) for offset in range((last_date - first_date).days + 1)]
    home = home_days(engineer, days, now=now)
    expected = set(rosters_of([engineer.pk], first_date=first_date, last_date=last_date)[engineer.pk].eligible)
    leaves = list(Leave.objects.overlapping(first_date, last_date).filter(engineer=engineer))
    logs: dict[date, list[WorkLog]] = {}
    withdrawn: set[date] = set()
    for log in logs_of(engineer, first_date, last_date).prefetch_related("entries").order_by("pk"):
        if log.exclusion == Exclusion.NONE:
            logs.setdefault(log.day, []).append(log)
        elif log.source == OWN_SOURCE:
            withdrawn.add(log.day)
    found = []
    for day in days:
        calendar, until, written = home.calendars[day], home.until(day), tuple(logs.get(day, ()))
        leave = next((LeaveKind(each.kind).label for each in leaves if _covers(each, day)), "")
        is_workday = calendar.workdays.is_workday(day)
        found.append(
            Day(
                day=day,
                state=_state(day, written, day in expected, is_workday and bool(leave), home.zone_today, until, now),
                is_expected=day in expected,
                is_makeup=is_workday and not calendar.week.days[day.weekday()],
                leave=leave,
                until=until,
                logs=written,
                is_open=now < until,
                may_write=day not in withdrawn and _may_write(day, written, home.zone_today, until, now),
                is_withdrawn=day in withdrawn,
            )
        )
    return found


def get_day(*, engineer: Engineer, day: date, now: datetime) -> Day:
    return list_days(engineer=engineer, first_date=day, last_date=day, now=now)[0]


def logs_of(engineer: Engineer, first_date: date, last_date: date) -> QuerySet[WorkLog]:
    return WorkLog.objects.filter(engineer=engineer, day__range=(first_date, last_date))


def is_late_allowed(day: date, today: date) -> bool:
    """Whether a day without a log may still be written, if too late to count as in time."""
    return day >= today - timedelta(days=LATE_DAYS)


def _may_write(day: date, logs: Sequence[WorkLog], today: date, until: datetime, now: datetime) -> bool:
    if day > today or any(log.source != OWN_SOURCE for log in logs):
        return False
    return now < until or (not logs and is_late_allowed(day, today))


def _state(
    day: date, logs: Sequence[WorkLog], is_expected: bool, is_leave: bool, today: date, until: datetime, now: datetime
) -> DayState:
    if logs:
        in_time = {log.logged_in_time for log in logs}
        return DayState.IN_TIME if True in in_time else DayState.LATE if False in in_time else DayState.UNDATED
    if is_leave:
        return DayState.LEAVE
    if not is_expected:
        return DayState.OFF
    if day > today:
        return DayState.AHEAD
    return DayState.OPEN if now < until else DayState.MISSING


def _covers(leave: Leave, day: date) -> bool:
    return (leave.start_date or date.min) <= day <= (leave.end_date or date.max)
