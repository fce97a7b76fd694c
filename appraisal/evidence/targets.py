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


@transaction.atomic
def add_target(*, target: Target, by: User | None, now: datetime) -> None:
    """Put a target in force; the figures it decides are computed anew in the background."""
    target.full_clean()
    target.save()
    record(action="target.added", target=target, by=by, now=now, after=_values_of(target))
    _request_update(target.source, now)


@transaction.atomic
def remove_target(*, target: Target, by: User | None, now: datetime) -> None:
    """Take a target away; the figures it decided are computed anew in the background."""
    record(action="target.removed", target=target, by=by, now=now, before=_values_of(target))
    target.delete()
    _request_update(target.source, now)


def update_figures(*, update_id: int) -> None:
    """Compute the figures of an update's source anew; done already, it changes nothing."""
    update = FigureUpdate.objects.filter(pk=update_id, finished_at__isnull=True).first()
    if update is None:
        return
    recompute_figures(source=update.source or None)
    FigureUpdate.objects.filter(pk=update_id).update(finished_at=timezone.now())


def resume_updates(*, now: datetime) -> int:
    """Ring again for updates of figures that nobody finished; return how many. For the sweep."""
    waiting = FigureUpdate.objects.filter(finished_at__isnull=True, announced_at__lt=now - SILENCE)
    for update in waiting:
        FigureUpdate.objects.filter(pk=update.pk).update(announced_at=now)
        announce_figure_update(update.pk)
    return len(waiting)


def _values_of(target: Target) -> dict[str, object]:
    names = ("kind", "source", "priority", "minutes", "clock", "from_date")
    return {name: getattr(target, name) for name in names}


def _request_update(source: str, now: datetime) -> None:
    update = FigureUpdate.objects.create(source=source, requested_at=now, announced_at=now)
    transaction.on_commit(lambda: announce_figure_update(update.pk))
