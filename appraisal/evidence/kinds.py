"""Every kind of evidence, declared once: import, pages, API and withdrawal are the same code for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import DateField, Field
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from appraisal.evidence.intake.fields import ARTICLE, ENGINEER, FIELDS, OWNER, TICKET, FieldType, TargetField
from appraisal.evidence.models import (
    Article,
    ArticleUse,
    Certificate,
    Complaint,
    EvidenceKind,
    Exam,
    Handover,
    Metric,
    Record,
    ServiceReport,
    Survey,
    Ticket,
    TicketEvent,
    Training,
    Visit,
    WorkLog,
)

# Where the model's own field name is about how it is stored, not about what it means.
LABELS: Mapping[str, str | Promise] = {
    "score_hundredths": _("score"),
    "attitude_hundredths": _("attitude"),
    "author": _("author"),
    "ticket": _("ticket"),
    "article": _("article"),
    "response_us": _("time to the first response"),
    "response_business_us": _("business time to the first response"),
    "response_met": _("response in time"),
    "resolution_us": _("time to the resolution"),
    "resolution_business_us": _("business time to the resolution"),
    "resolution_met": _("resolution in time"),
    "repeat_after_us": _("repeated after"),
    "arrival_us": _("time to the arrival"),
    "arrival_business_us": _("business time to the arrival"),
    "arrival_met": _("arrival in time"),
    "report_us": _("time to the report"),
    "report_business_us": _("business time to the report"),
    "report_met": _("report in time"),
    "logged_in_time": _("logged in time"),
    "priority_in_force": _("priority in force"),
    "reopenings": _("reopenings of the same case"),
    "response_share": _("share of the time promised for the response"),
    "resolution_share": _("share of the time promised for the resolution"),
    "arrival_share": _("share of the time promised for the arrival"),
}
# Where a field of the intake, or what is shown of a record, is stored under another name.
_ATTRIBUTES: Mapping[tuple[str, str], str] = {
    ("", TICKET): "ticket_number",
    ("", ARTICLE): "article_number",
    (EvidenceKind.TICKETS, "priority"): "source_priority",
    (EvidenceKind.TICKETS, "reopen_count"): "source_reopen_count",
    (EvidenceKind.TICKETS, "priority_in_force"): "priority",
    (EvidenceKind.TICKETS, "reopenings"): "reopen_count",
}


@dataclass(frozen=True, kw_only=True)
class Kind:
    """``date_field`` narrows lists; ``columns`` stand in lists, ``derived`` on its page too."""

    kind: EvidenceKind
    model: type[Record]
    date_field: str
    columns: tuple[str, ...]
    search: tuple[str, ...] = ()
    derived: tuple[str, ...] = ()

    @property
    def code(self) -> str:
        return self.kind.value

    @property
    def label(self) -> str | Promise:
        return self.kind.label

    @property
    def singular(self) -> str | Promise:
        return self.model._meta.verbose_name or self.code

    @property
    def fields(self) -> Mapping[str, TargetField]:
        return FIELDS[self.kind]

    @property
    def refers_to_ticket(self) -> bool:
        return TICKET in self.fields

    @property
    def refers_to_article(self) -> bool:
        return ARTICLE in self.fields

    @property
    def starts_with_a_day(self) -> bool:
        """Whether its date is a day of the calendar rather than an instant."""
        return self.fields[self.date_field].type is FieldType.DATE

    def attribute(self, name: str) -> str:
        """Return the attribute of the model that holds what a field says, or what is shown under a name."""
        return _ATTRIBUTES.get((self.kind, name)) or _ATTRIBUTES.get(("", name), name)


KINDS: Mapping[str, Kind] = {
    each.code: each
    for each in (
        Kind(
            kind=EvidenceKind.TICKETS,
            model=Ticket,
            date_field="opened_at",
            columns=("customer", "category", "priority_in_force", "opened_at", "completed_at"),
            search=("customer", "category", "asset"),
            derived=(
                *("completed_at", "answered_at", "first_resolved_at", "response_engineer", "visit_count"),
                *("visit_minutes", "follow_up_count", "priority_in_force", "reopenings"),
                *("response_us", "response_business_us", "response_met", "response_share"),
                *("resolution_us", "resolution_business_us", "resolution_met", "resolution_share"),
                *("overdue_at", "followup_breach_at", "repeat_after_us"),
            ),
        ),
        Kind(
            kind=EvidenceKind.EVENTS,
            model=TicketEvent,
            date_field="at",
            columns=("ticket", "type", "at", "until", "reason"),
            search=("ticket_number", "note"),
        ),
        Kind(
            kind=EvidenceKind.VISITS,
            model=Visit,
            date_field="dispatched_at",
            columns=("ticket", "dispatched_at", "arrived_at", "minutes", "is_assisting"),
            search=("ticket_number",),
            derived=("is_first", "arrival_us", "arrival_business_us", "arrival_met", "arrival_share"),
        ),
        Kind(
            kind=EvidenceKind.SURVEYS,
            model=Survey,
            date_field="responded_at",
            columns=("ticket", "delivered_at", "responded_at", "score_hundredths", "recommend"),
            search=("ticket_number", "comment"),
            derived=("is_latest",),
        ),
        Kind(
            kind=EvidenceKind.COMPLAINTS,
            model=Complaint,
            date_field="received_at",
            columns=("ticket", "received_at", "type", "severity", "verdict", "cause"),
            search=("ticket_number", "customer"),
        ),
        Kind(
            kind=EvidenceKind.REPORTS,
            model=ServiceReport,
            date_field="service_ended_at",
            columns=("ticket", "service_ended_at", "submitted_at", "report_met"),
            search=("ticket_number", "problem", "final_cause"),
            derived=("report_us", "report_business_us", "report_met"),
        ),
        Kind(
            kind=EvidenceKind.WORKLOGS,
            model=WorkLog,
            date_field="day",
            columns=("day", "logged_at", "logged_in_time", "wrench_minutes", "travel_minutes"),
            search=("work",),
            derived=("logged_in_time",),
        ),
        Kind(
            kind=EvidenceKind.HANDOVERS,
            model=Handover,
            date_field="raised_at",
            columns=("type", "department", "title", "raised_at", "due_at", "accepted"),
            search=("title",),
        ),
        Kind(
            kind=EvidenceKind.TRAINING,
            model=Training,
            date_field="assigned_at",
            columns=("course", "assigned_at", "completed_at", "hours_hundredths", "passed"),
            search=("course",),
        ),
        Kind(
            kind=EvidenceKind.EXAMS,
            model=Exam,
            date_field="offered_at",
            columns=("type", "title", "offered_at", "taken_at", "score_hundredths"),
            search=("title",),
        ),
        Kind(
            kind=EvidenceKind.CERTIFICATES,
            model=Certificate,
            date_field="issued_on",
            columns=("title", "issued_on", "expires_on", "is_licence"),
            search=("title",),
        ),
        Kind(
            kind=EvidenceKind.ARTICLES,
            model=Article,
            date_field="submitted_at",
            columns=("title", "submitted_at", "approved_at"),
            search=("title",),
        ),
        Kind(
            kind=EvidenceKind.ARTICLE_USES,
            model=ArticleUse,
            date_field="used_at",
            columns=("article", "author", "used_at", "ticket_label"),
            search=("article_number", "ticket_label"),
            derived=("author",),
        ),
        Kind(
            kind=EvidenceKind.METRICS,
            model=Metric,
            date_field="measured_on",
            columns=("code", "name", "measured_on", "value_millionths", "weight_millionths"),
            search=("code", "name"),
        ),
    )
}

MODELS: Mapping[str, type[Record]] = {code: kind.model for code, kind in KINDS.items()}
PEOPLE = (ENGINEER, OWNER, "author", "response_engineer")


def field_label(kind: str, name: str) -> str:
    """Return what people call a field."""
    if name in LABELS:
        return str(LABELS[name])
    return str(model_field(kind, name).verbose_name)


def model_field(kind: str, name: str) -> Field:
    """Return the field of the model that holds what a field of the intake says."""
    field = MODELS[kind]._meta.get_field(name)
    assert isinstance(field, Field)  # noqa: S101 -- none of them is a relation from the other side
    return field


def is_day(kind: str, name: str) -> bool:
    return type(model_field(kind, name)) is DateField
