"""A job outlives its worker and is shared by two (real processes, real brokers)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.portals import Portal, portal_of, wait_for

MODULE = "tests.integration.jobs.counting"
WORKER_START_SECONDS = 6
ITEMS = 60
ASK = f"""
import {MODULE}
from django.utils import timezone
from appraisal.jobs.actions import request_job
request_job(kind="test_counting", item_ids=range({ITEMS}), by=None, now=timezone.now(), params={{"seconds": 0.05}})
"""


@pytest.fixture(params=["embedded", "redis"])
def portal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Portal]:
    """An empty portal: embedded broker on SQLite, or Redis and PostgreSQL."""
    built = portal_of(request, tmp_path / "var")
    try:
        built.migrate()
        yield built
    finally:
        built.stop()


def progress(portal: Portal) -> tuple[str, int]:
    [(state, items_done)] = portal.query("SELECT state, items_done FROM jobs_job")
    return str(state), int(items_done)


def counts(portal: Portal) -> tuple[int, int, int]:
    """Return how many items were counted, how many different ones, and how often the end was reached."""
    items = [text for (text,) in portal.query("SELECT after FROM engineers_auditentry WHERE action = 'test.item'")]
    [(ends,)] = portal.query("SELECT count(*) FROM engineers_auditentry WHERE action = 'test.end'")
    return len(items), len({str(item) for item in items}), ends


@pytest.mark.servers
def test_a_job_finishes_after_its_worker_was_killed_in_the_middle_and_does_nothing_twice(portal: Portal) -> None:
    worker = portal.start_worker(include=MODULE)
    portal.manage("shell", "-c", ASK)
    wait_for(lambda: progress(portal)[1] > 4, seconds=60, what="the first parts")
    portal.kill(worker)

    state, done = progress(portal)
    assert (state, 0 < done < ITEMS) == ("running", True)
    assert counts(portal) == (done, done, 0), "what is counted is what is committed"

    portal.start_beat()
    portal.start_worker("second", include=MODULE)
    wait_for(lambda: progress(portal)[0] == "done", seconds=120, what="the end of the job")
    assert counts(portal) == (ITEMS, ITEMS, 1)


@pytest.mark.servers
def test_two_workers_share_a_job_rung_twice(postgres_url: str, redis_url: str, tmp_path: Path) -> None:
    portal = Portal(tmp_path / "var", database_url=postgres_url, redis_url=redis_url)
    try:
        portal.migrate()
        portal.start_worker("first", include=MODULE)
        portal.start_worker("second", include=MODULE)
        time.sleep(WORKER_START_SECONDS)
        again = "\nfrom appraisal.jobs.models import Job\nfrom appraisal.jobs.queries import list_waiting_parts"
        again += "\nfrom appraisal.jobs.doorbell import announce_parts"
        again += "\nannounce_parts(list_waiting_parts(Job.objects.get()))"
        portal.manage("shell", "-c", ASK + again)
        at_once = 0
        while progress(portal)[0] == "running":
            [(workers,)] = portal.query(
                "SELECT count(DISTINCT pid) FROM pg_locks "
                "WHERE relation = 'jobs_jobpart'::regclass AND mode = 'RowShareLock'"
            )
            at_once = max(at_once, workers)
        assert progress(portal)[0] == "done"
        assert at_once == 2, "both workers were seen inside a part at the same moment"
        assert counts(portal) == (ITEMS, ITEMS, 1)
    finally:
        portal.stop()
