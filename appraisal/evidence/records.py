"""Writes of single records, by HR's hand and by other systems: the same checks and the same consequences as a file's.

Withdrawing takes the place of deleting: the record stays, counts nowhere, and says who took it back and why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from appraisal.evidence.intake import following
from appraisal.evidence.intake.errors import RejectReason, Sentence, reason_text
from appraisal.evidence.intake.fields import FIELDS, LABELS, SOURCE_LENGTH, FieldType, TargetField
from appraisal.evidence.intake.labels import EngineerLabels
from appraisal.evidence.intake.loading import store
from appraisal.evidence.intake.parsing import STORED_AS, Reading
from appraisal.evidence.intake.presets import FieldMap, KindMap, Parser, Preset
from appraisal.evidence.intake.rules import current_rules
from appraisal.evidence.intake.shaping import ENGINEER_ROW, ROW, rows_frame, shape_rows
from appraisal.evidence.kinds import KINDS, MODELS, Kind
from appraisal.evidence.models import Exclusion, Record
from engineers.audit import record as audit
from engineers.models import Engineer, User

SOURCE = "source"
OWN_SOURCE = "api"  # of rows that name none
MOST_ROWS = 500  # one transaction, which on SQLite must be short


REFUSALS: dict[str, Sentence] = {
    "number_taken": _("This source has a record with this number already."),
    "reason_missing": _("Say why."),
    "counts_nowhere_already": _("The record counts nowhere already."),
    "not_withdrawn": _("The record is not withdrawn."),
}


class RecordRefused(Exception):
    """A write that breaks a rule; ``code`` says which."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)

    def __str__(self) -> str:
        return str(REFUSALS[self.code])


@dataclass(frozen=True, kw_only=True)
class RowProblem:
    """What is wrong with one field of one row; the first row is 1."""

    row: int
    field: str
    value: str
    reason: str

    @property
    def text(self) -> str:
        return reason_text(self.reason)


class RowsRefused(Exception):
    """At least one row is wrong, so none is stored."""

    def __init__(self, problems: Sequence[RowProblem]) -> None:
        self.problems = problems
        super().__init__(problems)


@dataclass(frozen=True, kw_only=True)
class Written:
    """What became of the rows, and the records themselves in the order of the rows."""

    created: int
    updated: int
    unchanged: int
    ids: tuple[int, ...]


@transaction.atomic
def write_rows(*, kind: str, rows: Sequence[Mapping[str, Any]], by: User, now: datetime) -> Written:
    """Insert or update records by source and number, all or none. Raises RowsRefused.

    A field that a row leaves out is empty, as an empty cell of a file is.
    """
    problems, parts = _read(kind, rows)
    if problems:
        raise RowsRefused(sorted(problems, key=lambda problem: (problem.row, problem.field)))
    totals = [0, 0, 0]
    ids: dict[int, int] = {}
    for source, (frame, engineer_ids) in parts.items():
        counts = _store(kind, source, frame, engineer_ids, by=by, now=now)
        totals = [total + count for total, count in zip(totals, counts, strict=True)]
        found = MODELS[kind]._default_manager.filter(source=source, external_id__in=frame["external_id"].to_list())
        pks = dict(found.values_list("external_id", "pk"))
        ids |= {row: pks[number] for row, number in frame.select(ROW, "external_id").iter_rows()}
    created, updated, unchanged = totals
    return Written(created=created, updated=updated, unchanged=unchanged, ids=tuple(ids[row] for row in sorted(ids)))


@transaction.atomic
def write_record(
    *, kind: str, source: str, values: Mapping[str, Any], is_new: bool, by: User, now: datetime
) -> Record:
    """Write one record from typed values. Raises RecordRefused where a new one would replace another."""
    model = MODELS[kind]
    number = values["external_id"]
    if is_new and model._default_manager.filter(source=source, external_id=number).exists():
        raise RecordRefused("number_taken")
    people = [values[name] for name in LABELS if values.get(name) is not None]
    cells = {name: _typed_cell(values.get(name), target) for name, target in FIELDS[kind].items()}
    schema = {name: STORED_AS[target.type] for name, target in FIELDS[kind].items()}
    frame = pl.DataFrame([cells], schema=schema).with_columns(
        pl.lit(1, dtype=pl.Int64).alias(ROW), pl.lit(1, dtype=pl.Int64).alias(ENGINEER_ROW)
    )
    _store(kind, source, frame, {engineer.employee_no: engineer.pk for engineer in people}, by=by, now=now)
    return model._default_manager.get(source=source, external_id=number)


