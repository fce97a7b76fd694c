"""The floor each figure is held against: what the database alone needs for the same rows."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from django.db import connection

TABLES = ("evidence_ticket", "evidence_visit", "evidence_survey")

# Every ticket, visit and survey measure of the standard scheme, written by hand.
_SHARE = "count(*) FILTER (WHERE {population}), count(*) FILTER (WHERE {population} AND {success})"
_DURATION = "percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY {column}) FILTER (WHERE {population})"
WINDOW = "{column} >= %(start)s AND {column} < %(end)s"


def _within(column: str, *conditions: str) -> str:
    return " AND ".join([WINDOW.format(column=column), *conditions])


REPAIR = "job_type = 'repair' AND NOT no_fault_found"
AGGREGATES = {
    "evidence_ticket": [
        _SHARE.format(population=_within("response_decided_at", "response_met IS NOT NULL"), success="response_met"),
        _SHARE.format(
            population=_within("resolution_decided_at", "resolution_met IS NOT NULL"),
            success="resolution_met",
        ),
        _SHARE.format(
            population=_within("resolution_decided_at", "resolution_met IS NOT NULL", "priority = 1"),
            success="resolution_met",
        ),
        _SHARE.format(population=_within("completed_at", REPAIR), success="reopen_count = 0 AND visit_count <= 1"),
        _SHARE.format(population=_within("completed_at"), success="reopen_count > 0"),
        f"count(*) FILTER (WHERE {_within('resolution_decided_at')} AND completed_at IS NULL)",
        _SHARE.format(
            population=_within("overdue_at"),
            success="(followup_breach_at IS NULL OR followup_breach_at >= %(end)s)",
        ),
        _SHARE.format(
            population=_within("resolved_at", "is_hard", "(NOT is_safety OR NOT escalated)"),
            success="NOT escalated AND NOT assisted",
        ),
        _SHARE.format(
            population="resolved_at >= %(start)s - interval '30 days' AND resolved_at < %(end)s - interval '30 days' "
            f"AND {REPAIR} AND is_traceable",
            success="repeat_after_us <= 2592000000000",
        ),
        *(
            _DURATION.format(column=column, population=_within("completed_at", "response_us IS NOT NULL"))
            for column in ("response_us", "response_business_us")
        ),
        *(
            _DURATION.format(column=column, population=_within("resolved_at", "resolution_us IS NOT NULL", REPAIR))
            for column in ("resolution_us", "resolution_business_us")
        ),
    ],
    "evidence_visit": [
        _SHARE.format(
            population=_within("arrival_decided_at", "arrival_met IS NOT NULL", "is_first"),
            success="arrival_met",
        ),
        *(
            _DURATION.format(column=column, population=_within("arrived_at", "arrival_us IS NOT NULL", "is_first"))
            for column in ("arrival_us", "arrival_business_us")
        ),
    ],
    "evidence_survey": [
        _SHARE.format(
            population=_within("responded_at", "score_hundredths IS NOT NULL"),
            success="score_hundredths >= 400",
        ),
        f"sum(score_hundredths) FILTER (WHERE {_within('responded_at')})",
        _SHARE.format(population=_within("delivered_at"), success="responded_at < %(end)s"),
        f"sum(attitude_hundredths) FILTER (WHERE {_within('responded_at')})",
    ],
}


def aggregate_seconds(*, start: object, end: object, tables: Sequence[str] = TABLES, engineer: int = 0) -> float:
    """Time one hand-written aggregate a table, grouped by engineer (or of one engineer), results fetched."""
    chosen = "engineer_id = %(engineer)s" if engineer else "engineer_id IS NOT NULL"
    began = time.perf_counter()
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(
                f"SELECT engineer_id, {', '.join(AGGREGATES[table])} FROM {table} "
                f"WHERE exclusion = '' AND {chosen} GROUP BY engineer_id",
                {"start": start, "end": end, "engineer": engineer},
            )
            cursor.fetchall()
    return time.perf_counter() - began


def copy_seconds(folder: Path) -> float:
    """Time a bare COPY of the stored rows into empty tables with the same indexes and constraints."""
    seconds = 0.0
    with connection.cursor() as cursor:
        for table in TABLES:
            path = folder / f"{table}.copy"
            with path.open("wb") as file:
                cursor.copy_expert(f"COPY {table} TO STDOUT", file)
            cursor.execute(f"CREATE TABLE bare_{table} (LIKE {table} INCLUDING ALL)")
            began = time.perf_counter()
            with path.open("rb") as file:
                cursor.copy_expert(f"COPY bare_{table} FROM STDIN", file)
            seconds += time.perf_counter() - began
            cursor.execute(f"DROP TABLE bare_{table}")
            path.unlink()
    return seconds
