"""Which stretches of a reopened case count as its resolution. Source: SPEC G8, E3."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

Interval = tuple[datetime, datetime | None]


class ReopenPolicy(StrEnum):
    RESUME = "resume"  # every open stretch
    FIRST = "first"  # until the first resolution
    SPAN = "span"  # from the opening to the last resolution, as if never resolved between


def open_intervals(
    opened: datetime,
    reopenings: Sequence[tuple[datetime, datetime]],
    final: datetime | None,
    policy: ReopenPolicy = ReopenPolicy.RESUME,
) -> list[Interval]:
    """Return the stretches in which a case was open; the last has no end while the case is open.

    ``reopenings`` are (resolved, reopened) in order, ``final`` the last resolution. Raises ValueError when an
    instant lies before the one it follows.
    """
    edges = [opened, *(edge for pair in reopenings for edge in pair), *([] if final is None else [final])]
    if edges != sorted(edges):
        raise ValueError("a case is resolved and reopened in order")
    starts = [opened, *(reopened for _resolved, reopened in reopenings)]
    stops = [*(resolved for resolved, _reopened in reopenings), final]
    if policy is ReopenPolicy.FIRST:
        return [(opened, stops[0])]
    if policy is ReopenPolicy.SPAN:
        return [(opened, final)]
    return list(zip(starts, stops, strict=True))
