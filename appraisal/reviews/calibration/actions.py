"""Grades decided in calibration: with a reason, by a second person beyond one grade, never by the rated (SPEC 4)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from appraisal.cycles import workflow
from appraisal.cycles.models import Cycle
from appraisal.cycles.queries import CycleSchemes, get_schemes
from appraisal.reviews import access, notices
from appraisal.reviews.figures.runs import roll_up_reviews
from appraisal.reviews.models import Calibration, CalibrationSource, Review
from appraisal.reviews.models.calibration import SHORTEST_REASON
from appraisal.reviews.steps.moves import ReviewConflict
from appraisal.scoring.rollup import NOT_RATED
from engineers.audit import record
from engineers.models import User


@transaction.atomic
def calibrate(
    *,
    review_id: int,
    grade: str,
    reason: str,
    by: User,
    now: datetime,
    version: int | None = None,
    source: str = CalibrationSource.PERSON,
) -> Calibration:
    """Decide a grade in place of the one the score gives; one that is in force already is replaced.

    More than one grade away from that of the score, it counts only once a second person has approved it.
    Raises Http404 unless ``by`` is HR or the second level and not the engineer, ReviewConflict when ``version`` is no
    longer the stored one, and ValidationError outside the calibration, for a grade that is none or changes nothing,
    a short reason, and while another proposal waits.
    """
    review = access.get_review_to_calibrate(viewer=by, review_id=review_id, lock=True)
    if version is not None and review.version != version:
        raise ReviewConflict(review)
    refuse_unless_calibrating(review.cycle)
    schemes = get_schemes(review.cycle)
    grades = grades_of(review, schemes)
    if grade not in grades:
        raise ValidationError({"grade": ValidationError(_("Choose a grade of the scheme."), code="bad_grade")})
    check_reason(reason)
    if review.calibrations.awaiting().exists():
        raise ValidationError(
            _("Another grade for this review waits for its decision: decide it or take it back first."), code="waits"
        )
    current = review.calibrations.in_force().first()
    if grade == (current.grade if current else review.band_grade):
        raise ValidationError({"grade": ValidationError(_("This grade counts already."), code="unchanged")})
    if grade == review.band_grade:
        raise ValidationError(
            {
                "grade": ValidationError(
                    _("The score itself gives this grade: take the decision back instead."), code="withdraw"
                )
            }
        )
    entered = write_decision(review, grade=grade, grades=grades, source=source, reason=reason, by=by, now=now)
    add_up([entered], schemes, by=by, now=now, reason=entered.reason)
    notices.tell_of_calibration(entered, by=by, now=now)
    return entered


def write_decision(
    review: Review, *, grade: str, grades: list[str], source: str, reason: str, by: User, now: datetime
) -> Calibration:
    """Write a decision on a locked review; the caller has checked it and adds the review up."""
    entered = Calibration(
        review=review,
        rated_id=review.engineer.user_id,
        source=source,
        grade_before=review.band_grade,
        grade=grade,
        steps=abs(grades.index(grade) - grades.index(review.band_grade)),
        reason=reason.strip(),
        proposed_by=by,
        proposed_at=now,
    )
    replaced = Calibration.objects.none() if entered.is_awaiting else _end_current(review, by=by, now=now)
    entered.save()
    replaced.update(replaced_by=entered)
    return entered


@transaction.atomic
def decide_calibration(
    *, review_id: int, calibration_id: int, approve: bool, by: User, now: datetime, reason: str = ""
) -> Calibration:
    """Approve or refuse a grade that needs a second person; an approved one counts at once.

    Raises Http404 unless ``by`` is HR or the second level and not the engineer, and ValidationError for who proposed
    it, for what does not wait, and outside the calibration.
    """
    review = access.get_review_to_calibrate(viewer=by, review_id=review_id, lock=True)
    entered = access.get_calibration(review=review, calibration_id=calibration_id)
    refuse_unless_calibrating(review.cycle)
    if not entered.is_awaiting:
        raise ValidationError(_("This grade does not wait for a decision."), code="decided")
    if entered.proposed_by_id == by.pk:
        raise ValidationError(_("Who proposed a grade does not approve it."), code="own_proposal")
    replaced = _end_current(review, by=by, now=now) if approve else Calibration.objects.none()
    entered.is_approved, entered.decided_by, entered.decided_at = approve, by, now
    entered.decision_reason = reason.strip()
    entered.save(update_fields=["is_approved", "decided_by", "decided_at", "decision_reason"])
    replaced.update(replaced_by=entered)
    add_up([entered], get_schemes(review.cycle), by=by, now=now, reason=entered.decision_reason)
    notices.tell_of_calibration(entered, by=by, now=now)
    return entered


@transaction.atomic
def withdraw_calibration(*, review_id: int, calibration_id: int, reason: str, by: User, now: datetime) -> Calibration:
    """Take a decided or proposed grade back: what the score gives counts again.

    Raises Http404 unless ``by`` is HR or the second level and not the engineer, and ValidationError for what neither
    counts nor waits, a short reason, and outside the calibration.
    """
    review = access.get_review_to_calibrate(viewer=by, review_id=review_id, lock=True)
    entered = access.get_calibration(review=review, calibration_id=calibration_id)
    refuse_unless_calibrating(review.cycle)
    if not entered.is_in_force and not entered.is_awaiting:
        raise ValidationError(_("Only what counts or waits can be taken back."), code="not_in_force")
    check_reason(reason)
    entered.ended_by, entered.ended_at, entered.end_reason = by, now, reason.strip()
    entered.save(update_fields=["ended_by", "ended_at", "end_reason"])
    add_up([entered], get_schemes(review.cycle), by=by, now=now, reason=entered.end_reason)
    notices.tell_of_calibration(entered, by=by, now=now)
    return entered


def refuse_unless_calibrating(cycle: Cycle) -> None:
    if cycle.state not in workflow.CALIBRATABLE:
        raise ValidationError(
            _("The cycle is %(state)s; grades are decided in its calibration only."),
            params={"state": cycle.get_state_display()},
            code="not_in_calibration",
        )


def grades_of(review: Review, schemes: CycleSchemes) -> list[str]:
    """Return the grades of the review's scheme, best first. Raises ValidationError for what cannot be graded."""
    scheme = schemes.of(profile_id=review.profile_id, is_lead=review.is_lead)
    if scheme is None or review.band_grade in ("", NOT_RATED):
        raise ValidationError(_("This review has no score; there is no grade to decide."), code="not_rated")
    return [name for name, _lower in scheme.rules.bands]


