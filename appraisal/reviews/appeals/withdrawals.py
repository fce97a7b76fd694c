"""Disputes and appeals taken back by who filed them, as long as nobody decided them."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from appraisal.cycles.workflow import UNDER_WAY
from appraisal.reviews import access, workflow
from appraisal.reviews.appeals import notices as appeal_notices
from appraisal.reviews.appeals.actions import move_on, open_appeal
from appraisal.reviews.appeals.disputes import refuse_unless_open, told
from appraisal.reviews.models import Appeal, Dispute, Outcome
from engineers.audit import record
from engineers.models import User


@transaction.atomic
def withdraw_dispute(*, review_id: int, dispute_id: int, by: User, now: datetime, reason: str = "") -> Dispute:
    """Take one's dispute back: the case counts as before, its clock stops, and it can be disputed anew.

    Raises Http404 unless the review is one's own, and ValidationError for what is decided already or belongs to an
    appeal, and once the cycle is published.
    """
    review = access.get_own_review(viewer=by, review_id=review_id, lock=True)
    dispute = access.get_dispute(viewer=by, review=review, dispute_id=dispute_id)
    refuse_unless_open(dispute)
    if dispute.appeal_id is not None:
        raise ValidationError(_("This case is withdrawn with its appeal."), code="part_of_appeal")
    if review.cycle.state not in UNDER_WAY:
        raise ValidationError(
            _("The cycle is %(state)s; its figures no longer change."),
            params={"state": review.cycle.get_state_display()},
            code="not_under_way",
        )
    dispute.outcome, dispute.decided_at, dispute.reason = Outcome.WITHDRAWN, now, reason.strip()
    dispute.save(update_fields=["outcome", "decided_at", "reason"])
    record(
        action="review.dispute_withdrawn", target=review, by=by, now=now, after=told(dispute), reason=dispute.reason
    )
    appeal_notices.tell_of_dispute_withdrawn(dispute, by=by, now=now)
    return dispute


@transaction.atomic
def withdraw_appeal(*, review_id: int, by: User, now: datetime, reason: str = "") -> Appeal:
    """Take one's open appeal back with all its cases; within the time to appeal another one can be filed.

    Raises Http404 unless the review is one's own, and ValidationError where no appeal is open.
    """
    review = access.get_own_review(viewer=by, review_id=review_id, lock=True)
    appeal = open_appeal(review)
    step = workflow.check_review_step(review, "withdraw_appeal")
    appeal.outcome, appeal.decided_at, appeal.reason = Outcome.WITHDRAWN, now, reason.strip()
    appeal.save(update_fields=["outcome", "decided_at", "reason"])
    cases = list(appeal.disputes.select_related("line__kpi_version__kpi").order_by("pk"))
    appeal.disputes.update(outcome=Outcome.WITHDRAWN, decided_at=now, reason=appeal.reason)
    move_on(review, step.target, by=by, now=now)
    record(
        action="review.withdraw_appeal",
        target=review,
        by=by,
        now=now,
        after={"cases": [told(each) for each in cases]},
        reason=appeal.reason,
    )
    appeal_notices.tell_of_appeal_withdrawn(appeal, by=by, now=now)
    return appeal
