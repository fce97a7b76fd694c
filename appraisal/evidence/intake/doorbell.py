"""Tells workers that a file is waiting. The database is the truth; a lost message costs only time."""

from __future__ import annotations

import structlog
from celery import current_app
from kombu.exceptions import OperationalError

RUN_IMPORT = "appraisal.evidence.tasks.run_import"

log = structlog.get_logger(__name__)


def announce_import(import_id: int) -> None:
    """Ring for an import that is committed. A broker that is down is logged; the sweep rings again later."""
    try:
        current_app.send_task(RUN_IMPORT, args=[import_id])
    except (OperationalError, OSError) as error:
        log.warning("broker_unreachable", error=str(error), import_id=import_id)
