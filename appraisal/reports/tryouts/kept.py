"""A published cycle as a try-out needs it, kept by each process: it is tried again and again and never changes."""

from __future__ import annotations

import sys
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from threading import Lock
from typing import Any

from django.db.models import Count, Max, Min

from appraisal.cycles.models import Cycle
from appraisal.cycles.queries import CycleSchemes
from appraisal.cycles.workflow import REVEALED
from appraisal.reports.tryouts.points import LinePoints, points_by_line
from appraisal.reviews.figures.sheets import Stored, read_stored
from appraisal.reviews.models import CycleSeal, Review, ReviewSeal

CYCLES_KEPT = 5  # a year and its quarters

Key = tuple[Any, ...]


@dataclass(frozen=True)
class Before:
    """Everybody of a cycle as it stands, by engineer, and what that is made of."""

    reviews: Sequence[Review]
    stored: Stored
    schemes: CycleSchemes

    @cached_property
    def points(self) -> dict[int, LinePoints]:
        return points_by_line(self.reviews, self.stored, self.schemes)


NOTHING_STORED = Stored(
    results={}, ratings={}, feedback=None, overrides={}, segments={}, vetoes={}, decisions={}, years={}
)

_kept: OrderedDict[Key, Before] = OrderedDict()
_lock = Lock()


def before_of(cycle: Cycle, schemes: CycleSchemes) -> Before:
    """Return a cycle as it stands; a published one is read once by each process, and again once it changed."""
    key = _key(cycle)
    if key is None:
        return _read(cycle, schemes)
    with _lock:
        found = _kept.get(key)
        if found:
            _kept.move_to_end(key)
            return found
    found = _read(cycle, schemes)
    with _lock:
        _kept[key] = found
        for old in [old for old in _kept if old[0] == key[0] and old != key]:
            del _kept[old]
        while len(_kept) > CYCLES_KEPT:
            _kept.popitem(last=False)
    return found


def _key(cycle: Cycle) -> Key | None:
    """Return what changes whenever the figures of a published cycle do; None while they may change any time.

    After publication only a decided appeal changes a figure, and it replaces a seal; a reopened cycle gets a new
    one. Ids and moments are part of it, so that ids used again after a rollback are others. What people are
    called and where they belong changes without a seal: those rows are compared as they are.
    """
    if cycle.state not in REVEALED:
        return None
    seal = (
        CycleSeal.objects.filter(cycle=cycle).values_list("pk", "sealed_at", "reviews_digest", "rules_digest").first()
    )
    if seal is None:
        return None
    appeals = ReviewSeal.objects.filter(review__cycle=cycle).aggregate(
        Count("pk"), Min("pk"), Max("pk"), Max("appeal"), Count("appeal")
    )
    return (cycle.pk, *seal, *appeals.values())


def _read(cycle: Cycle, schemes: CycleSchemes) -> Before:
    reviews = list(
        cycle.reviews.defer(
            "dimensions", "comment", "private_note", "self_comment", "acknowledgement", "return_reason"
        ).order_by("engineer_id")
    )
    for review in reviews:
        review.cycle = cycle
    if not reviews:
        return Before((), NOTHING_STORED, schemes)
    stored = read_stored(reviews)
    return Before(reviews, replace(stored, results=_interned(stored.results)), schemes)


def _interned(results: Any) -> Any:
    """Return results whose texts are shared: most of them say the same as many others."""
    intern = sys.intern
    return {
        engineer_id: {
            segment: {
                line_id: row._replace(
                    value=intern(row.value),
                    numerator=intern(row.numerator),
                    denominator=intern(row.denominator),
                    scored_value=intern(row.scored_value),
                    points=intern(row.points),
                    reason=intern(row.reason),
                    cells=intern(row.cells),
                )
                for line_id, row in rows.items()
            }
            for segment, rows in segments.items()
        }
        for engineer_id, segments in results.items()
    }
