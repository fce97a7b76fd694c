"""Daily reminders of who decides: disputes and appeals whose term ends soon, or has ended."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.urls import reverse

from appraisal.cycles.models import CycleState
from appraisal.notices.actions import notify
from appraisal.notices.models import Notice
from appraisal.reviews.appeals.notices import DECIDE_SOON, deciders_of
from appraisal.reviews.models import Appeal, Dispute
from appraisal.reviews.terms import clocks_of
from engineers.models import User

WORKDAYS_BEFORE = 3
FROM_HOUR = 8


def remind_deciders(*, now: datetime) -> int:
    """Remind those who decide about disputes and appeals that are due soon or overdue, once a day; return how many.

    An appeal brings its cases with it. Who is told hears how many wait, and the earliest day. Source: STANDARD 5.
    """
    local = now.astimezone(ZoneInfo(settings.TIME_ZONE))
    if local.hour < FROM_HOUR:
        return 0
    due: dict[int, list[date]] = {}
    for subject in _due_soon(now):
        for person in deciders_of(subject.review):
            if person is not None:
                due.setdefault(person, []).append(subject.decide_by)
    morning = local.replace(hour=0, minute=0, second=0, microsecond=0)
    people = _not_reminded(due, since=morning)
    for person in people:
        params = {"number": str(len(due[person])), "due": min(due[person]).isoformat()}
        notify(to=[person], topic=DECIDE_SOON, params=params, path=reverse("dispute_queue"), now=now)
    return len(people)


def _due_soon(now: datetime) -> list[Appeal | Dispute]:
    related = ("review__engineer", "review__team", "review__cycle")
    appeals = Appeal.objects.filter(outcome="").exclude(review__cycle__state=CycleState.CLOSED)
    disputes = Dispute.objects.filter(outcome="", appeal__isnull=True).exclude(review__cycle__state=CycleState.CLOSED)
    waiting: list[Appeal | Dispute] = [*appeals.select_related(*related), *disputes.select_related(*related)]
    clocks = clocks_of({(each.review.engineer_id, each.decide_by) for each in waiting}, now=now)
    return [
        each for each in waiting if clocks[each.review.engineer_id, each.decide_by].workdays_left <= WORKDAYS_BEFORE
    ]


def _not_reminded(people: Iterable[int], *, since: datetime) -> list[int]:
    """Leave those who have an open account and heard nothing of it since a moment."""
    told = Notice.objects.filter(topic=DECIDE_SOON, at__gte=since).values("user")
    active = User.objects.filter(pk__in=list(people), is_active=True).exclude(pk__in=told)
    return list(active.order_by("pk").values_list("pk", flat=True))
