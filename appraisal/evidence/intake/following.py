"""What follows from a stored record for others: counts, first visits, latest answers, links, figures of the ticket.

All of it is set-based, and nothing is done where nothing of the kind is stored.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import polars as pl
from django.db.models import (
    Count,
    Exists,
    F,
    IntegerField,
    OuterRef,
    QuerySet,
    Subquery,
    Sum,
    Value,
)
from django.db.models.functions import Coalesce

from appraisal.evidence.intake import derive, links
from appraisal.evidence.intake.recompute import (
    recompute_children,
    recompute_reports,
    recompute_tickets,
    recompute_visits,
)
from appraisal.evidence.models import EventType, EvidenceKind, Exclusion, Survey, Ticket, TicketEvent, Visit

LATE_ANSWER = timedelta(days=14)  # SPEC 1, csat: the latest within 14 days
FLAGS = {"escalated": EventType.ESCALATED, "assisted": EventType.ASSISTED}


class TicketFacts(NamedTuple):
    """What others make something of: its visits and reports, the repairs of the same asset, the order it follows."""

    number: str
    follow_up_of: str
    exclusion: str
    job_type: str
    priority: int | None
    region: str
    distance_km: int | None
    completed_at: datetime | None
    asset: str
    fault: str
    no_fault_found: bool
    opened_at: datetime
    resolved_at: datetime | None

    @property
    def promised_by(self) -> tuple[object, ...]:
        return self.priority, self.region, self.distance_km, self.job_type, self.completed_at

    @property
    def repair(self) -> tuple[object, ...]:
        return (
            *(self.asset, self.fault, self.exclusion, self.job_type),
            *(self.no_fault_found, self.opened_at, self.resolved_at),
        )

    @property
    def follow_up(self) -> tuple[str, str]:
        return self.follow_up_of, self.exclusion


@dataclass(frozen=True, kw_only=True)
class Belongings:
    """What records said and were about before they were written: a corrected one may leave it."""

    tickets: frozenset[int] = frozenset()  # that the records belong to
    facts: Mapping[int, TicketFacts] = field(default_factory=dict)  # of the tickets that the records are
    nothing: bool | None = None  # none of the records is stored; None: nobody asked

    @property
    def numbers(self) -> frozenset[str]:
        """The numbers of the tickets that are stored."""
        return frozenset(each.number for each in self.facts.values())


_OF_TICKET: dict[str, type[Any]] = {
    EvidenceKind.EVENTS: TicketEvent,
    EvidenceKind.VISITS: Visit,
    EvidenceKind.SURVEYS: Survey,
}
_FIGURES: dict[str, Callable[[Sequence[int]], int]] = {
    EvidenceKind.TICKETS: recompute_tickets,
    EvidenceKind.VISITS: recompute_visits,
    EvidenceKind.REPORTS: recompute_reports,
}


def belongings(kind: str, source: str, numbers: Sequence[str]) -> Belongings:
    """Return what these records are about so far."""
    if kind == EvidenceKind.TICKETS:
        facts = _facts(source, numbers)
        return Belongings(facts=facts, nothing=not facts)
    if kind in _OF_TICKET:
        known = _OF_TICKET[kind].objects.filter(source=source, external_id__any_of=set(numbers))
        tickets = set(known.order_by().values_list("ticket_id", flat=True))
        return Belongings(tickets=frozenset(tickets - {None}), nothing=not tickets)
    return Belongings()


def refigure(kind: str, record_id: int) -> None:
    """Compute the clock figures of one record anew: something other than its times has changed."""
    if kind in _FIGURES:
        _FIGURES[kind]([record_id])


def with_start(kind: str, frame: pl.DataFrame, alone: pl.Series, completed_at: pl.Series) -> pl.DataFrame:
    """Let new records that are ``alone`` with their ticket start as the first visit or the latest answer, or not.

    The others start as if they were, until ``follow`` tells. ``completed_at`` is that of the tickets, in UTC.
    """
    match kind:
        case EvidenceKind.VISITS:
            return frame.with_columns(is_first=~alone | _is_trip())
        case EvidenceKind.SURVEYS:
            counts = pl.col("responded_at").is_null() | _is_answer(completed_at)
            return frame.with_columns(is_latest=~alone | counts)
    return frame


def follow(
    kind: str,
    source: str,
    numbers: Sequence[str],
    before: Belongings,
    *,
    now: Collection[int] | None = None,
    repeats_told: bool = False,
) -> set[int]:
    """Do what follows from these records for others; return the tickets among them that something waited for.

    ``now`` are the tickets the records belong to, where known; ``repeats_told`` says that new tickets came with their
    repeats.
    """
    if kind == EvidenceKind.TICKETS:
        return _after_tickets(source, numbers, before, repeats_told=repeats_told)
    if kind in _OF_TICKET:
        touched = sorted(before.tickets.union(belongings(kind, source, numbers).tickets if now is None else now))
        if not touched:
            return set()
        match kind:
            case EvidenceKind.EVENTS:
                flag_tickets(touched)
                recompute_tickets(touched)
                _tell_children(touched)
            case EvidenceKind.VISITS:
                order_visits(touched)
            case EvidenceKind.SURVEYS:
                mark_latest(touched)
    elif kind == EvidenceKind.ARTICLES:
        links.link_to_articles(source, numbers)
        links.copy_authors(source, numbers)
    return set()


def _after_tickets(source: str, numbers: Sequence[str], before: Belongings, *, repeats_told: bool) -> set[int]:
    touched = links.link_to_tickets(source, numbers)
    if touched:
        flag_tickets(touched)
        recompute_tickets(sorted(touched))
        order_visits(touched)
    now = _facts(source, numbers) if before.facts else {}
    changed = {pk: (old, now[pk]) for pk, old in before.facts.items() if old != now[pk]}
    _tell_children(touched | {pk for pk, (old, new) in changed.items() if old.promised_by != new.promised_by})
    known = before.numbers
    fresh = [number for number in numbers if number not in known]
    repairs = {pk: both for pk, both in changed.items() if both[0].repair != both[1].repair}
    _link_repairs(source, [] if repeats_told else fresh, repairs)
    _count_follow_ups(source, fresh, [both for both in changed.values() if both[0].follow_up != both[1].follow_up])
    return touched


def _facts(source: str, numbers: Sequence[str]) -> dict[int, TicketFacts]:
    known = Ticket.objects.filter(source=source, external_id__any_of=set(numbers)).order_by()
    rows = known.values_list("pk", "external_id", *TicketFacts._fields[1:])
    return {pk: TicketFacts(*row) for pk, *row in rows.iterator(chunk_size=10_000)}


def _link_repairs(source: str, fresh: Sequence[str], changed: Mapping[int, tuple[TicketFacts, TicketFacts]]) -> None:
    """Find anew which repairs were repeated, of the assets and faults of new and of changed tickets."""
    repaired = {(each.asset, each.fault) for both in changed.values() for each in both if each.asset and each.fault}
    nameless = [pk for pk, (_old, new) in changed.items() if not (new.asset and new.fault)]
    named = Ticket.objects.exclude(asset="").exclude(fault="").order_by()
    if fresh and named.exists():
        # One that stands alone is neither repeated nor a repeat.
        others = named.filter(asset=OuterRef("asset"), fault=OuterRef("fault")).exclude(pk=OuterRef("pk"))
        several = named.filter(Exists(others), source=source, external_id__any_of=set(fresh))
        repaired |= set(several.values_list("asset", "fault"))
    if repaired or nameless:
        derive.link_repeats(nameless, before=repaired)


def _count_follow_ups(source: str, fresh: Sequence[str], changed: Iterable[tuple[TicketFacts, TicketFacts]]) -> None:
    """Count anew the follow-up orders of the orders that new and changed tickets follow, and of new orders."""
    primaries = {each.follow_up_of for both in changed for each in both}
    follow_ups = Ticket.objects.filter(source=source).exclude(follow_up_of="").order_by()
    if fresh and follow_ups.exists():
        named = follow_ups.values_list("follow_up_of", flat=True)
        primaries.update(named.filter(external_id__any_of=set(fresh)), named.filter(follow_up_of__any_of=set(fresh)))
    if primaries:
        derive.count_follow_ups(source, primaries)


def _tell_children(ticket_ids: Collection[int]) -> None:
    """Compute anew what visits, reports and surveys know from their tickets."""
    if ticket_ids:
        recompute_children(sorted(ticket_ids))
        mark_latest(ticket_ids)


_VISITS: dict[str, Any] = {
    "pk": pl.Int64,
    "ticket": pl.Int64,
    "dispatched_at": pl.Datetime("us", "UTC"),
    "is_first": pl.Boolean,
    "is_assisting": pl.Boolean,
    "exclusion": pl.String,
    "minutes": pl.Int64,
    "ticket__visit_count": pl.Int64,
    "ticket__visit_minutes": pl.Int64,
}


def order_visits(ticket_ids: Collection[int]) -> None:
    """Set which visit of each ticket was the first, how many there were and how long, of those that count."""
    rows = Visit.objects.filter(ticket__pk__any_of=set(ticket_ids)).order_by().values_list(*_VISITS)
    visits = pl.DataFrame(list(rows), schema=_VISITS, orient="row")
    trips = visits.filter(_is_trip()).sort("dispatched_at", "pk")
    first = trips.unique("ticket", keep="first")["pk"]
    now_first = pl.col("pk").is_in(first.implode())
    for is_first in (True, False):
        changed = visits.filter(now_first == is_first, pl.col("is_first") != is_first)["pk"]
        Visit.objects.filter(pk__any_of=set(changed)).update(is_first=is_first)

    told = visits.group_by("ticket").agg(
        _is_trip().sum().cast(pl.Int64).alias("count"),
        pl.col("minutes").filter(pl.col("exclusion") == Exclusion.NONE.value).sum().alias("sum"),
        pl.col("ticket__visit_count", "ticket__visit_minutes").first(),
    )
    wrong = told.filter(
        (pl.col("count") != pl.col("ticket__visit_count")) | (pl.col("sum") != pl.col("ticket__visit_minutes"))
    )
    # What lost its last visit is in no row any more.
    differing = {*wrong["ticket"], *(set(ticket_ids) - set(told["ticket"]))}
    own = Visit.objects.filter(ticket=OuterRef("pk"), exclusion=Exclusion.NONE).order_by().values("ticket")
    number = own.filter(is_assisting=False).annotate(number=Count("pk")).values("number")
    Ticket.objects.filter(pk__any_of=differing).update(
        visit_count=_whole(number), visit_minutes=_whole(own.annotate(number=Sum("minutes")).values("number"))
    )


def _is_trip() -> pl.Expr:
    return (pl.col("exclusion") == Exclusion.NONE.value) & ~pl.col("is_assisting")


def _whole(rows: QuerySet[Visit, Any]) -> Coalesce:
    return Coalesce(Subquery(rows, output_field=IntegerField()), Value(0))


_SURVEYS: dict[str, Any] = {
    "pk": pl.Int64,
    "ticket": pl.Int64,
    "responded_at": pl.Datetime("us", "UTC"),
    "is_latest": pl.Boolean,
    "exclusion": pl.String,
    "ticket__completed_at": pl.Datetime("us", "UTC"),
}


def mark_latest(ticket_ids: Collection[int]) -> None:
    """Set which answer counts for each ticket: the latest within 14 days of its completion."""
    rows = Survey.objects.filter(ticket__pk__any_of=set(ticket_ids)).order_by().values_list(*_SURVEYS)
    surveys = pl.DataFrame(list(rows), schema=_SURVEYS, orient="row")
    answers = surveys.filter(_is_answer(surveys["ticket__completed_at"]))
    latest = answers.sort("responded_at", "pk").unique("ticket", keep="last")["pk"]
    # A survey that nobody answered is not put aside by one.
    now_latest = pl.col("responded_at").is_null() | pl.col("pk").is_in(latest.implode())
    for is_latest in (True, False):
        changed = surveys.filter(now_latest == is_latest, pl.col("is_latest") != is_latest)["pk"]
        Survey.objects.filter(pk__any_of=set(changed)).update(is_latest=is_latest)


def _is_answer(completed_at: pl.Series) -> pl.Expr:
    in_time = pl.lit(completed_at.is_null()) | (pl.col("responded_at") <= pl.lit(completed_at) + LATE_ANSWER)
    return pl.col("responded_at").is_not_null() & (pl.col("exclusion") == Exclusion.NONE.value) & in_time


def flag_tickets(ticket_ids: Collection[int]) -> None:
    """Let escalations and assistance among the events of these tickets show on them."""
    for flag, kind in FLAGS.items():
        told = TicketEvent.objects.filter(ticket=OuterRef("pk"), type=kind)
        counts = Exists(told.filter(exclusion=Exclusion.NONE))
        tickets = Ticket.objects.filter(Exists(told), pk__any_of=set(ticket_ids)).annotate(now_flag=counts)
        tickets.exclude(**{flag: F("now_flag")}).update(**{flag: counts})
