"""What happened, and what was promised. One file per kind of record."""

from appraisal.evidence.models.base import (
    Anomaly,
    EvidenceKind,
    Exclusion,
    JobType,
    Record,
)
from appraisal.evidence.models.customers import (
    Cause,
    Complaint,
    ComplaintType,
    Severity,
    Survey,
    Verdict,
)
from appraisal.evidence.models.exceptions import (
    Decision,
    Settlement,
)
from appraisal.evidence.models.imports import (
    EvidenceImport,
    ImportReject,
    ImportState,
    SavedPreset,
)
from appraisal.evidence.models.learning import (
    Article,
    ArticleUse,
    Certificate,
    Exam,
    ExamType,
    Training,
)
from appraisal.evidence.models.metrics import (
    Metric,
)
from appraisal.evidence.models.reports import (
    AuditItem,
    AuditSample,
    ReportAudit,
    ServiceReport,
)
from appraisal.evidence.models.targets import (
    LONGEST_TARGET_MINUTES,
    FigureUpdate,
    Target,
    TargetClock,
    TargetKind,
)
from appraisal.evidence.models.tickets import (
    EventType,
    PauseReason,
    Ticket,
    TicketEvent,
    Visit,
)
from appraisal.evidence.models.work import (
    Department,
    Handover,
    HandoverType,
    WorkLog,
    WorkLogEntry,
)

__all__ = [
    "LONGEST_TARGET_MINUTES",
    "Anomaly",
    "Article",
    "ArticleUse",
    "AuditItem",
    "AuditSample",
    "Cause",
    "Certificate",
    "Complaint",
    "ComplaintType",
    "Decision",
    "Department",
    "EventType",
    "EvidenceImport",
    "EvidenceKind",
    "Exam",
    "ExamType",
    "Exclusion",
    "FigureUpdate",
    "Handover",
    "HandoverType",
    "ImportReject",
    "ImportState",
    "JobType",
    "Metric",
    "PauseReason",
    "Record",
    "ReportAudit",
    "SavedPreset",
    "ServiceReport",
    "Settlement",
    "Severity",
    "Survey",
    "Target",
    "TargetClock",
    "TargetKind",
    "Ticket",
    "TicketEvent",
    "Training",
    "Verdict",
    "Visit",
    "WorkLog",
    "WorkLogEntry",
]
