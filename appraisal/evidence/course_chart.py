"""A ticket's course as a chart: when its clocks ran and stood still, what happened, and until when it was due."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from appraisal.evidence.intake.ticket_clocks import Stretch, StretchState, TicketCourse
from appraisal.evidence.models import EventType, Exclusion, PauseReason, Ticket
from engineers.charts import Chart
from engineers.clock import reader_time
from engineers.templatetags.ui import duration

CLOCK, HAPPENED, VISITS = range(3)
_MARKED = (EventType.ASSIGNED, EventType.REOPENED)


def course_chart(ticket: Ticket, course: TicketCourse, *, now: datetime) -> Chart:
    """Return the chart; its table lists the stretches, which add up to the figures of the ticket."""
    calendar_us = sum(stretch.calendar_us for stretch in course.stretches)
    business_us = sum(stretch.business_us for stretch in course.stretches)
    marks = list(_marks(ticket))
    spans = [*map(_span, course.stretches), *_visits(ticket, now)]
    moments = [at for at, _name in marks] + [each for span in spans for each in (span["from"], span["to"])]
    dues = [
        (at, name)
        for at, name in ((course.response_due_at, _("response due")), (course.resolution_due_at, _("resolution due")))
        if at
    ]
    moments += [_wall(at) for at, _name in dues]
    first, last = min(moments), max(moments)
    said = (
        _("open for %(business)s of business time")
        if course.is_open
        else _("done after %(business)s of business time")
    )
    return Chart(
        key="course",
        title=_("Course of the ticket"),
        summary=f"{ticket.external_id}: {said % {'business': duration(business_us)}}",
        data={
            "kind": "course",
            "lanes": [pgettext("what a case was waiting for", "Time"), _("What happened"), _("Visits")],
            "from": first,
            "to": last,
            "days": 1 + (datetime.fromisoformat(last).date() - datetime.fromisoformat(first).date()).days,
            "spans": spans,
            "marks": [{"lane": HAPPENED, "at": at, "name": name} for at, name in marks],
            "dues": [{"at": _wall(at), "name": name} for at, name in dues],
        },
        header=(_("From – to"), _("Calendar time"), _("Business time")),
        rows=(
            *(
                (_label(stretch), duration(stretch.calendar_us), duration(stretch.business_us))
                for stretch in course.stretches
            ),
            (_("Sum"), duration(calendar_us), duration(business_us)),
        ),
    )


def _span(stretch: Stretch) -> dict[str, Any]:
    return {
        "lane": CLOCK,
        "from": _wall(stretch.start),
        "to": _wall(stretch.stop),
        "state": stretch.state.value,
        "name": _label(stretch),
    }


def _visits(ticket: Ticket, now: datetime) -> Iterator[dict[str, Any]]:
    for visit in ticket.visits.all():
        if visit.arrived_at is None or visit.exclusion != Exclusion.NONE:
            continue
        left = max(visit.left_at or visit.arrived_at, visit.arrived_at)
        yield {
            "lane": VISITS,
            "from": _wall(visit.arrived_at),
            "to": _wall(left),
            "state": "visit",
            "name": _("Visit %(start)s – %(stop)s")
            % {"start": reader_time(visit.arrived_at), "stop": reader_time(left)},
        }


def _marks(ticket: Ticket) -> Iterator[tuple[str, str]]:
    for at, name in (
        (ticket.opened_at, _("Opened")),
        (ticket.answered_at, _("First response")),
        (ticket.resolved_at, _("Resolved")),
        (ticket.closed_at, _("Closed")),
    ):
        if at:
            yield _wall(at), name
    for event in ticket.events.all():
        if event.type in _MARKED and event.exclusion == Exclusion.NONE:
            yield _wall(event.at), str(event.get_type_display())


def _label(stretch: Stretch) -> str:
    states = {
        StretchState.RUNNING: _("running"),
        StretchState.PAUSED: _("paused"),
        StretchState.RESOLVED: _("resolved"),
    }
    reasons = ", ".join(str(PauseReason(reason).label) for reason in stretch.reasons)
    state = states[stretch.state] + (f" ({reasons})" if reasons else "")
    return f"{reader_time(stretch.start)} – {reader_time(stretch.stop)} · {state}"


def _wall(at: datetime) -> str:
    """Return an instant by the reader's clock on the wall, which the chart shows as it stands."""
    return localtime(at).strftime("%Y-%m-%dT%H:%M:%S")
