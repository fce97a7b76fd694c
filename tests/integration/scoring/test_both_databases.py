"""The same cycle on SQLite and on PostgreSQL exports the same bytes."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.portals import Portal

EXTRACTS = {
    "uci_incident": (ROOT / "tests" / "data" / "uci_incident_extract.csv", "2016-01-01", "2017-12-31"),
    "sf_fire": (ROOT / "tests" / "data" / "sf_fire_extract.csv", "2016-12-01", "2017-01-31"),
}


# One process for all commands: starting one costs more than most of them.
COMMANDS = """
from django.core.management import call_command
for preset, (path, start, end) in {files!r}.items():
    call_command("import_evidence", path, "--kind", "tickets", "--preset", preset, "--create-engineers")
    call_command("create_cycle", preset, "--start", start, "--end", end)
    call_command("open_cycle", preset)
    call_command("score_cycle", preset, "--wait")
    for form in ("json", "csv"):
        call_command("export_cycle", preset, "--format", form, "--output", "{folder}/" + preset + "." + form)
"""


def export(portal: Portal, files: dict[str, tuple[Path, str, str]], folder: Path) -> dict[str, bytes]:
    folder.mkdir()
    portal.migrate()
    arguments = {preset: (str(path), start, end) for preset, (path, start, end) in files.items()}
    portal.manage("shell", "--verbosity", "0", "-c", COMMANDS.format(files=arguments, folder=folder))
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


# The whole files take five minutes: make databases.
EVERY_FILE = os.environ.get("EVERY_FILE") == "1"


def measured_lines(exported: bytes) -> int:
    reviews = json.loads(exported)["reviews"]
    return sum(line["value"] is not None for review in reviews for line in review["lines"])


@pytest.mark.servers
@pytest.mark.parametrize("data", ["committed extracts", *(["shared files"] if EVERY_FILE else [])])
def test_both_databases_export_the_same_bytes(
    data: str, postgres_url: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    files = EXTRACTS
    if data == "shared files":
        shared: Path = request.getfixturevalue("shared_data")
        files = {
            "uci_incident": (next((shared / "uci_incident").glob("*.zip")), "2016-01-01", "2017-12-31"),
            "sf_fire": (next((shared / "sf_fire").glob("*.gz")), "2016-12-01", "2017-01-31"),
            "tech_support": (shared / "tech_support" / "technical_support.csv", "2023-01-01", "2024-12-31"),
            "italian_helpdesk": (next((shared / "italian_helpdesk").glob("*.gz")), "2010-01-01", "2013-12-31"),
            "workorders": (shared / "workorders" / "workorders.xlsx", "2020-01-01", "2021-12-31"),
        }
    on_sqlite = export(Portal(tmp_path / "var1"), files, tmp_path / "sqlite")
    on_postgresql = export(Portal(tmp_path / "var2", database_url=postgres_url), files, tmp_path / "postgresql")
    assert len(on_sqlite) == 2 * len(files)
    assert all(measured_lines(content) for name, content in on_sqlite.items() if name.endswith("json"))
    for name, content in on_sqlite.items():
        assert on_postgresql[name] == content, name


EVERY_KIND = """
from datetime import datetime, timezone
from django.core.management import call_command
from appraisal.reports.demo.story import tell_story
told = tell_story(engineers=12, tickets=1500, seed=3, now=datetime(2026, 8, 20, 4, tzinfo=timezone.utc))
for cycle in told.cycles:
    for form in ("json", "csv"):
        call_command("export_cycle", cycle.code, "--format", form, "--output", "{folder}/" + cycle.code + "." + form)
"""

# What people made of the results, through the doors of the portal: the published quarter, then the running one.
FOLLOWED = {
    "SELECT is_approved, ended_at FROM reviews_calibration": [(None, None)],
    "SELECT count(*) FROM reviews_interview "
    "WHERE confirmed_by_interviewer_at IS NOT NULL AND confirmed_by_engineer_at IS NOT NULL": [(1,)],
    "SELECT outcome FROM reviews_appeal": [("upheld",)],
    "SELECT outcome FROM reviews_dispute ORDER BY id": [("upheld",), ("",)],
    "SELECT p.state, u.username FROM outcomes_bonusplan p JOIN engineers_user u ON u.id = p.approved_by_id": [
        ("approved", "hr2")
    ],
    "SELECT count(*) FROM outcomes_course": [(3,)],
    "SELECT count(*) FROM outcomes_trainingneed WHERE state = 'accepted' AND course_id IS NOT NULL": [(3,)],
    "SELECT state FROM outcomes_improvementplan": [("active",)],
    "SELECT count(*) FROM outcomes_commendation WHERE is_approved": [(1,)],
    "SELECT is_approved, comment <> '' FROM outcomes_postchange": [(True, True)],
    "SELECT state FROM kpis_suggestion": [("open",)],
}


@pytest.mark.servers
def test_every_kind_of_evidence_gives_the_same_bytes_on_both_databases(postgres_url: str, tmp_path: Path) -> None:
    exported = []
    for name, portal in (
        ("sqlite", Portal(tmp_path / "var1")),
        ("postgresql", Portal(tmp_path / "var2", database_url=postgres_url)),
    ):
        folder = tmp_path / name
        folder.mkdir()
        portal.migrate()
        portal.manage("shell", "--verbosity", "0", "-c", EVERY_KIND.format(folder=folder))
        assert [portal.query(question) for question in FOLLOWED] == list(FOLLOWED.values())
        exported.append({path.name: path.read_bytes() for path in sorted(folder.iterdir())})
    on_sqlite, on_postgresql = exported
    assert len(on_sqlite) == 4
    measured = {
        line["measure"]
        for review in json.loads(on_sqlite["2026-Q2.json"])["reviews"]
        for line in review["lines"]
        if line["value"] is not None
    }
    assert {"complaint_index", "report_timeliness", "worklog_rate", "product_knowledge", "repair_skill"} <= measured
    assert {"new_tech_learning", "knowledge_sharing", "repeat_repair_rate", "independent_resolution_rate"} <= measured
    for name, content in on_sqlite.items():
        assert on_postgresql[name] == content, name
