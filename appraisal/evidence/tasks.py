"""Celery doors of the evidence: primitives in, one call."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from appraisal.evidence import actions, reminders, targets


@shared_task
def run_import(import_id: int) -> None:
    actions.run_import(import_id=import_id)


@shared_task
def resume_imports() -> None:
    """Ring again for imports that nobody finished; meant for the periodic schedule."""
    actions.resume_imports()


@shared_task
def update_figures(update_id: int) -> None:
    targets.update_figures(update_id=update_id)


@shared_task
def resume_figure_updates() -> None:
    targets.resume_updates(now=timezone.now())


@shared_task
def remind_of_missing_logs() -> None:
    reminders.remind_of_missing_logs(now=timezone.now())
