"""Single cases disputed while the cycle runs: the engineer says why one should not count, somebody else decides."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from appraisal.cycles.queries import get_schemes
from appraisal.cycles.workflow import UNDER_WAY
from appraisal.reviews import access
from appraisal.reviews.appeals import notices as appeal_notices
from appraisal.reviews.appeals.claims import Claim, checked_text, store_claim
from appraisal.reviews.appeals.remedies import Standing, grade_beside, shown_text, unless_worse
from appraisal.reviews.figures.runs import rescore
from appraisal.reviews.figures.sheet import Sheet
from appraisal.reviews.figures.sheets import compute_sheets
from appraisal.reviews.models import Dispute, Outcome, Review
from appraisal.reviews.terms import due_after, terms_of
from engineers.audit import record
from engineers.models import User


@transaction.atomic
def raise_dispute(*, review_id: int, claim: Claim, by: User, now: datetime) -> Dispute:
    """Dispute a case that counts in a line of one's own review; nothing changes until it is decided.

    Raises Http404 unless the review is one's own, and ValidationError when the cycle does not run, and as
    ``claims.store_claim``. Source: STANDARD 5.
    """
    review = access.get_own_review(viewer=by, review_id=review_id, lock=True)
    if review.cycle.state not in UNDER_WAY:
        raise ValidationError(
            _("The cycle is %(state)s: a published result is changed by an appeal only."),
            params={"state": review.cycle.get_state_display()},
            code="not_under_way",
        )
    days = terms_of(review.cycle).dispute_days
    decide_by = due_after(engineer_id=review.engineer_id, moment=now, workdays=days)
    dispute = store_claim(review, claim, as_of=now, decide_by=decide_by, by=by, now=now, appeal=None)
    record(action="review.dispute_raised", target=review, by=by, now=now, after=told(dispute), reason=dispute.text)
    appeal_notices.tell_of_dispute(dispute, by=by, now=now)
    return dispute


@transaction.atomic
def decide_dispute(*, review_id: int, dispute_id: int, uphold: bool, reason: str, by: User, now: datetime) -> Dispute:
    """Uphold or refuse a dispute; an upheld case counts no longer, unless that would lower the result.

    Raises Http404 unless ``by`` is HR or further above and did not rate, and ValidationError for a short reason, what
    is decided already or belongs to an appeal, and once the cycle is published.
    """
    review = access.get_review_to_judge(viewer=by, review_id=review_id, lock=True)
    dispute = access.get_dispute(viewer=by, review=review, dispute_id=dispute_id)
    refuse_unless_open(dispute)
    if dispute.appeal_id is not None:
        raise ValidationError(_("This case is decided with its appeal."), code="part_of_appeal")
    if review.cycle.state not in UNDER_WAY:
        raise ValidationError(
            _("The cycle is %(state)s; its figures no longer change."),
            params={"state": review.cycle.get_state_display()},
            code="not_under_way",
        )
    dispute.reason = checked_text(reason, field="reason")
    dispute.outcome = Outcome.UPHELD if uphold else Outcome.REFUSED
    dispute.decided_by, dispute.decided_at = by, now
    dispute.save()
    if uphold:
        _leave_out(review, dispute, now)
    record(
        action="review.dispute_upheld" if uphold else "review.dispute_refused",
        target=review,
        by=by,
        now=now,
        before=dispute.before,
        after=told(dispute) | dispute.after,
        reason=dispute.reason,
    )
    appeal_notices.tell_of_dispute_decided(dispute, by=by, now=now)
    appeal_notices.tell_of_grade_beside(review, dispute.after, now=now)
    return dispute


def refuse_unless_open(dispute: Dispute) -> None:
    """Raise ValidationError for a dispute that is decided, lapsed or withdrawn, saying which."""
    if dispute.outcome:
        raise ValidationError(
            _("This dispute is closed already: %(outcome)s."),
            params={"outcome": dispute.get_outcome_display()},
            code="decided",
        )


def _leave_out(review: Review, dispute: Dispute, now: datetime) -> None:
    """Score the engineer up to date first: only the case itself shall make the difference that is shown."""

    def score() -> None:
        rescore(cycle_id=review.cycle_id, engineer_ids=[review.engineer_id], now=now)

    def leave_out() -> None:
        Dispute.objects.filter(pk=dispute.pk).update(is_left_out=True)
        score()

    score()
    review.refresh_from_db()
    before = _sheet(review)
    after = unless_worse(review, Standing.of(before), leave_out)
    dispute.is_left_out = after is not None
    sheet = _sheet(review)
    dispute.before = figures_of(before, dispute)
    dispute.after = figures_of(sheet, dispute) | grade_beside(before, sheet)
    dispute.save(update_fields=["before", "after"])


def figures_of(sheet: Sheet, dispute: Dispute) -> dict[str, Any]:
    """Return overall, grade, and value and points of the disputed line, as shown."""
    parts = {part.segment.number: part.lines for part in sheet.segments}
    lines = parts.get(dispute.segment, ()) if dispute.segment else sheet.lines
    found: dict[str, Any] = Standing.of(sheet).told()
    for line in lines:
        if line.line.pk == dispute.line_id:
            for name in ("value", "points"):
                found[name] = shown_text(getattr(line, name))
            found["n"] = line.n
    return found


def told(dispute: Dispute) -> dict[str, Any]:
    """Return what the trail says of a dispute."""
    return {
        "kpi": dispute.line.kpi_version.kpi.code,
        "record": f"{dispute.evidence} {dispute.number}",
        "everywhere": dispute.everywhere,
        "cause": dispute.cause,
        "left_out": dispute.is_left_out,
    }


def _sheet(review: Review) -> Sheet:
    return next(compute_sheets([review], get_schemes(review.cycle)))
