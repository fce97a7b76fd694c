"""Writes of evidence, one verb each."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import IO

import polars as pl
import structlog
from django.core.files import File
from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone

from appraisal.database import bulk
from appraisal.evidence.doorbell import announce_import
from appraisal.evidence.intake.errors import FileRefused, IntakeMisuse
from appraisal.evidence.intake.known import find_preset
from appraisal.evidence.intake.labels import EngineerLabels
from appraisal.evidence.intake.loading import store
from appraisal.evidence.intake.recompute import batch_size, recompute_figures
from appraisal.evidence.intake.requests import COUNTS, ImportSummary, check_request, declared_for, stored_path
from appraisal.evidence.intake.rules import current_rules
from appraisal.evidence.intake.scratch import remove_leftovers, scratch_folder
from appraisal.evidence.intake.staging import Staged, stage_file
from appraisal.evidence.mappings import take_preset
from appraisal.evidence.models import EvidenceImport, ImportReject, ImportState
from appraisal.evidence.previews import check_import, preview_import
from engineers.audit import record
from engineers.models import User

__all__ = [
    "COUNTS",
    "ImportSummary",
    "check_import",
    "confirm_import",
    "preview_import",
    "recompute_figures",
    "resume_imports",
    "run_import",
    "start_import",
]

logger = structlog.get_logger(__name__)

SILENCE = timedelta(minutes=2)  # an import that is worked on gives a sign of life far more often
SIGN_OF_LIFE = timedelta(seconds=10)
PREVIEW_KEPT = timedelta(days=2)


@transaction.atomic
def start_import(
    *,
    file: IO[bytes] | None,
    file_name: str,
    kind: str,
    preset: str,
    source: str = "",
    time_zone: str = "",
    create_engineers: bool = False,
    confirmed: bool = True,
    by: User | None,
    now: datetime,
) -> EvidenceImport:
    """Ask for a file to be imported; a worker does it. Raises IntakeMisuse when that makes no sense.

    Without ``file`` nothing is announced: the caller runs the import itself from a path of its own. Not
    ``confirmed``, it waits for ``confirm_import``: somebody wants to see first how the file is read, and ``preset``
    may be empty until ``recognise_import``.
    """
    declared = find_preset(preset) if preset or confirmed else None
    check_request(declared, kind, time_zone, source)
    started = EvidenceImport(
        kind=kind,
        source=source or (declared.default_source if declared else ""),
        time_zone=time_zone or timezone.get_default_timezone_name(),
        create_engineers=create_engineers,
        file_name=Path(file_name).name[:255],
        file=File(file, name=Path(file_name).name[-80:]) if file else "",
        state=ImportState.QUEUED if confirmed else ImportState.PREVIEW,
        requested_by=by,
        requested_at=now,
        announced_at=now,
    )
    if declared:
        take_preset(started, declared)
    started.save()
    if confirmed:
        record(action="evidence.import_requested", target=started, by=by, now=now, after=_request_of(started))
        if file:
            _announce(started.pk)
    return started


@transaction.atomic
def confirm_import(*, import_id: int, by: User | None, now: datetime) -> None:
    """Let a previewed file in. Confirming twice asks once. Raises IntakeMisuse where its mapping is not complete."""
    job = _locked(import_id)
    if job.state != ImportState.PREVIEW:
        return
    declared_for(job)
    job.state = ImportState.QUEUED
    job.requested_at = job.announced_at = now
    job.save()
    record(action="evidence.import_requested", target=job, by=by, now=now, after=_request_of(job))
    _announce(job.pk)


def run_import(*, import_id: int, path: Path | None = None) -> ImportSummary:
    """Do an import, or go on with one that was interrupted; done already, it changes nothing.

    Safe to run twice at once: a batch is committed together with the counts that say so, and whoever finds
    it counted goes on to the next.
    """
    job = EvidenceImport.objects.get(pk=import_id)
    if job.state in (ImportState.DONE, ImportState.REFUSED):
        return _summary(job)
    EvidenceImport.objects.filter(pk=import_id, state=ImportState.QUEUED).update(state=ImportState.RUNNING)
    try:
        unattributed = _run(job, path)
    except IntakeMisuse as misuse:
        _refuse(import_id, FileRefused("unusable_request", detail=str(misuse)))
        unattributed = None
    except FileRefused as refusal:
        _refuse(import_id, refusal)
        unattributed = None
    except (OperationalError, InterfaceError):
        raise  # the database went away: the sweep goes on with the import when it is back
    except Exception:
        # Ringing again would fail again, for ever.
        logger.exception("import failed", import_id=import_id)
        _refuse(import_id, FileRefused("failed"))
        unattributed = None
    return _summary(EvidenceImport.objects.get(pk=import_id), unattributed)


def _run(job: EvidenceImport, path: Path | None) -> int:
    preset = declared_for(job)
    zone = check_request(preset, job.kind, job.time_zone)
    labels = EngineerLabels(create_unknown=job.create_engineers)
    with scratch_folder() as folder:
        staged = stage_file(
            path=path or stored_path(job),
            preset=preset,
            kind=job.kind,
            zone=zone,
            labels=labels,
            folder=folder,
            batch_size=batch_size(),
            heartbeat=_Heartbeat(job.pk),
        )
        _begin(job.pk, staged, labels)
        unattributed = _store_batches(job.pk, staged, labels, source=job.source)
    _finish(job.pk)
    return unattributed


def resume_imports(*, now: datetime | None = None) -> int:
    """Ring again for imports that gave no sign of life for a while; return how many. For the sweep."""
    now = now or timezone.now()
    remove_leftovers(now)
    _forget_previews(now)
    resumed = 0
    with transaction.atomic():
        silent = EvidenceImport.objects.select_for_update(skip_locked=True).filter(
            state__in=[ImportState.QUEUED, ImportState.RUNNING], announced_at__lt=now - SILENCE
        )
        for job in silent:
            if not job.file:
                # The command that read it from a path of its own is gone.
                job.state = ImportState.REFUSED
                job.refusal = FileRefused("interrupted").as_stored()
                job.finished_at = now
            else:
                resumed += 1
                _announce(job.pk)
            job.announced_at = now
            job.save()
    return resumed


def _announce(import_id: int) -> None:
    transaction.on_commit(lambda: announce_import(import_id))


def _request_of(job: EvidenceImport) -> dict[str, object]:
    return {
        name: getattr(job, name)
        for name in (
            *("file_name", "kind", "preset", "preset_version", "declaration"),
            *("source", "time_zone", "create_engineers"),
        )
    }


def _forget_previews(now: datetime) -> None:
    """Drop uploads that nobody confirmed, with their files."""
    for job in EvidenceImport.objects.filter(state=ImportState.PREVIEW, requested_at__lt=now - PREVIEW_KEPT):
        job.file.delete(save=False)
        job.delete()


class _Heartbeat:
    """Shows now and then that somebody is reading."""

    def __init__(self, import_id: int) -> None:
        self._import_id = import_id
        self._next = timezone.now() + SIGN_OF_LIFE

    def __call__(self) -> None:
        now = timezone.now()
        if now >= self._next:
            EvidenceImport.objects.filter(pk=self._import_id).update(announced_at=now)
            self._next = now + SIGN_OF_LIFE


def _locked(import_id: int) -> EvidenceImport:
    return EvidenceImport.objects.select_for_update().get(pk=import_id)


@transaction.atomic
def _refuse(import_id: int, refusal: FileRefused) -> None:
    job = _locked(import_id)
    if job.state == ImportState.RUNNING:
        job.state = ImportState.REFUSED
        job.refusal = refusal.as_stored()
        job.finished_at = timezone.now()
        job.save()


@transaction.atomic
def _begin(import_id: int, staged: Staged, labels: EngineerLabels) -> None:
    """Record what the file holds and what stays out, unless an earlier run of the same import has done so."""
    job = _locked(import_id)
    labels.create()
    same = (job.rows, job.records, job.rejected) == (staged.rows, staged.records, staged.rejected)
    if job.records_done and same:
        return
    # Nothing stored yet, or the engineers changed since: what is stored already will count as unchanged.
    job.rows, job.records, job.rejected = staged.rows, staged.records, staged.rejected
    job.created = job.updated = job.records_done = 0
    job.unchanged = staged.repeated
    job.announced_at = timezone.now()
    job.save()
    job.rejects.all().delete()
    bulk.append(ImportReject, staged.rejects.with_columns(evidence_import_id=pl.lit(import_id)))


def _store_batches(import_id: int, staged: Staged, labels: EngineerLabels, *, source: str) -> int:
    """Store the batches nobody has stored yet; return how many records name no engineer."""
    rules = current_rules()
    before = unattributed = 0
    for batch, number in enumerate(staged.batch_records):
        records = staged.read(batch)
        unattributed += records[staged.kind]["engineer"].null_count()
        with transaction.atomic():
            job = _locked(import_id)
            # Equal only when this batch is the next one: counted already, it is left out.
            if job.records_done == before and job.state == ImportState.RUNNING:
                counts = store(records, source=source, engineer_ids=labels.ids, rules=rules)[staged.kind]
                job.created += counts.created
                job.updated += counts.updated
                job.unchanged += counts.unchanged
                job.records_done += number
                job.announced_at = timezone.now()
                job.save()
        before += number
    return unattributed


@transaction.atomic
def _finish(import_id: int) -> None:
    job = _locked(import_id)
    if job.state == ImportState.RUNNING and job.records_done == job.records:
        job.state = ImportState.DONE
        job.finished_at = timezone.now()
        job.save()


def _summary(job: EvidenceImport, unattributed: int | None = None) -> ImportSummary:
    counts = {name: getattr(job, name) for name in COUNTS if name != "unattributed"}
    return ImportSummary(import_id=job.pk, state=job.state, refusal=job.refusal, unattributed=unattributed, **counts)
