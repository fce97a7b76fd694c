"""The new tickets of a batch: nothing stored before belongs to them, so what comes along need not be read again."""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from appraisal.evidence.intake.links import FACTS_SCHEMA, facts_of


@dataclass(frozen=True)
class Newcomers:
    """``facts`` are number and ``links.TICKET_FACTS`` of each."""

    facts: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=FACTS_SCHEMA))

    @classmethod
    def among(cls, tickets: pl.DataFrame, source: str) -> Newcomers:
        """Return them from the frame they were stored from."""
        return cls(facts_of(tickets, source))

    def alone(self, records: pl.DataFrame) -> pl.Series:
        """Tell which of these records, all that the batch brings, are the only one of a new ticket."""
        ticket = records["ticket_id"]
        return ticket.is_in(self.facts["pk"].implode()).fill_null(value=False) & ticket.is_unique()

    def completed_at(self, records: pl.DataFrame) -> pl.Series:
        """Return when the new ticket of each of these records was completed, in UTC."""
        facts = self.facts.select("completed_at", ticket_id="pk")
        return records.select("ticket_id").join(facts, on="ticket_id", how="left", maintain_order="left")[
            "completed_at"
        ]
