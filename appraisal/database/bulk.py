"""Set-based upsert of a column frame: one bulk load and one statement, counting what really changed.

Names in the SQL are those of model fields, quoted; values never become part of a statement.
"""
# ruff: noqa: S608

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import polars as pl
from django.db import IntegrityError, connection, models, transaction

STAGE = "bulk_stage"

# Django's cursor wrapper has no public type: the functions that take one leave it untyped.


@dataclass(frozen=True)
class UpsertCounts:
    created: int = 0
    updated: int = 0
    unchanged: int = 0

    def __add__(self, other: UpsertCounts) -> UpsertCounts:
        return UpsertCounts(
            self.created + other.created, self.updated + other.updated, self.unchanged + other.unchanged
        )


@transaction.atomic
def upsert(
    model: type[models.Model],
    frame: pl.DataFrame,
    *,
    key: Sequence[str],
    insert_only: Sequence[str] = (),
    all_new: bool | None = None,
) -> UpsertCounts:
    """Insert rows by ``key`` and update those that differ; an equal row is left untouched.

    ``frame`` has one column per database column (foreign keys as ``*_id``): datetimes as UTC microseconds,
    booleans, integers, strings, None for NULL; ``key`` names a unique constraint and is unique in the frame.
    Columns of ``insert_only`` are the start of a row that later lives its own life: never updated, nor compared.
    ``all_new`` is whether none of the rows is stored, where the caller has found out already.
    Raises IntegrityError when the frame breaks a constraint; nothing of it is stored then.
    """
    if frame.is_empty():
        return UpsertCounts()
    table, columns = _names(model, frame)
    if _appended(model, frame, key, all_new):
        return UpsertCounts(created=frame.height)
    conflict = ", ".join(connection.ops.quote_name(name) for name in key)
    insert = (
        f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {STAGE} WHERE true "
        f"ON CONFLICT ({conflict}) " + _update_clause(table, _rest(frame, (*key, *insert_only)))
    )
    with connection.cursor() as cursor, _staged(cursor, table, columns, frame):
        if connection.vendor == "postgresql":
            # xmax is 0 exactly for a row this statement inserted: no second look at the table is needed.
            cursor.execute(
                f"WITH touched AS ({insert} RETURNING (xmax = 0) AS created) "
                "SELECT COUNT(*) FILTER (WHERE created), COUNT(*) FROM touched"
            )
            created, touched = cursor.fetchone()
        else:
            created = frame.height - _count_existing(cursor, table, key)
            cursor.execute(insert)
            touched = cursor.rowcount
    return UpsertCounts(created, touched - created, frame.height - touched)


def compare(
    model: type[models.Model], frame: pl.DataFrame, *, key: Sequence[str], insert_only: Sequence[str] = ()
) -> UpsertCounts:
    """Return what ``upsert`` would do, and do nothing."""
    if frame.is_empty():
        return UpsertCounts()
    table, columns = _names(model, frame)
    with connection.cursor() as cursor, _staged(cursor, table, columns, frame):
        if connection.vendor == "postgresql":
            # Without it the planner takes the new table for a small one.
            cursor.execute(f"ANALYZE {STAGE}")
        existing = _count_existing(cursor, table, key)
        changed = _count_existing(cursor, table, key, _changed(table, _rest(frame, (*key, *insert_only)), new="s"))
    return UpsertCounts(frame.height - existing, changed, existing - changed)


def append(model: type[models.Model], frame: pl.DataFrame) -> None:
    """Insert rows that are known to be new; ``frame`` as for ``upsert``."""
    if frame.is_empty():
        return
    table, columns = _names(model, frame)
    with connection.cursor() as cursor:
        _load(cursor, f"{table} ({columns})", frame)


