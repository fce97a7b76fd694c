"""Clock figures of records: durations, due instants, met or not. Pure: frames in, frames out.

Source: SPEC G1 to G10. ``recompute`` applies them to what is stored, ``loading`` to what comes in. Instants are
UTC without saying so. Each function names its inputs: the frame must have them all.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from appraisal.calendars.rules import CalendarRules
from appraisal.evidence.intake.columns import INSTANT, Column, too_early
from appraisal.evidence.intake.continuity import broken_at, exempt
from appraisal.evidence.intake.histories import EVENTS, Histories
from appraisal.evidence.intake.promises import SCOPE_INPUTS, Promise, Rules, Scope, TargetRule, by_calendar
from appraisal.evidence.intake.stopwatches import BusinessTime, CalendarTime, Stopwatch
from appraisal.evidence.intake.ticket_clocks import TicketClocks
from appraisal.evidence.intake.verdicts import Durations, Timing, Verdict, anomalies, counting, decide, durations
from appraisal.evidence.intake.worklogs import WORKLOG_INPUTS, worklog_figures
from appraisal.evidence.models import Anomaly, Exclusion, TargetKind

__all__ = [
    "EVENTS",
    "REPORT_INPUTS",
    "TICKET_INPUTS",
    "VISIT_INPUTS",
    "WORKLOG_INPUTS",
    "Rules",
    "TargetRule",
    "report_figures",
    "ticket_figures",
    "visit_figures",
    "worklog_figures",
]

TICKET_INPUTS = (
    *("external_id", *SCOPE_INPUTS, "waived", "engineer_id", "reopen_count", "opened_at", "first_response_at"),
    *("resolved_at", "closed_at", "response_due_at", "resolution_due_at", "source_response_met"),
    "source_resolution_met",
)
# Scope and completion are those of the ticket.
VISIT_INPUTS = (
    *(*SCOPE_INPUTS, "ticket_completed_at", "waived", "exclusion", "dispatched_at", "arrived_at"),
    *("arrival_due_at", "appointment_until_at"),
)
REPORT_INPUTS = (*SCOPE_INPUTS, "waived", "service_ended_at", "submitted_at", "received_at")


def ticket_figures(
    frame: pl.DataFrame, *, source: str, rules: Rules, events: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Return the figures of tickets of one source, row by row; ``frame`` has ``TICKET_INPUTS``.

    ``events`` (``EVENTS``) are those of these tickets that count. The result has ``priority`` and
    ``reopen_count`` too, which replace the frame's: what the events say goes before what the file says.
    """
    return by_calendar(frame, rules, lambda part, calendar: _tickets(part, source, rules, calendar, events))


def visit_figures(frame: pl.DataFrame, *, source: str, rules: Rules) -> pl.DataFrame:
    """Return the figures of visits of one source, row by row; ``frame`` has ``VISIT_INPUTS``."""
    return by_calendar(frame, rules, lambda part, calendar: _visits(part, source, rules, calendar))


def report_figures(frame: pl.DataFrame, *, source: str, rules: Rules) -> pl.DataFrame:
    """Return the figures of service reports of one source, row by row; ``frame`` has ``REPORT_INPUTS``."""
    return by_calendar(frame, rules, lambda part, calendar: _reports(part, source, rules, calendar))


def _tickets(
    frame: pl.DataFrame, source: str, rules: Rules, calendar: CalendarRules, events: pl.DataFrame | None
) -> pl.DataFrame:
    clocks = TicketClocks.of(frame, source=source, rules=rules, calendar=calendar, events=events)
    opened, response, stop, history = clocks.opened, clocks.response, clocks.stop, clocks.history
    plain, held, scope = clocks.plain, clocks.held, clocks.scope
    given, closed = (Column.of(frame[name]) for name in ("resolved_at", "closed_at"))

    answered = durations(plain, response)
    answer = decide(
        plain,
        response,
        answered,
        clocks.response_scope.promise(TargetKind.RESPONSE, rules),
        due=Column.of(frame["response_due_at"]),
        word=Column.of(frame["source_response_met"]),
    ).only(counting(frame, TargetKind.RESPONSE))
    responder, answered = _responder(frame, history, response, answer, answered, clocks.business)

    taken = durations(held, stop)
    solution = decide(
        held,
        stop,
        taken,
        scope.promise(TargetKind.RESOLUTION, rules),
        due=Column.of(frame["resolution_due_at"]),
        word=Column.of(frame["source_resolution_met"]),
    ).only(counting(frame, TargetKind.RESOLUTION))
    overdue = solution.broken_at.only(counting(frame, TargetKind.FOLLOWUP))
    overdue = overdue.only(~exempt(overdue=overdue, stop=stop, plain=plain.business, held=held.business))
    follow_up = _follow_up(overdue, stop, history, scope.promise(TargetKind.FOLLOWUP, rules), held)

    return pl.DataFrame(
        {"completed_at": stop.series("completed_at", INSTANT)}
        | answered.only(counting(frame, TargetKind.RESPONSE)).named("response")
        | answer.named("response")
        | taken.only(clocks.resolved.known & counting(frame, TargetKind.RESOLUTION)).named("resolution")
        | solution.named("resolution")
        | {
            "answered_at": response.series("answered_at", INSTANT),
            "response_engineer_id": responder.series("response_engineer_id"),
            "response_share": answer.share.series("response_share"),
            "resolution_share": solution.share.series("resolution_share"),
            "priority": clocks.priority.series("priority"),
            "reopen_count": history.reopen_counts(Column.of(frame["reopen_count"])).series("reopen_count"),
            "first_resolved_at": history.first_resolved().series("first_resolved_at", INSTANT),
            "overdue_at": overdue.series("overdue_at", INSTANT),
            "followup_breach_at": follow_up.series("followup_breach_at", INSTANT),
            "anomalies": anomalies(
                frame.height,
                (Anomaly.RESPONSE_BEFORE_OPENED, too_early(opened, response)),
                (Anomaly.RESOLVED_BEFORE_OPENED, too_early(opened, given)),
                (Anomaly.CLOSED_BEFORE_OPENED, too_early(opened, closed)),
            ),
        }
    )


