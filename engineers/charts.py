"""A chart as data, for the pages of every room."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise


@dataclass(frozen=True, kw_only=True)
class Chart:
    """``data`` is what the script draws; ``header`` and ``rows`` say the same as a table, figures right-aligned.

    Without rows the page itself has the table beside the drawing.

    ``links`` are where the rows lead to, as the bars or points of the drawing do: one for each row, or none at all.
    """

    key: str
    title: str | Promise
    summary: str
    data: Mapping[str, Any]
    header: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...] = field(default=())
    links: tuple[str, ...] = ()

    @property
    def drawn(self) -> dict[str, Any]:
        return {**self.data, "summary": self.summary}

    @property
    def table(self) -> Iterator[tuple[str, tuple[Any, ...]]]:
        """Yield each row of the table with its link, empty where it leads nowhere."""
        yield from zip(self.links or [""] * len(self.rows), self.rows, strict=True)
