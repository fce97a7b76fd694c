"""What engineers write about themselves, against the criteria their manager rates. It counts in no figure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from appraisal.cycles.models import CycleState
from appraisal.reviews import access
from appraisal.reviews.criteria import Key, criteria_of, get_scheme
from appraisal.reviews.figures.lines import HIGHEST_RATING
from appraisal.reviews.models import Review, ReviewState, SelfRating
from appraisal.reviews.steps.moves import ReviewConflict
from engineers.audit import record
from engineers.models import User


@transaction.atomic
def save_self_rating(
    *, review_id: int, version: int, scores: Mapping[Key, int], comment: str, by: User, now: datetime
) -> Review:
    """Keep what an engineer has entered so far; nobody else reads it before it is handed in.

    Raises Http404 for another's review, ValidationError outside the stage and for what is no criterion, or
    ReviewConflict when ``version`` is no longer the stored one.
    """
    review = access.get_own_review(viewer=by, review_id=review_id, lock=True)
    if not takes_self_rating(review):
        raise ValidationError(_("The self-review is not open, or handed in already."), code="wrong_state")
    if review.version != version:
        raise ReviewConflict(review)
    known = criteria_of(get_scheme(review))
    if any(key not in known or not 1 <= score <= HIGHEST_RATING for key, score in scores.items()):
        raise ValidationError(_("This is no rating from 1 to 5 of a criterion of this review."), code="bad_rating")
    before = dict_of(review)
    for (kpi_version_id, criterion), score in scores.items():
        SelfRating.objects.update_or_create(
            review=review, kpi_version_id=kpi_version_id, criterion=criterion, defaults={"score": score}
        )
    if before == dict_of(review) and comment == review.self_comment:
        return review
    review.self_comment = comment
    review.version += 1
    review.changed_by, review.changed_at = by, now
    review.save(update_fields=["self_comment", "version", "changed_by", "changed_at"])
    # A draft is nobody else's business: the trail tells that it was written, not what it says.
    record(action="review.self_rated", target=review, by=by, now=now)
    return review


def takes_self_rating(review: Review) -> bool:
    return review.cycle.state == CycleState.SELF_REVIEW and review.state == ReviewState.AWAITING_SELF


def dict_of(review: Review) -> dict[Key, int]:
    """Return the engineer's own ratings by criterion."""
    return {(rating.kpi_version_id, rating.criterion): rating.score for rating in review.self_ratings.all()}
