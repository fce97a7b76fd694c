"""Celery doors of notices."""

from __future__ import annotations

import time

from celery import shared_task
from django.utils import timezone

from appraisal.notices import sending

SECONDS = 25  # the next round starts soon enough


@shared_task
def deliver() -> None:
    end = time.monotonic() + SECONDS
    while sending.deliver(now=timezone.now()) and time.monotonic() < end:
        pass
