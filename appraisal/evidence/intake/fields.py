"""The fields a preset may fill, by kind of evidence: their type and their limits are those of the models."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from appraisal.evidence.models import EvidenceKind, Exclusion, JobType


class FieldType(StrEnum):
    TEXT = "text"
    INSTANT = "instant"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    HUNDREDTHS = "hundredths"
    CHOICE = "choice"


@dataclass(frozen=True, kw_only=True)
class TargetField:
    """Limits of text (``longest``) and numbers; ``empty`` is what is stored for an empty cell."""

    type: FieldType
    required: bool = False
    longest: int | None = None
    lowest: int = 0
    highest: int = 2_147_483_647
    choices: frozenset[str] = frozenset()
    empty: str | int | bool | None = None


ENGINEER = "engineer"  # the label of the file; stored as engineer_id
TICKET = "ticket"  # the ticket's number in the file; stored as ticket_id

_ID = TargetField(type=FieldType.TEXT, required=True, longest=120)
_ENGINEER = TargetField(type=FieldType.TEXT, longest=100)
_TICKET = TargetField(type=FieldType.TEXT, longest=120)
_LABEL = TargetField(type=FieldType.TEXT, longest=200, empty="")
_INSTANT = TargetField(type=FieldType.INSTANT)
_START = TargetField(type=FieldType.INSTANT, required=True)
_FLAG = TargetField(type=FieldType.BOOLEAN)
_COUNT = TargetField(type=FieldType.INTEGER, empty=0)
_SCORE = TargetField(type=FieldType.HUNDREDTHS, lowest=100, highest=500)
_EXCLUSION = TargetField(
    type=FieldType.CHOICE, choices=frozenset(value for value in Exclusion.values if value), empty=""
)

FIELDS: dict[str, dict[str, TargetField]] = {
    EvidenceKind.TICKETS: {
        "external_id": _ID,
        ENGINEER: _ENGINEER,
        "exclusion": _EXCLUSION,
        "team_label": _LABEL,
        "customer": _LABEL,
        "product": _LABEL,
        "category": _LABEL,
        "priority": TargetField(type=FieldType.INTEGER, lowest=1, highest=5),
        "job_type": TargetField(type=FieldType.CHOICE, choices=frozenset(JobType.values), empty=JobType.REPAIR.value),
        "no_fault_found": TargetField(type=FieldType.BOOLEAN, empty=False),
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
    EvidenceKind.VISITS: {
        "external_id": _ID,
        TICKET: _TICKET,
        ENGINEER: _ENGINEER,
        "exclusion": _EXCLUSION,
        "dispatched_at": _START,
        "arrived_at": _INSTANT,
        "left_at": _INSTANT,
        "arrival_due_at": _INSTANT,
    },
    EvidenceKind.SURVEYS: {
        "external_id": _ID,
        TICKET: _TICKET,
        ENGINEER: _ENGINEER,
        "exclusion": _EXCLUSION,
        "delivered_at": _INSTANT,
        "responded_at": _INSTANT,
        "score_hundredths": _SCORE,
        "attitude_hundredths": _SCORE,
        "comment": TargetField(type=FieldType.TEXT, longest=10_000, empty=""),
    },
}
