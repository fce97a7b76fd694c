"""Clock figures once more for what is stored: after a target, a calendar, an event or an exception has changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl
from django.db import connection, transaction
from django.db.models import QuerySet

from appraisal.calendars.queries import Calendars, get_calendars
from appraisal.database import bulk
from appraisal.evidence.intake.figures import (
    EVENTS,
    REPORT_INPUTS,
    TICKET_INPUTS,
    VISIT_INPUTS,
    Rules,
    report_figures,
    ticket_figures,
    visit_figures,
    worklog_figures,
)
from appraisal.evidence.intake.rules import current_rules
from appraisal.evidence.intake.ticket_clocks import TicketCourse, ticket_course
from appraisal.evidence.models import Exclusion, Record, ServiceReport, Ticket, TicketEvent, Visit, WorkLog

KEY = ("source", "external_id")

_TEXTS = frozenset({"external_id", "job_type", "region", "waived", "exclusion", "calendar"})


@dataclass(frozen=True, kw_only=True)
class _Recipe:
    """How the figures of a kind of record are computed: from which columns, and by what."""

    model: type[Record]
    start: str  # must be there when a row is written
    inputs: Mapping[str, str]  # name in the figures' frame: path in the model
    figures: Callable[[pl.DataFrame, str, Rules], pl.DataFrame]


def _own(names: Iterable[str]) -> dict[str, str]:
    return {name: name for name in names}


def _by_ticket(names: Sequence[str], own: Sequence[str]) -> dict[str, str]:
    """Return inputs of which all but ``own`` are told by the record's ticket."""
    paths = {name: name if name in own else f"ticket__{name.removeprefix('ticket_')}" for name in names}
    return {"external_id": "external_id"} | paths


_VISIT_OWN = ("waived", "exclusion", "dispatched_at", "arrived_at", "arrival_due_at", "appointment_until_at")
_REPORT_OWN = ("waived", "service_ended_at", "submitted_at", "received_at")

TICKETS = _Recipe(
    model=Ticket,
    start="opened_at",
    # From what the source says: an event that is withdrawn must not leave behind what it said.
    inputs=_own(TICKET_INPUTS) | {"priority": "source_priority", "reopen_count": "source_reopen_count"},
    figures=lambda frame, source, rules: ticket_figures(
        frame, source=source, rules=rules, events=events_of(source, frame["external_id"].to_list())
    ),
)
VISITS = _Recipe(
    model=Visit,
    start="dispatched_at",
    inputs=_by_ticket(VISIT_INPUTS, _VISIT_OWN),
    figures=lambda frame, source, rules: visit_figures(frame, source=source, rules=rules),
)
REPORTS = _Recipe(
    model=ServiceReport,
    start="service_ended_at",
    inputs=_by_ticket(REPORT_INPUTS, _REPORT_OWN),
    figures=lambda frame, source, rules: report_figures(frame, source=source, rules=rules),
)
WORKLOGS = _Recipe(
    model=WorkLog,
    start="day",
    inputs=_own(("external_id", "engineer_id", "day", "logged_at")),
    figures=lambda frame, _source, rules: worklog_figures(with_calendars(frame), rules=rules),
)


def batch_size() -> int:
    """Return how many records one transaction may write: SQLite has one writer, who must be quick."""
    return 50_000 if connection.vendor == "postgresql" else 5_000


def recompute_figures(*, source: str | None = None) -> int:
    """Compute all clock figures (of one source) anew; return how many records changed.

    Goes through the tables in batches, each its own transaction, so that others can write in between.
    """
    rules = current_rules()
    # Tickets first: visits look at when theirs was completed.
    return sum(
        _recompute_source(recipe, each, rules)
        for recipe in (TICKETS, VISITS, REPORTS, WORKLOGS)
        for each in ([source] if source is not None else _sources(recipe))
    )


def recompute_tickets(ids: Sequence[int]) -> int:
    """Compute the figures of some tickets anew; return how many changed."""
    return _recompute_some(TICKETS, ids)


def recompute_visits(ids: Sequence[int]) -> int:
    """Compute the figures of some visits anew; return how many changed."""
    return _recompute_some(VISITS, ids)


def recompute_reports(ids: Sequence[int]) -> int:
    """Compute the figures of some service reports anew; return how many changed."""
    return _recompute_some(REPORTS, ids)


def recompute_children(ticket_ids: Sequence[int]) -> int:
    """Compute anew what visits and reports know from their tickets; return how many changed."""
    changed = 0
    for some in _parts(ticket_ids):
        changed += recompute_visits(list(Visit.objects.filter(ticket__in=some).values_list("pk", flat=True)))
        changed += recompute_reports(list(ServiceReport.objects.filter(ticket__in=some).values_list("pk", flat=True)))
    return changed


