"""Writes about targets, and the figures that follow from them."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from appraisal.evidence.doorbell import announce_figure_update
from appraisal.evidence.intake.recompute import recompute_figures
from appraisal.evidence.models import FigureUpdate, Target
from engineers.audit import record
from engineers.models import User

SILENCE = timedelta(minutes=2)
FIELDS = (
    *("kind", "source", "region", "distance_from_km", "distance_to_km", "job_type", "priority"),
    *("minutes", "clock", "from_date"),
)


@transaction.atomic
def add_target(*, target: Target, by: User | None, now: datetime) -> None:
    """Put a target in force; the figures it decides are computed anew in the background."""
    target.full_clean()
    target.save()
    record(action="target.added", target=target, by=by, now=now, after=_values_of(target))
    request_update(source=target.source, now=now)


@transaction.atomic
def remove_target(*, target: Target, by: User | None, now: datetime) -> None:
    """Take a target away; the figures it decided are computed anew in the background."""
    record(action="target.removed", target=target, by=by, now=now, before=_values_of(target))
    target.delete()
    request_update(source=target.source, now=now)


@transaction.atomic
def request_update(*, source: str = "", now: datetime) -> None:
    """Ask for the figures (of one source) to be computed anew in the background."""
    update = FigureUpdate.objects.create(source=source, requested_at=now, announced_at=now)
    transaction.on_commit(lambda: announce_figure_update(update.pk))


def update_figures(*, update_id: int) -> None:
    """Compute the figures of an update's source anew; done already, it changes nothing.

    Whoever edits a year of holidays asks many times: what was asked for before it began is done with it.
    """
    update = FigureUpdate.objects.filter(pk=update_id, finished_at__isnull=True).first()
    if update is None:
        return
    waiting = FigureUpdate.objects.filter(finished_at__isnull=True)
    if update.source:
        waiting = waiting.filter(source=update.source)
    covered = list(waiting.values_list("pk", flat=True))
    recompute_figures(source=update.source or None)
    FigureUpdate.objects.filter(pk__in=covered).update(finished_at=timezone.now())


def resume_updates(*, now: datetime) -> int:
    """Ring again for updates of figures that nobody finished; return how many. For the sweep."""
    waiting = FigureUpdate.objects.filter(finished_at__isnull=True, announced_at__lt=now - SILENCE)
    for update in waiting:
        FigureUpdate.objects.filter(pk=update.pk).update(announced_at=now)
        announce_figure_update(update.pk)
    return len(waiting)


def _values_of(target: Target) -> dict[str, object]:
    return {name: getattr(target, name) for name in FIELDS}