@transaction.atomic
def update(model: type[models.Model], frame: pl.DataFrame) -> int:
    """Set the columns of ``frame`` (as for ``upsert``) in the rows that its ``id`` names; return how many there are.

    All of them are written: the caller leaves out what does not differ.
    """
    if frame.is_empty():
        return 0
    quote = connection.ops.quote_name
    table, columns = _names(model, frame)
    sets = ", ".join(f"{quote(name)} = s.{quote(name)}" for name in _rest(frame, ("id",)))
    with connection.cursor() as cursor, _staged(cursor, table, columns, frame):
        cursor.execute(f"UPDATE {table} SET {sets} FROM {STAGE} s WHERE {table}.id = s.id")
        count: int = cursor.rowcount
    return count


def matching(model: type[models.Model], wanted: pl.DataFrame, *, columns: Mapping[str, Any]) -> pl.DataFrame:
    """Return and lock the stored rows that agree with a row of ``wanted`` in all its columns, which are texts.

    ``columns`` names what is read, and its type (instants as for ``upsert``); ``row`` is that of ``wanted``. An empty
    text agrees with nothing.
    """
    quote = connection.ops.quote_name
    table, names = _names(model, wanted)
    agree = " AND ".join(f"t.{quote(name)} = s.{quote(name)}" for name in wanted.columns)
    # As the conditions of indexes say it: else they could not be used.
    named = " AND ".join(f"NOT (t.{quote(name)} = '')" for name in wanted.columns)
    read = ", ".join(_read(name, dtype) for name, dtype in columns.items())
    locked = " FOR UPDATE OF t" if connection.features.has_select_for_update else ""
    with (
        connection.cursor() as cursor,
        _staged(cursor, table, f'0 AS "row", {names}', wanted.with_row_index("row")),
    ):
        if connection.vendor == "postgresql":
            cursor.execute(f"ANALYZE {STAGE}")
        cursor.execute(
            f'SELECT s."row", {read} FROM {STAGE} s JOIN {table} t ON {agree} WHERE {named} ORDER BY t.id{locked}'
        )
        rows = cursor.fetchall()
    fetched = list(zip(*rows, strict=True)) or [()] * (len(columns) + 1)
    frame = pl.DataFrame(dict(zip(("row", *columns), fetched, strict=True)), strict=True)
    return frame.select(pl.col("row").cast(pl.Int64), *(_typed(name, dtype) for name, dtype in columns.items()))


def _read(name: str, dtype: Any) -> str:
    column = f"t.{connection.ops.quote_name(name)}"
    if connection.vendor == "postgresql":
        return f"(EXTRACT(EPOCH FROM {column}) * 1000000)::bigint" if isinstance(dtype, pl.Datetime) else column
    # What is cast is left as it is stored, where the driver would make an object of each value.
    stored = {pl.Datetime: "TEXT", pl.Boolean: "INTEGER"}.get(dtype.base_type())
    return f"CAST({column} AS {stored})" if stored else column


def _typed(name: str, dtype: Any) -> pl.Expr:
    """Return what ``_read`` fetched in its type."""
    column = pl.col(name)
    if isinstance(dtype, pl.Datetime) and connection.vendor != "postgresql":
        return column.cast(pl.String).str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="us")
    return column.cast(dtype)


def _appended(model: type[models.Model], frame: pl.DataFrame, key: Sequence[str], all_new: bool | None) -> bool:
    """Load rows straight into the table when none of them is there yet; return whether that was done.

    Most rows of most files are new, and this costs half of an upsert. Should another process insert one of
    them at the same time, the unique constraint stops the load and the upsert sorts it out.
    """
    if connection.vendor != "postgresql":
        return False
    if not (_none_stored(model, frame, key) if all_new is None else all_new):
        return False
    try:
        with transaction.atomic():
            append(model, frame)
    except IntegrityError:
        return False
    return True


