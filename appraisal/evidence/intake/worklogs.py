"""Whether a day's work was written down in time. Pure. Source: SPEC 1 ``worklog_rate`` (edit window: one workday)."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import polars as pl

from appraisal.calendars.rules import CalendarRules
from appraisal.evidence.intake.columns import EPOCH, INSTANT, microseconds
from appraisal.evidence.intake.promises import Rules

WORKLOG_INPUTS = ("day", "logged_at", "calendar")


def worklog_figures(frame: pl.DataFrame, *, rules: Rules) -> pl.DataFrame:
    """Return whether each log was written from its day to the end of the next workday; ``frame`` has the inputs.

    ``calendar`` is the code of the engineer's calendar on that day. Without a time of writing it is not known. What
    was written before its day tells of no work that was done.
    """
    days = frame.select("calendar", "day").unique()
    calendars = [(rules.calendars.for_code(code), day) for code, day in days.iter_rows()]
    begins = [_instant(datetime.combine(day, time(0), calendar.zone)) for calendar, day in calendars]
    ends = [_instant(in_time_until(calendar, day)) for calendar, day in calendars]
    known = days.with_columns(pl.Series("since", begins, dtype=INSTANT), pl.Series("until", ends, dtype=INSTANT))
    joined = frame.join(known, on=["calendar", "day"], how="left", maintain_order="left", nulls_equal=True)
    in_time = (pl.col("logged_at") >= pl.col("since")) & (pl.col("logged_at") < pl.col("until"))
    return joined.select(in_time.alias("logged_in_time"))


def _instant(at: datetime) -> datetime:
    return EPOCH + timedelta(microseconds=microseconds(at))


def in_time_until(calendar: CalendarRules, day: date) -> datetime:
    """Return the end of the workday after a day, in the calendar's zone: before it a log is in time."""
    last = calendar.workdays.add_workdays(day, 1)
    return datetime.combine(last + timedelta(days=1), time(0), calendar.zone)
