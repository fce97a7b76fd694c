"""An import that is killed, doubled or forgotten ends with the same figures as one that was not."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import textwrap
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from appraisal.evidence import actions, doorbell, tasks
from appraisal.evidence.models import EvidenceImport, ImportState, Ticket
from tests.integration.evidence.conftest import Run, Write, tech_support_row

ROOT = Path(__file__).resolve().parents[3]
COUNTS = ("rows", "records", "records_done", "created", "updated", "unchanged", "rejected")


class Killed(BaseException):
    pass


@pytest.fixture
def ten_rows(write_rows: Write, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of ten good rows and a bad one, imported two records at a time."""
    monkeypatch.setattr(actions, "batch_size", lambda: 2)
    rows = [tech_support_row(Ticket_ID=str(number)) for number in range(10)]
    return write_rows([*rows, tech_support_row(Ticket_ID="")])


def start(path: Path) -> EvidenceImport:
    return actions.start_import(
        file=None,
        file_name=path.name,
        kind="tickets",
        preset="tech_support",
        create_engineers=True,
        by=None,
        now=timezone.now(),
    )


def counts(job: EvidenceImport) -> dict[str, int]:
    job.refresh_from_db()
    return {name: getattr(job, name) for name in COUNTS}


FULL = {
    "rows": 11,
    "records": 10,
    "records_done": 10,
    "created": 10,
    "updated": 0,
    "unchanged": 0,
    "rejected": 1,
}


@pytest.mark.django_db
def test_a_killed_import_tells_the_truth_meanwhile_and_goes_on_where_it_was(
    ten_rows: Path, monkeypatch: pytest.MonkeyPatch
):
    job = start(ten_rows)
    store, calls = actions.store, []

    def store_twice(*args, **options):
        calls.append(1)
        if len(calls) == 3:
            raise Killed
        return store(*args, **options)

    monkeypatch.setattr(actions, "store", store_twice)
    with pytest.raises(Killed):
        actions.run_import(import_id=job.pk, path=ten_rows)
    assert counts(job) == FULL | {"records_done": 4, "created": 4}
    assert (job.state, Ticket.objects.count()) == (ImportState.RUNNING, 4)

    summary = actions.run_import(import_id=job.pk, path=ten_rows)

    # Of the six batches of two rows, the last of the bad row alone, the first two are not stored again.
    assert len(calls) == 3 + 4
    assert counts(job) == FULL
    assert (summary.state, Ticket.objects.count(), job.rejects.count()) == ("done", 10, 1)


@pytest.mark.django_db
def test_two_runners_of_one_import_count_nothing_twice(ten_rows: Path, monkeypatch: pytest.MonkeyPatch):
    job = start(ten_rows)
    begin, second = actions._begin, []

    def begin_and_be_overtaken(*args):
        begin(*args)
        if not second:
            second.append(1)
            actions.run_import(import_id=job.pk, path=ten_rows)

    monkeypatch.setattr(actions, "_begin", begin_and_be_overtaken)

    actions.run_import(import_id=job.pk, path=ten_rows)

    assert counts(job) == FULL
    assert job.rejects.count() == 1


@pytest.mark.django_db
def test_a_finished_import_does_nothing_when_it_is_rung_again(ten_rows: Path):
    job = start(ten_rows)
    actions.run_import(import_id=job.pk, path=ten_rows)
    finished = EvidenceImport.objects.values().get()

    actions.run_import(import_id=job.pk, path=ten_rows)

    assert EvidenceImport.objects.values().get() == finished


@pytest.mark.django_db
def test_an_upload_is_announced_after_commit_and_a_worker_finishes_it(
    write_rows: Write, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks
):
    rung: list[int] = []
    monkeypatch.setattr(actions, "announce_import", rung.append)
    upload = SimpleUploadedFile("t.csv", write_rows([tech_support_row()]).read_bytes())

    with django_capture_on_commit_callbacks(execute=True):
        job = actions.start_import(
            file=upload, file_name="t.csv", kind="tickets", preset="tech_support", by=None, now=timezone.now()
        )
        assert rung == []
    assert rung == [job.pk]
    tasks.run_import(job.pk)

    job.refresh_from_db()
    # Nobody knows Ann, and nobody asked to create her.
    assert (job.state, job.created, job.rejected, job.source) == ("done", 0, 1, "tech_support")


