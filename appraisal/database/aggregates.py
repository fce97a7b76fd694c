"""Aggregates that PostgreSQL and SQLite answer alike: exact order statistics (SPEC G11), and rows as lists."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from django.db.models import Aggregate, TextField


class OrderStatistics(Aggregate):
    """The values next to median and p90: [median low, median high, p90 low, p90 high], or None for no rows.

    PostgreSQL's percentile_cont answers in binary floating point; so the neighbours are fetched as the
    integers they are and interpolated exactly afterwards (``scoring.values.percentile``).
    """

    name = "OrderStatistics"
    output_field = TextField()
    PERCENTS = (50, 90)

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> tuple[str, list[Any]]:
        column, column_params = compiler.compile(self.get_source_expressions()[0])
        where, where_params = "", []
        if self.filter is not None:
            condition, where_params = compiler.compile(self.filter)
            where = f" FILTER (WHERE {condition})"
        # The text of both aggregates is the same wherever they occur, so PostgreSQL computes each once.
        ordered = f"array_agg({column} ORDER BY {column}){where}"
        count = f"count({column}){where}"
        parts = []
        params: list[Any] = []
        for percent in self.PERCENTS:
            for step in (1, 2):
                parts.append(f"({ordered})[least({count}, ({count} - 1) * {percent} / 100 + {step})]")
                # array, least's count, index count
                params += [*column_params, *where_params] * 3
        return f"json_build_array({', '.join(parts)})::text", params

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> tuple[str, Any]:
        column, column_params = compiler.compile(self.get_source_expressions()[0])
        where, where_params = "", []
        if self.filter is not None:
            condition, where_params = compiler.compile(self.filter)
            where = f" FILTER (WHERE {condition})"
        return f"json_group_array({column}){where}", [*column_params, *where_params]

    def convert_value(self, value: Any, expression: Any, connection: Any) -> list[int] | None:
        numbers = [number for number in json.loads(value or "[]") if number is not None]
        if not numbers:
            return None
        if connection.vendor == "postgresql":
            return numbers
        numbers.sort()
        last = len(numbers) - 1
        return [numbers[min(last, last * percent // 100 + step)] for percent in self.PERCENTS for step in (0, 1)]


class Rows(Aggregate):
    """The values of some columns, record by record, as a list of tuples; None for no rows. No order is promised.

    Meant for evidence of which there is little per group: exams, certificates, logged days.
    """

    name = "Rows"
    output_field = TextField()

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> tuple[str, list[Any]]:
        return self._as_json(compiler, "(json_agg(json_build_array({columns})){where})::text")

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> tuple[str, Any]:
        return self._as_json(compiler, "json_group_array(json_array({columns})){where}")

    def _as_json(self, compiler: Any, template: str) -> tuple[str, list[Any]]:
        parts, params = [], []
        for column in self._columns():
            sql, own = compiler.compile(column)
            parts.append(sql)
            params += own
        where = ""
        if self.filter is not None:
            condition, where_params = compiler.compile(self.filter)
            where = f" FILTER (WHERE {condition})"
            params += where_params
        return template.format(columns=", ".join(parts), where=where), params

    def _columns(self) -> list[Any]:
        return [part for part in self.get_source_expressions() if part is not None and part is not self.filter]

    def convert_value(self, value: Any, expression: Any, connection: Any) -> list[tuple[Any, ...]] | None:
        rows = json.loads(value or "[]")
        if not rows:
            return None
        readers = [_READERS.get(column.output_field.get_internal_type(), _as_it_is) for column in self._columns()]
        return [tuple(read(cell) for read, cell in zip(readers, row, strict=True)) for row in rows]


def _as_it_is(cell: Any) -> Any:
    return cell


def _instant(cell: str | None) -> datetime | None:
    if cell is None:
        return None
    at = datetime.fromisoformat(cell)
    # SQLite stores UTC without saying so.
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


# How JSON cells read, by the type of their field; the two databases write them differently.
_READERS: dict[str, Callable[[Any], Any]] = {
    "DateTimeField": _instant,
    "DateField": lambda cell: None if cell is None else date.fromisoformat(cell),
    "BooleanField": lambda cell: None if cell is None else bool(cell),
}
