"""Writing one's own work log, day by day: at once, or without a network and sent later."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from appraisal.evidence import access
from appraisal.evidence.intake.errors import Sentence
from appraisal.evidence.intake.fields import FIELDS
from appraisal.evidence.models import EvidenceKind, Exclusion, WorkLog, WorkLogEntry
from appraisal.evidence.records import write_record
from appraisal.evidence.worklog_days import (
    CONTENT,
    MINUTES,
    OWN_SOURCE,
    home_days,
    is_late_allowed,
    logs_of,
    number_of,
    ticket_numbers,
    version_of,
)
from engineers.models import Engineer, User

CLOCK_SKEW = timedelta(minutes=5)  # SPEC G10: what clocks may differ by
OFFLINE_LIMIT = timedelta(days=7)  # a device that stayed without a network for longer is not believed
MINUTES_A_DAY = 24 * 60
EARLIEST = date(2000, 1, 1)

REFUSALS: dict[str, Sentence] = {
    "still_to_come": _("This day is still to come."),
    "closed": _("The time to change this day is over. HR can still correct it."),
    "too_late": _("This day is too long ago. HR can still enter it."),
    "foreign": _("Another system has logged this day; change it there."),
    "withdrawn": _("HR has taken the log of this day back."),
    "key_taken": _("This entry was sent for somebody else."),
    "other_person": _("This entry was written by somebody else on this device."),
}


class DayRefused(Exception):
    """A writing that breaks a rule; ``code`` says which."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)

    def __str__(self) -> str:
        return str(REFUSALS[self.code])


class DayConflict(Exception):
    """The day was changed elsewhere since the writer saw it; ``current`` is what is stored."""

    def __init__(self, current: WorkLog | None) -> None:
        self.current = current
        super().__init__("conflict")


class Outcome(StrEnum):
    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, kw_only=True)
class Writing:
    """What somebody writes about a day. ``base`` is the version that was seen; ``key`` is made by the device."""

    key: UUID
    day: date
    work: str
    problems: str = ""
    wrench_minutes: int = 0
    travel_minutes: int = 0
    other_minutes: int = 0
    tickets: str = ""
    base: str = ""
    device_at: datetime | None = None
    employee_no: str = ""  # as the device knows its owner; empty: whoever is logged in


@transaction.atomic
def write_day(*, writing: Writing, by: User, now: datetime) -> tuple[WorkLog, Outcome]:
    """Write one's own log of a day, through the door of all records; the same key again changes nothing.

    In time, a log may be written and changed until the end of the next workday (SPEC 1 ``worklog_rate``); a day
    without one can be written once later and counts as late. Raises ValidationError, DayRefused or DayConflict.
    """
    engineer = access.get_own_engineer(by)
    if writing.employee_no and writing.employee_no != engineer.employee_no:
        raise DayRefused("other_person")
    # Two devices of one person at once: one after the other.
    Engineer.objects.select_for_update(no_key=True).get(pk=engineer.pk)
    sent = WorkLogEntry.objects.select_related("log").filter(key=writing.key).first()
    if sent is not None:
        if sent.log.engineer_id != engineer.pk:
            raise DayRefused("key_taken")
        return sent.log, Outcome.UNCHANGED
    content = _checked(writing)
    moment, from_device, stored = _allowed(engineer, writing, content, now)
    values = {
        "external_id": stored.external_id if stored else number_of(engineer, writing.day),
        "engineer": engineer,
        "day": writing.day,
        "logged_at": stored.logged_at if stored else moment,
        **content,
    }
    written = write_record(
        kind=EvidenceKind.WORKLOGS, source=OWN_SOURCE, values=values, is_new=stored is None, by=by, now=now
    )
    log = WorkLog.objects.get(pk=written.pk)
    WorkLogEntry.objects.create(
        key=writing.key, log=log, device_at=writing.device_at, received_at=now, from_device=from_device
    )
    if stored is None:
        return log, Outcome.CREATED
    return log, Outcome.UNCHANGED if version_of(stored) == version_of(log) else Outcome.CHANGED


def moment_of(*, day_start: datetime, device_at: datetime | None, received_at: datetime) -> tuple[datetime, bool]:
    """Return when an entry was written, and whether the device's clock says so.

    The server's clock counts. The device's counts for an entry that was sent later, where it is credible: not before
    the day itself, not after the entry arrived, and at most ``OFFLINE_LIMIT`` before that (SPEC 1: "device time,
    sanity-checked").
    """
    if device_at is None or device_at >= received_at - CLOCK_SKEW:
        return received_at, False
    if device_at < day_start or received_at - device_at > OFFLINE_LIMIT:
        return received_at, False
    return device_at, True


def _allowed(
    engineer: Engineer, writing: Writing, content: dict[str, str | int], now: datetime
) -> tuple[datetime, bool, WorkLog | None]:
    """Return when it was written, whether by the device's clock, and the log it replaces.

    Raises DayRefused or DayConflict.
    """
    home = home_days(engineer, [writing.day], now=now)
    if writing.day > home.zone_today:
        raise DayRefused("still_to_come")
    found = list(logs_of(engineer, writing.day, writing.day))
    stored = next((log for log in found if log.source == OWN_SOURCE), None)
    if stored is not None and stored.exclusion != Exclusion.NONE:
        raise DayRefused("withdrawn")
    if any(log.source != OWN_SOURCE and log.exclusion == Exclusion.NONE for log in found):
        raise DayRefused("foreign")
    if writing.base != version_of(stored) and version_of(WorkLog(**content)) != version_of(stored):
        raise DayConflict(stored)
    until = home.until(writing.day)
    day_start = datetime.combine(writing.day, time(0), until.tzinfo)
    moment, from_device = moment_of(day_start=day_start, device_at=writing.device_at, received_at=now)
    if moment >= until and stored is not None:
        raise DayRefused("closed")
    if moment >= until and not is_late_allowed(writing.day, home.zone_today):
        raise DayRefused("too_late")
    return moment.astimezone(UTC), from_device, stored


def _checked(writing: Writing) -> dict[str, str | int]:
    """Return the content as it is stored. Raises ValidationError by field."""
    fields = FIELDS[EvidenceKind.WORKLOGS]
    errors: dict[str, Sentence] = {}
    content: dict[str, str | int] = {name: getattr(writing, name) for name in CONTENT}
    content |= {"work": writing.work.strip(), "problems": writing.problems.strip()}
    content["tickets"] = ", ".join(ticket_numbers(writing.tickets))
    if writing.day < EARLIEST:
        errors["day"] = _("This is too long ago or too far ahead.")
    if not content["work"]:
        errors["work"] = _("Say what was done on this day.")
    for name in ("work", "problems", "tickets"):
        longest = fields[name].longest or 0
        if len(str(content[name])) > longest:
            errors[name] = _("At most %(number)s characters.") % {"number": longest}
    minutes = [int(content[name]) for name in MINUTES]
    for name, number in zip(MINUTES, minutes, strict=True):
        if not 0 <= number <= MINUTES_A_DAY:
            errors[name] = _("A day has 1440 minutes.")
    if not errors and sum(minutes) > MINUTES_A_DAY:
        errors["other_minutes"] = _("Together these are more than the 1440 minutes of a day.")
    if errors:
        raise ValidationError(errors)
    return content
