"""Records as a file in the portal's own form, imported, scored by a small scheme and exported: for worked examples."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from fractions import Fraction
from pathlib import Path

from django.core.management import call_command

from appraisal.evidence.models import FigureUpdate, Target, TargetClock
from appraisal.evidence.targets import add_target, update_figures
from appraisal.kpis.files import load_scheme
from tests.integration.scoring.cycles import Line, lines_by_engineer, run_cycle

TICKET_COLUMNS = [
    "number",
    "engineer",
    "team",
    "customer",
    "product",
    "category",
    "priority",
    "job_type",
    "opened",
    "responded",
    "resolved",
    "closed",
    "reopened",
    "reassigned",
    "dispatched",
    "arrived",
    "left",
    "survey_sent",
    "survey_answered",
    "score",
    "attitude",
    "asset",
    "fault",
    "region",
    "no_fault_found",
    "response_due",
    "resolution_due",
]
IDENTITY = "[[0, 0], [100, 100]]"


def import_rows(folder: Path, kind: str, columns: Sequence[str], rows: Sequence[Mapping[str, object]]) -> None:
    """Write a file in the portal's own form and import it as an operator would."""
    path = folder / f"{kind}.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)
    preset = "portal" if kind == "tickets" else f"portal_{kind}"
    call_command(
        *("import_evidence", str(path), "--kind", kind, "--preset", preset, "--source", "portal"),
        "--create-engineers",
    )


def import_tickets(folder: Path, *rows: Mapping[str, object]) -> None:
    defaults = {"job_type": "repair", "reopened": 0, "reassigned": 0, "priority": 3}
    import_rows(folder, "tickets", TICKET_COLUMNS, [defaults | row for row in rows])


def use_scheme(*kpis: str) -> None:
    """Load a scheme of these KPIs, given as the inside of a flow mapping; the first carries all the weight."""
    lines = [
        f"      - {{name: {{zh: 甲, en: A}}, minimum_n: 1, weight: {0 if number else 100}, {kpi}}}"
        for number, kpi in enumerate(kpis)
    ]
    text = "\n".join(
        [
            "code: example",
            "name: {zh: 例, en: Example}",
            "rated_from_percent: 60",
            "grade_bands: [[S, 95], [A, 85], [B, 70], [C, 60], [D, 0]]",
            "dimensions:",
            "  - code: all",
            "    name: {zh: 全部, en: All}",
            "    kpis:",
            *lines,
        ]
    )
    load_scheme(text=text + "\n", by=None, now=datetime(2026, 1, 1, tzinfo=UTC))


def scored(
    folder: Path, start: str, end: str, code: str = "example", zone: str = "Asia/Shanghai"
) -> dict[str, dict[str, Line]]:
    """Score a cycle over these days and return its exported lines by engineer and KPI."""
    return lines_by_engineer(run_cycle(folder, code=code, start=start, end=end, scheme="example", zone=zone))


def promise(kind: str, minutes: int) -> None:
    add_target(
        target=Target(kind=kind, minutes=minutes, clock=TargetClock.BUSINESS, from_date=date(2026, 1, 1)),
        by=None,
        now=datetime(2026, 1, 1, tzinfo=UTC),
    )


def shown(value: str | None, places: int = 2) -> str:
    """Round an exported figure half up to the places the examples have."""
    assert value is not None
    units = Fraction(value) * 10**places
    rounded = (2 * units.numerator + units.denominator) // (2 * units.denominator)
    return f"{rounded // 10**places}.{rounded % 10**places:0{places}}"


def hours(minutes: str) -> str:
    return shown(str(Fraction(minutes) / 60))


def update_all_figures() -> None:
    for update in FigureUpdate.objects.filter(finished_at__isnull=True):
        update_figures(update_id=update.pk)
