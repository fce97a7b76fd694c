"""The clocks of tickets, and the stretches in which those of one ticket ran or stood still. Pure.

Source: SPEC G1 (two clocks), G3 (pauses), G8 (reopening).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from appraisal.calendars.rules import CalendarRules
from appraisal.evidence.intake.columns import Column, too_early
from appraisal.evidence.intake.histories import Histories
from appraisal.evidence.intake.promises import Rules, Scope
from appraisal.evidence.intake.stopwatches import BusinessTime, CalendarTime, Stopwatch
from appraisal.evidence.intake.verdicts import Timing, due_instants
from appraisal.evidence.models import EventType, PauseReason, TargetKind
from appraisal.scoring.clock import microseconds

# A case that took longer is told by its stretches, not day by day.
MOST_DAYS = 31
_MICROSECOND = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class TicketClocks:
    """Clocks of a frame with ``TICKET_INPUTS``, by row: ``plain`` is never held, ``held`` by pauses and gaps.

    ``priority`` and ``scope`` are those in force when the case stopped, ``response_scope`` when it was answered (G5).
    """

    opened: Column
    priority: Column
    response: Column
    resolved: Column
    stop: Column
    history: Histories
    business: BusinessTime
    plain: Timing
    held: Timing
    scope: Scope
    response_scope: Scope

    @classmethod
    def of(
        cls,
        frame: pl.DataFrame,
        *,
        source: str,
        rules: Rules,
        calendar: CalendarRules,
        events: pl.DataFrame | None,
        instants: Sequence[Column] = (),
    ) -> TicketClocks:
        """Return the clocks; ``instants`` are further ones that they may be asked about."""
        opened, told, given, closed = (
            Column.of(frame[name]) for name in ("opened_at", "first_response_at", "resolved_at", "closed_at")
        )
        told_scope = Scope(source=source, frame=frame, start=opened, zone=calendar.zone)
        within = told_scope.promise(TargetKind.REOPENING, rules).seconds
        history = Histories.of(frame, events, reopened_within=within)
        response = history.first_answer(told)
        resolved = history.last_resolved(given)
        stop = resolved.otherwise(history.unless_reopened(closed))
        business = BusinessTime(calendar, [opened, response, stop, *history.instants(), *instants])
        urgency = Column.of(frame["priority"])
        priority = history.priority(urgency, stop)

        def scope(in_force: Column) -> Scope:
            asked = frame.with_columns(in_force.series("priority"))
            return Scope(source=source, frame=asked, start=opened, zone=calendar.zone)

        return cls(
            opened=opened,
            priority=priority,
            response=response,
            resolved=resolved,
            stop=stop,
            history=history,
            business=business,
            # The first response is never paused (SPEC G3).
            plain=Timing(
                start=opened,
                calendar=Stopwatch(CalendarTime(), opened.values),
                business=Stopwatch(business, opened.values),
            ),
            # Business time leaves pauses out; both clocks resume when a case is opened again (SPEC G1, G8).
            held=Timing(
                start=opened,
                calendar=Stopwatch(CalendarTime(), opened.values, history.gaps),
                business=Stopwatch(business, opened.values, history.holds),
            ),
            scope=scope(priority),
            response_scope=scope(history.priority(urgency, response)),
        )


class StretchState(StrEnum):
    RUNNING = "running"
    PAUSED = "paused"
    RESOLVED = "resolved"


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """Part of a ticket's time; ``calendar_us`` and ``business_us`` are what each clock counts of it."""

    start: datetime
    stop: datetime
    state: StretchState
    reasons: tuple[str, ...]
    calendar_us: int
    business_us: int


@dataclass(frozen=True, kw_only=True)
class TicketCourse:
    """``stretches`` add up to the time until the case was completed, or until now for an open one (``is_open``)."""

    stretches: tuple[Stretch, ...]
    is_open: bool
    response_due_at: datetime | None
    resolution_due_at: datetime | None


