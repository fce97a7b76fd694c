"""One record in, its figures out: what the tests of the clock figures share. All instants are UTC."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from appraisal.calendars.rules import CalendarRules, RegionCalendars
from appraisal.evidence.intake.figures import (
    EVENTS,
    REPORT_INPUTS,
    TICKET_INPUTS,
    VISIT_INPUTS,
    Rules,
    TargetRule,
    report_figures,
    ticket_figures,
    visit_figures,
)
from appraisal.scoring.clock import OFFICE_DAY, OFFICE_WEEK, WorkingWeek

SHANGHAI = ZoneInfo("Asia/Shanghai")
# A Monday, 09:00 in Shanghai, when the office opens.
MONDAY = datetime(2026, 3, 2, 1, 0)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
US_PER_HOUR = 3_600_000_000
US_PER_MINUTE = 60_000_000

# The days of 2026 that the worked examples of the specification touch.
HOLIDAYS = [
    *(date(2026, 2, day) for day in range(15, 24)),
    *(date(2026, 5, day) for day in range(1, 6)),
    *(date(2026, 9, day) for day in (25, 26, 27)),
]
WORKED = [date(2026, 2, 14), date(2026, 2, 28), date(2026, 5, 9), date(2026, 9, 20)]

OFFICE = CalendarRules(code="office", zone=SHANGHAI, week=OFFICE_WEEK)
CHINA = CalendarRules(
    code="cn",
    zone=SHANGHAI,
    week=WorkingWeek(
        days=OFFICE_WEEK.days, exceptions=dict.fromkeys(HOLIDAYS, ()) | dict.fromkeys(WORKED, OFFICE_DAY)
    ),
)


def local(text: str) -> datetime:
    """Return "03-02 09:00" of 2026 in Shanghai as the frames hold it."""
    moment = datetime.strptime(f"2026-{text}", "%Y-%m-%d %H:%M").replace(tzinfo=SHANGHAI)
    return moment.astimezone(ZoneInfo("UTC")).replace(tzinfo=None)


# SPEC G8, as the product ships it.
SEVEN_DAYS = TargetRule(kind="reopening", seconds=7 * 24 * 3600, clock="calendar", from_date=date(2000, 1, 1))


def rules(
    *targets: TargetRule, default: CalendarRules = OFFICE, by_region: dict[str, CalendarRules] | None = None
) -> Rules:
    regions = by_region or {}
    calendars = RegionCalendars(
        default=default, by_region=regions, by_code={each.code: each for each in (default, *regions.values())}
    )
    return Rules(calendars=calendars, targets=(SEVEN_DAYS, *targets))


def ticket_frame(rows: Iterable[dict[str, Any]]) -> pl.DataFrame:
    empty = dict.fromkeys(TICKET_INPUTS) | {
        "external_id": "T",
        "opened_at": MONDAY,
        "region": "",
        "job_type": "repair",
        "waived": "",
        "reopen_count": 0,
        "engineer_id": 1,
    }
    return pl.DataFrame([empty | row for row in rows], schema=schema(TICKET_INPUTS))


def event_frame(rows: Iterable[dict[str, Any]]) -> pl.DataFrame:
    given = {"external_id": "T", "is_public": True, "is_automatic": False, "is_approved": False, "reason": ""}
    empty = dict.fromkeys(EVENTS) | given
    return pl.DataFrame([empty | row for row in rows], schema=EVENTS)


def ticket(
    *targets: TargetRule,
    source: str = "s",
    events: Iterable[dict[str, Any]] = (),
    calendar: CalendarRules = OFFICE,
    **values: Any,
) -> dict[str, Any]:
    figures = ticket_figures(
        ticket_frame([values]), source=source, rules=rules(*targets, default=calendar), events=event_frame(events)
    )
    return figures.row(0, named=True)


def visit(*targets: TargetRule, **values: Any) -> dict[str, Any]:
    row = dict.fromkeys(VISIT_INPUTS) | {"dispatched_at": MONDAY, "exclusion": "", "waived": ""} | values
    frame = pl.DataFrame([row], schema=schema(VISIT_INPUTS))
    return visit_figures(frame, source="s", rules=rules(*targets)).row(0, named=True)


def report(*targets: TargetRule, **values: Any) -> dict[str, Any]:
    row = dict.fromkeys(REPORT_INPUTS) | {"service_ended_at": MONDAY, "waived": ""} | values
    frame = pl.DataFrame([row], schema=schema(REPORT_INPUTS))
    return report_figures(frame, source="s", rules=rules(*targets)).row(0, named=True)


def event(kind: str, at: str, **values: Any) -> dict[str, Any]:
    return {"type": kind, "at": local(at)} | values


def pause(start: str, stop: str | None, reason: str = "waiting_customer") -> dict[str, Any]:
    return event("paused", start, until=local(stop) if stop else None, reason=reason)


def updates(*moments: str, **values: Any) -> list[dict[str, Any]]:
    return [event("updated", moment, **values) for moment in moments]


def business_minutes(figures: dict[str, Any]) -> int:
    minutes: int = figures["resolution_business_us"] // US_PER_MINUTE
    return minutes


def target(minutes: int, kind: str = "resolution", **changes: Any) -> TargetRule:
    values = {"source": "", "priority": 0, "clock": "calendar", "from_date": date(2026, 1, 1)} | changes
    return TargetRule(kind=kind, seconds=minutes * 60, **values)


def schema(names: Iterable[str]) -> dict[str, Any]:
    return {name: _dtype(name) for name in names}


def _dtype(name: str) -> Any:
    if name.endswith("_at"):
        return pl.Datetime("us")
    if name.endswith("_met"):
        return pl.Boolean
    texts = ("external_id", "job_type", "region", "waived", "exclusion")
    return pl.String if name in texts else pl.Int64


# The records of the worked examples E2 (pauses) and E3 (reopened).
E2 = {"opened_at": local("09-20 16:00"), "resolved_at": local("09-28 10:00"), "calendar": CHINA}
E2_PAUSES = [pause("09-21 10:00", "09-21 15:00"), pause("09-21 14:00", "09-22 09:30"), pause("09-24 17:00", None)]
E3 = {"opened_at": local("03-02 09:00"), "resolved_at": local("03-04 16:00")}
E3_EVENTS = [event("resolved", "03-02 15:00"), event("reopened", "03-04 10:00"), event("resolved", "03-04 16:00")]
