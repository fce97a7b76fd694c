"""What people are told about suggestions."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from appraisal.kpis.models import Suggestion
from appraisal.notices.actions import notify
from appraisal.notices.registry import Topic, register_topic
from engineers.models import Role, UserRole

WRITTEN, ACCEPTED, DECLINED = "suggestion.written", "suggestion.accepted", "suggestion.declined"
TOPICS = (
    Topic(WRITTEN, _("A suggestion on a KPI or scheme"), _("%(who)s suggests something about “%(about)s”.")),
    Topic(ACCEPTED, _("Your suggestion is accepted"), _("Your suggestion about “%(about)s” is accepted.")),
    Topic(DECLINED, _("Your suggestion is declined"), _("Your suggestion about “%(about)s” is declined: %(reason)s")),
)


def register_topics() -> None:
    for topic in TOPICS:
        register_topic(topic)


def tell_written(suggestion: Suggestion, *, now: datetime) -> None:
    people = set(UserRole.objects.filter(role=Role.HR).values_list("user", flat=True)) - {suggestion.written_by_id}
    params = {"who": str(suggestion.written_by), "about": suggestion.about}
    notify(to=people, topic=WRITTEN, params=params, path=_path(suggestion), now=now)


def tell_answered(suggestion: Suggestion, *, now: datetime) -> None:
    params = {"about": suggestion.about, "reason": suggestion.answer}
    topic = ACCEPTED if suggestion.is_accepted else DECLINED
    notify(to=[suggestion.written_by_id], topic=topic, params=params, path=_path(suggestion), now=now)


def _path(suggestion: Suggestion) -> str:
    return reverse("suggestion_detail", args=[suggestion.pk])
