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

KEY = ("source", "external_id")
AT_ONCE = 5_000  # values in one question

T = TypeVar("T")
Repaired = tuple[str, str]  # an asset and a fault of it

_INSTANT = pl.Datetime("us", "UTC")
_REPAIRS: dict[str, Any] = {
    "source": pl.String,
    "external_id": pl.String,
    "asset": pl.String,
    "fault": pl.String,
    "job_type": pl.String,
    "no_fault_found": pl.Boolean,
    "exclusion": pl.String,
    "opened_at": _INSTANT,
    "resolved_at": _INSTANT,
    "repeat_after_us": pl.Int64,
}
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
    for assets in _parts(sorted({asset for asset, _fault in wanted})):
        changed += _link_assets(assets, wanted)
    return changed


@transaction.atomic
def _link_assets(assets: Sequence[str], wanted: Iterable[Repaired]) -> int:
    repairs = _repairs_of(assets, wanted)
    linked = repairs.with_columns(_repeat_after(repairs))
    differing = linked.filter(pl.col("repeat_after_us").ne_missing(repairs["repeat_after_us"]))
    written = differing.select(*KEY, pl.col("opened_at").dt.replace_time_zone(None), "repeat_after_us")
    return bulk.upsert(Ticket, written, key=KEY).updated


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


def _repairs_of(assets: Sequence[str], wanted: Iterable[Repaired]) -> pl.DataFrame:
    """Return and lock every ticket of these assets with one of the faults."""
    pairs = pl.DataFrame(list(wanted), schema={"asset": pl.String, "fault": pl.String}, orient="row")
    tickets = Ticket.objects.select_for_update().filter(_MATCHABLE, asset__in=assets).order_by("pk")
    stored = pl.DataFrame(list(tickets.values_list(*_REPAIRS)), schema=_REPAIRS, orient="row")
    return stored.join(pairs, on=["asset", "fault"], how="semi", maintain_order="left")


def _repeat_after(repairs: pl.DataFrame) -> pl.Series:
    """Return for each ticket the microseconds from its resolution to the opening of the next repair."""
    counts = (
        (pl.col("job_type") == JobType.REPAIR.value)
        & ~pl.col("no_fault_found")
        & (pl.col("exclusion") == Exclusion.NONE.value)
    )
    numbered = repairs.with_row_index("row").filter(counts)
    fixes = numbered.filter(pl.col("resolved_at").is_not_null()).select("row", "asset", "fault", "resolved_at")
    later = numbered.select("asset", "fault", again="opened_at", opened_at="opened_at")
    found = fixes.sort("resolved_at").join_asof(
        later.sort("again"),
        left_on="resolved_at",
        right_on="again",
        by=["asset", "fault"],
        strategy="forward",
        allow_exact_matches=False,
        check_sortedness=False,
    )
    after = (pl.col("opened_at") - pl.col("resolved_at")).dt.total_microseconds().alias("repeat_after_us")
    return (
        repairs.with_row_index("row")
        .select("row")
        .join(found.select("row", after), on="row", how="left", maintain_order="left")["repeat_after_us"]
    )
