"""Tells workers that parts of a run are waiting."""

from __future__ import annotations

from collections.abc import Sequence

from appraisal.jobs.doorbell import ring

# By name: the task lives above this room.
SCORE_CHUNK = "appraisal.reviews.tasks.score_chunk"


def announce_chunks(chunk_ids: Sequence[int]) -> None:
    ring(SCORE_CHUNK, chunk_ids)
