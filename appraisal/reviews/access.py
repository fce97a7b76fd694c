"""Who may see and rate which review."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.http import Http404

from appraisal.cycles import access as cycle_access
from appraisal.cycles.models import Cycle, CycleState
from appraisal.cycles.workflow import REVEALED, UNDER_WAY
from appraisal.reviews.models import (
    Appeal,
    Calibration,
    Dispute,
    LineOverride,
    Review,
    ReviewSegment,
    ReviewState,
    VetoEvent,
)
from appraisal.reviews.workflow import Who
from engineers import access
from engineers.models import AuditEntry, Engineer, Role, Team, User


def visible_reviews(viewer: User) -> QuerySet[Review]:
    """Return one's own review, those of the teams below, or all for those who read everything."""
    if access.reads_everything(viewer):
        return Review.objects.all()
    opened = Review.objects.exclude(cycle__state=CycleState.DRAFT)
    return opened.filter(Q(engineer__user=viewer) | _of_teams(access.teams_managed_by(viewer)))


def rated_reviews(viewer: User) -> QuerySet[Review]:
    """Return the visible reviews whose rating the viewer may read: one's own only once results are out."""
    return visible_reviews(viewer).exclude(unpublished_own(viewer))


def unpublished_own(viewer: User) -> Q:
    """The viewer's own reviews of cycles that are not published: ``sees_rating`` is False for them."""
    own: Engineer | None = getattr(viewer, "engineer", None)
    return Q(engineer=own) & ~Q(cycle__state__in=REVEALED) if own else Q(pk__in=())


def entries_hidden_from(viewer: User) -> Q:
    """Return which entries of the audit trail tell a reader of everything the own rating before it is published."""
    own = Review.objects.filter(unpublished_own(viewer)).values("pk")
    return Q(target_type=Review._meta.label_lower, target_id__in=own) & ~Q(actor=viewer)


def team_reviews(viewer: User) -> QuerySet[Review]:
    """Return the reviews a manager answers for; never the manager's own."""
    return (
        Review.objects.exclude(cycle__state=CycleState.DRAFT)
        .filter(team__in=access.teams_managed_by(viewer))
        .exclude(engineer__user=viewer)
    )


def reviews_to_rate(viewer: User) -> QuerySet[Review]:
    """Return the reviews a manager rates: of the teams below, and of those who were there for a part of the cycle."""
    return (
        Review.objects.exclude(cycle__state=CycleState.DRAFT)
        .filter(_of_teams(access.teams_managed_by(viewer)))
        .exclude(engineer__user=viewer)
    )


def segments_to_rate(viewer: User, review: Review) -> QuerySet[ReviewSegment]:
    """Return the parts of a review that were spent in the teams below."""
    return review.segments.filter(team__in=access.teams_managed_by(viewer)).select_related("team", "profile")


def reviews_to_approve(viewer: User) -> QuerySet[Review]:
    """Return the reviews whose second level the viewer is: above the manager, and not who handed them in."""
    return team_reviews(viewer).exclude(manager=viewer).exclude(submitted_by=viewer)


def _of_teams(teams: QuerySet[Team]) -> Q:
    managed = list(teams.values_list("pk", flat=True))
    return Q(team__in=managed) | Q(pk__in=ReviewSegment.objects.filter(team__in=managed).values("review"))


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
    reviews = reviews_to_rate(viewer).select_related("cycle", "engineer__user", "profile", "team", "changed_by")
    if lock:
        reviews = reviews.select_for_update(of=("self",))
    review = reviews.filter(pk=review_id).first()
    if review is None:
        raise Http404
    return review


def may_rate(viewer: User, review: Review) -> bool:
    """True when the viewer is a manager above the engineer and not the engineer."""
    return reviews_to_rate(viewer).filter(pk=review.pk).exists()


def is_rater(viewer: User) -> bool:
    return access.is_manager(viewer)


def sees_rating(viewer: User, review: Review) -> bool:
    """True unless the viewer is the engineer and nothing has been published yet."""
    if review.engineer.user_id != viewer.pk:
        return True
    return review.cycle.state in REVEALED


def sees_self_review(viewer: User, review: Review) -> bool:
    """The engineer always; everybody else once it is handed in. What never was stays the engineer's own."""
    return review.engineer.user_id == viewer.pk or review.self_submitted_at is not None


def sees_note(viewer: User, review: Review) -> bool:
    """The managers above, never the engineer; who managed a part of the cycle long ago does not either."""
    return team_reviews(viewer).filter(pk=review.pk).exists()


def get_own_review(*, viewer: User, review_id: int, lock: bool = False) -> Review:
    """Return one's own review of an open cycle. Raises Http404."""
    return _found_review(
        Review.objects.exclude(cycle__state=CycleState.DRAFT).filter(engineer__user=viewer), review_id, lock=lock
    )


