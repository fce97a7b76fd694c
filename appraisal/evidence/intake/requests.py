"""What may be asked of an import, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
from django.utils import timezone

from appraisal.evidence.intake.errors import FileRefused, IntakeMisuse, PresetInvalid
from appraisal.evidence.intake.known import preset_of_import
from appraisal.evidence.intake.presets import Preset
from appraisal.evidence.models import EvidenceImport, EvidenceKind

COUNTS = ("rows", "records", "created", "updated", "unchanged", "rejected", "unattributed")


@dataclass(frozen=True, kw_only=True)
class ImportSummary:
    """What became of a file: counts of the kind asked for; ``rows`` and ``rejected`` are rows of the file."""

    import_id: int | None
    state: str
    rows: int
    records: int
    created: int
    updated: int
    unchanged: int
    rejected: int
    unattributed: int | None  # None: not known any more
    refusal: str
    rejects: pl.DataFrame | None = None  # only in a dry run, which stores none


def check_request(declared: Preset | None, kind: str, time_zone: str, source: str = "") -> ZoneInfo:
    """Check what was asked for and return the zone of the file's times. Raises IntakeMisuse."""
    if kind not in EvidenceKind.values:
        raise IntakeMisuse(f"There is no kind {kind!r}; there are: {', '.join(EvidenceKind.values)}.")
    if declared:
        declared.kinds_for(kind)
    if len(source) > 60:
        raise IntakeMisuse("The name of a source has at most 60 characters.")
    name = time_zone or timezone.get_default_timezone_name()
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise IntakeMisuse(f"There is no time zone {name!r}; expected a name like Asia/Shanghai.") from error


def declared_for(job: EvidenceImport) -> Preset:
    """Return what an import is read by. Raises IntakeMisuse where that is not complete."""
    try:
        return preset_of_import(job)
    except PresetInvalid as error:
        raise IntakeMisuse(str(error)) from error


def stored_path(job: EvidenceImport) -> Path:
    if not job.file:
        raise FileRefused("file_not_found")
    return Path(job.file.path)
