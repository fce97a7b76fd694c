"""Files and imports for the tests of the evidence intake."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from appraisal.evidence import actions
from engineers.models import Engineer

TECH_SUPPORT = {
    "Ticket ID": "1",
    "Priority": "High",
    "Topic": "Setup",
    "Agent Group": "Line 1",
    "Agent Name": "Ann",
    "Created time": "2023-01-02 09:00:00",
    "Expected SLA to resolve": "2023-01-03 09:00:00",
    "Expected SLA to first response": "2023-01-02 09:30:00",
    "First response time": "2023-01-02 09:10:00",
    "SLA For first response": "Within SLA",
    "Resolution time": "2023-01-02 12:00:00",
    "SLA For Resolution": "Within SLA",
    "Close time": "2023-01-02 13:00:00",
    "Survey results": "",
    "Product group": "Pumps",
    "Country": "Italy",
}

Write = Callable[..., Path]
Run = Callable[..., actions.ImportSummary]


def tech_support_row(**changes: str) -> dict[str, str]:
    """Return a row of the preset tech_support; ``Ticket_ID`` stands for the column ``Ticket ID``."""
    return TECH_SUPPORT | {name.replace("_", " "): value for name, value in changes.items()}


@pytest.fixture
def write_rows(tmp_path: Path) -> Write:
    def write(rows: Iterable[Mapping[str, str]], name: str = "file.csv", **options: Any) -> Path:
        path = tmp_path / name
        rows = list(rows)
        with path.open("w", newline="", **({"encoding": "utf-8"} | options)) as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        return path

    return write


@pytest.fixture
def run() -> Run:
    """Import a file as the command does."""

    def run_file(
        path: Path,
        preset: str = "tech_support",
        kind: str = "tickets",
        create_engineers: bool = True,
        **options: Any,
    ) -> actions.ImportSummary:
        job = actions.start_import(
            file=None,
            file_name=path.name,
            kind=kind,
            preset=preset,
            create_engineers=create_engineers,
            by=None,
            now=timezone.now(),
            **options,
        )
        return actions.run_import(import_id=job.pk, path=path)

    return run_file


@pytest.fixture
def ann() -> Engineer:
    return Engineer.objects.create(employee_no="Ann", name="Ann")
