"""Who may see and rate which review."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.http import Http404

from appraisal.cycles.models import CycleState
from appraisal.reviews.models import Review
from engineers import access
from engineers.models import User


def visible_reviews(viewer: User) -> QuerySet[Review]:
    """Return one's own review, those of the teams below, or all for those who read everything."""
    if access.reads_everything(viewer):
        return Review.objects.all()
    opened = Review.objects.exclude(cycle__state=CycleState.DRAFT)
    return opened.filter(Q(engineer__user=viewer) | Q(team__in=access.teams_managed_by(viewer)))


def team_reviews(viewer: User) -> QuerySet[Review]:
    """Return the reviews a manager answers for; never the manager's own."""
    return (
        Review.objects.exclude(cycle__state=CycleState.DRAFT)
        .filter(team__in=access.teams_managed_by(viewer))
        .exclude(engineer__user=viewer)
    )


def get_review(*, viewer: User, review_id: int) -> Review:
    """Return a review the viewer may see. Raises Http404."""
    review = (
        visible_reviews(viewer)
        .select_related("cycle", "engineer__user", "profile", "team", "manager", "changed_by")
        .filter(pk=review_id)
        .first()
    )
    if review is None:
        raise Http404
    return review


def get_review_to_rate(*, viewer: User, review_id: int, lock: bool = False) -> Review:
    """Return a review of the teams below; one's own is never among them. Raises Http404."""
    reviews = team_reviews(viewer).select_related("cycle", "engineer", "profile", "changed_by")
    if lock:
        reviews = reviews.select_for_update(of=("self",))
    review = reviews.filter(pk=review_id).first()
    if review is None:
        raise Http404
    return review


def may_rate(viewer: User, review: Review) -> bool:
    """True when the viewer is a manager above the engineer and not the engineer."""
    return team_reviews(viewer).filter(pk=review.pk).exists()


def is_rater(viewer: User) -> bool:
    return access.is_manager(viewer)


def sees_rating(viewer: User, review: Review) -> bool:
    """True unless the viewer is the engineer and nothing has been published yet."""
    if review.engineer.user_id != viewer.pk:
        return True
    return review.cycle.state in (CycleState.PUBLISHED, CycleState.CLOSED)
