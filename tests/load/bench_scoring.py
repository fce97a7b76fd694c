"""Scoring at full size: every ticket measure of 10,000 engineers over 10,000,000 tickets, and one engineer alone.

BENCH_SCORED_TICKETS and BENCH_SCORED_ENGINEERS change the size.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from time import perf_counter
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection

from appraisal.cycles.models import Cycle
from appraisal.kpis.facts import collect_facts, questions_of
from appraisal.kpis.models import KpiVersion
from appraisal.reports.demo.people import build_organisation
from appraisal.reviews.figures.runs import rescore
from engineers.models import Engineer
from tests.load.floor import aggregate_seconds
from tests.load.processes import ROOT, manage
from tests.load.tickets import fill_tickets

TICKETS = int(os.environ.get("BENCH_SCORED_TICKETS", "10000000"))
ENGINEERS = int(os.environ.get("BENCH_SCORED_ENGINEERS", "10000"))
FIRST, LAST = date(2026, 1, 1), date(2026, 3, 31)
DAYS = (LAST - FIRST).days
TABLE = ("evidence_ticket",)
RUNS, SINGLE_RUNS = 3, 50
WORKER_START_SECONDS = 8


def main() -> None:
    if connection.vendor != "postgresql":
        raise SystemExit("This benchmark needs PostgreSQL: make bench starts one.")
    manage("migrate", "--verbosity", "0")
    build_organisation(engineers=ENGINEERS, since=date(2024, 1, 1), with_password=False)
    first_id = Engineer.objects.order_by("pk").values_list("pk", flat=True)[0]
    began = perf_counter()
    start = datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=ZoneInfo(settings.TIME_ZONE))
    fill_tickets(tickets=TICKETS, first_engineer_id=first_id, engineers=ENGINEERS, start=start, days=DAYS)
    print(f"{TICKETS:,} tickets of {ENGINEERS:,} engineers stored in {perf_counter() - began:.0f} s", flush=True)
    manage("create_cycle", "bench", "--start", FIRST.isoformat(), "--end", LAST.isoformat())
    manage("open_cycle", "bench")
    cycle = Cycle.objects.get(code="bench")
    with one_worker():
        _bench_run(cycle)
    _bench_one(cycle, first_id + ENGINEERS // 2)


@contextmanager
def one_worker() -> Iterator[None]:
    """Run a Celery worker beside: with the command that works along, each of two cores has its process."""
    command = [sys.executable, "-m", "celery", "-A", "config", "worker", "--pool", "solo", "--loglevel", "ERROR"]
    worker = subprocess.Popen(command, cwd=ROOT)
    try:
        time.sleep(WORKER_START_SECONDS)
        yield
    finally:
        worker.terminate()
        worker.wait()


def _bench_run(cycle: Cycle) -> None:
    window = cycle.window(as_of=datetime(2026, 6, 1, tzinfo=UTC))
    floors, runs = [], []
    for _ in range(RUNS):
        floors.append(aggregate_seconds(start=window.start, end=window.end, tables=TABLE))
        runs.append(manage("score_cycle", "bench", "--wait", "--json"))
        print(f"  floor {floors[-1]:.2f} s, run {runs[-1].seconds:.2f} s, peak {runs[-1].peak_mb} MB", flush=True)
    floor, run = sorted(floors)[RUNS // 2], sorted(runs, key=lambda cost: cost.seconds)[RUNS // 2]
    print(f"one hand-written aggregate of every ticket measure: {floor:.2f} s")
    print(f"scoring by the command and one worker, all written: {run.seconds:.2f} s, peak {run.peak_mb} MB each")
    print(f"RATIO scoring / hand-written aggregate: {run.seconds / floor:.2f}")


def _bench_one(cycle: Cycle, engineer_id: int) -> None:
    """Recompute one engineer: the facts of every ticket KPI, and all of it with points and review written."""
    window = cycle.window(as_of=datetime(2026, 6, 1, tzinfo=UTC))
    versions = KpiVersion.objects.filter(lines__dimension__version__cycles__cycle=cycle).distinct()
    questions = {
        key: question
        for key, question in questions_of((version.pk, version) for version in versions).items()
        if all(part.population.evidence == "tickets" for part in question.measure.cases.values())
    }
    bare, facts, whole = [], [], []
    for _ in range(SINGLE_RUNS):
        bare.append(aggregate_seconds(start=window.start, end=window.end, tables=TABLE, engineer=engineer_id))
        began = perf_counter()
        collect_facts(questions, window=window, engineer_ids=[engineer_id])
        facts.append(perf_counter() - began)
        began = perf_counter()
        rescore(cycle_id=cycle.pk, engineer_ids=[engineer_id], now=datetime(2026, 6, 1, tzinfo=UTC))
        whole.append(perf_counter() - began)
    floor, collected, written = (1000 * sorted(each)[SINGLE_RUNS // 2] for each in (bare, facts, whole))
    print(f"one engineer, bare query: {floor:.2f} ms; facts: {collected:.2f} ms; points and review: {written:.2f} ms")
    print(f"RATIO facts of one engineer / bare query: {collected / floor:.2f}")
    print(f"RATIO recompute of one engineer / bare query: {written / floor:.2f}")


if __name__ == "__main__":
    main()
