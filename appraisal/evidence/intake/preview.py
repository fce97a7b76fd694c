"""The first rows of a file as they will be read, with the mapping and what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
from django.utils.translation import gettext

from appraisal.evidence.intake.errors import FileRefused, reason_text
from appraisal.evidence.intake.fields import FIELDS, LABELS, PLACES
from appraisal.evidence.intake.files import open_table
from appraisal.evidence.intake.look import READ_ROWS
from appraisal.evidence.intake.parsing import Reading
from appraisal.evidence.intake.presets import FieldMap, Preset
from appraisal.evidence.intake.scratch import scratch_folder
from appraisal.evidence.intake.shaping import ROW, Shaped, rows_frame, shape_groups, shape_rows
from appraisal.evidence.intake.staging import check_header, split_columns
from appraisal.evidence.intake.tables import read_table
from appraisal.evidence.kinds import field_label
from appraisal.evidence.models import EvidenceKind
from engineers.queries import match_labels


@dataclass(frozen=True, kw_only=True)
class MappedField:
    """A field and what it is read from, for the page; a constant has no columns."""

    name: str
    label: str
    columns: tuple[str, ...]
    parser: str
    rule: str


@dataclass(frozen=True, kw_only=True)
class PreviewCell:
    """A value as it will be stored; where it cannot be, what stands in the file and why not."""

    text: str
    problem: str = ""


@dataclass(frozen=True, kw_only=True)
class PreviewRow:
    """A record as it will be read; one with a problem stays out. ``problem`` belongs to the row as a whole."""

    row_number: int
    cells: Mapping[str, PreviewCell]  # by field; times are local to the file's zone
    problem: str = ""

    @property
    def stays_out(self) -> bool:
        return bool(self.problem) or any(cell.problem for cell in self.cells.values())


@dataclass(frozen=True, kw_only=True)
class PreviewProblem:
    row_number: int
    column: str
    value: str
    reason: str
    text: str


@dataclass(frozen=True, kw_only=True)
class OtherKind:
    """What the rows tell besides the kind that was asked for, such as the visits of tickets."""

    kind: str
    mapping: tuple[MappedField, ...]
    rows: tuple[PreviewRow, ...]

    @property
    def label(self) -> str:
        return str(EvidenceKind(self.kind).label)


@dataclass(frozen=True, kw_only=True)
class Preview:
    kind: str
    preset: str
    header: tuple[str, ...]
    unused: tuple[str, ...]
    mapping: tuple[MappedField, ...]
    rows: tuple[PreviewRow, ...]
    others: tuple[OtherKind, ...]  # what the same rows tell besides
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
    shaped = (shape_groups if preset.group_by else shape_rows)(rows, reading, kinds, keep_bad=True)
    return Preview(
        kind=kind,
        preset=preset.code,
        header=header,
        unused=tuple(name for name in header if name not in names),
        mapping=mapping_of(preset, kind),
        rows=_rows(shaped, preset, kind, zone, limit),
        others=tuple(
            OtherKind(kind=other, mapping=mapping_of(preset, other), rows=_rows(shaped, preset, other, zone, limit))
            for other in kinds[1:]
        ),
        problems=_problems(shaped, limit),
        unknown_engineers=_unknown(shaped),
    )


def mapping_of(preset: Preset, kind: str) -> tuple[MappedField, ...]:
    """Return the fields that a preset fills, in the order of the kind."""
    mapped = preset.kinds[kind].fields
    return tuple(_mapped(name, mapped[name], kind) for name in FIELDS[kind] if name in mapped)


def _mapped(name: str, item: FieldMap, kind: str) -> MappedField:
    return MappedField(
        name=name,
        label=field_label(kind, name),
        columns=item.columns,
        parser=item.parser.value,
        rule=item.rule.value if item.rule else "",
    )


def _rows(shaped: Shaped, preset: Preset, kind: str, zone: ZoneInfo, limit: int) -> tuple[PreviewRow, ...]:
    frame = shaped.records[kind].head(limit)
    fields = preset.kinds[kind].fields
    shown = frame.with_columns(
        pl.col(name).dt.replace_time_zone("UTC").dt.convert_time_zone(zone.key).dt.strftime("%Y-%m-%d %H:%M:%S")
        for name, dtype in frame.schema.items()
        if isinstance(dtype, pl.Datetime)
    )
    problems = _problems_by_record(shaped, set(frame[ROW].to_list()))
    rows = []
    for row in shown.iter_rows(named=True):
        found = problems.get(row[ROW], {})
        cells = {}
        for name, item in fields.items():
            problem = next((found.pop(column) for column in item.columns if column in found), None)
            target, value = FIELDS[kind][name], row[name]
            cells[name] = (
                PreviewCell(text=problem.value, problem=problem.text)
                if problem
                else PreviewCell(text=_written(value, PLACES.get(target.type)))
            )
        # What is left is wrong with a column that this kind does not show, or with the row as a whole.
        rest = "; ".join(f"{each.column}: {each.text}" if each.column else each.text for each in found.values())
        rows.append(PreviewRow(row_number=row[ROW], cells=cells, problem=rest))
    return tuple(rows)


def _problems_by_record(shaped: Shaped, shown: set[int]) -> dict[int, dict[str, PreviewProblem]]:
    """Return what is wrong with the records that are shown, by their first row and the column."""
    starts = dict(shaped.starts.iter_rows()) if shaped.starts is not None else {}
    found: dict[int, dict[str, PreviewProblem]] = {}
    for row in shaped.rejects.iter_rows(named=True):
        start = starts.get(row["row_number"], row["row_number"])
        if start in shown:
            problem = PreviewProblem(**row, text=reason_text(row["reason"]))
            found.setdefault(start, {}).setdefault(row["column"], problem)
    return found


def _written(value: object, places: int | None) -> str:
    """Write a value as people do: what is stored as hundredths is a decimal number."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if places and isinstance(value, int):
        return f"{(Decimal(value) / 10**places).normalize():f}"
    return str(value)


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
