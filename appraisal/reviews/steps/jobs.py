"""Opening and publishing a cycle of any size in the background, in parts, seen from outside all at once.

Opening makes the reviews while the cycle is still a draft; who joins meanwhile is added in the end, where the state
changes. Publishing first takes the cycle out of every state in which something may be written (``publishing``), then
seals reviews by parts; in the end the state changes for everybody at the same moment.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from appraisal.cycles.models import Cycle, CycleState, RunState
from appraisal.cycles.queries import eligible_engineers
from appraisal.jobs.actions import request_job, stop_job
from appraisal.jobs.models import Job, JobState
from appraisal.jobs.registry import JobKind, register
from appraisal.reviews import workflow
from appraisal.reviews.figures.runs import keep_reviews
from appraisal.reviews.figures.seals import seal_cycle, seal_reviews
from appraisal.reviews.models import ReviewSeal, ReviewState
from appraisal.reviews.steps.cycle import conclude, enter_state, expect_self_reviews, lock
from appraisal.reviews.workflow import Transition
from engineers.audit import record
from engineers.models import User

OPEN, PUBLISH = "reviews.open", "reviews.publish"


def register_kinds() -> None:
    # SQLite keeps all other writers waiting while a part is done: it has to be short.
    register(JobKind(name=OPEN, label=_("Opening the cycle"), part_size=100, work=_keep, finish=_open))
    register(JobKind(name=PUBLISH, label=_("Publishing the results"), part_size=40, work=_seal, finish=_publish))


def request_step(cycle: Cycle, step: Transition, *, by: User | None, now: datetime, reason: str) -> Job:
    """Ask for a step of ``LONG_STEPS`` on a cycle that the caller has locked and checked; the bell is not rung yet."""
    return LONG_STEPS[step.name](cycle, step, by, now, reason)


def get_job_under_way(cycle: Cycle) -> Job | None:
    """Return the job that opens or publishes the cycle, while it is not finished."""
    jobs = Job.objects.filter(kind__in=(OPEN, PUBLISH), subject=cycle.code).exclude(state=JobState.DONE)
    waits = cycle.state in (CycleState.DRAFT, CycleState.PUBLISHING)
    return jobs.select_related("requested_by").first() if waits else None


def stop_publishing(cycle: Cycle, *, now: datetime) -> None:
    """Take off what is sealed already of a cycle that goes back to calibration; a part under way ends first."""
    lock(cycle.reviews.all())
    stop_job(kind=PUBLISH, subject=cycle.code, error=gettext("Stopped: the cycle went back to calibration."), now=now)
    ReviewSeal.objects.filter(review__cycle=cycle).delete()


def _request_opening(cycle: Cycle, step: Transition, by: User | None, now: datetime, reason: str) -> Job:
    engineers = list(eligible_engineers(cycle).order_by("pk").values_list("pk", flat=True))
    return _request(OPEN, engineers, cycle, step, by=by, now=now, reason=reason)


def _request_publishing(cycle: Cycle, step: Transition, by: User | None, now: datetime, reason: str) -> Job:
    still_open = _texts(step, cycle)
    # The caller has locked the reviews, in the order in which scoring does: a chunk or a rating under way has ended.
    cycle.runs.filter(state=RunState.RUNNING).update(state=RunState.SUPERSEDED, finished_at=now)
    before = cycle.state
    enter_state(cycle, CycleState.PUBLISHING)
    record(
        action="cycle.publishing",
        target=cycle,
        by=by,
        now=now,
        before={"state": before},
        after={"state": cycle.state},
        reason=reason.strip(),
    )
    reviews = list(cycle.reviews.order_by("engineer_id").values_list("pk", flat=True))
    return _request(PUBLISH, reviews, cycle, step, by=by, now=now, reason=reason, still_open=still_open)


LONG_STEPS: Mapping[str, Callable[[Cycle, Transition, User | None, datetime, str], Job]] = {
    "open": _request_opening,
    "publish": _request_publishing,
}


def _request(
    kind: str,
    item_ids: Sequence[int],
    cycle: Cycle,
    step: Transition,
    *,
    by: User | None,
    now: datetime,
    reason: str,
    still_open: Sequence[str] = (),
) -> Job:
    return request_job(
        kind=kind,
        item_ids=item_ids,
        by=by,
        now=now,
        subject=cycle.code,
        params={"cycle": cycle.pk, "step": step.name, "reason": reason, "open": list(still_open)},
        path=reverse("cycle_detail", args=[cycle.code]),
        ring=False,
    )


def _keep(job: Job, engineer_ids: Sequence[int], now: datetime) -> None:
    cycle = Cycle.objects.get(pk=job.params["cycle"])
    if cycle.state == CycleState.DRAFT:
        keep_reviews(cycle, engineer_ids)


def _open(job: Job, now: datetime) -> None:
    """Add who joined meanwhile and open the cycle. Raises ValidationError when it can no longer be opened."""
    cycle = Cycle.objects.select_for_update().get(pk=job.params["cycle"])
    step = workflow.check_cycle_step(cycle, job.params["step"])
    workflow.check_open_items(step.open_items(cycle), reason=job.params["reason"])
    before, still_open = cycle.state, _texts(step, cycle)
    joined = eligible_engineers(cycle).exclude(reviews__cycle=cycle).order_by("pk")
    keep_reviews(cycle, list(joined.values_list("pk", flat=True)))
    enter_state(cycle, step.target)
    expect_self_reviews(cycle)
    conclude(
        cycle,
        step,
        before=before,
        still_open=still_open,
        by=job.requested_by,
        now=now,
        reason=job.params["reason"],
    )


def _seal(job: Job, review_ids: Sequence[int], now: datetime) -> None:
    cycle = Cycle.objects.get(pk=job.params["cycle"])
    reviews = cycle.reviews.filter(pk__in=review_ids)
    lock(reviews)
    # Looked at under the locks: who stops the publishing waits for them.
    cycle.refresh_from_db(fields=["state"])
    if cycle.state == CycleState.PUBLISHING:
        seal_reviews(cycle, reviews)


def _publish(job: Job, now: datetime) -> None:
    cycle = Cycle.objects.select_for_update().get(pk=job.params["cycle"])
    if cycle.state != CycleState.PUBLISHING:
        return  # somebody stopped it
    step = workflow.get_cycle_step(job.params["step"])
    lock(cycle.reviews.all())
    seal_cycle(cycle, by=job.requested_by, now=now)
    cycle.reviews.update(state=ReviewState.PUBLISHED)
    enter_state(cycle, step.target)
    conclude(
        cycle,
        step,
        before=step.sources[0],
        still_open=job.params["open"],
        by=job.requested_by,
        now=now,
        reason=job.params["reason"],
    )


def _texts(step: Transition, cycle: Cycle) -> list[str]:
    return [str(item.text) for item in step.open_items(cycle)]
