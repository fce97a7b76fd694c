"""Terms in workdays of the engineer's own calendar: until when something may be filed, is due, and what is left."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from appraisal.calendars.queries import Calendars, get_calendars, since
from appraisal.cycles.models import Cycle
from appraisal.reviews.models import AppealTerms, CycleSeal
from appraisal.scoring.workdays import Workdays


@dataclass(frozen=True)
class Clock:
    """A day something is due, with the workdays left; below 0 as many are over it."""

    due: date
    workdays_left: int

    @property
    def is_over(self) -> bool:
        return self.workdays_left < 0

    @property
    def workdays_over(self) -> int:
        return -self.workdays_left


def terms_of(cycle: Cycle) -> AppealTerms:
    """Return the terms of a cycle, stored or not."""
    return AppealTerms.objects.filter(cycle=cycle).first() or AppealTerms(cycle=cycle)


def due_after(*, engineer_id: int, moment: datetime, workdays: int) -> date:
    """Return the last day of a term that begins with a moment; its own day does not count. Source: SPEC 4, E18."""
    calendar = get_calendars(between=since(moment.date())).for_engineer(engineer_id, moment.date())
    return Workdays(calendar.week).add_workdays(moment.astimezone(calendar.zone).date(), workdays)


def today_of(*, engineer_id: int, now: datetime) -> date:
    """Return which day it is for an engineer."""
    calendars = get_calendars(between=since(now.date()))
    return now.astimezone(calendars.for_engineer(engineer_id, now.date()).zone).date()


def appeal_until(*, cycle: Cycle, engineer_id: int) -> date | None:
    """Return the last day to appeal against a published result; None where nothing is published."""
    seal = CycleSeal.objects.filter(cycle=cycle).first()
    if seal is None:
        return None
    days = terms_of(cycle).file_days
    return due_after(engineer_id=engineer_id, moment=seal.sealed_at, workdays=days)


def appeals_possible_until(*, cycle: Cycle, now: datetime) -> date | None:
    """Return the last day on which anybody of a published cycle may still appeal; None when that is over."""
    seal = CycleSeal.objects.filter(cycle=cycle).first()
    if seal is None:
        return None
    days, engineers = terms_of(cycle).file_days, set(cycle.reviews.values_list("engineer_id", flat=True))
    sealed_on = seal.sealed_at.date()
    own = get_calendars(between=since(sealed_on)).calendars_of(engineers, sealed_on)
    running = [
        until
        for calendar in {calendar.code: calendar for calendar in own.values()}.values()
        for until in [Workdays(calendar.week).add_workdays(seal.sealed_at.astimezone(calendar.zone).date(), days)]
        if now.astimezone(calendar.zone).date() <= until
    ]
    return max(running, default=None)


def clocks_of(due: Collection[tuple[int, date]], *, now: datetime) -> dict[tuple[int, date], Clock]:
    """Return the clock of each (engineer, day due); a fixed number of queries."""
    calendars = get_calendars(between=since(min((now.date(), *(day for _engineer_id, day in due)))))
    own = calendars.calendars_of({engineer_id for engineer_id, _day in due}, now.date()) if due else {}
    return {
        (engineer_id, day): Clock(day, _left(calendars, own[engineer_id].code, day, now)) for engineer_id, day in due
    }


def _left(calendars: Calendars, code: str, due: date, now: datetime) -> int:
    calendar = calendars.by_code[code]
    today = now.astimezone(calendar.zone).date()
    days = Workdays(calendar.week)
    if today <= due:
        return days.count_workdays(today + timedelta(days=1), due)
    # A term that ran out on a day off is over all the same.
    return min(-1, -days.count_workdays(due + timedelta(days=1), today))
