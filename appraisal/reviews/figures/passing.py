"""Figures that change because time passes: due moments that are reached, and days that end (SPEC G6).

Nothing is written then, so that no trigger marks anybody; this sweep does. It compares with the moment the figures
are of, so that it may be called as often as one likes: who was computed since is not marked again.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from django.db.models import Max, Model

from appraisal.calendars.queries import home_zones
from appraisal.cycles.models import Cycle, RunState, StaleFigures
from appraisal.cycles.queries import last_moment
from appraisal.cycles.workflow import UNDER_WAY
from appraisal.evidence.models import ServiceReport, Ticket, Visit
from appraisal.kpis.measures import Window
from appraisal.reviews.models import Review


class Waiting(NamedTuple):
    """Records on which something is still expected by a moment; each such moment may change a figure.

    ``engineers`` are the fields that name whose figure that is.
    """

    model: type[Model]
    unless: str  # the field that says it has happened
    moments: tuple[str, ...]
    engineers: tuple[str, ...]


# As the partial indexes of these tables have it: what is expected is few among all that ever was.
WAITING = (
    Waiting(
        Ticket,
        "completed_at",
        ("response_decided_at", "resolution_decided_at", "overdue_at", "followup_breach_at"),
        ("engineer", "response_engineer", "owner", "visits__engineer"),
    ),
    Waiting(Visit, "arrived_at", ("arrival_decided_at",), ("engineer",)),
    Waiting(ServiceReport, "submitted_at", ("report_decided_at",), ("engineer",)),
)


def mark_what_time_changed(*, now: datetime) -> None:
    """Mark everybody of the cycles under way in which a day has ended, else those for whom a due moment has passed.

    A day ends once in the cycle's zone, and once in each home zone of engineers (SPEC G2).
    """
    zones = [None, *home_zones()]
    for cycle in Cycle.objects.filter(state__in=UNDER_WAY):
        as_of = last_moment(cycle)
        # A run under way has a newer moment, and what nobody has computed yet has none.
        if as_of is None or cycle.runs.filter(state=RunState.RUNNING).exists():
            continue
        windows = [(cycle.window(as_of=as_of, zone=zone), cycle.window(as_of=now, zone=zone)) for zone in zones]
        # Where the cycle ends last it is still open for every moment that may concern somebody.
        then, reached = max(windows, key=lambda pair: pair[1].end)
        if any(before.last_date != after.last_date for before, after in windows):
            _mark_everybody(cycle)
        elif then.end < reached.end:
            _mark_passed(cycle, then, reached)


def _mark_everybody(cycle: Cycle) -> None:
    if not StaleFigures.objects.filter(cycle=cycle, engineer__isnull=True).exists():
        StaleFigures.objects.create(cycle=cycle)


def _mark_passed(cycle: Cycle, then: Window, reached: Window) -> None:
    latest: dict[int, datetime] = {}
    for engineer_id, moment in _passed(then, reached):
        latest[engineer_id] = max(latest.get(engineer_id, moment), moment)
    if not latest:
        return
    reviews = Review.objects.filter(cycle=cycle, engineer__in=latest)
    computed = reviews.values_list("engineer_id", "figures_as_of")
    marked = set(StaleFigures.objects.filter(cycle=cycle).values_list("engineer_id", flat=True))
    StaleFigures.objects.bulk_create(
        StaleFigures(cycle=cycle, engineer_id=engineer_id)
        for engineer_id, figures_as_of in computed
        # A figure holds what lies before its moment.
        if engineer_id not in marked and latest[engineer_id] >= (figures_as_of or then.end)
    )


def _passed(then: Window, reached: Window) -> Iterator[tuple[int, datetime]]:
    """Yield whom a moment since then concerns, with the latest such moment of each kind."""
    for waiting in WAITING:
        open_records = waiting.model._default_manager.filter(**{f"{waiting.unless}__isnull": True})
        for moment in waiting.moments:
            since = open_records.filter(**{f"{moment}__gte": then.end, f"{moment}__lt": reached.end}).order_by()
            for engineer in waiting.engineers:
                named = since.filter(**{f"{engineer}__isnull": False}).values_list(engineer)
                yield from named.annotate(latest=Max(moment))
