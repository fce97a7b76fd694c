"""What records of several tickets say about one of them: repeated repairs and follow-up orders.

Both cost nothing where no ticket names an asset and a fault, or a primary order.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, TypeVar

import polars as pl
from django.db import transaction
from django.db.models import Count, Q

from appraisal.database import bulk
from appraisal.evidence.models import Exclusion, JobType, Ticket

AT_ONCE = 5_000  # values in one question

T = TypeVar("T")
Repaired = tuple[str, str]  # an asset and a fault of it

_PAIR = ["asset", "fault"]
_REPAIR: dict[str, Any] = {
    "job_type": pl.String,
    "no_fault_found": pl.Boolean,
    "exclusion": pl.String,
    "opened_at": pl.Datetime("us"),
    "resolved_at": pl.Datetime("us"),
}
_STORED: dict[str, Any] = {"id": pl.Int64, "repeat_after_us": pl.Int64, **_REPAIR}
_MATCHABLE = ~Q(asset="") & ~Q(fault="")


def repaired_by(ticket_ids: Sequence[int]) -> set[Repaired]:
    """Return asset and fault of each of the tickets that names both; asked before a change, for ``link_repeats``."""
    found: set[Repaired] = set()
    for some in _parts(ticket_ids):
        found.update(Ticket.objects.filter(_MATCHABLE, pk__in=some).values_list("asset", "fault"))
    return found


def link_repeats(ticket_ids: Sequence[int], *, before: Collection[Repaired] = ()) -> int:
    """Set for each fix of the assets and faults of these tickets when it was repaired again; return how many changed.

    ``before`` are assets and faults the tickets had until now. Source: SPEC E7: the earliest later repair of the same
    asset and fault; both are repairs in which a fault was found, both count, the original is resolved.
    """
    changed = 0
    for some in _parts(ticket_ids):
        unmatched = Ticket.objects.filter(~_MATCHABLE, pk__in=some, repeat_after_us__isnull=False)
        changed += unmatched.update(repeat_after_us=None)
    wanted = repaired_by(ticket_ids) | set(before)
    return changed + (_link(wanted) if wanted else 0)


@transaction.atomic
def _link(wanted: Iterable[Repaired]) -> int:
    pairs = pl.DataFrame(sorted(wanted), schema=dict.fromkeys(_PAIR, pl.String), orient="row")
    return _correct(_linked(bulk.matching(Ticket, pairs, columns=_STORED)))


@transaction.atomic
def with_repeats(tickets: pl.DataFrame, *, known: Collection[str]) -> pl.DataFrame:
    """Add to tickets about to be stored when each fix was repaired again, and tell the stored fixes that they repeat.

    So new tickets are written once, and of the stored ones those that change. ``known`` are numbers of tickets that
    are stored already: ``link_repeats`` is for them. Source: SPEC E7.
    """
    numbered = tickets.with_row_index("new")
    named = numbered.filter(pl.col("asset") != "", pl.col("fault") != "", ~pl.col("external_id").is_in(list(known)))
    if named.is_empty():
        return tickets.with_columns(repeat_after_us=pl.lit(None, dtype=pl.Int64))
    # In the order of the index they are looked up in.
    pairs = named.select(_PAIR).unique().sort(_PAIR)
    stored = bulk.matching(Ticket, pairs, columns=_STORED)
    rows = pairs.with_columns(row=pl.int_range(pl.len(), dtype=pl.Int64))
    coming = named.join(rows, on=_PAIR).select("row", "new", *_REPAIR)
    linked = _linked(pl.concat([stored, coming], how="diagonal"))
    _correct(linked.filter(pl.col("id").is_not_null()))
    found = linked.drop_nulls("new").select("new", repeat_after_us="now")
    return numbered.join(found, on="new", how="left", maintain_order="left").drop("new")


def _correct(linked: pl.DataFrame) -> int:
    differing = linked.filter(pl.col("now").ne_missing(pl.col("repeat_after_us")))
    return bulk.update(Ticket, differing.select("id", repeat_after_us="now"))


def count_follow_ups(source: str, numbers: Collection[str]) -> int:
    """Count the follow-up orders of some primary orders of a source; return how many changed."""
    changed = 0
    for some in _parts(sorted({number for number in numbers if number})):
        following = Ticket.objects.filter(~Q(follow_up_of=""), source=source, follow_up_of__in=some)
        counted = following.filter(exclusion=Exclusion.NONE).order_by()
        counts = dict(counted.values("follow_up_of").annotate(n=Count("pk")).values_list("follow_up_of", "n"))
        primary = Ticket.objects.filter(source=source, external_id__in=some)
        changed += primary.exclude(follow_up_count=0).exclude(external_id__in=counts).update(follow_up_count=0)
        by_count: dict[int, list[str]] = {}
        for number, count in counts.items():
            by_count.setdefault(count, []).append(number)
        for count, named in by_count.items():
            theirs = Ticket.objects.filter(source=source, external_id__in=named)
            changed += theirs.exclude(follow_up_count=count).update(follow_up_count=count)
    return changed


def _parts(values: Sequence[T]) -> Iterator[Sequence[T]]:
    for begin in range(0, len(values), AT_ONCE):
        yield values[begin : begin + AT_ONCE]


def _linked(repairs: pl.DataFrame) -> pl.DataFrame:
    """Add to each ticket (``row`` tells its asset and fault) the microseconds from its fix to the next repair."""
    counts = (
        (pl.col("job_type") == JobType.REPAIR.value)
        & ~pl.col("no_fault_found")
        & (pl.col("exclusion") == Exclusion.NONE.value)
    )
    numbered = repairs.with_row_index("each")
    repairing = numbered.filter(counts).select("each", "row", "opened_at", "resolved_at").sort("opened_at")
    at_once = pl.len().over("row", "opened_at") > 1
    another = pl.when(at_once).then(pl.col("opened_at")).otherwise(pl.col("opened_at").shift(-1).over("row"))
    later = repairing.select("row", again="opened_at", which="each", opened="opened_at", another=another)
    found = (
        repairing.drop_nulls("resolved_at")
        .sort("resolved_at")
        .join_asof(
            later,
            left_on="resolved_at",
            right_on="again",
            by="row",
            strategy="forward",
            allow_exact_matches=False,
            check_sortedness=False,
        )
    )
    # A case that was resolved before it was opened, by two clocks, is no repeat of itself.
    repeated_at = pl.when(pl.col("which") == pl.col("each")).then(pl.col("another")).otherwise(pl.col("opened"))
    now = (repeated_at - pl.col("resolved_at")).dt.total_microseconds()
    return numbered.join(found.select("each", now=now), on="each", how="left", maintain_order="left").drop("each")