def check_reason(reason: str) -> None:
    if len(reason.strip()) < SHORTEST_REASON:
        raise ValidationError(
            {"reason": ValidationError(_("Give the reason in 20 characters at least."), code="too_short")}
        )


def add_up(entries: Sequence[Calibration], schemes: CycleSchemes, *, by: User, now: datetime, reason: str) -> None:
    """Let decisions just written on locked reviews of one cycle count, and record each of them."""
    reviews = [entered.review for entered in entries]
    before = {review.pk: review.grade for review in reviews}
    for review in reviews:
        review.version += 1
        review.changed_by, review.changed_at = by, now
    Review.objects.bulk_update(reviews, ["version", "changed_by", "changed_at"])
    roll_up_reviews(reviews, schemes)
    for entered in entries:
        record(
            action=_action_of(entered),
            target=entered.review,
            by=by,
            now=now,
            before={"result": before[entered.review_id]},
            after={
                "result": entered.review.grade,
                "from": entered.grade_before,
                "to": entered.grade,
                "source": entered.source,
            },
            reason=reason,
        )


def _action_of(entered: Calibration) -> str:
    if entered.ended_at is not None:
        return "review.calibration_withdrawn"
    if entered.is_approved is not None:
        return "review.calibration_approved" if entered.is_approved else "review.calibration_refused"
    return "review.calibration_proposed" if entered.is_awaiting else "review.calibrated"


def _end_current(review: Review, *, by: User, now: datetime) -> QuerySet[Calibration]:
    """End the decision in force; return it, for the one that replaces it to be named."""
    ended = Calibration.objects.filter(pk__in=list(review.calibrations.in_force().values_list("pk", flat=True)))
    ended.update(ended_by=by, ended_at=now)
    return ended
