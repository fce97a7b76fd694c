"""What happened to a ticket, in the order of time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter

from django.db.models import Q
from django.utils.translation import gettext as _

from appraisal.evidence.models import EventType, Exclusion, PauseReason, Settlement, Ticket, TicketEvent
from engineers.clock import reader_time
from engineers.models import Engineer
from engineers.templatetags.ui import stars


@dataclass(frozen=True, kw_only=True)
class Happening:
    """One line of the timeline; ``kind`` and ``record_id`` lead to the record that says so."""

    at: datetime | None
    what: str
    who: Engineer | None = None
    detail: str = ""
    counts: bool = True
    kind: str = ""
    record_id: int = 0


def timeline_of(ticket: Ticket) -> list[Happening]:
    """Return what happened; a fixed number of queries. What has no time yet comes last."""
    happenings = [
        *_milestones(ticket),
        *_events(ticket),
        *_visits(ticket),
        *_surveys(ticket),
        *_complaints(ticket),
        *_reports(ticket),
        *_settlements(ticket),
    ]
    undated = [each for each in happenings if each.at is None]
    dated = [(each.at, number, each) for number, each in enumerate(happenings) if each.at is not None]
    return [each for _at, _number, each in sorted(dated, key=itemgetter(0, 1))] + undated


def _milestones(ticket: Ticket) -> Iterator[Happening]:
    for at, what in (
        (ticket.opened_at, _("Opened")),
        (ticket.answered_at, _("First response")),
        (ticket.overdue_at, _("Overdue")),
        (ticket.resolved_at, _("Resolved")),
        (ticket.closed_at, _("Closed")),
    ):
        if at:
            yield Happening(at=at, what=what)


def _events(ticket: Ticket) -> Iterator[Happening]:
    for event in ticket.events.select_related("engineer"):
        reason = str(PauseReason(event.reason).label) if event.reason in PauseReason.values else event.reason
        ends = _("until %(time)s") % {"time": reader_time(event.until)} if event.until else ""
        hidden = _("not seen by the customer") if event.type == EventType.UPDATED and not event.is_public else ""
        machine = _("automatic: no answer of a person") if event.is_automatic else ""
        turned = _priorities(event) if event.type == EventType.PRIORITY else ""
        yield Happening(
            at=event.at,
            what=str(event.get_type_display()),
            who=event.engineer,
            detail="; ".join(part for part in (reason, ends, hidden, machine, turned, event.note) if part),
            counts=event.exclusion == Exclusion.NONE,
            kind="events",
            record_id=event.pk,
        )


def _priorities(event: TicketEvent) -> str:
    old, new = event.old_priority or "?", event.new_priority or "?"
    less_urgent = event.old_priority and event.new_priority and event.new_priority > event.old_priority
    if less_urgent and not event.is_approved:
        return _("from %(old)s to %(new)s, not approved: the target stays") % {"old": old, "new": new}
    return _("from %(old)s to %(new)s") % {"old": old, "new": new}


def _visits(ticket: Ticket) -> Iterator[Happening]:
    for visit in ticket.visits.select_related("engineer"):
        parts = [
            _("assisting") if visit.is_assisting else "",
            _("%(minutes)s min on site") % {"minutes": visit.minutes} if visit.minutes is not None else "",
            "" if visit.arrived_at else _("nobody checked in"),
        ]
        yield Happening(
            at=visit.arrived_at or visit.dispatched_at,
            what=_("Visit") if visit.arrived_at else _("Dispatched"),
            who=visit.engineer,
            detail="; ".join(filter(None, parts)),
            counts=visit.exclusion == Exclusion.NONE,
            kind="visits",
            record_id=visit.pk,
        )


def _surveys(ticket: Ticket) -> Iterator[Happening]:
    for survey in ticket.surveys.select_related("engineer"):
        answered = survey.responded_at is not None
        score = _("%(score)s of 5") % {"score": stars(survey.score_hundredths)} if survey.score_hundredths else ""
        yield Happening(
            at=survey.responded_at or survey.delivered_at,
            what=_("Survey answered") if answered else _("Survey sent"),
            who=survey.engineer,
            detail="; ".join(filter(None, [score, survey.comment])),
            counts=survey.exclusion == Exclusion.NONE and survey.is_latest,
            kind="surveys",
            record_id=survey.pk,
        )


def _complaints(ticket: Ticket) -> Iterator[Happening]:
    for complaint in ticket.complaints.select_related("engineer"):
        said = (complaint.get_type_display(), complaint.get_severity_display(), complaint.get_verdict_display())
        yield Happening(
            at=complaint.received_at,
            what=_("Complaint"),
            who=complaint.engineer,
            detail=", ".join(str(part) for part in said),
            counts=complaint.exclusion == Exclusion.NONE,
            kind="complaints",
            record_id=complaint.pk,
        )


def _reports(ticket: Ticket) -> Iterator[Happening]:
    for report in ticket.reports.select_related("engineer"):
        submitted = report.submitted_at or report.received_at
        yield Happening(
            at=submitted or report.service_ended_at,
            what=_("Service report") if submitted else _("Service ended, report missing"),
            who=report.engineer,
            detail=report.final_cause or report.first_diagnosis,
            counts=report.exclusion == Exclusion.NONE,
            kind="reports",
            record_id=report.pk,
        )


def _settlements(ticket: Ticket) -> Iterator[Happening]:
    about = Q(ticket=ticket) | Q(visit__ticket=ticket) | Q(report__ticket=ticket)
    for settlement in Settlement.objects.filter(about):
        yield Happening(
            at=settlement.decided_at,
            what=_("Exception settled"),
            detail="; ".join(
                [str(settlement.get_anomaly_display()), str(settlement.get_decision_display()), settlement.reason]
            ),
        )
