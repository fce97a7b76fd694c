"""Writes about reviews, one verb each."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from appraisal.cycles import actions as cycle_actions
from appraisal.cycles import workflow
from appraisal.cycles.models import Cycle
from appraisal.cycles.queries import get_schemes
from appraisal.kpis.queries import AppliedScheme
from appraisal.reviews import access
from appraisal.reviews.lines import HIGHEST_RATING
from appraisal.reviews.models import CriterionRating, Review, ReviewState
from appraisal.reviews.queries import get_scheme
from appraisal.reviews.runs import keep_reviews, roll_up_reviews
from appraisal.reviews.seals import seal_cycle
from engineers.audit import record
from engineers.models import User


class ReviewConflict(Exception):
    """Someone else changed the review meanwhile; ``current`` is what is stored now."""

    def __init__(self, current: Review) -> None:
        super().__init__("the review was changed meanwhile")
        self.current = current


@transaction.atomic
def open_cycle(*, cycle_id: int, by: User | None, now: datetime) -> Cycle:
    """Open a cycle: its engineers get their review records."""
    cycle = cycle_actions.move_cycle(cycle_id=cycle_id, transition="open", by=by, now=now)
    keep_reviews(cycle)
    return cycle


@transaction.atomic
def publish_cycle(*, cycle_id: int, by: User | None, now: datetime) -> Cycle:
    """Seal the results and show them to their engineers; from here on no figure and no rating changes."""
    cycle = cycle_actions.move_cycle(cycle_id=cycle_id, transition="publish", by=by, now=now)
    # Reviews before the run, in the order in which scoring locks them: a chunk under way ends first.
    list(cycle.reviews.select_for_update().order_by("engineer_id").values_list("pk"))
    cycle.runs.filter(state="running").update(state="superseded", finished_at=now)
    cycle.reviews.update(state=ReviewState.PUBLISHED)
    seal_cycle(cycle, by=by, now=now)
    return cycle


@transaction.atomic
def save_rating(
    *,
    review_id: int,
    version: int,
    scores: Mapping[tuple[int, str], int],
    comment: str,
    by: User,
    now: datetime,
) -> Review:
    """Keep what a manager has entered so far and add up the review anew.

    ``scores`` maps (KPI version, criterion) to 1..5; what is left out stays as it is.
    Raises Http404, ValidationError, or ReviewConflict when ``version`` is no longer the stored one.
    """
    review = access.get_review_to_rate(viewer=by, review_id=review_id, lock=True)
    _refuse_unless_ratable(review)
    if review.version != version:
        raise ReviewConflict(review)
    scheme = _scheme_of(review)
    _refuse_unknown_criteria(scheme, scores)
    before = {f"{r.kpi_version_id}.{r.criterion}": r.score for r in review.ratings.all()}
    for (kpi_version_id, criterion), score in scores.items():
        CriterionRating.objects.update_or_create(
            review=review, kpi_version_id=kpi_version_id, criterion=criterion, defaults={"score": score}
        )
    after = {f"{r.kpi_version_id}.{r.criterion}": r.score for r in review.ratings.all()}
    if before == after and comment == review.comment:
        return review
    record(
        action="review.rated",
        target=review,
        by=by,
        now=now,
        before=before | {"comment": review.comment},
        after=after | {"comment": comment},
    )
    review.comment = comment
    review.version += 1
    review.changed_by = by
    review.changed_at = now
    review.save(update_fields=["comment", "version", "changed_by", "changed_at"])
    roll_up_reviews([review], get_schemes(review.cycle))
    return review


@transaction.atomic
def submit_review(*, review_id: int, version: int, by: User, now: datetime) -> Review:
    """Hand a review in. Raises ValidationError naming what is still open, or ReviewConflict."""
    review = access.get_review_to_rate(viewer=by, review_id=review_id, lock=True)
    _refuse_unless_ratable(review)
    if review.version != version:
        raise ReviewConflict(review)
    rated = {(rating.kpi_version_id, rating.criterion) for rating in review.ratings.all()}
    missing = [name for key, name in _criteria(_scheme_of(review)).items() if key not in rated]
    if missing:
        raise ValidationError(_("Still open: %(names)s."), params={"names": ", ".join(missing)}, code="incomplete")
    review.state = ReviewState.SUBMITTED
    review.version += 1
    review.submitted_by = review.changed_by = by
    review.submitted_at = review.changed_at = now
    review.save(update_fields=["state", "version", "submitted_by", "submitted_at", "changed_by", "changed_at"])
    record(action="review.submitted", target=review, by=by, now=now, after={"overall": review.overall})
    return review


@transaction.atomic
def take_back_review(*, review_id: int, version: int, by: User, now: datetime) -> Review:
    """Open a review again that was handed in, as long as its cycle is open."""
    review = access.get_review_to_rate(viewer=by, review_id=review_id, lock=True)
    if review.cycle.state not in workflow.RATABLE or review.state != ReviewState.SUBMITTED:
        raise ValidationError(_("This review cannot be taken back."), code="wrong_state")
    if review.version != version:
        raise ReviewConflict(review)
    review.state = ReviewState.AWAITING_MANAGER
    review.version += 1
    review.changed_by, review.changed_at = by, now
    review.save(update_fields=["state", "version", "changed_by", "changed_at"])
    record(action="review.taken_back", target=review, by=by, now=now)
    return review


def is_ratable(review: Review) -> bool:
    return review.cycle.state in workflow.RATABLE and review.state == ReviewState.AWAITING_MANAGER


def criteria_of(review: Review) -> list[tuple[int, str]]:
    """Return the keys of the criteria a manager rates in this review."""
    return list(_criteria(_scheme_of(review)))


def _refuse_unless_ratable(review: Review) -> None:
    if review.cycle.state not in workflow.RATABLE:
        raise ValidationError(
            _("The cycle is %(state)s; reviews can no longer be changed."),
            params={"state": review.cycle.get_state_display()},
            code="cycle_not_ratable",
        )
    if review.state != ReviewState.AWAITING_MANAGER:
        raise ValidationError(_("This review has been handed in. Take it back to change it."), code="handed_in")


def _criteria(scheme: AppliedScheme) -> dict[tuple[int, str], str]:
    return {
        (line.kpi_version_id, criterion["code"]): line.kpi_version.name
        for line in scheme.lines
        for criterion in line.kpi_version.criteria
        if line.kpi_version.measure.is_rated
    }


def _refuse_unknown_criteria(scheme: AppliedScheme, scores: Mapping[tuple[int, str], int]) -> None:
    known = _criteria(scheme)
    for key, score in scores.items():
        if key not in known or not 1 <= score <= HIGHEST_RATING:
            raise ValidationError(_("This is no rating from 1 to 5 of a criterion of this review."), code="bad_rating")


def _scheme_of(review: Review) -> AppliedScheme:
    scheme = get_scheme(review)
    if scheme is None:
        raise ValidationError(_("The cycle has no scheme for this job profile."), code="no_scheme")
    return scheme
