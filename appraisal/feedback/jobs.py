"""Feedback for a whole organisation in the background: nominating, reminding, inviting, releasing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from appraisal.feedback import links, nominations, release
from appraisal.feedback.actions import INVITE, NOMINATE, RELEASE, REMIND, REMIND_CUSTOMERS
from appraisal.feedback.models import FeedbackRound
from appraisal.feedback.notices import tell_asked, tell_open
from appraisal.feedback.queries import customers_to_invite, customers_to_remind, open_requests
from appraisal.jobs.models import Job
from appraisal.jobs.registry import JobKind, register


def register_kinds() -> None:
    for kind in (
        JobKind(name=NOMINATE, label=_("Nominating raters"), part_size=100, work=_nominate, finish=_tell_all_asked),
        JobKind(name=REMIND, label=_("Reminding raters"), part_size=100, work=_remind),
        JobKind(name=INVITE, label=_("Inviting customers"), part_size=1, work=_invite, acts_outside=True),
        JobKind(
            name=REMIND_CUSTOMERS,
            label=_("Reminding customers"),
            part_size=1,
            work=_remind_customers,
            acts_outside=True,
        ),
        JobKind(name=RELEASE, label=_("Releasing the feedback"), part_size=50, work=_release, finish=_finish_release),
    ):
        register(kind)


def _round_of(job: Job) -> FeedbackRound:
    return FeedbackRound.objects.select_related("cycle", "release_requested_by").get(pk=job.params["round"])


def _nominate(job: Job, engineer_ids: Sequence[int], now: datetime) -> None:
    feedback = _round_of(job)
    if not feedback.is_ended:
        nominations.nominate_by_rule(feedback=feedback, engineer_ids=engineer_ids, by=job.requested_by, now=now)


def _tell_all_asked(job: Job, now: datetime) -> None:
    feedback = _round_of(job)
    # Who was asked before this nominating has been told.
    asked = open_requests(feedback).filter(rater__isnull=False, pk__gt=job.params["asked_before"]).order_by("rater")
    tell_asked(feedback, asked.values_list("rater", flat=True).distinct(), now=now)


def _remind(job: Job, user_ids: Sequence[int], now: datetime) -> None:
    """Remind those who still have something open, not those who answered since the job was asked for."""
    feedback = _round_of(job)
    if not feedback.is_ended:
        still = open_requests(feedback).filter(rater__in=user_ids).order_by("rater")
        tell_open(feedback, list(still.values_list("rater", flat=True).distinct()), now=now)


def _invite(job: Job, request_ids: Sequence[int], now: datetime) -> None:
    """Send a link: each letter is a part of its own, so that an address nobody takes letters at stops no other one."""
    feedback = _round_of(job)
    if not feedback.is_ended:
        for request in customers_to_invite(feedback).filter(pk__in=request_ids).select_related("ratee").order_by("pk"):
            links.invite(request, feedback=feedback, origin=job.params["origin"], now=now)


def _remind_customers(job: Job, request_ids: Sequence[int], now: datetime) -> None:
    """Remind those who have not answered since the job was asked for, each by a part of its own as in ``_invite``."""
    feedback = _round_of(job)
    if not feedback.is_ended:
        for request in (
            customers_to_remind(feedback, now=now).filter(pk__in=request_ids).select_related("ratee").order_by("pk")
        ):
            links.remind(request, feedback=feedback, origin=job.params["origin"], now=now)


def _release(job: Job, ratee_ids: Sequence[int], now: datetime) -> None:
    feedback = _round_of(job)
    if not feedback.is_released:
        release.write_results(feedback=feedback, ratee_ids=ratee_ids)


def _finish_release(job: Job, now: datetime) -> None:
    feedback = _round_of(job)
    if not feedback.is_released:
        release.finish_release(feedback=feedback, now=now)
