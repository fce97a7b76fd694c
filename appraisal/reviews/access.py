"""Who may see and rate which review."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.http import Http404

from appraisal.cycles.models import CycleState
from appraisal.reviews.models import Review, VetoEvent
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


def get_review_to_veto(*, viewer: User, review_id: int, lock: bool = False) -> Review:
    """Return a review for which HR or a manager above may propose a veto; one's own is none. Raises Http404."""
    return _found_review(_reviews_to_veto(viewer), review_id, lock=lock)


def get_review_to_decide(*, viewer: User, review_id: int, lock: bool = False) -> Review:
    """Return a review whose vetoes HR or the second-level manager may decide; one's own is none. Raises Http404."""
    return _found_review(_reviews_to_decide(viewer), review_id, lock=lock)


def may_veto(viewer: User, review: Review) -> bool:
    return _reviews_to_veto(viewer).filter(pk=review.pk).exists()


def may_decide(viewer: User, review: Review) -> bool:
    return _reviews_to_decide(viewer).filter(pk=review.pk).exists()


def visible_vetoes(viewer: User, review: Review) -> QuerySet[VetoEvent]:
    """Return the vetoes of a review the viewer may see; the engineer sees those that were approved."""
    vetoes = review.vetoes.select_related("kpi", "proposed_by", "decided_by")
    return vetoes.filter(is_approved=True) if review.engineer.user_id == viewer.pk else vetoes


def get_veto(*, viewer: User, review: Review, veto_id: int) -> VetoEvent:
    """Return a veto of a review that was reached through here. Raises Http404."""
    veto = visible_vetoes(viewer, review).filter(pk=veto_id).first()
    if veto is None:
        raise Http404
    return veto


def _reviews_to_veto(viewer: User) -> QuerySet[Review]:
    if access.is_hr(viewer):
        return Review.objects.exclude(engineer__user=viewer)
    return team_reviews(viewer)


def _reviews_to_decide(viewer: User) -> QuerySet[Review]:
    if access.is_hr(viewer):
        return Review.objects.exclude(engineer__user=viewer)
    return team_reviews(viewer).exclude(manager=viewer)


def _found_review(reviews: QuerySet[Review], review_id: int, *, lock: bool) -> Review:
    found = reviews.select_related("cycle", "engineer", "profile")
    if lock:
        found = found.select_for_update(of=("self",))
    review = found.filter(pk=review_id).first()
    if review is None:
        raise Http404
    return review
