"""Writes about reviews, one verb each. The steps from state to state are in ``moves``."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from appraisal.cycles.models import Cycle
from appraisal.cycles.queries import get_schemes
from appraisal.feedback.queries import fed_measures
from appraisal.kpis.queries import AppliedScheme
from appraisal.reviews import access, workflow
from appraisal.reviews.criteria import Key, get_scheme, missing_criteria
from appraisal.reviews.criteria import criteria_of as criteria_in
from appraisal.reviews.figures.lines import HIGHEST_RATING
from appraisal.reviews.figures.runs import roll_up_reviews
from appraisal.reviews.models import CriterionRating, Review, ReviewSegment, ReviewState
from appraisal.reviews.steps.moves import ReviewConflict, move_cycle, move_review
from engineers.audit import record
from engineers.models import User

__all__ = ["ReviewConflict"]


def open_cycle(*, cycle_id: int, by: User | None, now: datetime) -> Cycle:
    """Open a cycle: its engineers get their review records."""
    return move_cycle(cycle_id=cycle_id, transition="open", by=by, now=now)


def publish_cycle(*, cycle_id: int, by: User | None, now: datetime, reason: str = "") -> Cycle:
    """Show the results to their engineers; from here on no figure and no rating changes."""
    return move_cycle(cycle_id=cycle_id, transition="publish", by=by, now=now, reason=reason)


@transaction.atomic
def save_rating(
    *,
    review_id: int,
    version: int,
    scores: Mapping[Key, int],
    comment: str,
    by: User,
    now: datetime,
    segment: int = 0,
    note: str | None = None,
) -> Review:
    """Keep what a manager has entered so far and add up the review anew.

    ``scores`` maps (KPI version, criterion) to 1..5; what is left out stays as it is. ``segment`` is the part of the
    cycle that is rated, 0 where there are no parts; ``note`` None leaves the private note as it is.
    Raises Http404, ValidationError, or ReviewConflict when ``version`` is no longer the stored one.
    """
    review = access.get_review_to_rate(viewer=by, review_id=review_id, lock=True)
    part = get_part(review, segment, by)
    refuse_unless_ratable(review, part)
    if review.version != version:
        raise ReviewConflict(review)
    _refuse_unknown_criteria(criteria_of(review, part), scores)
    if note is not None and not access.sees_note(by, review):
        note = None
    before = _ratings_of(review, segment)
    for (kpi_version_id, criterion), score in scores.items():
        CriterionRating.objects.update_or_create(
            review=review,
            segment=segment,
            kpi_version_id=kpi_version_id,
            criterion=criterion,
            defaults={"score": score},
        )
    after = _ratings_of(review, segment)
    commented = part or review
    has_new_note = note is not None and note != review.private_note
    if before == after and comment == commented.comment and not has_new_note:
        return review
    # What the private note says stays out of the trail: HR and auditors read it.
    record(
        action="review.rated",
        target=review,
        by=by,
        now=now,
        before=before | {"comment": commented.comment},
        after=after | {"comment": comment} | ({"segment": segment} if segment else {}),
    )
    commented.comment = comment
    if part:
        part.save(update_fields=["comment"])
    if note is not None:
        review.private_note = note
    review.version += 1
    review.changed_by, review.changed_at = by, now
    review.save(update_fields=["comment", "private_note", "version", "changed_by", "changed_at"])
    roll_up_reviews([review], get_schemes(review.cycle))
    return review


@transaction.atomic
def submit_review(*, review_id: int, version: int, by: User, now: datetime, segment: int = 0) -> Review:
    """Hand a review in, or one part of it; with its last part the review itself is handed in.

    Raises ValidationError naming what is still open, or ReviewConflict.
    """
    review = access.get_review_to_rate(viewer=by, review_id=review_id, lock=True)
    part = get_part(review, segment, by)
    refuse_unless_ratable(review, part)
    if part is None:
        return move_review(review_id=review_id, transition="hand_in", by=by, now=now, version=version)
    if review.version != version:
        raise ReviewConflict(review)
    missing = missing_criteria(review, part)
    if missing:
        raise ValidationError(_("Still open: %(items)s."), params={"items": "; ".join(missing)}, code="incomplete")
    part.submitted_by, part.submitted_at = by, now
    part.save(update_fields=["submitted_by", "submitted_at"])
    record(action="review.part_handed_in", target=review, by=by, now=now, after={"segment": segment})
    if not review.segments.filter(submitted_at__isnull=True).exists():
        return move_review(review_id=review_id, transition="hand_in", by=by, now=now, version=version)
    review.version += 1
    review.changed_by, review.changed_at = by, now
    review.save(update_fields=["version", "changed_by", "changed_at"])
    return review


def is_ratable(review: Review, part: ReviewSegment | None = None) -> bool:
    handed_in = part is not None and part.submitted_at is not None
    return workflow.takes_ratings(review) and review.state == ReviewState.AWAITING_MANAGER and not handed_in


def criteria_of(review: Review, part: ReviewSegment | None = None) -> list[Key]:
    """Return the keys of the criteria a manager rates in this review, or in a part of it."""
    return list(criteria_in(_scheme_of(review, part), fed=fed_measures(review.cycle_id)))


def get_part(review: Review, segment: int, by: User) -> ReviewSegment | None:
    """Return the part of a review that somebody rates; None where it has none. Raises ValidationError."""
    if not segment and not review.segments.exists():
        return None
    part = access.segments_to_rate(by, review).filter(number=segment).first()
    if part is None:
        raise ValidationError(_("This part of the cycle is rated by another manager."), code="not_your_part")
    return part


def refuse_unless_ratable(review: Review, part: ReviewSegment | None = None) -> None:
    if not workflow.takes_ratings(review):
        raise ValidationError(
            _("The cycle is %(state)s; reviews cannot be changed now."),
            params={"state": review.cycle.get_state_display()},
            code="cycle_not_ratable",
        )
    if not is_ratable(review, part):
        raise ValidationError(_("This review has been handed in. Take it back to change it."), code="handed_in")


def _ratings_of(review: Review, segment: int) -> dict[str, object]:
    return {f"{r.kpi_version_id}.{r.criterion}": r.score for r in review.ratings.filter(segment=segment)}


def _refuse_unknown_criteria(known: Collection[Key], scores: Mapping[Key, int]) -> None:
    for key, score in scores.items():
        if key not in known or not 1 <= score <= HIGHEST_RATING:
            raise ValidationError(_("This is no rating from 1 to 5 of a criterion of this review."), code="bad_rating")


def _scheme_of(review: Review, part: ReviewSegment | None = None) -> AppliedScheme:
    scheme = get_scheme(review, part)
    if scheme is None:
        raise ValidationError(_("The cycle has no scheme for this job profile."), code="no_scheme")
    return scheme