@transaction.atomic
def withdraw_record(*, kind: str, record_id: int, reason: str, by: User, now: datetime) -> None:
    """Let a record count nowhere. Raises RecordRefused without a reason, or where it counts nowhere already."""
    if not reason.strip():
        raise RecordRefused("reason_missing")
    found = _locked(kind, record_id)
    if found.exclusion:
        raise RecordRefused("counts_nowhere_already")
    _exclude(KINDS[kind], found, Exclusion.WITHDRAWN)
    audit(
        action="evidence.record_withdrawn",
        target=found,
        by=by,
        now=now,
        before={"exclusion": ""},
        after={"exclusion": Exclusion.WITHDRAWN},
        reason=reason.strip(),
    )


@transaction.atomic
def restore_record(*, kind: str, record_id: int, reason: str, by: User, now: datetime) -> None:
    """Let a withdrawn record count again. Raises RecordRefused without a reason, or where it was not withdrawn."""
    if not reason.strip():
        raise RecordRefused("reason_missing")
    found = _locked(kind, record_id)
    if found.exclusion != Exclusion.WITHDRAWN:
        raise RecordRefused("not_withdrawn")
    _exclude(KINDS[kind], found, Exclusion.NONE)
    audit(
        action="evidence.record_restored",
        target=found,
        by=by,
        now=now,
        before={"exclusion": Exclusion.WITHDRAWN},
        after={"exclusion": ""},
        reason=reason.strip(),
    )


def _locked(kind: str, record_id: int) -> Record:
    return MODELS[kind]._default_manager.select_for_update().get(pk=record_id)


def _exclude(kind: Kind, record: Record, exclusion: Exclusion) -> None:
    before = following.belongings(kind.code, record.source, [record.external_id])
    record.exclusion = exclusion
    record.save(update_fields=["exclusion"])
    following.refigure(kind.code, record.pk)
    following.follow(kind.code, record.source, [record.external_id], before)


def _store(
    kind: str, source: str, frame: pl.DataFrame, engineer_ids: Mapping[str, int], *, by: User, now: datetime
) -> tuple[int, int, int]:
    """Store the records of one source and write down what changed."""
    numbers = frame["external_id"].to_list()
    before = _as_stored(kind, source, numbers)
    counts = store({kind: frame}, source=source, engineer_ids=engineer_ids, rules=current_rules())[kind]
    if counts.created or counts.updated:
        after = _as_stored(kind, source, numbers)
        for number in numbers:
            _audit_change(before.get(number), after[number], by=by, now=now)
    return counts.created, counts.updated, counts.unchanged


def _audit_change(before: Stored | None, after: Stored, *, by: User, now: datetime) -> None:
    old = before.values if before else {}
    changed = [name for name, value in after.values.items() if old.get(name) != value]
    if not changed:
        return
    audit(
        action="evidence.record_changed" if before else "evidence.record_created",
        target=after.record,
        by=by,
        now=now,
        before={name: old[name] for name in changed if name in old},
        after={name: after.values[name] for name in changed if before or after.values[name] not in ("", None)},
    )


@dataclass(frozen=True)
class Stored:
    record: Record
    values: Mapping[str, object]


def _as_stored(kind: str, source: str, numbers: Sequence[str]) -> dict[str, Stored]:
    """Return what is stored of each field now; people by name and number."""
    people = [name for name in LABELS if name in FIELDS[kind]]
    found = MODELS[kind]._default_manager.select_related(*people).filter(source=source, external_id__in=numbers)
    return {each.external_id: Stored(each, values_of(kind, each)) for each in found}


def values_of(kind: str, record: Record) -> dict[str, object]:
    """Return the fields of a record as they are sent and stored; a person is named by the employee number."""
    values: dict[str, object] = {}
    for name in FIELDS[kind]:
        value = getattr(record, KINDS[kind].attribute(name))
        values[name] = value.employee_no if isinstance(value, Engineer) else value
    return values


