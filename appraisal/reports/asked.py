"""What is asked of an engineer beside the self-review, in words, with the page on which it is done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from appraisal.cycles.models import CycleState
from appraisal.cycles.workflow import UNDER_WAY
from appraisal.evidence.models import WorkLog
from appraisal.evidence.worklog_days import LATE_DAYS, DayState, list_days
from appraisal.feedback import access as feedback_access
from appraisal.feedback.models import RequestState
from appraisal.reviews.appeals.queries import get_after_publication
from appraisal.reviews.interviews.actions import MINUTES
from appraisal.reviews.models import Interview, Review
from engineers.models import Engineer, User


@dataclass(frozen=True, kw_only=True)
class Asked:
    """``is_offer``: it may be done, and nobody waits for it."""

    label: str
    address: str
    is_offer: bool = False


def list_asked(*, viewer: User, last: Review | None, now: datetime) -> list[Asked]:
    """Return feedback to give, days to log, minutes to confirm and until when one may appeal against ``last``.

    ``last`` is one's own last published review. A fixed number of queries.
    """
    found = _feedback(viewer, now)
    engineer: Engineer | None = getattr(viewer, "engineer", None)
    if engineer:
        found += [*_interviews(viewer), *_days(engineer, now)]
    if last and (after := get_after_publication(viewer=viewer, review=last, now=now)) and after.appeal_until:
        found.append(
            Asked(
                label=_("You may appeal against “%(cycle)s” until %(day)s")
                % {"cycle": last.cycle.name, "day": f"{after.appeal_until:%Y-%m-%d}"},
                address=reverse("review_appeal", args=[last.pk]),
                is_offer=True,
            )
        )
    return found


def _feedback(viewer: User, now: datetime) -> list[Asked]:
    waiting = (
        feedback_access.tasks_of(viewer)
        .filter(
            state=RequestState.APPROVED,
            round__opens_at__lte=now,
            round__closes_at__gt=now,
            round__release_requested_at__isnull=True,
            round__cycle__state__in=UNDER_WAY,
        )
        .count()
    )
    if not waiting:
        return []
    label = ngettext("Give feedback about %(number)s person", "Give feedback about %(number)s people", waiting) % {
        "number": waiting
    }
    return [Asked(label=label, address=reverse("feedback_tasks"))]


def _interviews(viewer: User) -> list[Asked]:
    open_minutes = Interview.objects.filter(
        review__engineer__user=viewer,
        review__cycle__state=CycleState.PUBLISHED,
        held_on__isnull=False,
        confirmed_by_engineer_at__isnull=True,
    )
    written = open_minutes.exclude(**dict.fromkeys(MINUTES, ""))
    return [
        Asked(
            label=_("Confirm the minutes of your interview about “%(cycle)s”")
            % {"cycle": interview.review.cycle.name},
            address=reverse("interview", args=[interview.review_id]),
        )
        for interview in written.select_related("review__cycle")
    ]


def _days(engineer: Engineer, now: datetime) -> list[Asked]:
    """Return the workdays of the last two weeks without a log; nothing where nobody keeps one."""
    if not WorkLog.objects.exists():
        return []
    today = now.date()
    days = list_days(engineer=engineer, first_date=today - timedelta(days=LATE_DAYS), last_date=today, now=now)
    missing = [each for each in days if each.may_write and each.state in (DayState.OPEN, DayState.MISSING)]
    if not missing:
        return []
    label = ngettext(
        "Write your work log: %(number)s day is without one",
        "Write your work log: %(number)s days are without one",
        len(missing),
    ) % {"number": len(missing)}
    return [Asked(label=label, address=reverse("worklog_day", args=[missing[0].day]))]
