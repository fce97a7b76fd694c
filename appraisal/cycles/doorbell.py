"""Tells workers that there is work. The rows in the database are the truth; a lost message costs only time."""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from celery import current_app
from kombu.exceptions import OperationalError

SCORE_CHUNK = "appraisal.reviews.tasks.score_chunk"

log = structlog.get_logger(__name__)


def announce_chunks(chunk_ids: Sequence[int]) -> None:
    """Ring for chunks that are committed. A broker that is down is logged; the sweep rings again later."""
    try:
        for chunk_id in chunk_ids:
            current_app.send_task(SCORE_CHUNK, args=[chunk_id])
    except (OperationalError, OSError) as error:
        log.warning("broker_unreachable", error=str(error), waiting_chunks=len(chunk_ids))