@pytest.mark.django_db
def test_the_sweep_rings_again_for_silent_imports_only(
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks
):
    rung: list[int] = []
    monkeypatch.setattr(actions, "announce_import", rung.append)
    now = timezone.now()
    silent, busy = (
        actions.start_import(
            file=io.BytesIO(b"x"), file_name="t.csv", kind="tickets", preset="tech_support", by=None, now=at
        )
        for at in (now - timedelta(minutes=3), now)
    )
    lost = actions.start_import(
        file=None, file_name="t", kind="tickets", preset="tech_support", by=None, now=now - timedelta(hours=1)
    )

    with django_capture_on_commit_callbacks(execute=True):
        assert actions.resume_imports(now=now) == 1

    assert rung == [silent.pk]
    assert EvidenceImport.objects.get(pk=busy.pk).state == ImportState.QUEUED
    # The command that read it from a path of its own is gone with its path.
    assert EvidenceImport.objects.get(pk=lost.pk).state == ImportState.REFUSED


@pytest.mark.django_db
def test_a_fault_of_the_portal_ends_the_import_instead_of_ringing_for_ever(
    ten_rows: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(actions, "store", lambda *args, **options: 1 / 0)
    job = start(ten_rows)

    summary = actions.run_import(import_id=job.pk, path=ten_rows)

    assert summary.state == ImportState.REFUSED
    assert str(Ticket.objects.count()) == "0"


def test_the_bell_names_a_task_that_exists():
    assert tasks.run_import.name == doorbell.RUN_IMPORT


KILLER = """
import os, signal, sys
import django
django.setup()
from pathlib import Path
from django.core.management import call_command
from django.utils import timezone
from appraisal.evidence import actions
from appraisal.evidence.models import EvidenceImport, Ticket

mode, path = sys.argv[1], Path(sys.argv[2])
actions.batch_size = lambda: 2
if mode == "first":
    call_command("migrate", verbosity=0)
    job = actions.start_import(file=None, file_name="f.csv", kind="tickets", preset="tech_support",
                               create_engineers=True, by=None, now=timezone.now())
    store, calls = actions.store, []
    def store_and_die(*args, **options):
        result = store(*args, **options)
        calls.append(1)
        if len(calls) == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        return result
    actions.store = store_and_die
job = EvidenceImport.objects.get()
print(job.records_done, Ticket.objects.count())
actions.run_import(import_id=job.pk, path=path)
job.refresh_from_db()
print(job.state, job.records_done, job.created, job.unchanged, Ticket.objects.count())
"""


@pytest.mark.embedded_only
def test_an_import_killed_by_sigkill_in_the_middle_of_a_batch_finishes_after_a_restart(ten_rows: Path, tmp_path: Path):
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    environment |= {"VAR_DIR": str(tmp_path / "var"), "DJANGO_SETTINGS_MODULE": "config.settings"}

    def process(mode: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", textwrap.dedent(KILLER), mode, str(ten_rows)],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    killed, restarted = process("first"), process("again")

    assert killed.returncode == -signal.SIGKILL, killed.stderr
    # The batch in which it died was never counted, and none of its records is there.
    assert restarted.stdout.splitlines() == ["4 4", "done 10 10 0 10"], restarted.stderr


@pytest.mark.django_db
def test_engineers_that_changed_while_an_import_was_down_start_its_counts_anew(
    write_rows: Write, run: Run, monkeypatch: pytest.MonkeyPatch, ten_rows: Path
):
    job = start(ten_rows)
    EvidenceImport.objects.filter(pk=job.pk).update(
        state=ImportState.RUNNING, rows=11, records=7, records_done=4, created=4, rejected=4
    )

    actions.run_import(import_id=job.pk, path=ten_rows)

    assert counts(job) == FULL
