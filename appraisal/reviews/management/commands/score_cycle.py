"""``manage.py score_cycle CODE [--wait]``: compute the figures of a cycle."""

from __future__ import annotations

import json
import time
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from appraisal.cycles.actions import request_run
from appraisal.cycles.models import Cycle, RunState, ScoringRun
from appraisal.cycles.queries import get_latest_run, list_waiting_chunks
from appraisal.reviews.figures.runs import score_chunk

PAUSE_SECONDS = 0.2


class Command(BaseCommand):
    help = (
        "Score a cycle. Without --wait the workers do it; with --wait this command works along with them and ends "
        "when the run has ended. Exit 0: done or asked for, 1: refused or failed, 2: no such cycle."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("code", help="the cycle's code")
        parser.add_argument("--wait", action="store_true", help="work along and wait for the end of the run")
        parser.add_argument("--json", action="store_true", help="print a machine-readable summary")

    def handle(self, *args: Any, **options: Any) -> None:
        cycle = Cycle.objects.filter(code=options["code"]).first()
        if cycle is None:
            raise CommandError(f"There is no cycle {options['code']}.", returncode=2)
        started = time.monotonic()
        try:
            run = request_run(cycle_id=cycle.pk, by=None, now=timezone.now())
        except ValidationError as error:
            raise CommandError(" ".join(error.messages), returncode=1) from error
        if options["wait"]:
            run = self._work_along(cycle, run)
        self._report(run, seconds=time.monotonic() - started, as_json=options["json"])
        if run.state == RunState.FAILED:
            raise CommandError(f"The run failed: {run.error}", returncode=1)

    def _work_along(self, cycle: Cycle, run: ScoringRun) -> ScoringRun:
        """Score waiting chunks until the cycle's newest run has ended: a newer one takes over this one's work."""
        while run.state in (RunState.RUNNING, RunState.SUPERSEDED):
            done = [score_chunk(chunk_id=chunk_id, now=timezone.now()) for chunk_id in list_waiting_chunks(run)]
            if not any(done):
                time.sleep(PAUSE_SECONDS)
            newest = get_latest_run(cycle)
            if newest is None or newest.state == RunState.SUPERSEDED:
                raise CommandError("The run was stopped because the cycle was published.", returncode=1)
            run = newest
        return run

    def _report(self, run: ScoringRun, *, seconds: float, as_json: bool) -> None:
        if as_json:
            summary = {
                "cycle": run.cycle.code,
                "run": run.pk,
                "state": run.state,
                "engineers": run.engineers,
                "chunks_total": run.chunks_total,
                "chunks_done": run.chunks_done,
                "error": run.error,
                "seconds": round(seconds, 3),
            }
            self.stdout.write(json.dumps(summary))
            return
        self.stdout.write(
            f"Run {run.pk} of {run.cycle.code}: {run.get_state_display()}, "
            f"{run.chunks_done} of {run.chunks_total} parts, {run.engineers} engineers."
        )
