"""Second half of an import: one checked batch into the database, in one transaction of the caller."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from appraisal.database import bulk
from appraisal.evidence.intake import derive, following, links
from appraisal.evidence.intake.fields import LABELS, TICKET
from appraisal.evidence.intake.figures import report_figures, ticket_figures, visit_figures, worklog_figures
from appraisal.evidence.intake.newcomers import Newcomers
from appraisal.evidence.intake.promises import Rules
from appraisal.evidence.intake.recompute import KEY, events_of, with_calendars
from appraisal.evidence.intake.shaping import ENGINEER_ROW, ROW
from appraisal.evidence.kinds import KINDS, MODELS
from appraisal.evidence.models import EvidenceKind, Exclusion, Settlement, TicketEvent

# What a new ticket starts with; later its visits tell.
TOLD_BY_VISITS = ("visit_count", "visit_minutes")
# What a new record starts with; later others tell.
STARTS = ("repeat_after_us", "is_first", "is_latest")
_WAIVED = {"external_id": pl.String, "waived": pl.String}
_SETTLED = {EvidenceKind.TICKETS: "ticket", EvidenceKind.VISITS: "visit", EvidenceKind.REPORTS: "report"}


def store(
    records: Mapping[str, pl.DataFrame],
    *,
    source: str,
    engineer_ids: Mapping[str, int],
    rules: Rules,
    dry_run: bool = False,
) -> dict[str, bulk.UpsertCounts]:
    """Insert or update the records of one batch; return by kind what was done, or would be in a dry run."""
    counts: dict[str, bulk.UpsertCounts] = {}
    newcomers = Newcomers()
    # In the order of the registry: tickets and articles come before what refers to them.
    for kind in (kind for kind in MODELS if kind in records):
        frame = _still_withdrawn(_owned(records[kind], source, engineer_ids), kind, source)
        frame, insert_only = _with_figures(frame, kind, source, rules, records, newcomers)
        if dry_run:
            counts[kind] = bulk.compare(MODELS[kind], frame, key=KEY, insert_only=insert_only)
        else:
            counts[kind], newcomers = _write(frame, kind, source, insert_only, newcomers)
    return counts


def _write(
    frame: pl.DataFrame, kind: str, source: str, insert_only: tuple[str, ...], newcomers: Newcomers
) -> tuple[bulk.UpsertCounts, Newcomers]:
    """Write records and do what follows from them; return also the new tickets that the next kinds find."""
    numbers, belongs = frame["external_id"].to_list(), KINDS[kind].refers_to_ticket
    before = following.belongings(kind, source, numbers)
    if kind == EvidenceKind.TICKETS:
        frame = derive.with_repeats(frame, known=before.numbers)
    if belongs:
        alone = newcomers.alone(frame)
        frame = following.with_start(kind, frame, alone, newcomers.completed_at(frame))
    start = (*insert_only, *(name for name in STARTS if name in frame.columns))
    counts = bulk.upsert(MODELS[kind], frame, key=KEY, insert_only=start, all_new=before.nothing)
    if not (counts.created or counts.updated):
        return counts, newcomers
    all_new = counts.created == frame.height
    now = None
    if belongs:
        now = (frame.filter(~alone) if all_new else frame)["ticket_id"].drop_nulls().to_list()
    # Somebody else may have stored one of them meanwhile.
    told = counts.created == frame.height - len(before.facts)
    waiting = following.follow(kind, source, numbers, before, now=now, repeats_told=told)
    match kind:
        case EvidenceKind.TICKETS if all_new and not waiting:
            newcomers = Newcomers.among(frame, source)
        case EvidenceKind.EVENTS:
            # They move the figures of their tickets.
            newcomers = Newcomers()
    return counts, newcomers


def _owned(frame: pl.DataFrame, source: str, engineer_ids: Mapping[str, int]) -> pl.DataFrame:
    names = [name for name in LABELS if name in frame.columns]
    ids = dict(engineer_ids)
    return frame.with_columns(
        pl.lit(source).alias("source"),
        *(pl.col(name).replace_strict(ids, default=None, return_dtype=pl.Int64).alias(f"{name}_id") for name in names),
    ).drop(ROW, ENGINEER_ROW, *names)


def _still_withdrawn(frame: pl.DataFrame, kind: str, source: str) -> pl.DataFrame:
    """Keep what HR has withdrawn out, whatever the file says of it."""
    found = MODELS[kind]._default_manager.filter(source=source, exclusion=Exclusion.WITHDRAWN)
    withdrawn = list(found.order_by().values_list("external_id", flat=True))
    if not withdrawn:
        return frame
    stays = pl.when(pl.col("external_id").is_in(withdrawn)).then(pl.lit(Exclusion.WITHDRAWN.value))
    return frame.with_columns(stays.otherwise("exclusion").alias("exclusion"))


def _with_figures(
    frame: pl.DataFrame,
    kind: str,
    source: str,
    rules: Rules,
    records: Mapping[str, pl.DataFrame],
    newcomers: Newcomers,
) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Add what follows from a record and what it refers to; return also the columns that only new ones get."""
    if KINDS[kind].refers_to_ticket:
        frame = links.with_ticket(frame, source, facts=kind in _SETTLED, known=newcomers.facts)
    if KINDS[kind].refers_to_article:
        frame = links.with_article(frame, source)
    insert_only: tuple[str, ...] = ()
    waived = _waived(frame, kind, source) if kind in _SETTLED else frame
    match kind:
        case EvidenceKind.TICKETS:
            events = _events(source, frame["external_id"].to_list())
            figures = ticket_figures(waived, source=source, rules=rules, events=events)
            frame = frame.with_columns(source_priority="priority", source_reopen_count="reopen_count")
            frame = _flagged(frame.with_columns(figures.get_columns()), events)
            if EvidenceKind.VISITS in records:
                frame, insert_only = _counted(frame, records[EvidenceKind.VISITS]), TOLD_BY_VISITS
        case EvidenceKind.VISITS:
            frame = frame.with_columns(visit_figures(waived, source=source, rules=rules).get_columns())
        case EvidenceKind.REPORTS:
            frame = frame.with_columns(report_figures(waived, source=source, rules=rules).get_columns())
        case EvidenceKind.WORKLOGS:
            figures = worklog_figures(with_calendars(frame), rules=rules)
            frame = frame.with_columns(figures.get_columns())
    # What is only known of the ticket is not stored with its records.
    others = links.FACTS if KINDS[kind].refers_to_ticket else []
    return frame.drop(others, strict=False), insert_only


