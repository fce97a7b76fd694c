"""A kind of job for tests: counts each item in the audit trail, slowly enough to be interrupted."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime

from appraisal.jobs.models import Job
from appraisal.jobs.registry import JobKind, register
from engineers.audit import record

ITEM, END = "test.item", "test.end"


def work(job: Job, item_ids: Sequence[int], now: datetime) -> None:
    for item_id in item_ids:
        record(action=ITEM, target=job, by=job.requested_by, now=now, after={"item": item_id})
        time.sleep(job.params.get("seconds", 0))


def finish(job: Job, now: datetime) -> None:
    record(action=END, target=job, by=job.requested_by, now=now)


COUNTING = JobKind(name="test_counting", label="Counting", part_size=2, work=work, finish=finish)
register(COUNTING)
