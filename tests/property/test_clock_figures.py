"""The figures of whole columns agree with the rules for one case, whatever happened to it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from appraisal.evidence.intake.figures import ticket_figures
from appraisal.scoring.clock import microseconds
from tests.property.oracles import broken_at, is_met
from tests.unit.evidence.frames import CHINA, event_frame, rules, target, ticket_frame

OPENED = datetime(2026, 2, 12, 1, 0)
MINUTE = timedelta(minutes=1)
PROMISED, FOLLOW_UP = 600, 240  # minutes of business time
CLOCK = CHINA.clock(OPENED.date(), OPENED.date().replace(year=2027))
RULES = rules(target(PROMISED, clock="business"), target(FOLLOW_UP, "followup", clock="business"), default=CHINA)

minutes = st.integers(0, 30 * 24 * 60)
pauses = st.lists(st.tuples(minutes, st.none() | st.integers(1, 5 * 24 * 60)), max_size=5)
cases = st.lists(st.tuples(pauses, st.lists(minutes, max_size=4), st.none() | minutes), min_size=1, max_size=4)


def after(count: int) -> datetime:
    return OPENED + count * MINUTE


def aware(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC)


def naive(moment: datetime | None) -> datetime | None:
    return moment and moment.replace(tzinfo=None)


@given(cases)
def test_pauses_and_updates_of_many_tickets_count_as_those_of_each(drawn: list[Any]) -> None:
    tickets, events = [], []
    for number, (holds, updates, resolved) in enumerate(drawn):
        tickets.append({"external_id": str(number), "opened_at": OPENED})
        if resolved is not None:
            tickets[-1]["resolved_at"] = after(resolved)
        for start, length in holds:
            until = after(start + length) if length else None
            events.append({"type": "paused", "reason": "parts", "at": after(start), "until": until})
            events[-1]["external_id"] = str(number)
        events += [{"type": "updated", "at": after(each), "external_id": str(number)} for each in updates]

    figures = ticket_figures(ticket_frame(tickets), source="s", rules=RULES, events=event_frame(events))

    for row, (holds, updates, resolved) in zip(figures.iter_rows(named=True), drawn, strict=True):
        check(row, holds, updates, resolved)
    assert figures.height == len(drawn)
    assert isinstance(figures, pl.DataFrame)


def check(row: dict[str, Any], holds: list[Any], updates: list[int], resolved: int | None) -> None:
    spans = [(aware(after(start)), aware(after(start + length)) if length else None) for start, length in holds]
    opened, stop = aware(OPENED), aware(after(resolved)) if resolved is not None else None
    due = CLOCK.advance_if_running(opened, PROMISED * 60_000_000, spans)
    if stop is not None:
        worked = CLOCK.elapsed(opened, stop, spans)
        assert row["resolution_business_us"] == worked
        assert row["resolution_us"] == microseconds(stop) - microseconds(opened)
        assert row["resolution_met"] is is_met(worked, PROMISED * 60)
    else:
        assert row["resolution_met"] is (None if due is None else False)
    known = [moment for moment in (due, stop) if moment is not None]
    assert row["resolution_decided_at"] == naive(min(known, default=None))
    if row["overdue_at"] is None:
        assert row["followup_breach_at"] is None
        return
    assert row["overdue_at"] == naive(due)
    broken = broken_at(
        overdue_at=aware(row["overdue_at"]),
        updates=[aware(after(each)) for each in updates],
        resolved_at=stop,
        clock=CLOCK,
        allowed_us=FOLLOW_UP * 60_000_000,
        pauses=spans,
    )
    assert row["followup_breach_at"] == naive(broken)
