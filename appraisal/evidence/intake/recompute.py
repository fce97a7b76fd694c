"""Clock figures once more for what is stored: after a target or a calendar has changed."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl
from django.db import connection, transaction

from appraisal.database import bulk
from appraisal.evidence.intake.figures import (
    TICKET_INPUTS,
    VISIT_INPUTS,
    Rules,
    ticket_figures,
    visit_figures,
)
from appraisal.evidence.intake.loading import KEY, current_rules
from appraisal.evidence.models import Ticket, Visit

_NAMES = {"ticket__priority": "priority"}


def batch_size() -> int:
    """Return how many records one transaction may write: SQLite has one writer, who must be quick."""
    return 50_000 if connection.vendor == "postgresql" else 5_000


def recompute_figures(*, source: str | None = None) -> int:
    """Compute the figures of all tickets and visits (of one source) anew; return how many records changed.

    Goes through the tables in batches, each its own transaction, so that others can write in between.
    """
    rules = current_rules()
    return _recompute(Ticket, TICKET_INPUTS, "opened_at", source, rules) + _recompute(
        Visit, tuple(_in_visit(name) for name in VISIT_INPUTS), "dispatched_at", source, rules
    )


def _in_visit(name: str) -> str:
    return "ticket__priority" if name == "priority" else name


def _recompute(
    model: type[Ticket] | type[Visit], inputs: Sequence[str], start: str, source: str | None, rules: Rules
) -> int:
    changed = 0
    sources = (
        [source] if source is not None else list(model.objects.order_by().values_list("source", flat=True).distinct())
    )
    for each in sources:
        last = ""
        while True:
            with transaction.atomic():
                rows = list(
                    # Locked: what an import corrects meanwhile must not get the figures of before.
                    model.objects.select_for_update(of=("self",))
                    .filter(source=each, external_id__gt=last)
                    .order_by("external_id")
                    .values("external_id", *inputs)[: batch_size()]
                )
                if not rows:
                    break
                frame = _frame(rows).rename({k: v for k, v in _NAMES.items() if k in inputs})
                figures = ticket_figures if model is Ticket else visit_figures
                result = frame.select("external_id", start, pl.lit(each).alias("source")).hstack(
                    figures(frame, source=each, rules=rules)
                )
                changed += bulk.upsert(model, result, key=KEY).updated
                last = rows[-1]["external_id"]
    return changed


def _frame(rows: list[dict[str, object]]) -> pl.DataFrame:
    instants = [name for name in rows[0] if name.endswith("_at")]
    schema = {
        name: pl.Datetime("us", "UTC")
        if name in instants
        else pl.String
        if name == "external_id"
        else pl.Boolean
        if name.endswith("_met")
        else pl.Int64
        for name in rows[0]
    }
    frame = pl.DataFrame(rows, schema=schema)
    return frame.with_columns(pl.col(name).dt.replace_time_zone(None) for name in instants)
