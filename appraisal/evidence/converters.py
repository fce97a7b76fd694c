"""Parts of addresses that are no plain text or number."""

from __future__ import annotations

from datetime import date

from django.urls import register_converter


class Day:
    """A date in an address: 2026-02-14."""

    regex = r"\d{4}-\d{2}-\d{2}"

    def to_python(self, value: str) -> date:
        return date.fromisoformat(value)

    def to_url(self, value: date | str) -> str:
        return str(value)


register_converter(Day, "day")
