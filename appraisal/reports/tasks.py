"""Celery doors of reports."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from appraisal.reports import printing


@shared_task
def remove_old_prints() -> None:
    printing.remove_old_prints(now=timezone.now())
