"""What a list of cases shows of each: the instants and marks that decide whether it counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from appraisal.evidence.kinds import KINDS, field_label
from appraisal.evidence.templatetags.records import percent_of
from appraisal.kpis.measures import Evidence, Measure
from appraisal.reports.steps import precise
from engineers.templatetags.ui import duration

FactValue = datetime | date | bool | int | str | None


@dataclass(frozen=True, kw_only=True)
class CaseFact:
    name: str
    label: str
    value: FactValue


# By measure where it matters what decides, else by kind of evidence.
NAMES: Mapping[str, tuple[str, ...]] = {
    "first_response_time": ("opened_at", "answered_at"),
    "response_sla_rate": ("opened_at", "answered_at", "response_due", "response_share", "response_decided_at"),
    "followup_continuity": ("overdue_at", "followup_breach_at", "completed_at"),
    "resolution_time": ("opened_at", "resolved_at"),
    "response_time_share": ("opened_at", "answered_at", "response_due", "response_share"),
    "resolution_time_share": ("opened_at", "resolved_at", "resolution_due", "resolution_share"),
    "resolution_sla_rate": ("opened_at", "resolved_at", "resolution_due", "resolution_share", "resolution_decided_at"),
    "major_issue_resolution_rate": (
        *("opened_at", "resolved_at", "resolution_due", "resolution_share", "resolution_decided_at"),
    ),
    "problem_resolution_rate": ("opened_at", "completed_at", "resolution_due"),
    "independent_resolution_rate": ("resolved_at", "escalated", "assisted"),
    "first_time_fix_rate": ("completed_at", "visit_count", "reopen_count", "follow_up_count"),
    "repeat_repair_rate": ("resolved_at", "asset", "fault", "repeat_after_us"),
    "reopen_rate": ("completed_at", "reopen_count"),
    "arrival_time": ("dispatched_at", "arrived_at"),
    "arrival_time_share": ("dispatched_at", "arrived_at", "arrival_due", "arrival_share"),
    "arrival_sla_rate": ("dispatched_at", "arrived_at", "arrival_due", "arrival_share", "arrival_decided_at"),
    Evidence.TICKETS: ("opened_at", "completed_at"),
    Evidence.VISITS: ("dispatched_at", "arrived_at"),
    Evidence.SURVEYS: ("delivered_at", "responded_at", "score_hundredths", "attitude_hundredths", "recommend"),
    Evidence.COMPLAINTS: ("received_at", "type", "severity", "verdict", "cause"),
    Evidence.REPORTS: ("service_ended_at", "submitted_at", "report_due", "report_decided_at"),
    Evidence.AUDITS: ("audited_at", "items_sum", "items_count", "diagnosis_correct"),
    Evidence.WORKLOGS: ("day", "logged_at", "wrench_minutes", "travel_minutes"),
    Evidence.HANDOVERS: ("raised_at", "due_at", "decided_at", "accepted"),
    Evidence.TRAINING: ("assigned_at", "completed_at", "hours_hundredths", "passed"),
    Evidence.EXAMS: ("offered_at", "taken_at", "score_hundredths", "is_resit", "valid_until"),
    Evidence.CERTIFICATES: ("issued_on", "expires_on"),
    Evidence.ARTICLES: ("submitted_at", "approved_at"),
    Evidence.ARTICLE_USES: ("used_at", "ticket_label"),
    Evidence.METRICS: ("measured_on", "value_millionths", "weight_millionths"),
}

_DUE, _DECIDED, _TAKEN = _("due"), _("decided"), _("of the time promised")
_LABELS: Mapping[str, str | Promise] = {
    "response_due": _DUE,
    "resolution_due": _DUE,
    "arrival_due": _DUE,
    "report_due": _DUE,
    "response_decided_at": _DECIDED,
    "resolution_decided_at": _DECIDED,
    "arrival_decided_at": _DECIDED,
    "report_decided_at": _DECIDED,
    "response_share": _TAKEN,
    "resolution_share": _TAKEN,
    "arrival_share": _TAKEN,
    "audited_at": _("audited"),
    "items_sum": _("sum of the items"),
    "items_count": _("items that apply"),
    "diagnosis_correct": _("first diagnosis was the cause"),
}
_SHARE = "_share"
_WHOLES = {"_hundredths": 100, "_millionths": 10**6}


def fact_names(measure: Measure, evidence: str) -> tuple[str, ...]:
    """Return what to show of the records of a part; a composed measure shows what its kind of evidence has."""
    return NAMES[measure.id] if measure.id in NAMES else NAMES[evidence]


def fact_label(evidence: str, name: str) -> str:
    if name in _LABELS:
        return str(_LABELS[name])
    return field_label(KINDS[evidence].code, name)


def fact_of(record: Any, evidence: str, name: str) -> CaseFact:
    return CaseFact(name=name, label=fact_label(evidence, name), value=_value(record, name))


def _value(record: Any, name: str) -> FactValue:
    if name in _DUES:
        return _DUES[name](record)
    if hasattr(record, f"get_{name}_display"):
        return str(getattr(record, f"get_{name}_display")())
    value = getattr(record, name)
    if name.endswith("_us"):
        return None if value is None else duration(value)
    if name.endswith(_SHARE):
        return percent_of(value)
    for ending, whole in _WHOLES.items():
        if name.endswith(ending):
            return None if value is None else precise(Decimal(value) / whole)
    shown: FactValue = value
    return shown


def _due(clock: str, stop: str, told: str = "") -> Callable[[Any], datetime | None]:
    """Read off until when something was due: what was not stopped before was decided then (SPEC G6)."""

    def read(record: Any) -> datetime | None:
        decided: datetime | None = getattr(record, f"{clock}_decided_at")
        if decided is not None and decided != getattr(record, stop):
            return decided
        # The source's own day counts only where no promise of ours does; of one that was kept the share is shown.
        is_ours = getattr(record, f"{clock}_share", None) is not None
        due: datetime | None = getattr(record, told) if told and not is_ours else None
        return due

    return read


_DUES: Mapping[str, Callable[[Any], datetime | None]] = {
    "response_due": _due("response", "answered_at", "response_due_at"),
    "resolution_due": _due("resolution", "completed_at", "resolution_due_at"),
    "arrival_due": _due("arrival", "arrived_at", "arrival_due_at"),
    "report_due": _due("report", "submitted_at"),
}
