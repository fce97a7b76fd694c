"""Interviews about results (绩效面谈): planned, held, minutes that both sides confirm (STANDARD 5)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404
from django.utils.translation import gettext_lazy as _

from appraisal.cycles.models import CycleState
from appraisal.reviews import access
from appraisal.reviews.interviews.notices import tell_of_interview
from appraisal.reviews.models import Interview, Review
from appraisal.reviews.terms import today_of
from engineers.audit import record
from engineers.models import User

MINUTES = ("strengths", "improvements", "goals", "support")
_AGREED = ("interviewer_id", "held_on", *MINUTES)


class InterviewConflict(Exception):
    """Somebody else changed the interview meanwhile; ``current`` is what is stored now."""

    def __init__(self, current: Interview) -> None:
        super().__init__("the interview was changed meanwhile")
        self.current = current


@transaction.atomic
def save_interview(
    *,
    review_id: int,
    interviewer_id: int,
    by: User,
    now: datetime,
    planned_on: date | None = None,
    held_on: date | None = None,
    version: int | None = None,
    **minutes: str,
) -> Interview:
    """Plan an interview or write its minutes (``strengths``, ``improvements``, ``goals``, ``support``).

    Whatever of it both have to agree on, once changed, has to be confirmed by both anew. Raises Http404 unless ``by``
    is a manager above or HR, InterviewConflict, and ValidationError unless the cycle is published, for somebody who
    may not lead it, and a day of the talk that has not come.
    """
    review = access.get_review_to_interview(viewer=by, review_id=review_id, lock=True)
    _refuse_unless_published(review)
    if interviewer_id not in {user.pk for user in access.possible_interviewers(review)}:
        message = _("A manager above or somebody of HR leads the interview.")
        raise ValidationError({"interviewer": ValidationError(message, code="not_possible")})
    if held_on is not None and held_on > today_of(engineer_id=review.engineer_id, now=now):
        raise ValidationError({"held_on": ValidationError(_("This day has not come yet."), code="in_the_future")})
    interview = Interview.objects.filter(review=review).first()
    if interview is not None and version is not None and interview.version != version:
        raise InterviewConflict(interview)
    if interview is None:
        interview = Interview(review=review, interviewer_id=interviewer_id, version=0)
    interview.review = review
    before = _told(interview)
    interview.interviewer_id, interview.planned_on, interview.held_on = interviewer_id, planned_on, held_on
    for name, text in minutes.items():
        setattr(interview, name, text.strip())
    after = _told(interview)
    if interview.pk and after == before:
        return interview
    if any(before[name] != after[name] for name in _AGREED):
        interview.confirmed_by_interviewer_at = interview.confirmed_by_engineer_at = None
    interview.version += 1
    interview.changed_by, interview.changed_at = by, now
    interview.full_clean(exclude=["confirmed_by_interviewer_at", "confirmed_by_engineer_at", "changed_by"])
    interview.save()
    record(action="review.interview_saved", target=review, by=by, now=now, before=before, after=after)
    tell_of_interview(interview, by=by, now=now)
    return interview


@transaction.atomic
def comment_interview(*, review_id: int, comment: str, by: User, now: datetime) -> Interview:
    """Say something about the interview as the engineer; the minutes stay as they are.

    Raises Http404 unless the review is one's own and has an interview, and ValidationError unless the cycle is
    published.
    """
    review = access.get_own_review(viewer=by, review_id=review_id, lock=True)
    interview = _interview_of(review)
    _refuse_unless_published(review)
    before, interview.comment = interview.comment, comment.strip()
    interview.full_clean(exclude=["confirmed_by_interviewer_at", "confirmed_by_engineer_at"])
    interview.save(update_fields=["comment"])
    record(
        action="review.interview_commented",
        target=review,
        by=by,
        now=now,
        before={"comment": before},
        after={"comment": interview.comment},
    )
    return interview


@transaction.atomic
def confirm_interview(*, review_id: int, version: int, by: User, now: datetime) -> Interview:
    """Confirm the minutes as one of the two who talked; ``version`` is what was read.

    Raises Http404 for anybody else, InterviewConflict, and ValidationError before the talk was held, without minutes,
    and unless the cycle is published.
    """
    review = access.get_review_with_interview(viewer=by, review_id=review_id, lock=True)
    interview = _interview_of(review)
    sides = sides_of(interview, by)
    if not sides:
        raise Http404
    _refuse_unless_published(review)
    if interview.version != version:
        raise InterviewConflict(interview)
    if interview.held_on is None or not any(getattr(interview, name) for name in MINUTES):
        raise ValidationError(_("The interview has no minutes yet."), code="no_minutes")
    for name in sides:
        if getattr(interview, name) is None:
            setattr(interview, name, now)
    interview.save(update_fields=sides)
    record(action="review.interview_confirmed", target=review, by=by, now=now, after={"confirmed": sides})
    if not interview.is_agreed:
        tell_of_interview(interview, by=by, now=now)
    return interview


def sides_of(interview: Interview, user: User) -> list[str]:
    """Return the confirmations a person gives: that of the engineer, or of who led the interview."""
    if interview.review.engineer.user_id == user.pk:
        return ["confirmed_by_engineer_at"]
    return ["confirmed_by_interviewer_at"] if interview.interviewer_id == user.pk else []


def _interview_of(review: Review) -> Interview:
    interview = Interview.objects.select_for_update().filter(review=review).first()
    if interview is None:
        raise Http404
    interview.review = review
    return interview


def _refuse_unless_published(review: Review) -> None:
    if review.cycle.state != CycleState.PUBLISHED:
        raise ValidationError(
            _("The cycle is %(state)s; interviews follow its publication and end with its closing."),
            params={"state": review.cycle.get_state_display()},
            code="not_published",
        )


def _told(interview: Interview) -> dict[str, Any]:
    return {name: getattr(interview, name) for name in ("planned_on", *_AGREED)}
