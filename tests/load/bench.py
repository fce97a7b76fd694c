"""``make bench``: what the work costs, each figure as a ratio to its floor in the same run.

BENCH_TICKETS and BENCH_ENGINEERS change the size (1,000,000 and 2,000).
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from datetime import date, datetime
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection

from appraisal.cycles.models import Cycle
from appraisal.reports.demo.people import build_organisation
from appraisal.reports.demo.records import write_records
from appraisal.reports.demo.story import promise_targets
from tests.load.floor import TABLES, aggregate_seconds, copy_seconds
from tests.load.processes import manage

TICKETS = int(os.environ.get("BENCH_TICKETS", "1000000"))
ENGINEERS = int(os.environ.get("BENCH_ENGINEERS", "2000"))
FIRST, LAST = date(2026, 1, 1), date(2026, 3, 31)
RUNS = 3


def main() -> None:
    if connection.vendor != "postgresql":
        raise SystemExit("make bench needs PostgreSQL: see its closing lines for what is missing.")
    manage("migrate", "--verbosity", "0")
    organisation = build_organisation(engineers=ENGINEERS, since=date(2024, 1, 1), with_password=False)
    promise_targets(FIRST)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "records.csv"
        # In a process of its own: a child's peak memory counts what its parent held when it was forked.
        drawing = get_context("spawn").Process(
            target=draw_records, args=(path, organisation.numbers, organisation.team_codes)
        )
        drawing.start()
        drawing.join()
        _bench_import(folder, path)
    _bench_scoring()


def draw_records(path: Path, engineers: Sequence[str], teams: Sequence[str]) -> None:
    write_records(
        path=path,
        engineers=engineers,
        teams=teams,
        tickets=TICKETS,
        first=FIRST,
        last=LAST,
        now=datetime(2026, 6, 1, tzinfo=ZoneInfo(settings.TIME_ZONE)),
        seed=1,
    )


def _bench_import(folder: Path, path: Path) -> None:
    command = (
        "import_evidence",
        str(path),
        "--kind",
        "tickets",
        "--preset",
        "portal",
        "--source",
        "demo",
        "--json",
    )
    first = manage(*command)
    floor = copy_seconds(folder)
    print(f"import of {TICKETS:,} tickets with visits and surveys: {first.seconds:.1f} s, peak {first.peak_mb} MB")
    print(f"bare COPY of the same rows into tables with the same indexes: {floor:.1f} s")
    print(f"RATIO import / bare COPY: {first.seconds / floor:.2f}")
    again = manage(*command)
    print(f"the same file once more: {again.seconds:.1f} s, peak {again.peak_mb} MB, {again.output.strip()}")


def _bench_scoring() -> None:
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"VACUUM ANALYZE {table}")
    manage("create_cycle", "bench", "--start", FIRST.isoformat(), "--end", LAST.isoformat())
    manage("open_cycle", "bench")
    window = Cycle.objects.get(code="bench").window(as_of=datetime(2026, 6, 1, tzinfo=ZoneInfo("UTC")))
    floors, runs = [], []
    for _ in range(RUNS):
        floors.append(aggregate_seconds(start=window.start, end=window.end))
        runs.append(manage("score_cycle", "bench", "--wait", "--json"))
    floor, run = sorted(floors)[RUNS // 2], sorted(runs, key=lambda cost: cost.seconds)[RUNS // 2]
    print(
        f"scoring {ENGINEERS:,} engineers, all lines and reviews written: {run.seconds:.2f} s, peak {run.peak_mb} MB"
    )
    print(f"one hand-written aggregate a table, percentiles included: {floor:.2f} s")
    print(
        f"RATIO scoring / hand-written aggregate: {run.seconds / floor:.2f} (median of {RUNS}, process start included)"
    )
    began = perf_counter()
    export = manage("export_cycle", "bench", "--format", "xlsx", "--output", os.devnull)
    print(f"export to xlsx: {perf_counter() - began:.1f} s, peak {export.peak_mb} MB")


if __name__ == "__main__":
    main()
