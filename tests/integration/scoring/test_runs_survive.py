"""A run outlives its worker, with the same figures and an honest progress bar (real processes, real brokers)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.portals import Portal, wait_for

# Both runs look at the same moment: between two of them another promise would run out.
NOW = "datetime(2026, 8, 20, 4, tzinfo=timezone.utc)"
FILL = f"""
from datetime import datetime, timezone
from appraisal.reports.demo.story import tell_story
tell_story(engineers=30, tickets=1500, seed=1, now={NOW})
"""
SCORE_AGAIN = f"""
from datetime import datetime, timezone
from appraisal.cycles.actions import request_run
from appraisal.cycles.models import Cycle
request_run(cycle_id=Cycle.objects.get(state="manager_review").pk, by=None, now={NOW})
"""
WORKER_START_SECONDS = 6


@dataclass(frozen=True)
class Progress:
    state: str
    total: int
    done: int
    parts_done: int


def progress(portal: Portal) -> Progress:
    """Return what the progress page of the newest run would say, and how many parts really are done."""
    [(run, state, total, done)] = portal.query(
        "SELECT id, state, chunks_total, chunks_done FROM cycles_scoringrun ORDER BY id DESC LIMIT 1"
    )
    [(parts_done,)] = portal.query(f"SELECT count(*) FROM cycles_scoringchunk WHERE state = 'done' AND run_id = {run}")
    return Progress(state, total, done, parts_done)


@pytest.fixture(params=["embedded", "redis"])
def portal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Portal]:
    """A portal with an open cycle: embedded broker on SQLite, or Redis and PostgreSQL."""
    urls = {}
    if request.param == "redis":
        urls = {
            "database_url": request.getfixturevalue("postgres_url"),
            "redis_url": request.getfixturevalue("redis_url"),
        }
    with running(Portal(tmp_path / "var", **urls)) as built:
        yield built


@contextmanager
def running(portal: Portal) -> Iterator[Portal]:
    """Fill a portal with the demonstration; end its processes afterwards."""
    try:
        portal.migrate()
        shell(portal, FILL)
        # Small parts from here on, so that a kill lands in the middle of a run.
        portal.environment["SCORING_CHUNK_SIZE"] = "1"
        yield portal
    finally:
        portal.stop()


def shell(portal: Portal, script: str) -> None:
    portal.manage("shell", "--verbosity", "0", "-c", script)


def open_cycle(portal: Portal) -> str:
    [(code,)] = portal.query("SELECT code FROM cycles_cycle WHERE state = 'manager_review'")
    return str(code)


def export(portal: Portal, path: Path) -> bytes:
    portal.manage("export_cycle", open_cycle(portal), "--format", "json", "--output", str(path))
    return path.read_bytes()


@pytest.mark.servers
def test_a_run_finishes_after_its_worker_was_killed_in_the_middle(portal: Portal, tmp_path: Path) -> None:
    before = export(portal, tmp_path / "before.json")
    worker = portal.start_worker()
    shell(portal, SCORE_AGAIN)
    wait_for(lambda: progress(portal).done > 0, seconds=60, what="the first parts")
    portal.kill(worker)

    halfway = progress(portal)
    assert 0 < halfway.done < halfway.total
    assert halfway.done == halfway.parts_done, "the progress bar counts what is committed"

    portal.start_beat()
    portal.start_worker("second")
    wait_for(lambda: progress(portal).state == "done", seconds=90, what="the end of the run")
    end = progress(portal)
    assert end.done == end.total == end.parts_done
    assert export(portal, tmp_path / "after.json") == before


@pytest.mark.servers
def test_two_workers_share_one_run(postgres_url: str, redis_url: str, tmp_path: Path) -> None:
    with running(Portal(tmp_path / "var", database_url=postgres_url, redis_url=redis_url)) as portal:
        before = export(portal, tmp_path / "before.json")
        connections = (
            "SELECT count(DISTINCT pid) FROM pg_locks "
            "WHERE relation = 'cycles_scoringchunk'::regclass AND mode = 'RowShareLock'"
        )
        portal.start_worker("first")
        portal.start_worker("second")
        time.sleep(WORKER_START_SECONDS)
        shell(portal, SCORE_AGAIN)
        at_once = 0
        while progress(portal).state == "running":
            [(workers,)] = portal.query(connections)
            at_once = max(at_once, workers)
        assert progress(portal).state == "done"
        assert at_once == 2, "both workers were seen inside a part at the same moment"
        assert export(portal, tmp_path / "after.json") == before