def _none_stored(model: type[models.Model], frame: pl.DataFrame, key: Sequence[str]) -> bool:
    """Tell whether none of the rows is there; False as well where that is not asked in one go."""
    *shared, own = key
    if any(frame[name].n_unique() > 1 for name in shared):
        return False
    quote = connection.ops.quote_name
    conditions = [f"{quote(name)} = %s" for name in shared] + [f"{quote(own)} = ANY(%s)"]
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT EXISTS (SELECT 1 FROM {quote(model._meta.db_table)} WHERE {' AND '.join(conditions)})",
            [*(frame[name][0] for name in shared), frame[own].to_list()],
        )
        return not cursor.fetchone()[0]


def _names(model: type[models.Model], frame: pl.DataFrame) -> tuple[str, str]:
    quote = connection.ops.quote_name
    return quote(model._meta.db_table), ", ".join(quote(name) for name in frame.columns)


def _rest(frame: pl.DataFrame, key: Sequence[str]) -> list[str]:
    return [name for name in frame.columns if name not in key]


@contextmanager
def _staged(cursor, table: str, columns: str, frame: pl.DataFrame) -> Iterator[None]:  # type: ignore[no-untyped-def]
    cursor.execute(f"DROP TABLE IF EXISTS {STAGE}")
    cursor.execute(f"CREATE TEMPORARY TABLE {STAGE} AS SELECT {columns} FROM {table} WHERE 1 = 0")
    _load(cursor, STAGE, frame)
    yield
    cursor.execute(f"DROP TABLE {STAGE}")


def _count_existing(cursor, table: str, key: Sequence[str], condition: str = "true") -> int:  # type: ignore[no-untyped-def]
    quote = connection.ops.quote_name
    matches = " AND ".join(f"{table}.{quote(name)} = s.{quote(name)}" for name in key)
    cursor.execute(f"SELECT COUNT(*) FROM {STAGE} s JOIN {table} ON {matches} WHERE {condition}")
    count: int = cursor.fetchone()[0]
    return count


def _changed(table: str, columns: Sequence[str], *, new: str) -> str:
    quote = connection.ops.quote_name
    differs = "IS DISTINCT FROM" if connection.vendor == "postgresql" else "IS NOT"
    parts = [f"{table}.{quote(name)} {differs} {new}.{quote(name)}" for name in columns]
    return f"({' OR '.join(parts)})" if parts else "false"


def _update_clause(table: str, columns: Sequence[str]) -> str:
    if not columns:
        return "DO NOTHING"
    quote = connection.ops.quote_name
    sets = ", ".join(f"{quote(name)} = excluded.{quote(name)}" for name in columns)
    return f"DO UPDATE SET {sets} WHERE {_changed(table, columns, new='excluded')}"


def _load(cursor, target: str, frame: pl.DataFrame) -> None:  # type: ignore[no-untyped-def]
    if connection.vendor == "postgresql":
        buffer = io.BytesIO()
        # An empty string stays a string: only the unquoted marker means NULL.
        frame.write_csv(
            buffer,
            include_header=False,
            null_value="\\N",
            quote_style="non_numeric",
            datetime_format="%Y-%m-%d %H:%M:%S%.6f+00",
        )
        buffer.seek(0)
        # Django wraps the driver's errors for what its own cursor offers only, and COPY is not among that.
        with connection.wrap_database_errors:
            cursor.copy_expert(f"COPY {target} FROM STDIN WITH (FORMAT csv, NULL '\\N')", buffer)
        return
    marks = ", ".join(["%s"] * frame.width)
    cursor.executemany(f"INSERT INTO {target} VALUES ({marks})", _as_sqlite(frame).rows())


def _as_sqlite(frame: pl.DataFrame) -> pl.DataFrame:
    """Write instants as Django writes them to SQLite: microseconds only where there are any."""
    instants = [name for name, dtype in frame.schema.items() if isinstance(dtype, pl.Datetime)]
    return frame.with_columns(
        pl.col(name).dt.strftime("%Y-%m-%d %H:%M:%S%.6f").str.strip_suffix(".000000") for name in instants
    )