def _read(
    kind: str, rows: Sequence[Mapping[str, Any]]
) -> tuple[list[RowProblem], dict[str, tuple[pl.DataFrame, dict[str, int]]]]:
    """Check rows as a file's are checked; return what is wrong, and the records by source."""
    fields = FIELDS[kind]
    problems = [
        RowProblem(row=number, field=_safe(name), value="", reason=RejectReason.UNKNOWN_FIELD)
        for number, row in enumerate(rows, start=1)
        for name in row
        if name not in fields and name != SOURCE
    ]
    problems += [
        RowProblem(row=number, field=name, value="", reason=RejectReason.NOT_A_VALUE)
        for number, row in enumerate(rows, start=1)
        for name in (*fields, SOURCE)
        if not _is_value(row.get(name))
    ]
    columns = [[_cell(row.get(name), target) for row in rows] for name, target in fields.items()]
    numbers = range(1, len(rows) + 1)
    reading = Reading(_own_form(kind), ZoneInfo(timezone.get_default_timezone_name()))
    shaped = shape_rows(rows_frame(numbers, columns, list(fields), ()), reading, [kind])
    problems += [
        RowProblem(row=row, field=field, value=value, reason=reason)
        for row, field, value, reason in shaped.rejects.iter_rows()
    ]
    frame = shaped.records[kind]
    labels = EngineerLabels(create_unknown=False)
    for name in (name for name in LABELS if name in fields):
        faults = labels.faults(frame[name].drop_nulls().unique().to_list())
        wrong = frame.filter(pl.col(name).is_in(list(faults)))
        problems += [
            RowProblem(row=row, field=name, value=label, reason=faults[label])
            for row, label in wrong.select(ROW, name).iter_rows()
        ]
    sources, bad_sources = _sources(rows)
    problems += bad_sources
    if problems:
        return problems, {}
    frame = frame.with_columns(pl.Series(SOURCE, sources, dtype=pl.String))
    twice = frame.filter(pl.struct(SOURCE, "external_id").is_duplicated() & ~_first())
    problems = [
        RowProblem(row=row, field="external_id", value=number, reason=RejectReason.DUPLICATE_ID)
        for row, number in twice.select(ROW, "external_id").iter_rows()
    ]
    parts = frame.partition_by(SOURCE, as_dict=True, maintain_order=True)
    return problems, {str(key[0]): (part.drop(SOURCE), labels.ids) for key, part in parts.items()}


def _safe(name: str) -> str:
    return name.encode(errors="replace").decode()[:200]


def _first() -> pl.Expr:
    return pl.struct(SOURCE, "external_id").is_first_distinct()


def _sources(rows: Sequence[Mapping[str, Any]]) -> tuple[list[str], list[RowProblem]]:
    sources, problems = [], []
    for number, row in enumerate(rows, start=1):
        source = row.get(SOURCE, OWN_SOURCE)
        if not isinstance(source, str) or not _is_value(source) or not source.strip() or "\0" in source:
            problems.append(RowProblem(row=number, field=SOURCE, value="", reason=RejectReason.MISSING_REQUIRED))
        elif len(source) > SOURCE_LENGTH:
            problems.append(RowProblem(row=number, field=SOURCE, value=source[:500], reason=RejectReason.TOO_LONG))
        sources.append(str(source).strip())
    return sources, problems


@cache
def _own_form(kind: str) -> Preset:
    """Return the declaration of rows whose columns are the fields themselves, as they are stored."""
    return Preset(
        code="rows",
        titles={},
        kinds={kind: KindMap(fields={name: _own_field(name, target) for name, target in FIELDS[kind].items()})},
        datetime_formats=(
            "%Y-%m-%dT%H:%M:%S%.f%:z",
            "%Y-%m-%d %H:%M:%S%.f%:z",
            "%Y-%m-%dT%H:%M:%S%.f",
            "%Y-%m-%dT%H:%M",
        ),
        date_formats=("%Y-%m-%d",),
    )


_PARSERS = {
    FieldType.INSTANT: Parser.DATETIME,
    FieldType.DATE: Parser.DATE,
    FieldType.INTEGER: Parser.INTEGER,
    FieldType.HUNDREDTHS: Parser.INTEGER,
    FieldType.MILLIONTHS: Parser.INTEGER,
    FieldType.BOOLEAN: Parser.BOOLEAN,
    FieldType.CHOICE: Parser.CHOICE,
}


def _own_field(name: str, target: TargetField) -> FieldMap:
    choices = {str(value): str(value) for value in target.choices} if target.type is FieldType.CHOICE else {}
    return FieldMap(columns=(name,), parser=_PARSERS.get(target.type, Parser.TEXT), choices=choices)


def _is_value(value: Any) -> bool:
    """Whether JSON gave something that a cell can hold: no list, no object, no half of a character."""
    if isinstance(value, str):
        return value.isascii() or not any("\ud800" <= character <= "\udfff" for character in value)
    return value is None or isinstance(value, bool | int | float)


def _cell(value: Any, target: TargetField) -> str:
    """Write a value of JSON as the text a file would hold."""
    if value is None or not _is_value(value):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    # The short form of "no offset", which not every reader of formats knows.
    return text[:-1] + "+00:00" if target.type is FieldType.INSTANT and text.endswith("Z") else text


def _typed_cell(value: Any, target: TargetField) -> Any:
    if isinstance(value, Engineer):
        return value.employee_no
    if value in (None, ""):
        return target.empty
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None)
    return value