def may_take(viewer: User, review: Review, who: str) -> bool:
    """True when the viewer is whom a row of the workflow means, for this review."""
    reviews = _PEOPLE.get(Who(who))
    if reviews and reviews(viewer).filter(pk=review.pk).exists():
        return True
    return who == Who.SECOND_LEVEL and _stands_in(viewer, review)


def get_review_to_move(*, viewer: User, review_id: int, who: str, lock: bool = False) -> Review:
    """Return a review on which the viewer may take the steps of ``who``. Raises Http404."""
    review = _found_review(visible_reviews(viewer), review_id, lock=lock)
    if not may_take(viewer, review, who):
        raise Http404
    return review


def _stands_in(viewer: User, review: Review) -> bool:
    """HR stands in for the second level where nobody is above the manager."""
    if not access.is_hr(viewer) or viewer.pk in (review.engineer.user_id, review.submitted_by_id):
        return False
    raters = {review.engineer.user_id, review.manager_id, review.submitted_by_id}
    above = review.team.ancestors(include_self=True).values_list("manager", flat=True) if review.team else ()
    return not {manager for manager in above if manager is not None} - raters


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
    if review.engineer.user_id == viewer.pk:
        vetoes = vetoes.filter(is_approved=True)
    return vetoes.select_related("withdrawn_by")


def get_veto(*, viewer: User, review: Review, veto_id: int) -> VetoEvent:
    """Return a veto of a review that was reached through here. Raises Http404."""
    veto = visible_vetoes(viewer, review).filter(pk=veto_id).first()
    if veto is None:
        raise Http404
    return veto


def reviews_to_calibrate(viewer: User) -> QuerySet[Review]:
    """Return the reviews whose grades HR or the second-level manager decides; not the own one, nor any one rates."""
    return _reviews_to_decide(viewer).exclude(_rating_of(viewer))


def reviews_in_session(viewer: User) -> QuerySet[Review]:
    """Return the reviews of a calibration the viewer reads: all but one's own, or those one may calibrate."""
    if access.reads_everything(viewer):
        return Review.objects.exclude(engineer__user=viewer)
    return reviews_to_calibrate(viewer)


def get_review_to_calibrate(*, viewer: User, review_id: int, lock: bool = False) -> Review:
    """Return a review whose grade HR or the second-level manager may decide; one's own is none. Raises Http404."""
    return _found_review(reviews_to_calibrate(viewer), review_id, lock=lock)


def get_review_in_session(*, viewer: User, review_id: int) -> Review:
    """Return a review whose calibration the viewer reads; one's own is none. Raises Http404."""
    return _found_review(reviews_in_session(viewer), review_id, lock=False)


def may_calibrate(viewer: User, review: Review) -> bool:
    return reviews_to_calibrate(viewer).filter(pk=review.pk).exists()


def get_calibrated_cycle(*, viewer: User, code: str) -> Cycle:
    """Return a cycle whose calibration the viewer takes part in or reads. Raises Http404."""
    cycle = cycle_access.get_cycle(viewer=viewer, code=code)
    if not access.reads_everything(viewer) and not reviews_to_calibrate(viewer).filter(cycle=cycle).exists():
        raise Http404
    return cycle


def get_calibration(*, review: Review, calibration_id: int) -> Calibration:
    """Return a calibrated grade of a review that was reached through here. Raises Http404."""
    entered = review.calibrations.select_related("proposed_by", "decided_by").filter(pk=calibration_id).first()
    if entered is None:
        raise Http404
    entered.review = review
    return entered


def reviews_to_judge(viewer: User) -> QuerySet[Review]:
    """Return the reviews whose disputes and appeals the viewer decides, who did not rate: of HR, or above."""
    reachable = Review.objects.exclude(cycle__state=CycleState.DRAFT) if access.is_hr(viewer) else team_reviews(viewer)
    return reachable.exclude(_rated_by(viewer))


def get_review_to_judge(*, viewer: User, review_id: int, lock: bool = False) -> Review:
    """Return a review whose disputes and appeals the viewer decides. Raises Http404."""
    return _found_review(reviews_to_judge(viewer), review_id, lock=lock)


def may_dispute(viewer: User, review: Review) -> bool:
    """True when the viewer is the engineer and cases can be disputed: by themselves, or with an appeal."""
    if review.engineer.user_id != viewer.pk:
        return False
    if review.cycle.state == CycleState.PUBLISHED:
        return review.state in (ReviewState.PUBLISHED, ReviewState.ACKNOWLEDGED, ReviewState.APPEALED)
    return review.cycle.state in UNDER_WAY


def visible_appeals(viewer: User) -> QuerySet[Appeal]:
    return Appeal.objects.filter(review__in=visible_reviews(viewer))


def visible_disputes(viewer: User) -> QuerySet[Dispute]:
    return Dispute.objects.filter(review__in=visible_reviews(viewer))


