"""Writes of jobs, one verb each."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.core.exceptions import ValidationError
from django.db import IntegrityError, InterfaceError, OperationalError, connection, transaction
from django.db.models import F, QuerySet
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from appraisal.jobs.doorbell import announce_parts
from appraisal.jobs.models import Job, JobPart, JobState, PartState
from appraisal.jobs.queries import WORKABLE, list_waiting_parts
from appraisal.jobs.registry import get_kind
from engineers.audit import record
from engineers.models import User
from engineers.queries import language_of

QUIET_BEFORE_RINGING_AGAIN = timedelta(seconds=15)
FAILURES_BEFORE_GIVING_UP = 3
SECONDS_BETWEEN_LOOKS = 0.2

logger = structlog.get_logger(__name__)


@transaction.atomic
def request_job(
    *,
    kind: str,
    item_ids: Sequence[int],
    by: User | None,
    now: datetime,
    subject: str = "",
    params: Mapping[str, Any] | None = None,
    path: str = "",
    ring: bool = True,
) -> Job:
    """Ask for work on some items: rows first, the bell after the commit.

    While a job of the same kind and subject runs, that one is returned. ``path`` is the page to go back to.
    Who does not ``ring`` calls ``begin_job`` after the commit; forgotten, the sweep rings.
    """
    declared = get_kind(kind)
    items = list(dict.fromkeys(item_ids))
    parts = [items[at : at + declared.part_size] for at in range(0, len(items), declared.part_size)]
    total = len(parts) + bool(declared.finish)
    values = {
        "params": dict(params or {}),
        "path": path,
        "requested_by": by,
        "requested_at": now,
        "announced_at": now,
        "progressed_at": now,
        "items_total": len(items),
        "parts_total": total,
    }
    if not total:
        return Job.objects.create(kind=kind, subject=subject, state=JobState.DONE, finished_at=now, **values)
    job, is_new = _get_or_create(kind, subject, values)
    if is_new:
        rows = [JobPart(job=job, number=number, item_ids=part) for number, part in enumerate(parts, start=1)]
        if declared.finish:
            rows.append(JobPart(job=job, number=total, finishes=True))
        JobPart.objects.bulk_create(rows, batch_size=500)
        if ring:
            _announce(job)
    return job


def run_part(*, part_id: int, now: datetime) -> bool:
    """Do a part in one transaction; return False if there was nothing to do.

    Safe to call twice and from two workers: the part's row is locked, and the lock goes with the connection, so
    that a killed worker frees its part at once. Errors are noted and raised again.
    """
    try:
        ahead = _written_ahead(part_id, now)
        with transaction.atomic():
            part = _claim(part_id)
            if part is None:
                return False
            if not ahead:
                _do(part, now)
            _finish(part, now)
    except (OperationalError, InterfaceError):
        raise  # the database went away or is busy: no fault of the part, the sweep rings again
    except Exception as error:
        note_failure(part_id=part_id, error=_told(part_id, error), now=now)
        raise
    return True


def begin_job(job: Job, now: datetime) -> Job:
    """Do a small job here and now, and leave a larger one to the workers; return it as it is then.

    Small is a job of one part and its end: who asked sees the outcome at once, and nobody waits for a worker.
    """
    ends = bool(get_kind(job.kind).finish)
    if job.parts_total - ends <= 1:
        return run_now(job, now)
    _announce(job)
    return job


def run_now(job: Job, now: datetime) -> Job:
    """Do all of a job here and now, part by part; return it as it ended, done or failed."""
    while part_ids := list_waiting_parts(job):
        tried = [_try_part(part_id, now) for part_id in part_ids]
        if not any(tried):
            break  # the rest is in the hands of other workers
    job.refresh_from_db()
    return job


def run_to_end(job: Job, now: datetime) -> Job:
    """Do a job here and now, and wait for parts that workers have in hand; return it as it ended."""
    while (job := run_now(job, now)).is_running:
        time.sleep(SECONDS_BETWEEN_LOOKS)
    return job


def _try_part(part_id: int, now: datetime) -> bool:
    try:
        return run_part(part_id=part_id, now=now)
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        logger.exception("part of a job failed", part=part_id)
    return True


@transaction.atomic
def note_failure(*, part_id: int, error: str, now: datetime) -> None:
    """Remember that a part raised an error. After the third time it is set aside; the others go on."""
    part = JobPart.objects.select_for_update().get(pk=part_id)
    if part.state != PartState.WAITING:
        return
    part.failures += 1
    part.error = error[:2000]
    given_up = part.failures >= FAILURES_BEFORE_GIVING_UP
    if given_up:
        part.state = PartState.FAILED
    part.save(update_fields=["failures", "error", "state"])
    if given_up:
        Job.objects.filter(pk=part.job_id).update(
            parts_failed=F("parts_failed") + 1, progressed_at=now, error=part.error
        )
        _end(part.job_id, now)


@transaction.atomic
def resume_job(*, job_id: int, by: User | None, now: datetime) -> Job:
    """Let a failed job go on with what is not done. Asked twice, it goes on once.

    Raises ValidationError for a job that is done, and while another of the same kind and subject runs.
    """
    job = Job.objects.select_for_update().get(pk=job_id)
    if job.state == JobState.RUNNING:
        return job
    if job.state == JobState.DONE:
        raise ValidationError(_("This job is finished; there is nothing left to do."), code="job_done")
    job.parts.filter(state=PartState.FAILED).update(state=PartState.WAITING, failures=0)
    before = {"state": job.state, "error": job.error}
    job.state, job.error, job.finished_at, job.parts_failed = JobState.RUNNING, "", None, 0
    job.announced_at = job.progressed_at = now
    try:
        with transaction.atomic():
            job.save()
    except IntegrityError as error:
        raise ValidationError(_("A newer job does the same work already."), code="job_replaced") from error
    record(action="job.resumed", target=job, by=by, now=now, before=before)
    _announce(job)
    return job


@transaction.atomic
def stop_job(*, kind: str, subject: str, error: str, now: datetime) -> None:
    """End the running job of a kind and subject where it stands; ``error`` tells people why. None running: nothing."""
    running = Job.objects.filter(kind=kind, subject=subject, state=JobState.RUNNING)
    running.update(state=JobState.FAILED, error=error, finished_at=now, progressed_at=now)


def sweep(*, now: datetime) -> int:
    """Announce the waiting parts of jobs that have been quiet for a while; return how many were announced."""
    quiet_since = now - QUIET_BEFORE_RINGING_AGAIN
    rung = 0
    quiet = Job.objects.filter(state=JobState.RUNNING, announced_at__lte=quiet_since, progressed_at__lte=quiet_since)
    for job in quiet:
        waiting = list_waiting_parts(job)
        Job.objects.filter(pk=job.pk).update(announced_at=now)
        announce_parts(waiting)
        rung += len(waiting)
    return rung


def _get_or_create(kind: str, subject: str, values: Mapping[str, Any]) -> tuple[Job, bool]:
    running = Job.objects.filter(kind=kind, subject=subject, state=JobState.RUNNING)
    if job := running.first():
        return job, False
    try:
        with transaction.atomic():
            return Job.objects.create(kind=kind, subject=subject, **values), True
    except IntegrityError:
        # Asked for by somebody else at the same moment.
        if job := running.first():
            return job, False
        raise


def _written_ahead(part_id: int, now: datetime) -> bool:
    """Do a part whose kind acts outside the database, outside of any transaction; False for parts of other kinds."""
    part = _workable(part_id).first()
    if part is None or not get_kind(part.job.kind).acts_outside:
        return False
    _do(part, now)
    return True


def _do(part: JobPart, now: datetime) -> None:
    kind = get_kind(part.job.kind)
    if not part.finishes:
        kind.work(part.job, part.item_ids, now)
    elif kind.finish:
        kind.finish(part.job, now)


def _claim(part_id: int) -> JobPart | None:
    """Lock a part for the transaction at hand; None when it is done, taken, or its turn has not come."""
    locking = {"skip_locked": True} if connection.features.has_select_for_update_skip_locked else {}
    return _workable(part_id).select_for_update(of=("self",), **locking).first()


def _workable(part_id: int) -> QuerySet[JobPart]:
    parts = JobPart.objects.select_related("job__requested_by")
    return parts.filter(WORKABLE, pk=part_id, job__state=JobState.RUNNING)


def _finish(part: JobPart, now: datetime) -> None:
    JobPart.objects.filter(pk=part.pk).update(state=PartState.DONE, error="")
    Job.objects.filter(pk=part.job_id).update(
        parts_done=F("parts_done") + 1, items_done=F("items_done") + len(part.item_ids), progressed_at=now
    )
    _end(part.job_id, now)


def _end(job_id: int, now: datetime) -> None:
    """End a job of which nothing is left to do, or ring for the part that finishes.

    The caller has updated the job's row and so holds it: of two parts ending at once the later one sees both.
    """
    job = Job.objects.get(pk=job_id)
    if job.parts_done == job.parts_total:
        Job.objects.filter(pk=job_id).update(state=JobState.DONE, finished_at=now, error="")
    elif job.parts_failed and not list_waiting_parts(job):
        Job.objects.filter(pk=job_id).update(state=JobState.FAILED, finished_at=now)
    elif last := list(job.parts.filter(WORKABLE, finishes=True).values_list("pk", flat=True)):
        transaction.on_commit(lambda: announce_parts(last))


def _announce(job: Job) -> None:
    waiting = list_waiting_parts(job)
    transaction.on_commit(lambda: announce_parts(waiting))


def _told(part_id: int, error: Exception) -> str:
    """Return what went wrong, in the language of who asked: the worker that met it speaks the organisation's."""
    asked_by = User.objects.filter(pk__in=JobPart.objects.filter(pk=part_id).values("job__requested_by")).first()
    with translation.override(language_of(asked_by)) if asked_by else nullcontext():
        return _text_of(error)


def _text_of(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return " ".join(error.messages)  # written for people
    return f"{type(error).__name__}: {error}"
