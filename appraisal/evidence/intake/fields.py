"""The fields a preset may fill, by kind of evidence: their type and their limits are those of the models."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from appraisal.evidence.models import (
    Cause,
    ComplaintType,
    Department,
    EventType,
    EvidenceKind,
    ExamType,
    Exclusion,
    HandoverType,
    JobType,
    Severity,
    Verdict,
)


class FieldType(StrEnum):
    TEXT = "text"
    SLUG = "slug"
    INSTANT = "instant"
    DATE = "date"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    HUNDREDTHS = "hundredths"
    MILLIONTHS = "millionths"
    CHOICE = "choice"


NUMBERS = (FieldType.INTEGER, FieldType.HUNDREDTHS, FieldType.MILLIONTHS)
PLACES = {FieldType.HUNDREDTHS: 2, FieldType.MILLIONTHS: 6}  # decimals that a whole number stands for


@dataclass(frozen=True, kw_only=True)
class TargetField:
    """Limits of text (``longest``) and numbers; ``empty`` is what is stored for an empty cell.

    ``choices`` are all values there are, of a choice or of a number.
    """

    type: FieldType
    required: bool = False
    longest: int | None = None
    lowest: int = 0
    highest: int = 2_147_483_647
    choices: frozenset[str] | frozenset[int] = frozenset()
    empty: str | int | bool | None = None


ENGINEER = "engineer"  # the label of the file; stored as engineer_id
OWNER = "owner"  # likewise
TICKET = "ticket"  # the ticket's number in the file; stored as ticket_number and ticket_id
ARTICLE = "article"  # the article's number in the file; stored as article_number and article_id
LABELS = (ENGINEER, OWNER)
SOURCE_LENGTH = 60

_ID = TargetField(type=FieldType.TEXT, required=True, longest=120)
_ENGINEER = TargetField(type=FieldType.TEXT, longest=100)
_NUMBER = TargetField(type=FieldType.TEXT, longest=120, empty="")
_LABEL = TargetField(type=FieldType.TEXT, longest=200, empty="")
_NAME = TargetField(type=FieldType.TEXT, longest=200, required=True)
_PROSE = TargetField(type=FieldType.TEXT, longest=10_000, empty="")
_INSTANT = TargetField(type=FieldType.INSTANT)
_START = TargetField(type=FieldType.INSTANT, required=True)
_DAY = TargetField(type=FieldType.DATE)
_FIRST_DAY = TargetField(type=FieldType.DATE, required=True)
_FLAG = TargetField(type=FieldType.BOOLEAN)
_NO = TargetField(type=FieldType.BOOLEAN, empty=False)
_YES = TargetField(type=FieldType.BOOLEAN, empty=True)
_PRIORITY = TargetField(type=FieldType.INTEGER, lowest=1, highest=5)
_COUNT = TargetField(type=FieldType.INTEGER, empty=0)
_SCORE = TargetField(type=FieldType.HUNDREDTHS, lowest=100, highest=500)
_LARGEST = 9_000_000_000_000_000_000
_LARGEST_WEIGHT = 1_000_000_000_000_000


def _choice(values: list[str], *, empty: str | None = None) -> TargetField:
    choices = frozenset(value for value in values if value)
    return TargetField(type=FieldType.CHOICE, choices=choices, empty=empty, required=empty is None)


# Withdrawing takes a reason and a person: no file does it.
_EXCLUSION = _choice([value for value in Exclusion.values if value != Exclusion.WITHDRAWN], empty="")
_COMMON = {"external_id": _ID, ENGINEER: _ENGINEER, "exclusion": _EXCLUSION}
_OF_TICKET = {"external_id": _ID, TICKET: _NUMBER, ENGINEER: _ENGINEER, "exclusion": _EXCLUSION}

FIELDS: dict[str, dict[str, TargetField]] = {
    EvidenceKind.TICKETS: {
        **_COMMON,
        OWNER: _ENGINEER,
        "team_label": _LABEL,
        "customer": _LABEL,
        "product": _LABEL,
        "asset": _LABEL,
        "fault": _LABEL,
        "region": TargetField(type=FieldType.TEXT, longest=100, empty=""),
        "distance_km": TargetField(type=FieldType.INTEGER, highest=40_000),
        "category": _LABEL,
        "priority": _PRIORITY,
        "job_type": _choice(JobType.values, empty=JobType.REPAIR.value),
        "no_fault_found": _NO,
        "is_hard": _NO,
        "is_safety": _NO,
        "escalated": _NO,
        "assisted": _NO,
        "parts_missing": _NO,
        "follow_up_of": _NUMBER,
        "opened_at": _START,
        "first_response_at": _INSTANT,
        "resolved_at": _INSTANT,
        "closed_at": _INSTANT,
        "response_due_at": _INSTANT,
        "resolution_due_at": _INSTANT,
        "source_response_met": _FLAG,
        "source_resolution_met": _FLAG,
        "reopen_count": _COUNT,
        "reassignment_count": _COUNT,
    },
    EvidenceKind.EVENTS: {
        **_OF_TICKET,
        "type": _choice(EventType.values),
        "at": _START,
        "until": _INSTANT,
        "is_public": _YES,
        "is_automatic": _NO,
        "reason": TargetField(type=FieldType.TEXT, longest=60, empty=""),
        "old_priority": _PRIORITY,
        "new_priority": _PRIORITY,
        "is_approved": _NO,
        "note": _PROSE,
    },
    EvidenceKind.VISITS: {
        **_OF_TICKET,
        "dispatched_at": _START,
        "arrived_at": _INSTANT,
        "left_at": _INSTANT,
        "arrival_due_at": _INSTANT,
        "appointment_until_at": _INSTANT,
        "minutes": TargetField(type=FieldType.INTEGER, highest=1_000_000),
        "is_assisting": _NO,
    },
    EvidenceKind.SURVEYS: {
        **_OF_TICKET,
        "delivered_at": _INSTANT,
        "responded_at": _INSTANT,
        "score_hundredths": _SCORE,
        "attitude_hundredths": _SCORE,
        "recommend": TargetField(type=FieldType.INTEGER, highest=10),
        "comment": _PROSE,
    },
    EvidenceKind.COMPLAINTS: {
        **_OF_TICKET,
        "customer": _LABEL,
        "received_at": _START,
        "type": _choice(ComplaintType.values, empty=ComplaintType.OTHER.value),
        "severity": TargetField(
            type=FieldType.INTEGER, choices=frozenset(Severity.values), empty=Severity.GENERAL.value
        ),
        "verdict": _choice(Verdict.values, empty=Verdict.PENDING.value),
        "cause": _choice(Cause.values, empty=""),
        "cause_note": _PROSE,
        "corrective_action": _PROSE,
        "is_anonymous": _NO,
        "has_evidence": _NO,
        "decided_at": _INSTANT,
    },
    EvidenceKind.REPORTS: {
        **_OF_TICKET,
        "service_ended_at": _START,
        "submitted_at": _INSTANT,
        "received_at": _INSTANT,
        "problem": _PROSE,
        "solution": _PROSE,
        "result": _PROSE,
        "first_diagnosis": _LABEL,
        "final_cause": _LABEL,
    },
    EvidenceKind.WORKLOGS: {
        **_COMMON,
        "day": _FIRST_DAY,
        "logged_at": _INSTANT,
        "work": _PROSE,
        "problems": _PROSE,
        "wrench_minutes": TargetField(type=FieldType.INTEGER, highest=1_440, empty=0),
        "travel_minutes": TargetField(type=FieldType.INTEGER, highest=1_440, empty=0),
        "other_minutes": TargetField(type=FieldType.INTEGER, highest=1_440, empty=0),
        "tickets": TargetField(type=FieldType.TEXT, longest=500, empty=""),
    },
    EvidenceKind.HANDOVERS: {
        **_COMMON,
        "type": _choice(HandoverType.values, empty=HandoverType.HANDOVER.value),
        "department": _choice(Department.values, empty=Department.OTHER.value),
        "title": _LABEL,
        "raised_at": _START,
        "due_at": _INSTANT,
        "decided_at": _INSTANT,
        "accepted": _FLAG,
    },
    EvidenceKind.TRAINING: {
        **_COMMON,
        "course": _NAME,
        "is_new_technology": _YES,
        "assigned_at": _INSTANT,
        "completed_at": _INSTANT,
        "hours_hundredths": TargetField(type=FieldType.HUNDREDTHS, highest=1_000_000, empty=0),
        "passed": _FLAG,
    },
    EvidenceKind.EXAMS: {
        **_COMMON,
        "type": _choice(ExamType.values, empty=ExamType.KNOWLEDGE.value),
        "title": _LABEL,
        "offered_at": _START,
        "taken_at": _INSTANT,
        "score_hundredths": TargetField(type=FieldType.HUNDREDTHS, highest=10_000),
        "valid_until": _DAY,
        "is_resit": _NO,
    },
    EvidenceKind.CERTIFICATES: {
        **_COMMON,
        "title": _NAME,
        "issued_on": _FIRST_DAY,
        "expires_on": _DAY,
        "is_licence": _NO,
    },
    EvidenceKind.ARTICLES: {
        **_COMMON,
        "title": _NAME,
        "submitted_at": _START,
        "approved_at": _INSTANT,
    },
    EvidenceKind.ARTICLE_USES: {
        **_COMMON,
        ARTICLE: _NUMBER,
        "used_at": _START,
        "ticket_label": _NUMBER,
    },
    EvidenceKind.METRICS: {
        **_COMMON,
        "code": TargetField(type=FieldType.SLUG, required=True, longest=60),
        "name": _LABEL,
        "measured_on": _FIRST_DAY,
        "value_millionths": TargetField(type=FieldType.MILLIONTHS, required=True, lowest=-_LARGEST, highest=_LARGEST),
        "weight_millionths": TargetField(
            type=FieldType.MILLIONTHS, lowest=1, highest=_LARGEST_WEIGHT, empty=1_000_000
        ),
    },
}
