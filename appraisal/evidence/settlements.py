"""What HR decides about bad data before a cycle is locked: excused, the clock gives no figure; upheld, it counts.

Source: SPEC G10. An exception that nobody settles counts against the engineer, else skipping the check-in would pay.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from appraisal.evidence.exceptions import EXCEPTIONS
from appraisal.evidence.intake import following
from appraisal.evidence.intake.errors import Sentence
from appraisal.evidence.kinds import KINDS
from appraisal.evidence.models import Anomaly, Decision, Record, Settlement, TargetKind
from engineers.audit import record as audit
from engineers.models import User

# The clock that gives no figure when an anomaly is excused.
CLOCKS: dict[str, TargetKind] = {
    Anomaly.RESPONSE_BEFORE_OPENED: TargetKind.RESPONSE,
    Anomaly.RESOLVED_BEFORE_OPENED: TargetKind.RESOLUTION,
    Anomaly.CLOSED_BEFORE_OPENED: TargetKind.RESOLUTION,
    Anomaly.ARRIVED_BEFORE_DISPATCHED: TargetKind.ARRIVAL,
    Anomaly.NO_CHECK_IN: TargetKind.ARRIVAL,
    Anomaly.REPORT_BEFORE_SERVICE: TargetKind.REPORT,
}

REFUSALS: dict[str, Sentence] = {
    "reason_missing": _("Say why."),
    "no_such_exception": _("The record has no such exception."),
    "decided_so_already": _("That is what is decided already."),
}


class SettlementRefused(Exception):
    """A settlement that breaks a rule; ``code`` says which."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)

    def __str__(self) -> str:
        return str(REFUSALS[self.code])


@transaction.atomic
def settle_exception(
    *, about: str, record_id: int, anomaly: Anomaly, decision: Decision, reason: str, by: User, now: datetime
) -> Settlement:
    """Decide about one anomaly of a ticket, visit or report (``about``); a later decision replaces an earlier one.

    Raises SettlementRefused.
    """
    if not reason.strip():
        raise SettlementRefused("reason_missing")
    kind = KINDS[EXCEPTIONS[about][0]]
    record: Record = kind.model._default_manager.select_for_update().get(pk=record_id)
    earlier = _latest(about, record)
    # Once excused, the clock is silent and may not show the anomaly any more: it stays open to another decision.
    if anomaly not in record.anomalies.split(",") and anomaly not in earlier:
        raise SettlementRefused("no_such_exception")
    if earlier.get(anomaly) == decision:
        raise SettlementRefused("decided_so_already")
    settlement = Settlement.objects.create(
        **{about: record}, anomaly=anomaly, decision=decision, reason=reason.strip(), decided_by=by, decided_at=now
    )
    waived = record.waived
    record.waived = ",".join(
        sorted({CLOCKS[each] for each, word in (earlier | {anomaly: decision}).items() if word == Decision.EXCUSED})
    )
    record.save(update_fields=["waived"])
    following.refigure(kind.code, record.pk)
    audit(
        action="evidence.exception_settled",
        target=record,
        by=by,
        now=now,
        before={"decision": earlier.get(anomaly), "waived": waived},
        after={"anomaly": anomaly, "decision": decision, "waived": record.waived},
        reason=settlement.reason,
    )
    return settlement


def _latest(about: str, record: Record) -> dict[str, str]:
    """Return what is decided so far, by anomaly."""
    settled = Settlement.objects.filter(**{about: record}).order_by("pk")
    return dict(settled.values_list("anomaly", "decision"))
