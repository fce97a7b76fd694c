"""Figures that follow the evidence between two runs: only those that are marked are computed anew (DESIGN 3, Live).

The marks are the truth; the sweep that works them off may be called as often as one likes, by several workers, and
killed at any time. Marks go in the transaction that computes the figures, before it reads any evidence: what is
marked meanwhile is another mark, and waits.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from time import monotonic

import structlog
from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models import Q

from appraisal.cycles import actions as cycle_actions
from appraisal.cycles.models import Cycle, RunState, ScoringRun, StaleFigures
from appraisal.cycles.queries import get_latest_run
from appraisal.cycles.workflow import UNDER_WAY
from appraisal.evidence.models import EvidenceImport, FigureUpdate, ImportState
from appraisal.reviews.figures.runs import rescore

SLICE = 50  # engineers in one transaction
WORKED_SECONDS = 20.0  # of one sweep; the next one goes on
PATIENCE = timedelta(minutes=1)  # with an import that gives no sign of life

logger = structlog.get_logger(__name__)

Clock = Callable[[], datetime]


def refresh(*, clock: Clock) -> int:
    """Compute the figures anew that are marked, of every cycle under way; return of how many engineers.

    While records arrive or their clock figures are being computed, it waits: they would be marked again and again.
    Where most of a cycle is marked, or nothing of it is computed yet, a run is asked for: that is what workers
    share, and what adds up the job families.
    """
    if not StaleFigures.objects.exists():
        return 0
    # Published meanwhile: its figures stay as they are.
    StaleFigures.objects.exclude(cycle__in=Cycle.objects.filter(state__in=UNDER_WAY)).delete()
    if _records_arrive(clock()):
        return 0
    until = monotonic() + WORKED_SECONDS
    refreshed = 0
    marked = StaleFigures.objects.order_by("cycle").values_list("cycle_id", flat=True).distinct()
    for cycle_id in list(marked):
        if _is_for_a_run(cycle_id):
            _ask_for_run(cycle_id, now=clock())
            continue
        while monotonic() < until and (done := _refresh_slice_or_give_up(cycle_id, clock=clock)):
            refreshed += done
    return refreshed


def _records_arrive(now: datetime) -> bool:
    lately = Q(announced_at__gte=now - PATIENCE)
    importing = EvidenceImport.objects.filter(lately, state=ImportState.RUNNING)
    return importing.exists() or FigureUpdate.objects.filter(lately, finished_at__isnull=True).exists()


def _is_for_a_run(cycle_id: int) -> bool:
    marks = StaleFigures.objects.filter(cycle=cycle_id)
    if not ScoringRun.objects.filter(cycle=cycle_id).exists() or marks.filter(engineer__isnull=True).exists():
        return True
    return marks.values("engineer").distinct().count() > settings.SCORING_CHUNK_SIZE


@transaction.atomic
def _ask_for_run(cycle_id: int, *, now: datetime) -> None:
    """Ask for a run, unless one is under way: after it the sweep looks again."""
    cycle = _locked(cycle_id)
    if cycle is None:
        return
    run = cycle_actions.request_run(cycle_id=cycle.pk, by=None, now=now)
    cycle_actions.work_off_marks(cycle.pk, up_to=run.newest_mark, engineer__isnull=True)


def _refresh_slice_or_give_up(cycle_id: int, *, clock: Clock) -> int:
    try:
        return _refresh_slice(cycle_id, clock=clock)
    except (ArithmeticError, ValueError, LookupError, TypeError, DatabaseError):
        # A run tries again, part by part, and shows on the cycle's page what is wrong.
        logger.exception("figures could not be computed anew", cycle_id=cycle_id)
        with transaction.atomic():
            if (cycle := _locked(cycle_id)) is not None:
                run = cycle_actions.request_run(cycle_id=cycle.pk, by=None, now=clock())
                cycle_actions.work_off_marks(cycle.pk, up_to=run.newest_mark)
        return 0


@transaction.atomic
def _refresh_slice(cycle_id: int, *, clock: Clock) -> int:
    """Compute the figures of the next engineers that are marked; return of how many."""
    cycle = _locked(cycle_id)
    if cycle is None:
        return 0
    marks = StaleFigures.objects.filter(cycle=cycle, engineer__isnull=False)
    marked = marks.order_by("engineer").values_list("engineer_id", flat=True).distinct()
    engineer_ids = list(marked[:SLICE])
    if not engineer_ids:
        return 0
    marks.filter(engineer__in=engineer_ids).delete()
    # Not before the marks are gone: what they stand for must not lie after the moment of the figures.
    now = clock()
    rescore(cycle_id=cycle.pk, engineer_ids=engineer_ids, now=now)
    # A year's figures are those of its quarters.
    years = cycle.years.filter(state__in=UNDER_WAY)
    StaleFigures.objects.bulk_create(
        [StaleFigures(cycle=year, engineer_id=engineer_id) for year in years for engineer_id in engineer_ids]
    )
    if (run := get_latest_run(cycle)) is not None:
        ScoringRun.objects.filter(pk=run.pk).update(refreshed_at=now)
    return len(engineer_ids)


def _locked(cycle_id: int) -> Cycle | None:
    """Lock a cycle under way; None when another worker is at it, a run is under way, or it is published.

    The lock keeps steps of the cycle waiting, and lets everybody else refer to it.
    """
    found = Cycle.objects.select_for_update(no_key=True, skip_locked=True).filter(pk=cycle_id, state__in=UNDER_WAY)
    cycle = found.first()
    if cycle is None or cycle.runs.filter(state=RunState.RUNNING).exists():
        return None
    return cycle
