"""Writes about cycles and scoring runs, one verb each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from appraisal.cycles import workflow
from appraisal.cycles.doorbell import announce_chunks
from appraisal.cycles.models import (
    ChunkState,
    Cycle,
    CycleScheme,
    CycleState,
    RunState,
    ScoringChunk,
    ScoringRun,
    StageDeadline,
    StaleFigures,
)
from appraisal.cycles.pools import gather_pools
from appraisal.cycles.queries import WORKABLE, eligible_engineers, get_schemes, list_waiting_chunks, newest_mark
from appraisal.kpis.models import SchemeVersion
from engineers.audit import record
from engineers.models import User

QUIET_BEFORE_RINGING_AGAIN = timedelta(seconds=15)
FAILURES_BEFORE_GIVING_UP = 3


@transaction.atomic
def set_profile_scheme(
    *, cycle: Cycle, profile_id: int | None, version: SchemeVersion, by: User | None, now: datetime
) -> None:
    """Let a scheme version apply to a job profile of a cycle (None: to all the others)."""
    workflow.refuse_unless_scorable(cycle)
    row, _created = CycleScheme.objects.update_or_create(
        cycle=cycle, profile_id=profile_id, defaults={"version": version}
    )
    record(action="cycle.scheme_set", target=cycle, by=by, now=now, after={"scheme": str(row)})


@transaction.atomic
def set_stages(
    *,
    cycle_id: int,
    asks_self_review: bool,
    asks_second_level: bool,
    deadlines: Mapping[str, date | None],
    by: User | None,
    now: datetime,
) -> Cycle:
    """Set who takes part and by when; ``deadlines`` maps stages to days, None: no deadline; others stay.

    Raises ValidationError once the cycle is closed, and for a change of who takes part after that stage has begun.
    """
    cycle = Cycle.objects.select_for_update().get(pk=cycle_id)
    if cycle.state == CycleState.CLOSED:
        raise ValidationError(_("The cycle is closed."), code="closed")
    before = _stages_of(cycle)
    if asks_self_review != cycle.asks_self_review and cycle.state not in (CycleState.DRAFT, CycleState.OPEN):
        raise ValidationError(
            {"asks_self_review": ValidationError(_("The self-review can no longer be changed."), code="too_late")}
        )
    over = (CycleState.CALIBRATION, CycleState.PUBLISHING, CycleState.PUBLISHED)
    if asks_second_level != cycle.asks_second_level and cycle.state in over:
        raise ValidationError(
            {"asks_second_level": ValidationError(_("The managers' stage is over."), code="too_late")}
        )
    cycle.asks_self_review, cycle.asks_second_level = asks_self_review, asks_second_level
    cycle.save(update_fields=["asks_self_review", "asks_second_level"])
    for state, due_date in deadlines.items():
        if state not in workflow.STAGES:
            raise ValidationError(_("This stage has no deadline."), code="no_stage")
        if due_date is None:
            cycle.deadlines.filter(state=state).delete()
        else:
            StageDeadline.objects.update_or_create(cycle=cycle, state=state, defaults={"due_date": due_date})
    after = _stages_of(cycle)
    if before != after:
        record(action="cycle.stages_set", target=cycle, by=by, now=now, before=before, after=after)
    return cycle


def _stages_of(cycle: Cycle) -> dict[str, object]:
    due = {deadline.state: deadline.due_date.isoformat() for deadline in cycle.deadlines.order_by("state")}
    return {
        "asks_self_review": cycle.asks_self_review,
        "asks_second_level": cycle.asks_second_level,
        "deadlines": due,
    }


@transaction.atomic
def request_run(*, cycle_id: int, by: User | None, now: datetime) -> ScoringRun:
    """Ask for a scoring of the cycle: rows first, the bell after the commit.

    A run still under way is superseded: what it has not scored yet, the new one will, on newer evidence.
    Raises ValidationError once the cycle is published.
    """
    cycle = Cycle.objects.select_for_update().get(pk=cycle_id)
    workflow.refuse_unless_scorable(cycle)
    cycle.runs.filter(state=RunState.RUNNING).update(state=RunState.SUPERSEDED, finished_at=now)
    engineer_ids = list(eligible_engineers(cycle).order_by("pk").values_list("pk", flat=True))
    ranges = _ranges(engineer_ids, size=settings.SCORING_CHUNK_SIZE)
    run = ScoringRun.objects.create(
        cycle=cycle,
        as_of=now,
        requested_by=by,
        requested_at=now,
        announced_at=now,
        progressed_at=now,
        engineers=len(engineer_ids),
        chunks_total=len(ranges),
        needs_pools=get_schemes(cycle).need_pools,
        newest_mark=newest_mark(cycle),
        state=RunState.RUNNING if ranges else RunState.DONE,
        finished_at=None if ranges else now,
    )
    ScoringChunk.objects.bulk_create(
        [ScoringChunk(run=run, first_engineer_id=first, last_engineer_id=last) for first, last in ranges]
    )
    record(action="cycle.scoring_requested", target=cycle, by=by, now=now, after={"run": run.pk})
    waiting = list_waiting_chunks(run)
    transaction.on_commit(lambda: announce_chunks(waiting))
    return run


def claim_chunk(chunk_id: int) -> ScoringChunk | None:
    """Lock a chunk for the transaction at hand; None when it is done, taken by another worker, or superseded.

    A chunk that is measured can be claimed once all of its run are. The lock goes with the connection, so a
    killed worker frees its chunk at once.
    """
    locking = {"skip_locked": True} if connection.features.has_select_for_update_skip_locked else {}
    return (
        ScoringChunk.objects.select_for_update(of=("self",), **locking)
        .select_related("run__cycle")
        .filter(
            WORKABLE,
            pk=chunk_id,
            run__state=RunState.RUNNING,
        )
        .first()
    )


def work_off_marks(cycle_id: int, *, up_to: int, **which: Any) -> None:
    """Take marks of stale figures away that what is computed next, in the same transaction, will have covered.

    ``which`` narrows them. What is visible now was committed with its evidence: whatever reads evidence after this
    reads it. ``up_to`` is the newest mark that a run knew of: evidence that came later may lie after its as-of moment.
    """
    StaleFigures.objects.filter(cycle=cycle_id, pk__lte=up_to, **which).delete()


class RunEnded(Exception):
    """The run was superseded or its cycle published while a chunk was being scored; the chunk must not count."""


def measure_chunk(chunk: ScoringChunk, *, now: datetime) -> None:
    """Count a chunk as measured; whoever measures the last one adds up the families and rings for the second step.

    Raises RunEnded as ``finish_chunk`` does.
    """
    ScoringChunk.objects.filter(pk=chunk.pk).update(state=ChunkState.MEASURED)
    running = ScoringRun.objects.filter(pk=chunk.run_id, state=RunState.RUNNING)
    if not running.update(chunks_measured=F("chunks_measured") + 1, progressed_at=now):
        raise RunEnded
    # The update holds the run's row: of two chunks finishing at once the later one sees the count of both.
    run = ScoringRun.objects.get(pk=chunk.run_id)
    if run.chunks_measured == run.chunks_total:
        gather_pools(run.cycle)
        waiting = list_waiting_chunks(run)
        transaction.on_commit(lambda: announce_chunks(waiting))


def finish_chunk(chunk: ScoringChunk, *, now: datetime) -> None:
    """Count a chunk as done; whoever finishes the last one finishes the run.

    Raises RunEnded when the run is no longer running: the caller's transaction has to be undone.
    """
    ScoringChunk.objects.filter(pk=chunk.pk).update(state=ChunkState.DONE)
    running = ScoringRun.objects.filter(pk=chunk.run_id, state=RunState.RUNNING)
    if not running.update(chunks_done=F("chunks_done") + 1, progressed_at=now):
        raise RunEnded
    ScoringRun.objects.filter(pk=chunk.run_id, state=RunState.RUNNING, chunks_done=F("chunks_total")).update(
        state=RunState.DONE, finished_at=now
    )


@transaction.atomic
def note_failure(*, chunk_id: int, error: str, now: datetime) -> None:
    """Remember that a chunk raised an error; after the third time its run is given up, with the error."""
    chunk = ScoringChunk.objects.select_for_update().get(pk=chunk_id)
    chunk.failures += 1
    chunk.save(update_fields=["failures"])
    if chunk.failures >= FAILURES_BEFORE_GIVING_UP:
        ScoringRun.objects.filter(pk=chunk.run_id, state=RunState.RUNNING).update(
            state=RunState.FAILED, finished_at=now, error=error[:2000]
        )


def ring_again(*, now: datetime) -> int:
    """Announce the waiting chunks of runs that have been quiet for a while; return how many were announced."""
    quiet_since = now - QUIET_BEFORE_RINGING_AGAIN
    rung = 0
    quiet = ScoringRun.objects.filter(
        state=RunState.RUNNING, announced_at__lte=quiet_since, progressed_at__lte=quiet_since
    )
    for run in quiet:
        waiting = list_waiting_chunks(run)
        ScoringRun.objects.filter(pk=run.pk).update(announced_at=now)
        announce_chunks(waiting)
        rung += len(waiting)
    return rung


def _ranges(engineer_ids: Sequence[int], *, size: int) -> list[tuple[int, int]]:
    parts = [engineer_ids[at : at + size] for at in range(0, len(engineer_ids), size)]
    return [(part[0], part[-1]) for part in parts]
