"""What people are told about the use of results."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from appraisal.notices.actions import notify
from appraisal.notices.registry import Topic, register_topic
from appraisal.outcomes.models import BonusPlan, Commendation, ImprovementPlan, PlanState, PostChange
from appraisal.reviews.notices import people_of_hr
from engineers.models import User

BONUS = "outcomes.bonus"
PLAN_SUBMITTED, PLAN_RETURNED = "outcomes.plan_submitted", "outcomes.plan_returned"
PRAISE_PROPOSED, PRAISE = "outcomes.praise_proposed", "outcomes.praise"
PLAN_STARTED, PLAN_ENDED = "outcomes.plan_started", "outcomes.plan_ended"
POST_PROPOSED, POST_DECIDED = "outcomes.post_proposed", "outcomes.post_decided"
TOPICS = (
    Topic(BONUS, _("Your bonus is settled"), _("Your bonus for “%(cycle)s” is settled.")),
    Topic(
        PLAN_SUBMITTED,
        _("An improvement plan waits for HR"),
        _("The improvement plan for %(engineer)s waits for approval."),
    ),
    Topic(
        PLAN_RETURNED,
        _("An improvement plan comes back"),
        _("The improvement plan for %(engineer)s comes back to you."),
    ),
    Topic(
        PRAISE_PROPOSED,
        _("A commendation waits for approval"),
        _("%(who)s proposes a commendation for %(engineer)s: %(title)s."),
    ),
    Topic(PRAISE, _("You are commended"), _("You are commended: %(title)s.")),
    Topic(
        POST_PROPOSED,
        _("A change of post is proposed"),
        _("%(who)s proposes for %(engineer)s: %(post)s, from %(day)s."),
    ),
    Topic(
        POST_DECIDED,
        _("A change of post is decided"),
        _("The change of post of %(engineer)s is decided: %(post)s, from %(day)s."),
    ),
    Topic(PLAN_STARTED, _("An improvement plan begins"), _("The improvement plan for %(engineer)s begins.")),
    Topic(PLAN_ENDED, _("An improvement plan has ended"), _("The improvement plan for %(engineer)s has ended.")),
)


def register_topics() -> None:
    for topic in TOPICS:
        register_topic(topic)


def tell_of_bonus(plan: BonusPlan, *, now: datetime) -> None:
    engineers = plan.rows.filter(review__engineer__user__isnull=False)
    people = engineers.values_list("review__engineer__user", flat=True)
    notify(
        to=people,
        topic=BONUS,
        params={"cycle": plan.cycle.name},
        path=f"{reverse('my_bonuses')}?cycle={plan.cycle.code}",
        now=now,
    )


def tell_hr_of_plan(plan: ImprovementPlan, *, by: User, now: datetime) -> None:
    _tell_of_plan(plan, PLAN_SUBMITTED, people_of_hr(), by=by, now=now)


def tell_drafter_of_plan(plan: ImprovementPlan, *, by: User, now: datetime) -> None:
    _tell_of_plan(plan, PLAN_RETURNED, [plan.drafted_by_id], by=by, now=now)


def tell_people_of_plan(plan: ImprovementPlan, *, by: User, now: datetime) -> None:
    """Tell the engineer, the coach and who drafted it that it begins, or has ended."""
    people = [plan.review.engineer.user_id, plan.coach_id, plan.drafted_by_id]
    topic = PLAN_ENDED if plan.state == PlanState.ENDED else PLAN_STARTED
    _tell_of_plan(plan, topic, people, by=by, now=now)


def _tell_of_plan(plan: ImprovementPlan, topic: str, people: Iterable[int | None], *, by: User, now: datetime) -> None:
    to = {pk for pk in people if pk is not None} - {by.pk}
    params = {"engineer": plan.review.engineer.name}
    notify(to=to, topic=topic, params=params, path=reverse("improvement_plan", args=[plan.pk]), now=now)


def tell_hr_of_praise(praise: Commendation, *, by: User, now: datetime) -> None:
    params = {"who": str(by), "engineer": praise.engineer.name, "title": praise.title}
    path = reverse("commendation", args=[praise.pk])
    notify(to=people_of_hr() - {by.pk}, topic=PRAISE_PROPOSED, params=params, path=path, now=now)


def tell_of_praise(praise: Commendation, *, by: User, now: datetime) -> None:
    to = {praise.engineer.user_id} - {by.pk, None}
    path = reverse("commendation", args=[praise.pk])
    notify(to=[pk for pk in to if pk], topic=PRAISE, params={"title": praise.title}, path=path, now=now)


def tell_of_post_change(change: PostChange, *, by: User, now: datetime) -> None:
    """Tell HR, who can decide, and the engineer, who has a say."""
    _tell_of_post(change, POST_PROPOSED, people_of_hr() | {change.engineer.user_id}, by=by, now=now)


def tell_of_post_change_decided(change: PostChange, *, by: User, now: datetime) -> None:
    """Tell the engineer and who proposed it."""
    _tell_of_post(change, POST_DECIDED, {change.proposed_by_id, change.engineer.user_id}, by=by, now=now)


def _tell_of_post(change: PostChange, topic: str, people: Iterable[int | None], *, by: User, now: datetime) -> None:
    to = {pk for pk in people if pk is not None} - {by.pk}
    params = {
        "who": str(by),
        "engineer": change.engineer.name,
        "post": change.destination,
        "day": change.effective_on.isoformat(),
    }
    notify(to=to, topic=topic, params=params, path=reverse("post_change", args=[change.pk]), now=now)
