"""Runs a cycle through the commands, as an operator would, and reads the exported json."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

from django.core.management import call_command

Line = dict[str, Any]


def run_cycle(
    folder: Path, *, code: str, start: str, end: str, scheme: str = "standard", zone: str = "Asia/Shanghai"
) -> Path:
    """Create, open, score and export a cycle; return the json file."""
    path = folder / f"{code}.json"
    call_command("create_cycle", code, "--start", start, "--end", end, "--scheme", scheme, "--timezone", zone)
    call_command("open_cycle", code)
    call_command("score_cycle", code, "--wait")
    call_command("export_cycle", code, "--format", "json", "--output", str(path))
    return path


def lines_by_engineer(path: Path) -> dict[str, dict[str, Line]]:
    """Return the exported lines: {employee number: {KPI code: line}}."""
    exported = json.loads(path.read_text(encoding="utf-8"))
    return {review["employee_no"]: {line["kpi"]: line for line in review["lines"]} for review in exported["reviews"]}


def as_in_reference(line: Line) -> float:
    """Round an exported value to the four places the reference figures have."""
    return float(round(Fraction(line["value"]), 4))
