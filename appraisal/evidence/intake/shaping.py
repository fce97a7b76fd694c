"""Rows of a file to records of evidence, as a preset says: one row each, or several rows grouped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from appraisal.evidence.intake.errors import RejectReason
from appraisal.evidence.intake.fields import ENGINEER, FIELDS
from appraisal.evidence.intake.parsing import STORED_AS, Reading, add_minutes, parse, typed
from appraisal.evidence.intake.presets import Condition, FieldMap, KindMap, Parser, Rule

ROW = "_row"  # number of the (first) row of a record in the file
ENGINEER_ROW = "_engineer_row"  # number of the row that names its engineer
REJECTS = {"row_number": pl.Int64, "column": pl.String, "value": pl.String, "reason": pl.String}


@dataclass(frozen=True)
class Shaped:
    """Typed records by kind, and what was wrong; a row with a fault gives no record of any kind.

    A preview shows such rows too: with ``keep_bad`` they stay, a faulty value empty. ``starts`` tells the first row of
    the record that a row belongs to, where several rows make one.
    """

    records: Mapping[str, pl.DataFrame]
    rejects: pl.DataFrame
    starts: pl.DataFrame | None = None


def rows_frame(
    numbers: Sequence[int],
    columns: Sequence[Sequence[str]],
    names: Sequence[str],
    missing: Sequence[str],
    absent: Sequence[str] = (),
) -> pl.DataFrame:
    """Make a frame of text cells: blanks at the ends removed, null for an empty cell or a missing marker.

    ``absent`` are columns that the file may have and does not.
    """
    frame = pl.DataFrame(
        [
            pl.Series(ROW, numbers, dtype=pl.Int64),
            *(pl.Series(_cell(name), cells, dtype=pl.String) for name, cells in zip(names, columns, strict=True)),
        ]
    )
    return frame.with_columns(
        pl.when(~stripped.is_in(["", *missing])).then(stripped).alias(_cell(name))
        for name in names
        for stripped in [pl.col(_cell(name)).str.strip_chars()]
    ).with_columns(pl.lit(None, dtype=pl.String).alias(_cell(name)) for name in absent)


def shape_rows(rows: pl.DataFrame, reading: Reading, kinds: Sequence[str], *, keep_bad: bool = False) -> Shaped:
    """Make one record of each row and kind."""
    parts = {}
    for kind in kinds:
        kind_map = reading.preset.kinds[kind]
        own = rows.filter(_fits(kind_map.where)) if kind_map.where else rows
        raw = own.select(
            ROW,
            *(pl.coalesce(_cell(c) for c in item.columns).alias(name) for name, item in _from_columns(kind_map)),
            *(_constant(item).alias(name) for name, item in kind_map.fields.items() if item.value is not None),
        )
        parts[kind] = raw.with_columns(pl.col(ROW).alias(_row_of(name)) for name, _item in _from_columns(kind_map))
    return _finish(parts, reading, keep_bad=keep_bad)


def shape_groups(rows: pl.DataFrame, reading: Reading, kinds: Sequence[str], *, keep_bad: bool = False) -> Shaped:
    """Make one record of all rows that share the preset's group column."""
    preset = reading.preset
    key = _cell(preset.group_by or "")
    nameless = rows.filter(pl.col(key).is_null()).select(
        row_number=ROW,
        column=pl.lit(preset.group_by),
        value=pl.lit(""),
        reason=pl.lit(RejectReason.MISSING_REQUIRED.value),
    )
    rows = rows.filter(pl.col(key).is_not_null())
    faults = [nameless]
    parts = {}
    for kind in kinds:
        kind_map = preset.kinds[kind]
        own = rows.filter(_fits(kind_map.where).any().over(key)) if kind_map.where else rows
        mapped = _from_columns(kind_map)
        own = own.with_columns(_mask(item, key).alias(_counts(name)) for name, item in mapped)
        extremes = [(name, item) for name, item in mapped if item.rule in (Rule.MIN, Rule.MAX)]
        own = own.with_columns(
            typed(own[_cell(item.columns[0])], item, FIELDS[kind][name], reading)[0].alias(_order(name))
            for name, item in extremes
        )
        faults += [_unread(own, name, item) for name, item in extremes]
        parts[kind] = (
            own.group_by(key, maintain_order=True)
            .agg(
                pl.col(ROW).first(),
                *(part for name, item in mapped for part in _aggregate(name, item)),
                *(
                    _constant(item).last().alias(name)
                    for name, item in kind_map.fields.items()
                    if item.value is not None
                ),
            )
            .drop(key)
        )
    # A fault of one row keeps its whole record out: what the other rows tell would be half the truth.
    starts = rows.select(ROW, first=pl.col(ROW).min().over(key))
    return _finish(parts, reading, faults=faults, starts=starts, keep_bad=keep_bad)


def reject_frame(
    rows: Sequence[int], columns: Sequence[str], values: Sequence[str], reasons: Sequence[str]
) -> pl.DataFrame:
    data = {"row_number": rows, "column": columns, "value": values, "reason": reasons}
    return pl.DataFrame(data, schema=REJECTS)


def _cell(name: str) -> str:
    return f"cell:{name}"


def _row_of(name: str) -> str:
    return f"row:{name}"


def _counts(name: str) -> str:
    return f"counts:{name}"


def _order(name: str) -> str:
    return f"order:{name}"


def _shown(cell: pl.Expr) -> pl.Expr:
    """Return what a reject shows of a cell: short, and without the character PostgreSQL cannot store."""
    return cell.fill_null("").str.slice(0, 500).str.replace_all("\0", "␀", literal=True)


