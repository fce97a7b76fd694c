"""A whole cycle over real files equals figures that were computed independently of this project."""

from __future__ import annotations

import csv
import json
from collections import Counter
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from tests.integration.scoring.cycles import as_in_reference, lines_by_engineer, run_cycle

pytestmark = pytest.mark.django_db


def import_file(path: Path, preset: str) -> dict[str, Any]:
    """Import a file of tickets as an operator would and return the summary."""
    out = StringIO()
    call_command(
        "import_evidence",
        str(path),
        "--kind",
        "tickets",
        "--preset",
        preset,
        "--create-engineers",
        "--json",
        stdout=out,
    )
    summary: dict[str, Any] = json.loads(out.getvalue())
    return summary


def test_uci_incident_equals_the_reference_for_every_engineer_it_lists(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "uci_incident"
    summary = import_file(next(folder.glob("*.zip")), "uci_incident")
    found = lines_by_engineer(run_cycle(tmp_path, code="uci", start="2016-01-01", end="2017-12-31"))
    reference = json.loads((folder / "reference.json").read_text())

    assert (summary["rows"], summary["created"], summary["rejected"]) == (119_998, 20_769, 0)
    for name, wanted in reference["by_resolved_by"]["top"].items():
        lines = found[name]
        assert lines["resolved_volume"]["n"] == wanted["tickets"], name
        sla = lines["resolution_sla_rate"]
        assert (int(sla["numerator"]), int(sla["denominator"])) == (wanted["sla_met"], wanted["tickets"]), name
        assert as_in_reference(sla) == wanted["sla_pct"], name
        assert int(lines["reopen_rate"]["numerator"]) == wanted["reopened"], name
        assert as_in_reference(lines["reopen_rate"]) == wanted["reopen_pct"], name
        median = lines["resolution_time_median_calendar"]
        assert as_in_reference(median) == wanted["median_resolution_h"], name
        assert median["n"] == wanted["tickets"] - wanted["resolved_at_missing"], name
        assert as_in_reference(lines["first_response_time_median_calendar"]) == wanted["median_first_response_min"]
    assert len(found) == reference["by_resolved_by"]["engineers"]
    # The reference leaves out the last ticket, which is cut off in the file but does name its resolver.
    attributed = reference["overall"]["tickets"] - reference["by_resolved_by"]["unattributed_tickets"]
    assert sum(lines["resolved_volume"]["n"] for lines in found.values()) == attributed + 1


def test_sf_fire_arrivals_within_eight_minutes_equal_the_reference(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "sf_fire"
    import_file(next(folder.glob("*.gz")), "sf_fire")
    found = lines_by_engineer(run_cycle(tmp_path, code="fire", start="2016-12-01", end="2017-01-31"))
    reference = json.loads((folder / "reference.json").read_text())

    for unit, wanted in reference["by_unit"].items():
        rate = found[unit]["arrival_sla_rate"]
        assert (int(rate["numerator"]), int(rate["denominator"])) == (
            wanted["within_8min"],
            wanted["arrived"],
        ), unit
        assert as_in_reference(rate) == wanted["within_8min_pct"], unit
        median = found[unit]["arrival_time_median_calendar"]
        assert as_in_reference(median) == wanted["median_received_to_arrival_min"], unit
    rates = [lines["arrival_sla_rate"] for lines in found.values() if lines["arrival_sla_rate"]["n"]]
    assert sum(int(rate["numerator"]) for rate in rates) == reference["overall"]["within_8min"]
    assert sum(int(rate["denominator"]) for rate in rates) == reference["overall"]["arrived"]
    assert len(found) == reference["units"]


def test_tech_support_satisfaction_and_attainment_equal_the_reference(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "tech_support"
    import_file(folder / "technical_support.csv", "tech_support")
    found = lines_by_engineer(run_cycle(tmp_path, code="tech", start="2023-01-01", end="2024-12-31"))
    reference = json.loads((folder / "reference.json").read_text())
    overdue_open = count_unresolved(folder / "technical_support.csv")

    for agent, wanted in reference["by_agent"].items():
        lines = found[agent]
        assert lines["csat_avg"]["n"] == wanted["surveys"], agent
        assert as_in_reference(lines["csat_avg"]) == wanted["mean_satisfaction"], agent
        assert as_in_reference(lines["csat_top2"]) == wanted["csat_4_5_pct"], agent
        attainment = lines["resolution_sla_rate"]
        met, decided = int(attainment["numerator"]), int(attainment["denominator"])
        # The reference looks at resolved tickets alone; SPEC G6 and G10 add the overdue open ones as breaches.
        assert round(100 * met / wanted["resolved"], 4) == wanted["recomputed_sla_resolution_pct"], agent
        assert decided == wanted["resolved"] + overdue_open[agent], agent


def count_unresolved(path: Path) -> Counter[str]:
    """Count the tickets of each agent without a resolution that were due by the end of 2024."""
    with path.open(encoding="utf-8", newline="") as file:
        return Counter(
            row["Agent Name"]
            for row in csv.DictReader(file)
            if not row["Resolution time"]
            and not row["Close time"]
            and datetime.fromisoformat(row["Expected SLA to resolve"]) < datetime(2025, 1, 1)
        )


def test_tech_support_attainment_of_completed_tickets_is_the_reference_figure(
    shared_data: Path, tmp_path: Path
) -> None:
    """The same measure with the KPI filter ``completed_only`` answers the reference's own question."""
    folder = shared_data / "tech_support"
    import_file(folder / "technical_support.csv", "tech_support")
    scheme = tmp_path / "completed.yaml"
    scheme.write_text(COMPLETED_ONLY, encoding="utf-8")
    call_command("load_scheme", str(scheme))
    path = run_cycle(tmp_path, code="tech", start="2023-01-01", end="2024-12-31", scheme="completed")
    found = lines_by_engineer(path)
    reference = json.loads((folder / "reference.json").read_text())

    for agent, wanted in reference["by_agent"].items():
        line = found[agent]["completed_in_time"]
        assert as_in_reference(line) == wanted["recomputed_sla_resolution_pct"], agent


COMPLETED_ONLY = """
code: completed
name: {zh: 已完成, en: Completed}
grade_bands: [[A, 85], [D, 0]]
dimensions:
  - code: quality
    name: {zh: 质量, en: Quality}
    kpis:
      - code: completed_in_time
        name: {zh: 已完成的及时率, en: Completed in time}
        measure: resolution_sla_rate
        filters: {completed_only: true}
        curve: [[0, 0], [100, 100]]
        weight: 100
"""