def get_dispute(*, viewer: User, review: Review, dispute_id: int) -> Dispute:
    """Return a disputed case of a review that was reached through here. Raises Http404."""
    related = ("line__kpi_version__kpi", "review__engineer", "raised_by", "decided_by")
    dispute = visible_disputes(viewer).filter(review=review, pk=dispute_id).select_related(*related).first()
    if dispute is None:
        raise Http404
    return dispute


def get_review_with_interview(*, viewer: User, review_id: int, lock: bool = False) -> Review:
    """Return a review whose interview the viewer reads. Raises Http404."""
    return _found_review(_reviews_with_interview(viewer), review_id, lock=lock)


def sees_interview(viewer: User, review: Review) -> bool:
    return _reviews_with_interview(viewer).filter(pk=review.pk).exists()


def _reviews_with_interview(viewer: User) -> QuerySet[Review]:
    """Return those of the engineer, of the managers above now, or all for HR and auditors."""
    if access.reads_everything(viewer):
        return Review.objects.all()
    return team_reviews(viewer) | _own_reviews(viewer).exclude(cycle__state=CycleState.DRAFT)


def get_review_to_interview(*, viewer: User, review_id: int, lock: bool = False) -> Review:
    """Return a review whose interview the viewer plans and writes down; one's own is none. Raises Http404."""
    return _found_review(_reviews_to_veto(viewer), review_id, lock=lock)


def may_interview(viewer: User, review: Review) -> bool:
    return _reviews_to_veto(viewer).filter(pk=review.pk).exists()


def possible_interviewers(review: Review) -> QuerySet[User]:
    """Return who may lead the interview: the managers above and HR; never the engineer."""
    above = review.team.ancestors(include_self=True).values_list("manager", flat=True) if review.team else ()
    leads: list[int] = [pk for pk in above if pk is not None]
    people = User.objects.filter(Q(pk__in=leads) | Q(user_roles__role=Role.HR), is_active=True)
    return people.exclude(engineer=review.engineer).distinct().order_by("username")


# What of a review can be traced to a person only in the trail: who rated before somebody else handed in.
_RATED = ("review.rated", "review.part_handed_in", "review.hand_in", "review.approve")


def _rating_of(viewer: User) -> Q:
    """Return the condition of the reviews somebody rates or has rated, as a whole or in part."""
    segments = ReviewSegment.objects.filter(Q(manager=viewer) | Q(submitted_by=viewer))
    return Q(manager=viewer) | Q(submitted_by=viewer) | Q(pk__in=segments.values("review"))


def _rated_by(viewer: User) -> Q:
    """Return the condition of the reviews somebody had a part in: as the engineer, by rating, or by approving."""
    vetoes = VetoEvent.objects.filter(Q(proposed_by=viewer) | Q(decided_by=viewer))
    calibrations = Calibration.objects.filter(Q(proposed_by=viewer) | Q(decided_by=viewer))
    traced = AuditEntry.objects.filter(actor=viewer, target_type=Review._meta.label_lower, action__in=_RATED)
    return (
        Q(engineer__user=viewer)
        | _rating_of(viewer)
        | Q(approved_by=viewer)
        | Q(pk__in=LineOverride.objects.filter(entered_by=viewer).values("review"))
        | Q(pk__in=vetoes.values("review"))
        | Q(pk__in=calibrations.values("review"))
        | Q(pk__in=traced.values("target_id"))
    )


def get_review_for_hr(*, viewer: User, review_id: int, lock: bool = False) -> Review:
    """Return a review HR decides about; one's own is none. Raises Http404."""
    return _found_review(_reviews_of_hr(viewer), review_id, lock=lock)


def _reviews_of_hr(viewer: User) -> QuerySet[Review]:
    return Review.objects.exclude(engineer__user=viewer) if access.is_hr(viewer) else Review.objects.none()


def _own_reviews(viewer: User) -> QuerySet[Review]:
    return Review.objects.filter(engineer__user=viewer)


def _reviews_to_veto(viewer: User) -> QuerySet[Review]:
    if access.is_hr(viewer):
        return Review.objects.exclude(engineer__user=viewer)
    return team_reviews(viewer)


def _reviews_to_decide(viewer: User) -> QuerySet[Review]:
    if access.is_hr(viewer):
        return Review.objects.exclude(engineer__user=viewer)
    return team_reviews(viewer).exclude(manager=viewer)


def _found_review(reviews: QuerySet[Review], review_id: int, *, lock: bool) -> Review:
    found = reviews.select_related("cycle", "engineer", "profile", "team")
    if lock:
        found = found.select_for_update(of=("self",))
    review = found.filter(pk=review_id).first()
    if review is None:
        raise Http404
    return review


_PEOPLE = {
    Who.HR: _reviews_of_hr,
    Who.ENGINEER: _own_reviews,
    Who.MANAGER: reviews_to_rate,
    Who.SECOND_LEVEL: reviews_to_approve,
    Who.UNINVOLVED: reviews_to_judge,
}
