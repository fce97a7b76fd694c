"""Who is marked, and a change that marks everybody."""

from __future__ import annotations

from appraisal.calendars.models import CalendarDay, WorkCalendar
from appraisal.cycles.models import StaleFigures
from engineers.models import Engineer


def marked() -> set[str]:
    names = dict(Engineer.objects.values_list("pk", "employee_no"))
    return {names[pk] if pk else "*" for pk in StaleFigures.objects.values_list("engineer", flat=True)}


def change_day() -> None:
    CalendarDay.objects.create(calendar=WorkCalendar.objects.get(is_default=True), date="2026-03-04", type="holiday")
