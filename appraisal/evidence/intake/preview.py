"""The first rows of a file as they will be read, with the mapping and what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl

from appraisal.evidence.intake.errors import FileRefused, reason_text
from appraisal.evidence.intake.fields import FIELDS, LABELS
from appraisal.evidence.intake.files import open_table
from appraisal.evidence.intake.parsing import Reading
from appraisal.evidence.intake.presets import FieldMap, Preset
from appraisal.evidence.intake.shaping import ROW, Shaped, rows_frame, shape_groups, shape_rows
from appraisal.evidence.intake.staging import check_header, scratch_folder, split_columns
from appraisal.evidence.intake.tables import read_table
from appraisal.evidence.kinds import field_label
from engineers.queries import match_labels

READ_ROWS = 2_000


@dataclass(frozen=True, kw_only=True)
class MappedField:
    """A field and what it is read from, for the page; a constant has no columns."""

    name: str
    label: str
    columns: tuple[str, ...]
    parser: str
    rule: str


@dataclass(frozen=True, kw_only=True)
class PreviewRow:
    row_number: int
    values: Mapping[str, str]  # by field; times are local to the file's zone


@dataclass(frozen=True, kw_only=True)
class PreviewProblem:
    row_number: int
    column: str
    value: str
    reason: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Preview:
    kind: str
    preset: str
    header: tuple[str, ...]
    unused: tuple[str, ...]
    mapping: tuple[MappedField, ...]
    rows: tuple[PreviewRow, ...]
    problems: tuple[PreviewProblem, ...]
    unknown_engineers: tuple[str, ...]


def preview_file(*, path: Path, preset: Preset, kind: str, zone: ZoneInfo, limit: int = 20) -> Preview:
    """Read the beginning of a file and nothing more than it takes. Raises FileRefused, IntakeMisuse."""
    kinds = preset.kinds_for(kind)
    with scratch_folder() as folder:
        file = open_table(path, folder=folder)
        with read_table(file, wanted=preset.columns(), sheet=preset.sheet) as table:
            check_header(table.header, preset)
            names, absent = split_columns(preset, table.header)
            batch = next(table.batches(names, size=READ_ROWS, digests=preset.distinct), None)
            if batch is None:
                raise FileRefused("header_only")
            rows = rows_frame(batch.numbers, batch.columns, names, preset.missing, absent)
            reading = Reading(preset, zone, table.typed)
            header = tuple(table.header)
    if preset.distinct:
        digests = pl.Series(batch.digests, dtype=pl.Binary)
        rows = rows.filter(digests.is_first_distinct())
    shaped = (shape_groups if preset.group_by else shape_rows)(rows, reading, kinds)
    mapped = preset.kinds[kind].fields
    return Preview(
        kind=kind,
        preset=preset.code,
        header=header,
        unused=tuple(name for name in header if name not in names),
        mapping=tuple(_mapped(name, mapped[name], kind) for name in FIELDS[kind] if name in mapped),
        rows=tuple(_rows(shaped.records[kind].head(limit), tuple(mapped), zone)),
        problems=_problems(shaped, limit),
        unknown_engineers=_unknown(shaped),
    )


def _mapped(name: str, item: FieldMap, kind: str) -> MappedField:
    return MappedField(
        name=name,
        label=field_label(kind, name),
        columns=item.columns,
        parser=item.parser.value,
        rule=item.rule.value if item.rule else "",
    )


def _rows(frame: pl.DataFrame, names: tuple[str, ...], zone: ZoneInfo) -> list[PreviewRow]:
    shown = frame.with_columns(
        pl.col(name).dt.replace_time_zone("UTC").dt.convert_time_zone(zone.key).dt.strftime("%Y-%m-%d %H:%M:%S")
        for name, dtype in frame.schema.items()
        if isinstance(dtype, pl.Datetime)
    )
    return [
        PreviewRow(
            row_number=row[ROW],
            values={name: "" if row[name] is None else str(row[name]) for name in frame.columns if name in names},
        )
        for row in shown.iter_rows(named=True)
    ]


def _problems(shaped: Shaped, limit: int) -> tuple[PreviewProblem, ...]:
    rejects = shaped.rejects.sort("row_number").head(limit)
    return tuple(PreviewProblem(**row, text=reason_text(row["reason"])) for row in rejects.iter_rows(named=True))


def _unknown(shaped: Shaped) -> tuple[str, ...]:
    labels = {
        label
        for frame in shaped.records.values()
        for name in LABELS
        if name in frame.columns
        for label in frame[name].drop_nulls().to_list()
    }
    matches = match_labels(labels)
    return tuple(sorted(labels - matches.engineer_ids.keys()))