def _waived(frame: pl.DataFrame, kind: str, source: str) -> pl.DataFrame:
    """Add which clocks of each record were excused; only what was settled can be."""
    about = _SETTLED[EvidenceKind(kind)]
    settled = Settlement.objects.filter(**{f"{about}__source": source}).exclude(**{f"{about}__waived": ""})
    rows = list(settled.order_by().values_list(f"{about}__external_id", f"{about}__waived").distinct())
    if not rows:
        return frame.with_columns(pl.lit("").alias("waived"))
    found = pl.DataFrame(rows, schema=_WAIVED, orient="row")
    joined = frame.join(found, on="external_id", how="left", maintain_order="left")
    return joined.with_columns(pl.col("waived").fill_null(""))


def _events(source: str, numbers: list[str]) -> pl.DataFrame | None:
    """Return what is known to have happened to these tickets; None where nothing is."""
    if not TicketEvent.objects.filter(ticket__isnull=False).exists():
        return None
    return events_of(source, numbers)


def _flagged(tickets: pl.DataFrame, events: pl.DataFrame | None) -> pl.DataFrame:
    """Let escalations and assistance among the events count, also where the ticket's own row does not say so."""
    if events is None or events.is_empty():
        return tickets
    flags = []
    for flag, kind in following.FLAGS.items():
        named = events.filter(pl.col("type") == kind.value)["external_id"].unique().implode()
        flags.append((pl.col(flag) | pl.col("external_id").is_in(named)).alias(flag))
    return tickets.with_columns(flags)


def _counted(tickets: pl.DataFrame, visits: pl.DataFrame) -> pl.DataFrame:
    """Let new tickets start with the visits that come with them: counting them afterwards writes each row twice."""
    counting = visits.filter(pl.col("exclusion") == Exclusion.NONE)
    numbers = counting.group_by(TICKET).agg(
        (~pl.col("is_assisting")).sum().cast(pl.Int64).alias("visit_count"),
        pl.col("minutes").sum().alias("visit_minutes"),
    )
    joined = tickets.join(numbers, left_on="external_id", right_on=TICKET, how="left", maintain_order="left")
    return joined.with_columns(pl.col(TOLD_BY_VISITS).fill_null(0))
