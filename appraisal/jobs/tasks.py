"""Celery doors of jobs."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from appraisal.jobs import actions


@shared_task
def run_part(part_id: int) -> None:
    actions.run_part(part_id=part_id, now=timezone.now())


@shared_task
def sweep() -> None:
    actions.sweep(now=timezone.now())
