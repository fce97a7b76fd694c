"""Second half of an import: one checked batch into the database, in one transaction of the caller."""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import ZoneInfo

import polars as pl
from django.conf import settings
from django.db.models import BooleanField, Case, Count, F, IntegerField, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce

from appraisal.database import bulk
from appraisal.evidence.intake.fields import ENGINEER, TICKET
from appraisal.evidence.intake.figures import Rules, TargetRule, ticket_figures, visit_figures
from appraisal.evidence.intake.shaping import ENGINEER_ROW, ROW
from appraisal.evidence.models import EvidenceKind, Exclusion, Record, Survey, Target, Ticket, Visit

KEY = ("source", "external_id")
VISITS = "visit_count"
MODELS: dict[str, type[Record]] = {
    EvidenceKind.TICKETS: Ticket,
    EvidenceKind.VISITS: Visit,
    EvidenceKind.SURVEYS: Survey,
}
_LINKS = {
    "external_id": pl.String,
    "ticket_id": pl.Int64,
    "priority": pl.Int64,
    "ticket_engineer_id": pl.Int64,
}


def current_rules() -> Rules:
    """Return the targets as they stand and the zone of the organisation's working week."""
    targets = [
        TargetRule(
            kind=target.kind,
            source=target.source,
            priority=target.priority,
            seconds=target.minutes * 60,
            clock=target.clock,
            from_date=target.from_date,
        )
        for target in Target.objects.all()
    ]
    return Rules(zone=ZoneInfo(settings.TIME_ZONE), targets=targets)


def store(
    records: Mapping[str, pl.DataFrame],
    *,
    source: str,
    engineer_ids: Mapping[str, int],
    rules: Rules,
    dry_run: bool = False,
) -> dict[str, bulk.UpsertCounts]:
    """Insert or update the records of one batch; return by kind what was done, or would be in a dry run."""
    write = bulk.compare if dry_run else bulk.upsert
    counts: dict[str, bulk.UpsertCounts] = {}
    # Tickets first: the others refer to them.
    for kind in (kind for kind in MODELS if kind in records):
        frame = _owned(records[kind], source, engineer_ids)
        if kind == EvidenceKind.TICKETS:
            frame = frame.hstack(ticket_figures(frame, source=source, rules=rules))
            frame = _counted(frame, records.get(EvidenceKind.VISITS))
        else:
            frame = _linked(frame, source)
        if kind == EvidenceKind.VISITS:
            frame = frame.hstack(visit_figures(frame, source=source, rules=rules))
        frame = frame.drop("priority", strict=False) if kind != EvidenceKind.TICKETS else frame
        left = _tickets_of_visits(frame, source) if kind == EvidenceKind.VISITS and not dry_run else set()
        insert_only = (VISITS,) if VISITS in frame.columns else ()
        counts[kind] = write(MODELS[kind], frame, key=KEY, insert_only=insert_only)
        if kind == EvidenceKind.VISITS and not dry_run:
            order_visits(sorted(left.union(frame["ticket_id"].drop_nulls().to_list())))
    return counts


def _counted(tickets: pl.DataFrame, visits: pl.DataFrame | None) -> pl.DataFrame:
    """Let new tickets start with the visits that come with them: counting them afterwards writes each row twice."""
    if visits is None:
        return tickets
    counting = visits.filter(pl.col("exclusion") == Exclusion.NONE) if "exclusion" in visits.columns else visits
    numbers = counting.group_by(TICKET).agg(pl.len().cast(pl.Int64).alias(VISITS))
    joined = tickets.join(numbers, left_on="external_id", right_on=TICKET, how="left", maintain_order="left")
    return joined.with_columns(pl.col(VISITS).fill_null(0))


def _tickets_of_visits(frame: pl.DataFrame, source: str) -> set[int]:
    """Return the tickets these visits belong to so far: a corrected visit may leave its ticket."""
    known = Visit.objects.filter(source=source, external_id__in=frame["external_id"].to_list())
    return set(known.exclude(ticket=None).order_by().values_list("ticket_id", flat=True))


def order_visits(ticket_ids: list[int]) -> None:
    """Set which visit of each ticket was the first and how many there were, of those that count."""
    counted = Visit.objects.filter(ticket=OuterRef("ticket"), exclusion=Exclusion.NONE)
    earliest = Subquery(counted.order_by("dispatched_at", "id").values("id")[:1])
    is_first = Case(When(Q(id=earliest), then=True), default=False, output_field=BooleanField())
    visits = Visit.objects.filter(ticket__in=ticket_ids).annotate(now_first=is_first)
    visits.exclude(is_first=F("now_first")).update(is_first=is_first)

    own = Visit.objects.filter(ticket=OuterRef("pk"), exclusion=Exclusion.NONE).order_by()
    number = Coalesce(
        Subquery(own.values("ticket").annotate(number=Count("pk")).values("number"), output_field=IntegerField()),
        Value(0),
    )
    tickets = Ticket.objects.filter(pk__in=ticket_ids).annotate(now_visits=number)
    tickets.exclude(visit_count=F("now_visits")).update(visit_count=number)


def _owned(frame: pl.DataFrame, source: str, engineer_ids: Mapping[str, int]) -> pl.DataFrame:
    ids = pl.col(ENGINEER).replace_strict(dict(engineer_ids), default=None, return_dtype=pl.Int64)
    return frame.with_columns(pl.lit(source).alias("source"), ids.alias("engineer_id")).drop(
        ROW, ENGINEER, ENGINEER_ROW
    )


def _linked(frame: pl.DataFrame, source: str) -> pl.DataFrame:
    """Add the ticket each record belongs to and its priority; who is not named is the ticket's engineer."""
    wanted = frame[TICKET].drop_nulls().unique().to_list()
    tickets = Ticket.objects.filter(source=source, external_id__in=wanted)
    found = pl.DataFrame(
        list(tickets.values_list("external_id", "pk", "priority", "engineer_id")), schema=_LINKS, orient="row"
    )
    joined = frame.join(found, left_on=TICKET, right_on="external_id", how="left", maintain_order="left")
    credited = pl.coalesce("engineer_id", "ticket_engineer_id").alias("engineer_id")
    return joined.with_columns(credited).drop(TICKET, "ticket_engineer_id")