def _responder(
    frame: pl.DataFrame,
    history: Histories,
    response: Column,
    answer: Verdict,
    answered: Durations,
    business: BusinessTime,
) -> tuple[Column, Durations]:
    """Return who held each ticket when its response was decided, and the time it took from then on (SPEC G9).

    Until somebody holds it, and without a history, that is the ticket's engineer, from its opening on.
    """
    engineer = Column.of(frame["engineer_id"])
    holder, since = history.holding(answer.decided_at.otherwise(response))
    own = np.flatnonzero(since.known)
    if not len(own):
        return engineer, answered
    responder = Column(
        np.where(since.known, holder.values, engineer.values), np.where(since.known, holder.known, engineer.known)
    )
    start = Column.of(frame["opened_at"]).values.copy()
    start[own] = np.maximum(start[own], since.values[own])
    timed = own[answered.calendar.known[own]]
    calendar, hours = CalendarTime(), business
    stop = np.maximum(response.values[timed], start[timed])
    return responder, Durations(
        calendar=answered.calendar.with_values(timed, calendar.between(start[timed], stop)),
        business=answered.business.with_values(timed, hours.between(start[timed], stop)),
    )


def _follow_up(overdue: Column, stop: Column, history: Histories, promise: Promise, held: Timing) -> Column:
    working = Promise(promise.seconds.only(promise.business), promise.business)
    broken = broken_at(overdue=overdue, stop=stop, touches=history.touches, promise=working, watch=held.business)
    lasting = Promise(promise.seconds.only(~promise.business), promise.business)
    if not lasting.seconds.known.any():
        return broken
    watch = Stopwatch(CalendarTime(), held.start.values, history.holds)
    return broken.otherwise(
        broken_at(overdue=overdue, stop=stop, touches=history.touches, promise=lasting, watch=watch)
    )


def _visits(frame: pl.DataFrame, source: str, rules: Rules, calendar: CalendarRules) -> pl.DataFrame:
    dispatched, arrived = Column.of(frame["dispatched_at"]), Column.of(frame["arrived_at"])
    completed = Column.of(frame["ticket_completed_at"])
    timing = _timing(dispatched, calendar, [arrived])
    travelled = durations(timing, arrived)
    verdict = decide(
        timing,
        arrived,
        travelled,
        Scope(source=source, frame=frame, start=dispatched, zone=calendar.zone).promise(TargetKind.ARRIVAL, rules),
        due=Column.of(frame["arrival_due_at"]),
        not_before=Column.of(frame["appointment_until_at"]),
    )
    # Whoever solves a case on site without checking in has not arrived in time, until that is settled (SPEC G10).
    counts = (frame["exclusion"] == Exclusion.NONE.value).to_numpy()
    unseen = completed.known & ~arrived.known & counts & (completed.values >= dispatched.values)
    rows = np.flatnonzero(unseen)
    verdict = verdict.missed_at(rows, verdict.decided_at.earlier(completed).values[rows])
    counted = counting(frame, TargetKind.ARRIVAL)
    found = anomalies(
        frame.height,
        (Anomaly.ARRIVED_BEFORE_DISPATCHED, too_early(dispatched, arrived)),
        (Anomaly.NO_CHECK_IN, unseen),
    )
    return pl.DataFrame(
        travelled.only(counted).named("arrival")
        | verdict.only(counted).named("arrival")
        | {"arrival_share": verdict.only(counted).share.series("arrival_share"), "anomalies": found}
    )


def _reports(frame: pl.DataFrame, source: str, rules: Rules, calendar: CalendarRules) -> pl.DataFrame:
    ended, received = Column.of(frame["service_ended_at"]), Column.of(frame["received_at"])
    submitted = Column.of(frame["submitted_at"])
    # A device that claims to have sent what had long arrived has a wrong clock.
    submitted = Column(
        np.where(too_early(submitted, received.only(submitted.known)), received.values, submitted.values),
        submitted.known,
    ).otherwise(received)
    timing = _timing(ended, calendar, [submitted])
    taken = durations(timing, submitted)
    verdict = decide(
        timing,
        submitted,
        taken,
        Scope(source=source, frame=frame, start=ended, zone=calendar.zone).promise(TargetKind.REPORT, rules),
        due=Column.nothing(frame.height),
    )
    counted = counting(frame, TargetKind.REPORT)
    found = anomalies(frame.height, (Anomaly.REPORT_BEFORE_SERVICE, too_early(ended, submitted)))
    return pl.DataFrame(
        taken.only(counted).named("report") | verdict.only(counted).named("report") | {"anomalies": found}
    )


def _timing(start: Column, calendar: CalendarRules, stops: list[Column]) -> Timing:
    business = BusinessTime(calendar, [start, *stops])
    return Timing(
        start=start,
        calendar=Stopwatch(CalendarTime(), start.values),
        business=Stopwatch(business, start.values),
    )
