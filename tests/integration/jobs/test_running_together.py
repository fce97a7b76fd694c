"""Web, worker and beat as ``make run`` starts them: a worker that is killed costs time, never correctness."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.integration.jobs.test_jobs_survive import ASK, ITEMS, counts, progress
from tests.portals import BIN, Portal, free_port, wait_for

SETTINGS = "tests.integration.jobs.counting_settings"


class Together:
    """The processes of the Procfile, in the hands of ``scripts/serve.py``."""

    def __init__(self, portal: Portal) -> None:
        own = {"DJANGO_SETTINGS_MODULE": SETTINGS, "PORT": str(free_port()), "PATH": f"{BIN}:{os.environ['PATH']}"}
        self.process = subprocess.Popen(
            [sys.executable, "scripts/serve.py"],
            cwd=ROOT,
            env=portal.environment | own,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def processes(self) -> dict[int, str]:
        """Return the commands of all processes below, by their numbers; a running worker calls itself "celeryd"."""
        below = {self.process.pid}
        found: dict[int, str] = {}
        for folder in sorted(Path("/proc").glob("[0-9]*"), key=lambda folder: int(folder.name)):
            with contextlib.suppress(OSError):  # it has ended meanwhile
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
                if parent in below:
                    below.add(int(folder.name))
                    found[int(folder.name)] = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        return found

    def workers(self) -> list[int]:
        named = self.processes().items()
        return [
            pid for pid, command in named if "celeryd" in command or ("celery" in command and " worker " in command)
        ]

    def end(self) -> int:
        """End all of them as Ctrl-C does. Returns the status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[Portal]:
    built = Portal(tmp_path / "var")
    built.migrate()
    yield built
    built.stop()


@pytest.mark.servers
def test_a_worker_killed_in_the_middle_of_a_long_job_ends_all_and_the_next_start_ends_the_job(portal: Portal) -> None:
    first = Together(portal)
    try:
        wait_for(lambda: bool(first.workers()), seconds=60, what="the worker")
        assert len(first.workers()) == 1, "the embedded worker does its work itself (CELERY_WORKER_POOL = solo)"
        portal.manage("shell", "-c", ASK)
        wait_for(lambda: progress(portal)[1] > 4, seconds=120, what="the first parts")
        os.kill(first.workers()[0], signal.SIGKILL)
        wait_for(lambda: first.process.poll() is not None, seconds=60, what="the end of all processes")
    finally:
        first.end()
    state, done = progress(portal)
    assert (state, 0 < done < ITEMS) == ("running", True)
    assert counts(portal) == (done, done, 0), "what is counted is what is committed"

    second = Together(portal)
    try:
        wait_for(lambda: progress(portal)[0] == "done", seconds=180, what="the end of the job")
        running = second.processes()
    finally:
        second.end()
    assert counts(portal) == (ITEMS, ITEMS, 1)
    assert [pid for pid in running if Path(f"/proc/{pid}").exists()] == [], "nothing is left behind"
