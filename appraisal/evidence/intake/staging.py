"""First half of an import: the whole file is checked into typed batches on disk; nothing is stored yet.

The same file gives the same batches, so an import that was killed finds its place again by counting records.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl

from appraisal.evidence.intake.errors import FileRefused, RejectReason
from appraisal.evidence.intake.fields import ENGINEER, LABELS
from appraisal.evidence.intake.files import open_table
from appraisal.evidence.intake.known import all_presets
from appraisal.evidence.intake.labels import EngineerLabels
from appraisal.evidence.intake.parsing import Reading
from appraisal.evidence.intake.presets import Preset
from appraisal.evidence.intake.shaping import (
    ENGINEER_ROW,
    REJECTS,
    ROW,
    Shaped,
    reject_frame,
    rows_frame,
    shape_groups,
    shape_rows,
)
from appraisal.evidence.intake.tables import RowBatch, Table, read_table

GROUPED_READ = 50_000


@dataclass(kw_only=True)
class Staged:
    """A checked file: typed batches by kind on disk, and what stayed out of them."""

    folder: Path
    kinds: tuple[str, ...]
    rows: int = 0
    repeated: int = 0  # rows equal to an earlier one: they add nothing
    batch_records: list[int] = field(default_factory=list)  # records of the kind asked for, by batch
    rejects: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=REJECTS))

    @property
    def kind(self) -> str:
        return self.kinds[0]

    @property
    def records(self) -> int:
        return sum(self.batch_records)

    @property
    def rejected(self) -> int:
        return self.rejects["row_number"].n_unique()

    def path(self, batch: int, kind: str) -> Path:
        return self.folder / f"batch-{batch:06}.{kind}.arrow"

    def read(self, batch: int) -> dict[str, pl.DataFrame]:
        """Return the records of one batch by kind."""
        return {kind: self.read_kind(batch, kind) for kind in self.kinds}

    def read_kind(self, batch: int, kind: str) -> pl.DataFrame:
        # Through memory: dropping repeated records writes the file again, which a mapped one forbids.
        return pl.read_ipc(io.BytesIO(self.path(batch, kind).read_bytes()))

    def write(self, batch: int, kind: str, frame: pl.DataFrame) -> None:
        frame.write_ipc(self.path(batch, kind))


def stage_file(
    *,
    path: Path,
    preset: Preset,
    kind: str,
    zone: ZoneInfo,
    labels: EngineerLabels,
    folder: Path,
    batch_size: int,
    heartbeat: Callable[[], None] = lambda: None,
) -> Staged:
    """Read and check a whole file. Raises FileRefused when nothing of it can be used."""
    staged = Staged(folder=folder, kinds=preset.kinds_for(kind))
    rejects: list[pl.DataFrame] = []
    hashes: dict[str, list[pl.DataFrame]] = {kind: [] for kind in staged.kinds}
    with read_table(open_table(path, folder=folder), wanted=preset.columns(), sheet=preset.sheet) as table:
        check_header(table.header, preset)
        reading = Reading(preset, zone, table.typed)
        for batch, shaped in enumerate(_shaped(table, reading, staged, rejects, batch_size)):
            heartbeat()
            records = _credited(shaped.records, preset, labels, rejects)
            rejects.append(shaped.rejects)
            for each, frame in records.items():
                staged.write(batch, each, frame)
                hashes[each].append(
                    frame.select(hash=pl.col("external_id").hash(), batch=pl.lit(batch, dtype=pl.Int64))
                )
            staged.batch_records.append(records[staged.kind].height)
    (folder / "unpacked").unlink(missing_ok=True)
    if not staged.rows and not any(frame.height for frame in rejects):
        raise FileRefused("header_only")
    rejects.extend(_drop_repeated(staged, each, hashes[each], preset) for each in staged.kinds)
    found = [frame for frame in rejects if frame.height]
    if found:
        staged.rejects = pl.concat(found).unique().sort("row_number", "column", "reason", "value")
    return staged


def check_header(header: Sequence[str], preset: Preset) -> None:
    """Refuse a header that lacks a mapped column or has one twice."""
    missing = [name for name in preset.required_columns() if name not in header]
    if missing:
        fits = [other for other in all_presets() if set(other.required_columns()) <= set(header)]
        columns = ", ".join(missing)
        if fits:
            best = max(fits, key=lambda other: len(set(other.columns()) & set(header)))
            raise FileRefused("missing_columns_other_preset", preset=preset.code, columns=columns, fits=best.code)
        raise FileRefused("missing_columns", preset=preset.code, columns=columns)
    for name in preset.columns():
        if header.count(name) > 1:
            raise FileRefused("duplicate_column", column=name)


def split_columns(preset: Preset, header: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the columns that are read from this file, and those it may have and does not."""
    names = preset.columns()
    return [name for name in names if name in header], [name for name in names if name not in header]


