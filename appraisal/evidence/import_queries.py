"""Reads about imports: what became of a file, and how it was read. Who may see one is told by ``access``."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count

from appraisal.evidence.intake.errors import IntakeMisuse, PresetInvalid, reason_text, refusal_text
from appraisal.evidence.intake.known import preset_of_import
from appraisal.evidence.intake.preview import MappedField, mapping_of
from appraisal.evidence.models import EvidenceImport, ImportState

SHOWN_REJECTS = 50


@dataclass(frozen=True, kw_only=True)
class RejectView:
    row_number: int
    column: str
    value: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class ImportView:
    """One import for its page, told from committed rows only."""

    pk: int
    file_name: str
    kind_label: str
    preset: str
    preset_version: int | None
    source: str
    time_zone: str
    state: str
    state_label: str
    requested_at: datetime
    requested_by: str
    finished_at: datetime | None
    rows: int
    records: int
    records_done: int
    created: int
    updated: int
    unchanged: int
    rejected: int
    refusal: str
    rejects: tuple[RejectView, ...]

    @property
    def percent(self) -> int:
        if self.state == ImportState.DONE:
            return 100
        return 100 * self.records_done // self.records if self.records else 0

    @property
    def is_running(self) -> bool:
        return self.state in (ImportState.QUEUED, ImportState.RUNNING)


def describe_import(job: EvidenceImport) -> ImportView:
    return ImportView(
        pk=job.pk,
        file_name=job.file_name,
        kind_label=job.get_kind_display(),
        preset=job.preset,
        preset_version=job.preset_version,
        source=job.source,
        time_zone=job.time_zone,
        state=job.state,
        state_label=job.get_state_display(),
        requested_at=job.requested_at,
        requested_by=str(job.requested_by or ""),
        finished_at=job.finished_at,
        rows=job.rows,
        records=job.records,
        records_done=job.records_done,
        created=job.created,
        updated=job.updated,
        unchanged=job.unchanged,
        rejected=job.rejected,
        refusal=refusal_text(job.refusal),
        rejects=tuple(
            RejectView(
                row_number=reject.row_number,
                column=reject.column,
                value=reject.value,
                reason=reason_text(reject.reason),
            )
            for reject in job.rejects.all()[:SHOWN_REJECTS]
        ),
    )


@dataclass(frozen=True, kw_only=True)
class ReadingView:
    """How a file was read: the preset with its version, and what was read from where."""

    preset: str
    version: int | None
    mapping: tuple[MappedField, ...]


def describe_reading(job: EvidenceImport) -> ReadingView | None:
    """Return how an import was read; None where its preset is not shipped any more."""
    try:
        preset = preset_of_import(job)
        mapping = mapping_of(preset, job.kind)
    except (IntakeMisuse, PresetInvalid, KeyError):
        return None
    title = preset.title if job.preset else ""
    return ReadingView(preset=title, version=job.preset_version, mapping=mapping)


def used_presets(codes: Collection[str]) -> dict[str, int]:
    """Return how many imports were read by each of these presets."""
    counted = EvidenceImport.objects.exclude(state=ImportState.PREVIEW).filter(preset__in=codes)
    return dict(counted.order_by().values_list("preset").annotate(n=Count("pk")))
