"""The same cycle on SQLite and on PostgreSQL exports the same bytes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.portals import Portal

EXTRACTS = {
    "uci_incident": (ROOT / "tests" / "data" / "uci_incident_extract.csv", "2016-01-01", "2017-12-31"),
    "sf_fire": (ROOT / "tests" / "data" / "sf_fire_extract.csv", "2016-12-01", "2017-01-31"),
}


def export(portal: Portal, files: dict[str, tuple[Path, str, str]], folder: Path) -> dict[str, bytes]:
    portal.manage("migrate", "--verbosity", "0")
    exported = {}
    for preset, (path, start, end) in files.items():
        portal.manage("import_evidence", str(path), "--kind", "tickets", "--preset", preset, "--create-engineers")
        portal.manage("create_cycle", preset, "--start", start, "--end", end)
        portal.manage("open_cycle", preset)
        portal.manage("score_cycle", preset, "--wait")
        for form in ("json", "csv"):
            target = folder / f"{preset}.{form}"
            portal.manage("export_cycle", preset, "--format", form, "--output", str(target))
            exported[target.name] = target.read_bytes()
    return exported


@pytest.mark.servers
@pytest.mark.parametrize("data", ["committed extracts", "shared files"])
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
    (tmp_path / "sqlite").mkdir()
    (tmp_path / "postgresql").mkdir()
    on_sqlite = export(Portal(tmp_path / "var1"), files, tmp_path / "sqlite")
    on_postgresql = export(Portal(tmp_path / "var2", database_url=postgres_url), files, tmp_path / "postgresql")
    assert all(b"E" in content for content in on_sqlite.values())
    for name, content in on_sqlite.items():
        assert on_postgresql[name] == content, name
