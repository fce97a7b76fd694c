"""What people are told about 360° feedback. Nothing is told when somebody has answered."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from appraisal.feedback.models import FeedbackRound
from appraisal.notices.actions import notify, notify_all
from appraisal.notices.registry import Topic, register_topic
from engineers.models import Engineer

ASKED, REMINDER, PROPOSED, RELEASED = (
    "feedback.asked",
    "feedback.reminder",
    "feedback.proposed",
    "feedback.released",
)
TOPICS = (
    Topic(
        ASKED, _("You are asked for feedback"), _("You are asked for feedback about people you work with: %(cycle)s.")
    ),
    Topic(REMINDER, _("Feedback is still open"), _("Your feedback for %(cycle)s is still open. Last day: %(day)s.")),
    Topic(PROPOSED, _("Raters are proposed"), _("%(name)s proposes people to be asked for feedback: %(cycle)s.")),
    Topic(RELEASED, _("Feedback is released"), _("The 360° feedback of %(cycle)s is released.")),
)


def register_topics() -> None:
    for topic in TOPICS:
        register_topic(topic)


def tell_asked(feedback: FeedbackRound, user_ids: Iterable[int], *, now: datetime) -> None:
    notify_all(to=user_ids, topic=ASKED, params={"cycle": feedback.cycle.name}, path=_tasks_of(feedback), now=now)


def tell_open(feedback: FeedbackRound, user_ids: Iterable[int], *, now: datetime) -> None:
    params = {"cycle": feedback.cycle.name, "day": feedback.last_day.isoformat()}
    notify(to=user_ids, topic=REMINDER, params=params, path=_tasks_of(feedback), now=now)


def _tasks_of(feedback: FeedbackRound) -> str:
    """Return where people answer; of each cycle its own, so that no notice takes the place of another cycle's."""
    return f"{reverse('feedback_tasks')}?cycle={feedback.cycle.code}"


def tell_proposed(feedback: FeedbackRound, ratee: Engineer, user_ids: Iterable[int], *, now: datetime) -> None:
    path = reverse("feedback_raters", kwargs={"code": feedback.cycle.code, "engineer_id": ratee.pk})
    params = {"name": ratee.name, "cycle": feedback.cycle.name}
    notify(to=user_ids, topic=PROPOSED, params=params, path=path, now=now)


def tell_released(feedback: FeedbackRound, user_ids: Iterable[int], *, now: datetime) -> None:
    path = reverse("feedback_round", kwargs={"code": feedback.cycle.code})
    notify_all(to=user_ids, topic=RELEASED, params={"cycle": feedback.cycle.name}, path=path, now=now)
