"""The command ``import_evidence``: exit codes, one JSON object, rejects that no spreadsheet runs."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from django.core.management import call_command

from appraisal.evidence.models import EvidenceImport, Ticket
from tests.integration.evidence.conftest import Write, tech_support_row

pytestmark = pytest.mark.django_db


def command(*arguments: str) -> int:
    """Run the command; return its exit code."""
    try:
        call_command("import_evidence", *arguments)
    except SystemExit as ending:
        return int(ending.code or 0)
    return 0


def options(path: Path, *more: str) -> list[str]:
    return [str(path), "--kind", "tickets", "--preset", "tech_support", *more]


def test_a_sound_file_ends_with_0_and_json_is_all_that_is_printed(write_rows: Write, capsys):
    path = write_rows([tech_support_row(), tech_support_row(Ticket_ID="2", Agent_Name="")])

    assert command(*options(path, "--create-engineers", "--json")) == 0

    printed = json.loads(capsys.readouterr().out)
    assert printed.pop("seconds") >= 0
    assert printed == {
        "import": EvidenceImport.objects.get().pk,
        "state": "done",
        "rows": 2,
        "records": 2,
        "created": 2,
        "updated": 0,
        "unchanged": 0,
        "rejected": 0,
        "unattributed": 1,
        "refusal": "",
    }


def test_rejected_rows_end_with_1_and_the_good_rows_are_in(write_rows: Write):
    path = write_rows([tech_support_row(), tech_support_row(Ticket_ID="")])

    assert command(*options(path, "--create-engineers")) == 1
    assert Ticket.objects.count() == 1


def test_a_refused_file_ends_with_1_and_says_why(tmp_path: Path, capsys):
    (tmp_path / "a.csv").write_bytes(b"%PDF-1.4")

    assert command(*options(tmp_path / "a.csv", "--json")) == 1

    printed = json.loads(capsys.readouterr().out)
    assert printed["state"] == "refused"
    assert "PDF" in printed["refusal"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["nowhere.csv", "--kind", "tickets", "--preset", "tech_support"],
        ["{file}", "--kind", "potatoes", "--preset", "tech_support"],
        ["{file}", "--kind", "visits", "--preset", "tech_support"],
        ["{file}", "--kind", "tickets", "--preset", "nope"],
        ["{file}", "--kind", "tickets", "--preset", "tech_support", "--timezone", "Mars/Olympus"],
        ["{file}", "--kind", "tickets", "--preset", "tech_support", "--source", "x" * 61],
        ["{file}", "--kind", "tickets", "--preset", "tech_support", "--rejects", "no/such/folder/r.csv"],
    ],
)
def test_misuse_ends_with_2_and_leaves_no_import_behind(write_rows: Write, arguments: list[str], capsys):
    path = str(write_rows([tech_support_row()]))

    assert command(*(argument.format(file=path) for argument in arguments)) == 2

    assert EvidenceImport.objects.count() == 0
    assert capsys.readouterr().err.strip()


def test_a_dry_run_reports_and_stores_nothing(write_rows: Write, capsys, tmp_path: Path):
    path = write_rows([tech_support_row(), tech_support_row(Ticket_ID="", Topic="=1+1")])
    out = tmp_path / "rejects.csv"

    assert command(*options(path, "--dry-run", "--create-engineers", "--json", "--rejects", str(out))) == 1

    printed = json.loads(capsys.readouterr().out)
    assert (printed["import"], printed["created"], printed["rejected"]) == (None, 1, 1)
    assert (Ticket.objects.count(), EvidenceImport.objects.count()) == (0, 0)
    assert len(out.read_text("utf-8-sig").splitlines()) == 2


def test_rejects_are_a_file_that_excel_reads_and_that_runs_no_formula(write_rows: Write, tmp_path: Path):
    rows = [tech_support_row(Ticket_ID=str(n), Priority=bad) for n, bad in enumerate(["=1+1", "@x", "-2", "高"])]
    out = tmp_path / "rejects.csv"

    assert command(*options(write_rows(rows), "--create-engineers", "--rejects", str(out))) == 1

    assert out.read_bytes().startswith(b"\xef\xbb\xbf")
    with out.open(encoding="utf-8-sig", newline="") as file:
        _header, *lines = csv.reader(file)
    assert [line[:4] for line in lines] == [
        ["2", "Priority", "'=1+1", "bad_choice"],
        ["3", "Priority", "'@x", "bad_choice"],
        ["4", "Priority", "'-2", "bad_choice"],
        ["5", "Priority", "高", "bad_choice"],
    ]
