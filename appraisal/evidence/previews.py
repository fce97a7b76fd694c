"""Reading a file without storing anything: the first rows, or all of it as a dry run."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from appraisal.database import bulk
from appraisal.evidence.intake.errors import FileRefused
from appraisal.evidence.intake.known import find_preset
from appraisal.evidence.intake.labels import EngineerLabels
from appraisal.evidence.intake.loading import store
from appraisal.evidence.intake.presets import Preset
from appraisal.evidence.intake.preview import Preview, preview_file
from appraisal.evidence.intake.recompute import batch_size
from appraisal.evidence.intake.requests import COUNTS, ImportSummary, check_request, declared_for, stored_path
from appraisal.evidence.intake.rules import current_rules
from appraisal.evidence.intake.scratch import scratch_folder
from appraisal.evidence.intake.staging import stage_file
from appraisal.evidence.models import EvidenceImport, ImportState


def preview_import(
    *, file: Path | IO[bytes], kind: str, preset: str | Preset, time_zone: str = "", limit: int = 20
) -> Preview:
    """Show the first records of a file as they would be read. Raises FileRefused or IntakeMisuse."""
    declared = find_preset(preset) if isinstance(preset, str) else preset
    zone = check_request(declared, kind, time_zone)
    if isinstance(file, Path):
        return preview_file(path=file, preset=declared, kind=kind, zone=zone, limit=limit)
    with as_path(file) as path:
        return preview_file(path=path, preset=declared, kind=kind, zone=zone, limit=limit)


def preview_waiting(job: EvidenceImport) -> Preview:
    """Show how an uploaded file that waits would be read. Raises FileRefused or IntakeMisuse."""
    return preview_import(file=stored_path(job), kind=job.kind, preset=declared_for(job), time_zone=job.time_zone)


@contextmanager
def as_path(file: IO[bytes]) -> Iterator[Path]:
    """Lend an upload as a file on disk."""
    with scratch_folder() as folder, (folder / "upload").open("wb+") as copy:
        file.seek(0)
        shutil.copyfileobj(file, copy, 1 << 20)
        copy.flush()
        file.seek(0)
        yield folder / "upload"


def check_import(
    *,
    path: Path,
    kind: str,
    preset: str | Preset,
    source: str = "",
    time_zone: str = "",
    create_engineers: bool = False,
) -> ImportSummary:
    """Do all of an import but the storing: a dry run. Raises IntakeMisuse."""
    declared = find_preset(preset) if isinstance(preset, str) else preset
    zone = check_request(declared, kind, time_zone, source)
    labels = EngineerLabels(create_unknown=create_engineers)
    counts, unattributed = bulk.UpsertCounts(), 0
    with scratch_folder() as folder:
        try:
            staged = stage_file(
                path=path,
                preset=declared,
                kind=kind,
                zone=zone,
                labels=labels,
                folder=folder,
                batch_size=batch_size(),
            )
        except FileRefused as refusal:
            nothing: dict[str, int] = dict.fromkeys(COUNTS, 0)
            return ImportSummary(
                import_id=None,
                state=ImportState.REFUSED,
                refusal=refusal.as_stored(),
                rejects=None,
                **nothing,
            )
        rules = current_rules()
        for batch in range(len(staged.batch_records)):
            records = staged.read(batch)
            asked = {kind: records[kind]}
            counts += store(
                asked,
                source=source or declared.default_source,
                engineer_ids=labels.ids,
                rules=rules,
                dry_run=True,
            )[kind]
            unattributed += records[kind]["engineer"].null_count()
    return ImportSummary(
        import_id=None,
        state=ImportState.DONE,
        rows=staged.rows,
        records=staged.records,
        created=counts.created,
        updated=counts.updated,
        unchanged=counts.unchanged + staged.repeated,
        rejected=staged.rejected,
        unattributed=unattributed,
        refusal="",
        rejects=staged.rejects,
    )
