"""What people are told about the use of results."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from appraisal.notices.actions import notify
from appraisal.notices.registry import Topic, register_topic
from appraisal.outcomes.models import BonusPlan

BONUS = "outcomes.bonus"
TOPICS = (Topic(BONUS, _("Your bonus is settled"), _("Your bonus for “%(cycle)s” is settled.")),)


def register_topics() -> None:
    for topic in TOPICS:
        register_topic(topic)


def tell_of_bonus(plan: BonusPlan, *, now: datetime) -> None:
    engineers = plan.rows.filter(review__engineer__user__isnull=False)
    people = engineers.values_list("review__engineer__user", flat=True)
    notify(to=people, topic=BONUS, params={"cycle": plan.cycle.name}, path=reverse("my_bonuses"), now=now)
