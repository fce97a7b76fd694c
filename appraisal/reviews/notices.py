"""What people are told about cycles and reviews: their topics, and to whom each step is told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from appraisal.cycles.models import Cycle, CycleState, Reopening
from appraisal.notices.actions import notify_all
from appraisal.notices.registry import Topic, register_topic
from appraisal.reviews.models import Calibration, Review, ReviewState
from appraisal.reviews.workflow import Transition
from engineers.models import Role, User, UserRole

for _topic in (
    Topic(
        "cycle.self_review_started",
        _("The self-review starts"),
        _("“%(cycle)s”: please rate yourself and hand it in."),
    ),
    Topic(
        "cycle.manager_review_started",
        _("The manager review starts"),
        _("“%(cycle)s”: the reviews of your team wait for you."),
    ),
    Topic("cycle.published", _("Results are published"), _("Your result of “%(cycle)s” is published.")),
    Topic(
        "cycle.reopening_requested",
        _("Somebody asks to reopen a cycle"),
        _("%(who)s asks to reopen “%(cycle)s”: %(reason)s"),
        is_urgent=True,
    ),
    Topic("cycle.reopened", _("A cycle is reopened"), _("“%(cycle)s” is reopened: %(reason)s")),
    Topic(
        "review.returned",
        _("A review comes back to the manager"),
        _("The review of %(engineer)s in “%(cycle)s” comes back to you: %(reason)s"),
    ),
    Topic(
        "review.to_approve",
        _("A review waits for the second level"),
        _("The review of %(engineer)s in “%(cycle)s” waits for your approval."),
    ),
    Topic(
        "review.calibration_to_approve",
        _("A grade waits for a second person"),
        _("“%(cycle)s”: %(engineer)s is to have %(grade)s in place of %(before)s. Please approve or refuse it."),
    ),
    Topic(
        "review.calibration_decided",
        _("A grade was decided in calibration"),
        _("“%(cycle)s”: %(engineer)s now has the grade %(grade)s. The reason: %(reason)s"),
    ),
    Topic(
        "review.reminder",
        _("Reminder before a deadline"),
        _("“%(cycle)s”: please finish your part by %(due)s."),
    ),
):
    register_topic(_topic)


def tell_of_cycle(cycle: Cycle, step: Transition, *, by: User | None, now: datetime, reason: str) -> None:
    """Tell those who have something to do now, or whose result is moved."""
    params, home = {"cycle": cycle.name}, f"{reverse('home')}?cycle={cycle.code}"
    if step.name.startswith("reopen"):
        people = {*people_of_hr(), *_managers(cycle)}
        if step.needs_approver:
            people |= set(_engineers(cycle))
        tell(people, "cycle.reopened", params | {"reason": reason}, home, by=by, now=now)
    elif step.target == CycleState.SELF_REVIEW:
        awaited = cycle.reviews.filter(state=ReviewState.AWAITING_SELF)
        people = _of(*awaited.values_list("engineer__user", flat=True))
        tell(people, "cycle.self_review_started", params, home, by=by, now=now)
    elif step.target == CycleState.MANAGER_REVIEW:
        path = f"{reverse('team_board')}?cycle={cycle.code}"
        tell(_managers(cycle), "cycle.manager_review_started", params, path, by=by, now=now)
    elif step.target == CycleState.PUBLISHED:
        tell(_engineers(cycle), "cycle.published", params, home, by=by, now=now)


def tell_of_request(asked: Reopening, *, by: User, now: datetime) -> None:
    params = {"who": str(by), "cycle": asked.cycle.name, "reason": asked.reason}
    path = reverse("cycle_detail", args=[asked.cycle.code])
    tell(people_of_hr(), "cycle.reopening_requested", params, path, by=by, now=now)


def tell_of_review(review: Review, step: Transition, *, by: User, now: datetime, reason: str) -> None:
    """Tell the managers of a review that comes back, and the second level of one that waits for it."""
    params = {"engineer": review.engineer.name, "cycle": review.cycle.name}
    path = reverse("rate_review", args=[review.pk])
    if step.name in ("return", "send_back"):
        managers = {review.manager_id, *review.segments.values_list("manager", flat=True)}
        tell(_of(*managers), "review.returned", params | {"reason": reason}, path, by=by, now=now)
    elif step.target == ReviewState.AWAITING_SECOND:
        tell(_of(second_level_of(review)), "review.to_approve", params, path, by=by, now=now)


def tell_of_calibration(entered: Calibration, *, by: User, now: datetime) -> None:
    """Tell HR and the second level of a grade that waits for one of them, else the proposer and the manager."""
    review = entered.review
    params = {"engineer": review.engineer.name, "cycle": review.cycle.name}
    path = reverse("review_calibration", args=[review.pk])
    rated = _of(review.engineer.user_id)
    if entered.is_awaiting:
        people = (people_of_hr() | _of(second_level_of(review))) - rated
        words = params | {"grade": entered.grade, "before": entered.grade_before}
        tell(people, "review.calibration_to_approve", words, path, by=by, now=now)
        return
    # Why the grade is what it is now: of one that was approved, the reason it was proposed with.
    reason = (
        entered.end_reason or (entered.reason if entered.is_approved else entered.decision_reason) or entered.reason
    )
    words = params | {"grade": review.grade, "reason": reason}
    people = _of(entered.proposed_by_id) - rated
    tell(people, "review.calibration_decided", words, path, by=by, now=now)
    manager = _of(review.manager_id) - people - rated
    tell(manager, "review.calibration_decided", words, reverse("scorecard_detail", args=[review.pk]), by=by, now=now)


def second_level_of(review: Review) -> int | None:
    """Return the account of the next manager above who neither rates nor is rated; None when there is none."""
    if review.team is None:
        return None
    raters = {review.engineer.user_id, review.manager_id, review.submitted_by_id}
    above = [*review.team.ancestors(include_self=True).values_list("manager", flat=True)]
    return next((manager for manager in reversed(above) if manager is not None and manager not in raters), None)


def tell(
    to: Iterable[int | None], topic: str, params: Mapping[str, str], path: str, *, by: User | None, now: datetime
) -> None:
    """Tell those of ``to`` who have an account, except the one who did it."""
    people = _of(*to) - ({by.pk} if by else set())
    if people:
        notify_all(to=people, topic=topic, params=params, path=path, now=now)


def _of(*ids: int | None) -> set[int]:
    return {pk for pk in ids if pk is not None}


def people_of_hr() -> set[int]:
    return set(UserRole.objects.filter(role=Role.HR).values_list("user", flat=True))


def _engineers(cycle: Cycle) -> set[int]:
    return _of(*cycle.reviews.values_list("engineer__user", flat=True))


def _managers(cycle: Cycle) -> set[int]:
    parts = cycle.reviews.values_list("segments__manager", flat=True).distinct()
    return _of(*cycle.reviews.values_list("manager", flat=True).distinct(), *parts)
