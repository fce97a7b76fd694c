"""What a record refers to: its ticket, its article. Numbers become rows; what comes too early is linked later.

A number means the ticket of the same source; where that source has none, the only ticket there is with it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

import polars as pl
from django.db.models import F, Model, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from appraisal.evidence.intake.fields import ARTICLE, TICKET
from appraisal.evidence.models import (
    Article,
    ArticleUse,
    Complaint,
    ServiceReport,
    Survey,
    Ticket,
    TicketEvent,
    Visit,
)

OF_TICKETS = (TicketEvent, Visit, Survey, Complaint, ServiceReport)

Facts = dict[str, Any]  # column of the model: type in the frame

# What is promised to a customer depends on the ticket, not on the visit or the report.
TICKET_FACTS: Facts = {
    "pk": pl.Int64,
    "engineer_id": pl.Int64,
    "priority": pl.Int64,
    "region": pl.String,
    "distance_km": pl.Int64,
    "job_type": pl.String,
    "completed_at": pl.Datetime("us", "UTC"),
}
_RENAMED = {"pk": "ticket_id", "engineer_id": "ticket_engineer_id", "completed_at": "ticket_completed_at"}
# What is known of the ticket and not stored with the record.
FACTS = [_RENAMED.get(name, name) for name in TICKET_FACTS if name != "pk"]
FACTS_SCHEMA = {"number": pl.String, **TICKET_FACTS, "completed_at": pl.Datetime("us")}  # of ``facts_of``


def with_ticket(frame: pl.DataFrame, source: str, *, facts: bool, known: pl.DataFrame) -> pl.DataFrame:
    """Add the ticket of each record and, with ``facts``, what figures need of it (``FACTS``).

    Who is not named is the ticket's engineer. Of the ``known`` tickets (``facts_of``) nothing is asked for.
    """
    wanted = TICKET_FACTS if facts else {name: TICKET_FACTS[name] for name in ("pk", "engineer_id")}
    unknown = frame[TICKET].filter(~frame[TICKET].is_in(known["number"].implode()))
    found = _found(Ticket, unknown, source, wanted)
    if facts:
        found = found.with_columns(pl.col("completed_at").dt.replace_time_zone(None))
    found = pl.concat([found, known.select(found.columns)]).rename(_RENAMED, strict=False)
    joined = frame.join(found, left_on=TICKET, right_on="number", how="left", maintain_order="left")
    credited = pl.coalesce("engineer_id", "ticket_engineer_id").alias("engineer_id")
    return joined.with_columns(credited).rename({TICKET: "ticket_number"})


def facts_of(tickets: pl.DataFrame, source: str) -> pl.DataFrame:
    """Return number and ``TICKET_FACTS`` of tickets just stored from a frame; only their keys are asked for."""
    keys = _found(Ticket, tickets["external_id"], source, {"pk": pl.Int64})
    return tickets.rename({"external_id": "number"}).join(keys, on="number").select(list(FACTS_SCHEMA))


def with_article(frame: pl.DataFrame, source: str) -> pl.DataFrame:
    """Add the article of each use and its author."""
    found = _found(Article, frame[ARTICLE], source, {"pk": pl.Int64, "engineer_id": pl.Int64})
    found = found.rename({"pk": "article_id", "engineer_id": "author_id"})
    joined = frame.join(found, left_on=ARTICLE, right_on="number", how="left", maintain_order="left")
    return joined.rename({ARTICLE: "article_number"})


def _found(model: type[Ticket | Article], wanted: pl.Series, source: str, facts: Facts) -> pl.DataFrame:
    """Return number and facts of the records that these numbers mean."""
    numbers = {number for number in wanted.drop_nulls().unique().to_list() if number}
    rows = list(_rows(model, [source], numbers, facts))
    rest = numbers - {row[0] for row in rows}
    others = _other_sources(model, source) if rest else []
    if others:
        elsewhere = list(_rows(model, others, rest, facts))
        seen = pl.Series([row[0] for row in elsewhere], dtype=pl.String)
        alone = seen.is_unique().to_list()
        rows += [row for row, only in zip(elsewhere, alone, strict=True) if only]
    return pl.DataFrame(rows, schema={"number": pl.String, **facts}, orient="row")


def _rows(
    model: type[Ticket | Article], sources: Sequence[str], numbers: Collection[str], facts: Iterable[str]
) -> Iterator[tuple[object, ...]]:
    if not numbers:
        return iter(())
    found: QuerySet[Model] = model.objects.filter(source__in=sources, external_id__any_of=set(numbers))
    return found.order_by().values_list("external_id", *facts).iterator(chunk_size=10_000)


def _other_sources(model: type[Ticket | Article], source: str) -> list[str]:
    """Return the other sources there are, one look into the index for each."""
    found: list[str] = []
    last = ""
    while True:
        following = model.objects.filter(source__gt=last).order_by("source").values_list("source", flat=True).first()
        if following is None:
            return found
        last = following
        if last != source:
            found.append(last)


def link_to_tickets(source: str, numbers: Sequence[str]) -> set[int]:
    """Link what came before these tickets; return the tickets that got something."""
    touched: set[int] = set()
    for model in OF_TICKETS:
        waiting = model.objects.filter(ticket__isnull=True).exclude(ticket_number="")
        if waiting.exists():
            touched |= _link_own(waiting, source, numbers) | _link_others(waiting, source, numbers)
    return touched


def _link_own(waiting: QuerySet, source: str, numbers: Sequence[str]) -> set[int]:
    own = list(waiting.filter(source=source, ticket_number__any_of=set(numbers)).values_list("pk", flat=True))
    if not own:
        return set()
    ticket = Ticket.objects.filter(source=source, external_id=OuterRef("ticket_number"))
    records = waiting.model.objects.filter(pk__any_of=set(own))
    records.update(
        ticket=Subquery(ticket.values("pk")), engineer=Coalesce(F("engineer"), Subquery(ticket.values("engineer")))
    )
    return set(records.order_by().values_list("ticket_id", flat=True))


def _link_others(waiting: QuerySet, source: str, numbers: Sequence[str]) -> set[int]:
    """Link records of other sources to tickets that are the only ones with their number."""
    touched: set[int] = set()
    records = waiting.exclude(source=source).filter(ticket_number__any_of=set(numbers))
    for other in sorted(set(records.order_by().values_list("source", flat=True))):
        own = list(records.filter(source=other))
        named = pl.Series([record.ticket_number for record in own], dtype=pl.String)
        found = {row[0]: row[1:] for row in _found(Ticket, named, other, TICKET_FACTS).iter_rows()}
        linked = [record for record in own if record.ticket_number in found]
        for record in linked:
            ticket_id, engineer_id, *_facts = found[record.ticket_number]
            record.ticket_id = ticket_id
            record.engineer_id = record.engineer_id or engineer_id
            touched.add(ticket_id)
        records.model.objects.bulk_update(linked, ["ticket", "engineer"], batch_size=500)
    return touched


def link_to_articles(source: str, numbers: Sequence[str]) -> None:
    """Link the uses that came before these articles."""
    waiting = ArticleUse.objects.filter(article__isnull=True).exclude(article_number="")
    if not waiting.exists():
        return
    for use in waiting.filter(article_number__any_of=set(numbers)):
        found = _found(Article, pl.Series([use.article_number]), use.source, {"pk": pl.Int64})
        if found.height:
            use.article_id = found["pk"][0]
            use.save(update_fields=["article"])


def copy_authors(source: str, numbers: Sequence[str]) -> None:
    """Let the uses of these articles name who wrote them."""
    uses = ArticleUse.objects.filter(article__source=source, article__external_id__any_of=set(numbers))
    told = uses.order_by().values_list("pk", "author_id", "article__engineer_id")
    changed = [pk for pk, author_id, now_id in told if author_id != now_id]
    author = Subquery(Article.objects.filter(pk=OuterRef("article")).values("engineer"))
    ArticleUse.objects.filter(pk__any_of=set(changed)).update(author=author)