def recompute_worklogs(ids: Sequence[int]) -> int:
    """Compute the figures of some work logs anew; return how many changed."""
    return _recompute_some(WORKLOGS, ids)


def course_of(ticket: Ticket, *, now: datetime) -> TicketCourse | None:
    """Return the stretches of a ticket's clocks, by the rules and from the records as they are now."""
    rows = list(Ticket.objects.filter(pk=ticket.pk).values(*TICKETS.inputs.values()))
    events = events_of(ticket.source, [ticket.external_id])
    return ticket_course(_frame(TICKETS, rows), source=ticket.source, rules=current_rules(), events=events, now=now)


def events_of(source: str, numbers: Sequence[str]) -> pl.DataFrame:
    """Return the events of some tickets of a source that count, as ``ticket_figures`` takes them."""
    events = TicketEvent.objects.filter(
        ticket__source=source, ticket__external_id__in=numbers, exclusion=Exclusion.NONE
    ).order_by("pk")
    names = ("ticket__external_id", *list(EVENTS)[1:])
    aware = {
        name: pl.Datetime("us", "UTC") if isinstance(kind, pl.Datetime) else kind for name, kind in EVENTS.items()
    }
    frame = pl.DataFrame(list(events.values_list(*names)), schema=aware, orient="row")
    return frame.with_columns(pl.col("at", "until").dt.replace_time_zone(None))


def with_calendars(frame: pl.DataFrame, calendars: Calendars | None = None) -> pl.DataFrame:
    """Add to each row (engineer_id, day) the code of the engineer's calendar on that day."""
    known = (calendars or get_calendars()).calendars_on(
        (engineer_id, day) for engineer_id, day in frame.select("engineer_id", "day").drop_nulls().iter_rows()
    )
    codes = [
        known[engineer_id, day].code if engineer_id is not None else None
        for engineer_id, day in frame.select("engineer_id", "day").iter_rows()
    ]
    return frame.with_columns(pl.Series("calendar", codes, dtype=pl.String))


def _sources(recipe: _Recipe) -> list[str]:
    return list(recipe.model._default_manager.order_by().values_list("source", flat=True).distinct())


def _recompute_source(recipe: _Recipe, source: str, rules: Rules) -> int:
    changed, last = 0, ""
    while True:
        with transaction.atomic():
            records = recipe.model._default_manager.filter(source=source, external_id__gt=last)
            rows = _locked(recipe, records.order_by("external_id")[: batch_size()])
            if not rows:
                return changed
            changed += _write(recipe, rows, source, rules)
            last = rows[-1]["external_id"]


def _recompute_some(recipe: _Recipe, ids: Sequence[int]) -> int:
    if not ids:
        return 0
    rules, changed = current_rules(), 0
    for some in _parts(ids):
        with transaction.atomic():
            records = recipe.model._default_manager.filter(pk__in=some)
            for source in records.order_by("source").values_list("source", flat=True).distinct():
                rows = _locked(recipe, records.filter(source=source).order_by("external_id"))
                changed += _write(recipe, rows, source, rules)
    return changed


def _parts(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    ordered = sorted(set(ids))
    for begin in range(0, len(ordered), batch_size()):
        yield ordered[begin : begin + batch_size()]


def _locked(recipe: _Recipe, records: QuerySet[Any]) -> list[dict[str, Any]]:
    """Read and lock the inputs: what an import corrects meanwhile must not get the figures of before."""
    return list(records.select_for_update(of=("self",)).values(*recipe.inputs.values()))


def _write(recipe: _Recipe, rows: list[dict[str, Any]], source: str, rules: Rules) -> int:
    if not rows:
        return 0
    frame = _frame(recipe, rows)
    figures = recipe.figures(frame, source, rules)
    result = frame.select("external_id", recipe.start, pl.lit(source).alias("source")).hstack(figures)
    return bulk.upsert(recipe.model, result, key=KEY).updated


def _frame(recipe: _Recipe, rows: list[dict[str, Any]]) -> pl.DataFrame:
    data = {name: [row[path] for row in rows] for name, path in recipe.inputs.items()}
    frame = pl.DataFrame(data, schema={name: _dtype(name) for name in recipe.inputs})
    instants = [name for name in frame.columns if name.endswith("_at")]
    return frame.with_columns(pl.col(name).dt.replace_time_zone(None) for name in instants)


def _dtype(name: str) -> Any:
    if name.endswith("_at"):
        return pl.Datetime("us", "UTC")
    if name.endswith("_met"):
        return pl.Boolean
    if name == "day":
        return pl.Date
    return pl.String if name in _TEXTS else pl.Int64
