"""Publishing a cycle and printing its scorecards outlive their worker (real processes, real brokers)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.reports.printed import pages_of
from tests.portals import Portal, portal_of, wait_for

ENGINEERS, TICKETS = 30, 300
REASON = "This test wants to see it done"
# Small parts, so that a kill lands in the middle.
# The demonstration leaves a case disputed, which would hold the publishing up.
DECIDE_DISPUTES = """
from django.utils import timezone
from appraisal.reviews.appeals.disputes import decide_dispute
from appraisal.reviews.models import Dispute
from engineers.models import User
for dispute in Dispute.objects.filter(outcome=""):
    decide_dispute(
        review_id=dispute.review_id, dispute_id=dispute.pk, uphold=False, reason="The visit proves the times",
        by=User.objects.get(username="hr2"), now=timezone.now(),
    )
"""
SMALL = """
from dataclasses import replace
from appraisal.jobs import registry
for name in ("reviews.publish", "reports.print"):
    registry._KINDS[name] = replace(registry.get_kind(name), part_size=2)
"""
PUBLISH = f"""
from django.utils import timezone
from appraisal.cycles.models import Cycle
from appraisal.jobs.actions import begin_job
from appraisal.reviews.steps.moves import start_step
from engineers.models import User
cycle, now = Cycle.objects.get(state="calibration"), timezone.now()
given = dict(cycle_id=cycle.pk, transition="publish", by=User.objects.get(username="hr"), reason="{REASON}")
_cycle, job = start_step(**given, now=now)
assert begin_job(job, now).is_running
"""
PRINT = """
from django.utils import timezone
from appraisal.cycles.models import Cycle
from appraisal.reports.printing import PrintForm, request_print
from engineers.models import User
hr, cycle = User.objects.get(username="hr"), Cycle.objects.order_by("-start_date")[0]
request_print(cycle=cycle, form=PrintForm.PDF, language="zh-hans", by=hr, now=timezone.now())
"""


@pytest.fixture(params=["embedded", "redis"])
def portal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Portal]:
    """A portal with a cycle in calibration: embedded broker on SQLite, or Redis and PostgreSQL."""
    built = portal_of(request, tmp_path / "var")
    try:
        built.migrate()
        built.manage("seed_demo", "--engineers", str(ENGINEERS), "--tickets", str(TICKETS))
        code = built.query("SELECT code FROM cycles_cycle WHERE state = 'manager_review'")[0][0]
        built.manage("move_cycle", str(code), "start_calibration", "--reason", REASON)
        built.manage("shell", "-c", DECIDE_DISPUTES)
        yield built
    finally:
        built.stop()


def progress(portal: Portal, kind: str) -> tuple[str, int, int]:
    [(state, done, total)] = portal.query(
        f"SELECT state, parts_done, parts_total FROM jobs_job WHERE kind = '{kind}' ORDER BY id DESC LIMIT 1"
    )
    return str(state), int(done), int(total)


def killed_in_the_middle(portal: Portal, kind: str, ask: str, *, name: str) -> None:
    """Ask for a job, kill the worker once it has done some of it, and let another one end it."""
    worker = portal.start_worker(f"{name}-1")
    portal.manage("shell", "-c", SMALL + ask)
    wait_for(lambda: progress(portal, kind)[1] > 0, seconds=60, what="the first part")
    portal.kill(worker)
    state, done, total = progress(portal, kind)
    assert (state, 0 < done < total) == ("running", True)
    if kind == "reviews.publish":
        assert published(portal) == 0, "nobody sees a result before all are sealed"
    second = portal.start_worker(f"{name}-2")
    wait_for(lambda: progress(portal, kind)[0] == "done", seconds=120, what=f"the end of {kind}")
    portal.kill(second)


def published(portal: Portal) -> int:
    newest = "SELECT id FROM cycles_cycle ORDER BY start_date DESC LIMIT 1"
    states = f"SELECT count(*) FROM reviews_review WHERE state = 'published' AND cycle_id = ({newest})"
    return int(portal.query(states)[0][0])


@pytest.mark.servers
def test_publishing_and_printing_go_on_after_their_worker_was_killed(portal: Portal, tmp_path: Path) -> None:
    portal.start_beat()
    killed_in_the_middle(portal, "reviews.publish", PUBLISH, name="publish")
    assert published(portal) == ENGINEERS
    [(code,)] = portal.query(
        "SELECT code FROM cycles_cycle WHERE state = 'published' ORDER BY start_date DESC LIMIT 1"
    )
    portal.manage("verify_cycle", str(code))

    killed_in_the_middle(portal, "reports.print", PRINT, name="print")
    [path] = (tmp_path / "var" / "media" / "prints").glob("*/*")
    feet = [page[-1] for page in pages_of(path.read_bytes())]
    first_pages = [foot.split(" ")[0] for foot in feet if " 1 / " in foot]
    numbers = [number for (number,) in portal.query("SELECT employee_no FROM engineers_engineer")]
    assert first_pages == sorted(numbers)
