"""Groups too small to stand alone join the next larger one. Source: SPEC 4 (minimum pool), 5 (strata)."""

from __future__ import annotations

from collections.abc import Mapping

Key = tuple[str, ...]


def merge_upward(sizes: Mapping[Key, int], *, minimum: int) -> dict[Key, Key]:
    """Return for each group the group it counts in; a key goes from the coarse to the fine part.

    A group below the minimum loses the last part of its key and joins all others that became too small to keep
    it; large groups stay as they are. What is still too small at the end counts in ``()``, however few they are.
    """
    home = {key: key for key in sizes}
    for length in range(max(map(len, sizes), default=0), 0, -1):
        totals: dict[Key, int] = {}
        for key, size in sizes.items():
            totals[home[key]] = totals.get(home[key], 0) + size
        for key, place in home.items():
            if len(place) == length and totals[place] < minimum:
                home[key] = place[:-1]
    return home