def _shaped(
    table: Table, reading: Reading, staged: Staged, rejects: list[pl.DataFrame], batch_size: int
) -> Iterator[Shaped]:
    """Yield the records of the file, at most ``batch_size`` of a kind at a time."""
    preset = reading.preset
    names, absent = split_columns(preset, table.header)
    digests: set[bytes] = set()
    frames: list[pl.DataFrame] = []
    # The rows of a record may stand anywhere: grouping needs all of them, if only their mapped columns.
    size = GROUPED_READ if preset.group_by else batch_size
    for rows in table.batches(names, size=size, digests=preset.distinct):
        staged.rows += len(rows.numbers) + len(rows.ragged)
        rejects.append(_ragged(rows, len(table.header)))
        frame = rows_frame(rows.numbers, rows.columns, names, preset.missing, absent)
        if preset.distinct:
            frame = _first_of_equal(frame, rows.digests, digests)
        if preset.group_by:
            frames.append(frame)
        else:
            staged.repeated += len(rows.numbers) - frame.height
            yield shape_rows(frame, reading, staged.kinds)
    if frames:
        shaped = shape_groups(pl.concat(frames), reading, staged.kinds)
        frames.clear()
        yield from _slices(shaped, staged.kinds, batch_size)


def _slices(shaped: Shaped, kinds: Sequence[str], size: int) -> Iterator[Shaped]:
    """Cut records into batches by the rows they start at, so that the kinds of one record stay together."""
    starts = pl.concat([shaped.records[kind][ROW] for kind in kinds]).unique().sort()
    if starts.is_empty():
        yield shaped
    for offset in range(0, len(starts), size):
        low, high = starts[offset], starts[min(offset + size, len(starts)) - 1]
        records = {kind: shaped.records[kind].filter(pl.col(ROW).is_between(low, high)) for kind in kinds}
        yield Shaped(records, shaped.rejects if offset == 0 else pl.DataFrame(schema=REJECTS))


def _first_of_equal(frame: pl.DataFrame, digests: Sequence[bytes], seen: set[bytes]) -> pl.DataFrame:
    fresh = []
    for digest in digests:
        fresh.append(digest not in seen)
        seen.add(digest)
    return frame.filter(pl.Series(fresh, dtype=pl.Boolean))


def _ragged(rows: RowBatch, width: int) -> pl.DataFrame:
    return reject_frame(
        [number for number, _cells in rows.ragged],
        [""] * len(rows.ragged),
        [f"{cells} / {width}" for _number, cells in rows.ragged],
        [RejectReason.WRONG_COLUMN_COUNT.value] * len(rows.ragged),
    )


def _credited(
    records: Mapping[str, pl.DataFrame], preset: Preset, labels: EngineerLabels, rejects: list[pl.DataFrame]
) -> Mapping[str, pl.DataFrame]:
    """Leave out rows whose engineer or owner is nobody or several; an empty name stays, unattributed."""
    bad: list[pl.Series] = []
    for kind, frame in records.items():
        for name in (each for each in LABELS if each in preset.kinds[kind].fields):
            faults = labels.faults(frame[name].drop_nulls().unique().to_list())
            if faults:
                wrong = frame.filter(pl.col(name).is_in(list(faults)))
                rejects.append(
                    wrong.select(
                        row_number=ENGINEER_ROW if name == ENGINEER else ROW,
                        column=pl.lit(_column(preset, kind, name)),
                        value=name,
                        reason=pl.col(name).replace_strict({k: v.value for k, v in faults.items()}),
                    )
                )
                bad.append(wrong[ROW])
        if labels.newcomers and "team_label" in frame.columns:
            labels.saw_teams(frame.drop_nulls(ENGINEER).group_by(ENGINEER, "team_label").len().iter_rows())
    if bad:
        out = pl.concat(bad).unique().implode()
        records = {kind: frame.filter(~pl.col(ROW).is_in(out)) for kind, frame in records.items()}
    return records


def _column(preset: Preset, kind: str, name: str) -> str:
    """Return the column that a fault of a field is reported under; a constant has none."""
    return next(iter(preset.kinds[kind].fields[name].columns), "")


def _drop_repeated(staged: Staged, kind: str, hashes: list[pl.DataFrame], preset: Preset) -> pl.DataFrame:
    """Keep the first record of each number: an equal one adds nothing, a different one is rejected."""
    all_hashes = pl.concat(hashes) if hashes else pl.DataFrame(schema={"hash": pl.UInt64, "batch": pl.Int64})
    suspects = all_hashes.filter(pl.col("hash").is_duplicated())
    if suspects.is_empty():
        return pl.DataFrame(schema=REJECTS)
    wanted = suspects["hash"].unique().implode()
    batches = suspects["batch"].unique().sort().to_list()
    content = pl.concat(
        [staged.read_kind(batch, kind).filter(pl.col("external_id").hash().is_in(wanted)) for batch in batches]
    )
    fields = [name for name in content.columns if name not in (ROW, ENGINEER_ROW)]
    content = content.with_columns(
        first=pl.col(ROW) == pl.col(ROW).min().over("external_id"),
        same=pl.all_horizontal(
            pl.col(name).eq_missing(pl.col(name).sort_by(ROW).first().over("external_id")) for name in fields
        ),
    )
    repeated = content.filter(~pl.col("first"))
    out = repeated[ROW].implode()
    for batch in batches:
        frame = staged.read_kind(batch, kind)
        kept = frame.filter(~pl.col(ROW).is_in(out))
        staged.write(batch, kind, kept)
        if kind == staged.kind:
            staged.batch_records[batch] = kept.height
    if kind == staged.kind:
        staged.repeated += int(repeated["same"].sum())
    return repeated.filter(~pl.col("same")).select(
        row_number=ROW,
        column=pl.lit(_column(preset, kind, "external_id")),
        value=pl.col("external_id"),
        reason=pl.lit(RejectReason.DUPLICATE_ID.value),
    )