def ticket_course(
    frame: pl.DataFrame, *, source: str, rules: Rules, events: pl.DataFrame, now: datetime
) -> TicketCourse | None:
    """Return the course of one ticket, a frame of one row with ``TICKET_INPUTS``; None where it ends before it began.

    Stretches are cut at midnight of the calendar, up to ``MOST_DAYS`` days.
    """
    calendar = rules.calendars.for_region(frame["region"][0])
    moment = Column(np.array([microseconds(now)]), np.array([True]))
    clocks = TicketClocks.of(frame, source=source, rules=rules, calendar=calendar, events=events, instants=[moment])
    stop = clocks.stop.otherwise(moment)
    begin, end = int(clocks.opened.values[0]), int(stop.values[0])
    if end < begin:
        return None
    return TicketCourse(
        stretches=tuple(_stretches(clocks, begin, end, events, calendar.zone)),
        is_open=not clocks.stop.known[0],
        response_due_at=_due(clocks.plain, clocks.response_scope, TargetKind.RESPONSE, rules, frame, clocks.response),
        resolution_due_at=_due(clocks.held, clocks.scope, TargetKind.RESOLUTION, rules, frame, clocks.stop),
    )


def _due(
    timing: Timing, scope: Scope, kind: TargetKind, rules: Rules, frame: pl.DataFrame, stop: Column
) -> datetime | None:
    told = Column.of(frame[f"{kind.value}_due_at"])
    sound = ~too_early(timing.start, stop)
    due = due_instants(timing, scope.promise(kind, rules), due=told, sound=sound)
    return _instant(int(due.values[0])) if due.known[0] else None


def _stretches(clocks: TicketClocks, begin: int, end: int, events: pl.DataFrame, zone: ZoneInfo) -> Iterator[Stretch]:
    gaps, holds = _pairs(clocks.history.gaps), _pairs(clocks.history.holds)
    inside = {at for pair in (*gaps, *holds) for at in pair if begin < at < end}
    marks = sorted({begin, end, *inside, *_midnights(begin, end, zone)})
    for start, stop in itertools.pairwise(marks):
        worked = int(clocks.business.between(np.array([start]), np.array([stop]))[0])
        state = StretchState.RUNNING
        if _within(start, gaps):
            state = StretchState.RESOLVED
        elif _within(start, holds):
            state = StretchState.PAUSED
        yield Stretch(
            start=_instant(start),
            stop=_instant(stop),
            state=state,
            reasons=_reasons(events, start) if state is StretchState.PAUSED else (),
            calendar_us=0 if state is StretchState.RESOLVED else stop - start,
            business_us=worked if state is StretchState.RUNNING else 0,
        )


def _midnights(begin: int, end: int, zone: ZoneInfo) -> Iterator[int]:
    day = _instant(begin).astimezone(zone).date()
    days = (_instant(end).astimezone(zone).date() - day).days
    for offset in range(1, days + 1 if days <= MOST_DAYS else 0):
        midnight = microseconds(datetime.combine(day + timedelta(days=offset), time(0), zone))
        if begin < midnight < end:
            yield midnight


def _reasons(events: pl.DataFrame, at: int) -> tuple[str, ...]:
    began = pl.col("at").to_physical() <= at
    lasts = pl.col("until").is_null() | (pl.col("until").to_physical() > at)
    pauses = (pl.col("type") == EventType.PAUSED.value) & pl.col("reason").is_in(PauseReason.values)
    return tuple(events.filter(pauses & began & lasts)["reason"].unique(maintain_order=True).to_list())


def _pairs(stretches: pl.DataFrame) -> list[tuple[int, int]]:
    return list(stretches.select("start", "stop").iter_rows())


def _within(at: int, stretches: list[tuple[int, int]]) -> bool:
    return any(start <= at < stop for start, stop in stretches)


def _instant(at: int) -> datetime:
    return _EPOCH + at * _MICROSECOND
