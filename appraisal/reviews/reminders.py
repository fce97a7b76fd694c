"""Daily reminders of those who are still open in a stage, from some days before its deadline on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.urls import reverse

from appraisal.cycles.models import Cycle, CycleState, StageDeadline
from appraisal.notices.actions import notify
from appraisal.reviews.models import Reminder, ReviewSegment, ReviewState
from appraisal.reviews.notices import people_of_hr, second_level_of
from engineers.models import User

DAYS_BEFORE = 3
FROM_HOUR = 8


def remind(*, now: datetime) -> int:
    """Remind everybody who is open in a stage that is due soon or overdue, at most once a day; return how many."""
    return sum(_remind(deadline, now) for deadline in _due(now))


def people_still_open(cycle: Cycle) -> set[int]:
    """Return the accounts that have something to do in the stage the cycle is in."""
    match cycle.state:
        case CycleState.SELF_REVIEW:
            waiting = cycle.reviews.filter(state=ReviewState.AWAITING_SELF)
            return _accounts(waiting.values_list("engineer__user", flat=True))
        case CycleState.MANAGER_REVIEW:
            return _raters(cycle) | _second_levels(cycle)
        case CycleState.CALIBRATION:
            return people_of_hr()
        case CycleState.PUBLISHED:
            unread = cycle.reviews.filter(state=ReviewState.PUBLISHED)
            return _accounts(unread.values_list("engineer__user", flat=True))
        case _:
            return set()


@transaction.atomic
def _remind(deadline: StageDeadline, now: datetime) -> int:
    cycle = deadline.cycle
    day = _today(cycle, now)
    people = people_still_open(cycle)
    people -= set(Reminder.objects.filter(day=day, user__in=people).values_list("user", flat=True))
    active = set(User.objects.filter(pk__in=people, is_active=True).values_list("pk", flat=True))
    # Two workers at once: the constraint keeps one row, and the notice is renewed, not doubled.
    Reminder.objects.bulk_create([Reminder(user_id=pk, day=day) for pk in sorted(active)], ignore_conflicts=True)
    if active:
        params = {"cycle": cycle.name, "due": deadline.due_date.isoformat()}
        notify(to=active, topic="review.reminder", params=params, path=reverse("home"), now=now)
    return len(active)


def _due(now: datetime) -> Iterator[StageDeadline]:
    deadlines = StageDeadline.objects.select_related("cycle").order_by("due_date", "pk")
    for deadline in deadlines.exclude(cycle__state__in=(CycleState.DRAFT, CycleState.CLOSED)):
        local = now.astimezone(ZoneInfo(deadline.cycle.time_zone))
        is_near = local.date() >= deadline.due_date - timedelta(days=DAYS_BEFORE)
        if deadline.state == deadline.cycle.state and is_near and local.hour >= FROM_HOUR:
            yield deadline


def _today(cycle: Cycle, now: datetime) -> date:
    return now.astimezone(ZoneInfo(cycle.time_zone)).date()


def _raters(cycle: Cycle) -> set[int]:
    waiting = cycle.reviews.filter(state=ReviewState.AWAITING_MANAGER)
    whole = waiting.filter(segments__isnull=True).values_list("manager", flat=True)
    parts = ReviewSegment.objects.filter(review__in=waiting, submitted_at__isnull=True)
    return _accounts(whole) | _accounts(parts.values_list("manager", flat=True))


def _second_levels(cycle: Cycle) -> set[int]:
    found, seen = set(), set()
    waiting = cycle.reviews.filter(state=ReviewState.AWAITING_SECOND).select_related("team", "engineer")
    for review in waiting:
        place = (review.team_id, review.manager_id, review.submitted_by_id)
        if place not in seen:
            seen.add(place)
            found.add(second_level_of(review))
    return _accounts(found)


def _accounts(ids: Iterable[int | None]) -> set[int]:
    return {pk for pk in ids if pk is not None}
