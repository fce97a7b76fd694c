"""Daily reminders of those who are still open in a stage, from some days before its deadline on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from appraisal.cycles.models import Cycle, CycleState, StageDeadline
from appraisal.jobs.actions import begin_job, request_job
from appraisal.jobs.models import Job
from appraisal.jobs.registry import JobKind, register
from appraisal.notices.actions import notify
from appraisal.reviews.appeals.reminders import FROM_HOUR, remind_deciders
from appraisal.reviews.models import Reminder, ReviewSegment, ReviewState
from appraisal.reviews.notices import people_of_hr, second_level_of
from engineers.models import User

REMIND = "reviews.remind"
DAYS_BEFORE = 3


def register_kinds() -> None:
    register(JobKind(name=REMIND, label=_("Reminding before a deadline"), part_size=100, work=_remind_some))


def remind(*, now: datetime) -> int:
    """Remind everybody who is open in a stage that is due soon or overdue, at most once a day; return how many.

    Who decides about disputes and appeals is reminded of their terms as well.
    """
    return sum(_remind(deadline, now) for deadline in _due(now)) + remind_deciders(now=now)


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


def _remind(deadline: StageDeadline, now: datetime) -> int:
    cycle = deadline.cycle
    day = _today(cycle, now)
    people = sorted(_not_reminded(people_still_open(cycle), day))
    if people:
        job = request_job(
            kind=REMIND,
            item_ids=people,
            by=None,
            now=now,
            subject=f"{cycle.code} {day}",
            params={"deadline": deadline.pk, "day": day.isoformat()},
            ring=False,
        )
        begin_job(job, now)
    return len(people)


def _remind_some(job: Job, user_ids: Sequence[int], now: datetime) -> None:
    """Remind those who still have something to do, and heard of nothing today."""
    deadline = StageDeadline.objects.select_related("cycle").filter(pk=job.params["deadline"]).first()
    if deadline is None or deadline.state != deadline.cycle.state:
        return
    day = date.fromisoformat(job.params["day"])
    people = _not_reminded(people_still_open(deadline.cycle).intersection(user_ids), day)
    # Two workers at once: the constraint keeps one row, and the notice is renewed, not doubled.
    Reminder.objects.bulk_create([Reminder(user_id=pk, day=day) for pk in sorted(people)], ignore_conflicts=True)
    if people:
        params = {"cycle": deadline.cycle.name, "due": deadline.due_date.isoformat()}
        notify(
            to=people,
            topic="review.reminder",
            params=params,
            path=f"{reverse('home')}?cycle={deadline.cycle.code}",
            now=now,
        )


def _not_reminded(people: set[int], day: date) -> set[int]:
    """Leave those who have an open account and no reminder of that day."""
    reminded = Reminder.objects.filter(day=day, user__in=people).values_list("user", flat=True)
    active = User.objects.filter(pk__in=people, is_active=True).values_list("pk", flat=True)
    return set(active).difference(reminded)


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
