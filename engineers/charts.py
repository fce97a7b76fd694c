"""A chart as data, for the pages of every room."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise


@dataclass(frozen=True, kw_only=True)
class Chart:
    """``data`` is what the script draws; ``header`` and ``rows`` say the same as a table, figures right-aligned."""

    key: str
    title: str | Promise
    summary: str
    data: Mapping[str, Any]
    header: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...] = field(default=())

    @property
    def drawn(self) -> dict[str, Any]:
        return {**self.data, "summary": self.summary}
