"""Exact order statistics in one grouped query, on PostgreSQL and SQLite alike. Source: SPEC G11."""

from __future__ import annotations

import json
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