def _from_columns(kind_map: KindMap) -> list[tuple[str, FieldMap]]:
    return [(name, item) for name, item in kind_map.fields.items() if item.columns]


def _fits(condition: Condition) -> pl.Expr:
    found = pl.col(_cell(condition.column)).fill_null("").is_in(list(condition.values))
    return ~found if condition.negated else found


def _constant(item: FieldMap) -> pl.Expr:
    value = pl.lit(item.value)
    return pl.when(_fits(item.where)).then(value) if item.where else value


def _mask(item: FieldMap, key: str) -> pl.Expr:
    mask = _fits(item.where) if item.where else pl.lit(True)
    if item.after:
        first = pl.when(_fits(item.after)).then(pl.col(ROW)).min().over(key)
        mask = mask & (pl.col(ROW) > first).fill_null(False)
    return mask


def _aggregate(name: str, item: FieldMap) -> list[pl.Expr]:
    """Return the raw text of the field and the row it came from."""
    counts = pl.col(_counts(name))
    values = pl.coalesce(_cell(column) for column in item.columns).filter(counts)
    rows = pl.col(ROW).filter(counts)
    match item.rule:
        case Rule.COUNT:
            return [counts.sum().cast(pl.String).alias(name), pl.col(ROW).first().alias(_row_of(name))]
        case Rule.CHANGES:
            changes = (values != values.shift(1)).fill_null(False).sum()
            return [changes.cast(pl.String).alias(name), pl.col(ROW).first().alias(_row_of(name))]
        case Rule.MIN | Rule.MAX:
            # Ties go to the first row; an empty cell is neither smallest nor largest.
            order = pl.col(_order(name)).filter(counts)
            at = order.arg_min() if item.rule is Rule.MIN else order.arg_max()
            return [values.get(at).alias(name), rows.get(at).alias(_row_of(name))]
        case Rule.FIRST:
            return [values.first().alias(name), rows.first().alias(_row_of(name))]
        case _:
            return [values.last().alias(name), rows.last().alias(_row_of(name))]


def _unread(rows: pl.DataFrame, name: str, item: FieldMap) -> pl.DataFrame:
    """Return the cells among which the smallest or largest is sought and that cannot be read."""
    cell = pl.col(_cell(item.columns[0]))
    moment = item.parser in (Parser.DATETIME, Parser.DATE)
    return rows.filter(cell.is_not_null() & pl.col(_order(name)).is_null() & pl.col(_counts(name))).select(
        row_number=ROW,
        column=pl.lit(item.columns[0]),
        value=_shown(cell),
        reason=pl.lit((RejectReason.BAD_DATETIME if moment else RejectReason.BAD_NUMBER).value),
    )


def _finish(
    parts: Mapping[str, pl.DataFrame],
    reading: Reading,
    *,
    faults: Sequence[pl.DataFrame] = (),
    starts: pl.DataFrame | None = None,
    keep_bad: bool,
) -> Shaped:
    """Parse the raw text of every kind and leave out the records in which anything is wrong."""
    found = [frame for frame in faults if frame.height]
    bad: list[pl.Series] = []
    if starts is not None and found:
        rows = pl.concat(found)["row_number"].implode()
        bad.append(starts.filter(pl.col(ROW).is_in(rows))["first"])
    records = {}
    for kind, raw in parts.items():
        typed, wrong, bad_rows = _parse_kind(kind, raw, reading)
        records[kind] = typed
        found += wrong
        bad += bad_rows
    if bad and not keep_bad:
        out = pl.concat(bad).unique().implode()
        records = {kind: frame.filter(~pl.col(ROW).is_in(out)) for kind, frame in records.items()}
    # Two kinds may read the same cell and find the same fault: it is one fault.
    rejects = pl.concat(found).unique(maintain_order=True) if found else pl.DataFrame(schema=REJECTS)
    return Shaped(records, rejects, starts)


def _parse_kind(
    kind: str, raw: pl.DataFrame, reading: Reading
) -> tuple[pl.DataFrame, list[pl.DataFrame], list[pl.Series]]:
    kind_map = reading.preset.kinds[kind]
    columns: dict[str, pl.Series] = {ROW: raw[ROW]}
    wrong: list[pl.DataFrame] = []
    bad: list[pl.Series] = []
    for name, target in FIELDS[kind].items():
        item = kind_map.fields.get(name)
        if item is None or item.value is not None:
            given = raw[name] if item else pl.Series(name, [None]).new_from_index(0, raw.height)
            given = given.cast(STORED_AS[target.type])
            columns[name] = given if target.empty is None else given.fill_null(target.empty)
        elif item.columns:
            parsed = parse(raw[name], item, target, reading)
            columns[name] = parsed.values
            if parsed.problems is not None:
                at = parsed.problems.is_not_null()
                rows = raw[_row_of(name)].fill_null(raw[ROW]) if _row_of(name) in raw.columns else raw[ROW]
                wrong.append(
                    reject_frame(
                        rows.filter(at).to_list(),
                        [item.columns[0]] * int(at.sum()),
                        raw.select(_shown(pl.col(name)))[name].filter(at).to_list(),
                        parsed.problems.filter(at).to_list(),
                    )
                )
                bad.append(raw[ROW].filter(at))
    for name, item in kind_map.fields.items():
        if item.from_field is not None:
            columns[name] = add_minutes(columns[item.from_field], item.add_minutes)
    frame = pl.DataFrame([columns[name].alias(name) for name in (ROW, *FIELDS[kind])])
    source_row = _row_of(ENGINEER)
    rows = raw[source_row].fill_null(raw[ROW]) if source_row in raw.columns else raw[ROW]
    return frame.with_columns(rows.alias(ENGINEER_ROW)), wrong, bad
