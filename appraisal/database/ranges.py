"""Conditions on many ids that stay short where the ids lie close."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.db.models import Q

FEW = 20  # ids of which it pays to look first at what there is


class IdRange(NamedTuple):
    """A range of ids whose ends are given later (``database.prepared``)."""

    first: Any
    last: Any


def among(field: str, ids: Sequence[int] | IdRange) -> Q:
    """Return the condition that a field names one of the ids, which rise; a range where they lie close.

    A range may also name ids in between that were not asked for: the caller passes over their rows.
    """
    if isinstance(ids, IdRange) or lie_close(ids):
        return Q(**{f"{field}__gte": ids[0], f"{field}__lte": ids[-1]})
    return Q(**{f"{field}__in": ids})


def lie_close(ids: Sequence[int]) -> bool:
    """Tell whether ids, which rise, are better asked for as a range."""
    return bool(ids) and ids[-1] - ids[0] < 2 * len(ids)
