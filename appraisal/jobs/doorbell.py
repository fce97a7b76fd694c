"""Tells workers that there is work. The rows in the database are the truth; a lost message costs only time."""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from celery import current_app
from kombu.exceptions import OperationalError

RUN_PART = "appraisal.jobs.tasks.run_part"

log = structlog.get_logger(__name__)


def announce_parts(part_ids: Sequence[int]) -> None:
    ring(RUN_PART, part_ids)


def ring(task: str, row_ids: Sequence[int]) -> None:
    """Send a task for each row that is committed. A broker that is down is logged; the sweep rings again later."""
    try:
        for row_id in row_ids:
            current_app.send_task(task, args=[row_id])
    except (OperationalError, OSError) as error:
        log.warning("broker_unreachable", error=str(error), task=task, waiting=len(row_ids))
