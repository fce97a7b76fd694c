"""What the events of tickets say: when their clocks stood still, who held them, when customers heard of them. Pure.

Source: SPEC G3 (pauses), G5 (priority), G8 (reopening), G9 (holder), 1 (followup_continuity).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from appraisal.evidence.intake.columns import INSTANT, SECOND, Column
from appraisal.evidence.intake.stopwatches import HOLDS, merged
from appraisal.evidence.models import EventType, PauseReason
from appraisal.scoring.clock import END_OF_TIME

EVENTS: dict[str, Any] = {
    "external_id": pl.String,  # the number of the ticket
    "type": pl.String,
    "at": INSTANT,
    "until": INSTANT,
    "is_public": pl.Boolean,
    "is_automatic": pl.Boolean,
    "reason": pl.String,
    "engineer_id": pl.Int64,
    "old_priority": pl.Int64,
    "new_priority": pl.Int64,
    "is_approved": pl.Boolean,
}
_STATES = [EventType.RESOLVED.value, EventType.REOPENED.value]
_POINT = {"row": pl.Int64, "at": pl.Int64}
_TURN = _POINT | {"old_priority": pl.Int64, "new_priority": pl.Int64, "is_approved": pl.Boolean}
_HELD = {"row": pl.Int64, "at": pl.Int64, "engineer_id": pl.Int64}


@dataclass(frozen=True, kw_only=True)
class Histories:
    """Events by row of a frame of ``size`` tickets; instants are microseconds."""

    size: int
    gaps: pl.DataFrame  # resolved, and not yet reopened
    holds: pl.DataFrame  # gaps and pauses
    touches: pl.DataFrame  # the customer heard of it
    answers: pl.DataFrame  # a person wrote to the customer
    machine: pl.DataFrame  # a machine wrote to the customer
    holders: pl.DataFrame  # since when who holds it
    priorities: pl.DataFrame  # how its urgency was changed
    states: pl.DataFrame  # by row: reopened, first_resolved, last_resolved, last_reopened
    ends: pl.DataFrame  # by row: when it was opened again too late to be the same case

    @classmethod
    def of(cls, tickets: pl.DataFrame, events: pl.DataFrame | None, *, reopened_within: Column) -> Histories:
        """Return what the events of tickets say.

        A case that is opened again later than ``reopened_within`` (seconds by row) after it was resolved has a new
        fault: what was resolved stays resolved (SPEC G8). Where that is not known, each reopening is the same case.
        """
        nothing = cls(
            size=tickets.height,
            gaps=pl.DataFrame(schema=HOLDS),
            holds=pl.DataFrame(schema=HOLDS),
            touches=pl.DataFrame(schema=_POINT),
            answers=pl.DataFrame(schema=_POINT),
            machine=pl.DataFrame(schema=_POINT),
            holders=pl.DataFrame(schema=_HELD),
            priorities=pl.DataFrame(schema=_TURN),
            states=pl.DataFrame(),
            ends=pl.DataFrame(schema=_POINT),
        )
        if events is None or events.is_empty():
            return nothing
        window = reopened_within.series("within")
        rows = tickets.select("external_id", given=pl.col("resolved_at").to_physical()).with_columns(window)
        rows = rows.with_row_index("row").with_columns(pl.col("row").cast(pl.Int64))
        known = events.join(rows, on="external_id").with_columns(
            pl.col("at").to_physical(), pl.col("until").to_physical()
        )
        if known.is_empty():
            return nothing
        known = known.sort("row", "at", pl.col("type").replace_strict(_ORDER, default=0), maintain_order=True)
        ends = _ends(known)
        later = pl.col("type").is_in(_STATES) & (pl.col("at") >= pl.col("end"))
        known = known.join(ends.rename({"at": "end"}), on="row", how="left", maintain_order="left")
        known = known.filter(~later.fill_null(value=False))
        gaps, states = _gaps(known), _states(known)
        public = (pl.col("type") == EventType.UPDATED.value) & pl.col("is_public")
        by_person = public & ~pl.col("is_automatic")
        return cls(
            size=tickets.height,
            gaps=gaps,
            holds=merged(gaps, _pauses(known)),
            touches=known.filter(by_person | pl.col("type").is_in(_STATES)).select("row", "at"),
            answers=known.filter(by_person).select("row", "at"),
            machine=known.filter(public & pl.col("is_automatic")).select("row", "at"),
            holders=_holders(known),
            priorities=known.filter(pl.col("type") == EventType.PRIORITY.value).select(*_TURN),
            states=states,
            ends=ends,
        )

    def instants(self) -> list[Column]:
        """Return every instant a clock may be asked about."""
        ends = self.holds["stop"].filter(self.holds["stop"] != END_OF_TIME)
        return [Column.of(each) for each in (self.holds["start"], ends, self.touches["at"], self.holders["at"])]

    def first_answer(self, given: Column) -> Column:
        """Return the first answer of a person (SPEC 1): the given response, unless a machine sent it.

        Without one it is the first message to the customer; after a machine's, the first one that follows.
        """
        sent = self.machine.join(_points(given), on=["row", "at"], how="semi")
        given = given.only(~_rows(sent, self.size))
        answers = self.answers.sort("row", "at").join(sent.rename({"at": "sent"}).unique(), on="row", how="left")
        later = answers.filter(pl.col("sent").is_null() | (pl.col("at") >= pl.col("sent")))
        first = later.group_by("row", maintain_order=True).agg(pl.col("at").min())
        told = Column.nothing(self.size).with_values(first["row"].to_numpy(), first["at"].to_numpy())
        return given.otherwise(told)

    def reopen_counts(self, counts: Column) -> Column:
        """Return the number of reopenings: what the events of a ticket say goes before what its file says."""
        late = self.ends["row"].to_numpy()
        counts = counts.with_values(late, np.zeros(len(late), dtype=np.int64))
        if self.states.is_empty():
            return counts
        return counts.with_values(self.states["row"].to_numpy(), self.states["reopened"].to_numpy())

    def priority(self, given: Column, stop: Column) -> Column:
        """Return the priority in force when each ticket stopped: made less urgent only where approved (SPEC G5).

        What the events of a ticket say goes before what its file says.
        """
        found: dict[int, int] = {}
        for row, at, old, new, is_approved in self.priorities.iter_rows():
            if old is not None:
                found.setdefault(row, old)
            if new is None or (stop.known[row] and at >= stop.values[row]):
                continue
            before = found.get(row)
            found[row] = new if before is None or new <= before or is_approved else before
        rows, values = list(found), list(found.values())
        return given.with_values(np.array(rows, dtype=np.int64), np.array(values, dtype=np.int64))

    def first_resolved(self) -> Column:
        return self._state("first_resolved")

    def last_resolved(self, resolved: Column) -> Column:
        """Return the resolution that ends the case: the given one or a later event; none while it is open again.

        What was given of a case that was opened again too late is that of the new fault.
        """
        if self.states.is_empty():
            return resolved
        end = Column.nothing(self.size).with_values(self.ends["row"].to_numpy(), self.ends["at"].to_numpy())
        given, told = resolved.only(~end.known | (resolved.values < end.values)), self._state("last_resolved")
        later = np.where(told.known & (~given.known | (told.values > given.values)), told.values, given.values)
        return self.unless_reopened(Column(later, given.known | told.known))

    def unless_reopened(self, stop: Column) -> Column:
        """Return a stop where the case was not opened again after it."""
        if self.states.is_empty():
            return stop
        reopened = self._state("last_reopened")
        return stop.only(~reopened.known | (reopened.values < stop.values))

    def holding(self, at: Column) -> tuple[Column, Column]:
        """Return who held each ticket at an instant, and since when; not known without an assignment by then."""
        who, since = Column.nothing(self.size), Column.nothing(self.size)
        if self.holders.is_empty():
            return who, since
        rows = np.flatnonzero(at.known)
        queries = pl.DataFrame({"row": rows, "asked": at.values[rows]}).sort("asked")
        held = self.holders.sort("at", maintain_order=True)
        found = queries.join_asof(
            held.with_columns(since="at"),
            left_on="asked",
            right_on="at",
            by="row",
            strategy="backward",
            check_sortedness=False,
        ).drop_nulls("since")
        named = found.drop_nulls("engineer_id")
        return (
            who.with_values(named["row"].to_numpy(), named["engineer_id"].to_numpy()),
            since.with_values(found["row"].to_numpy(), found["since"].to_numpy()),
        )

    def _state(self, name: str) -> Column:
        empty = Column.nothing(self.size)
        if self.states.is_empty():
            return empty
        told = self.states.drop_nulls(name)
        return empty.with_values(told["row"].to_numpy(), told[name].to_numpy())


def _points(column: Column) -> pl.DataFrame:
    rows = np.flatnonzero(column.known)
    return pl.DataFrame({"row": rows, "at": column.values[rows]}, schema=_POINT)


def _rows(points: pl.DataFrame, size: int) -> np.ndarray:
    named = np.zeros(size, dtype=bool)
    named[points["row"].to_numpy()] = True
    return named


# At the same instant a case is resolved before it is reopened.
_ORDER = {EventType.RESOLVED.value: 1, EventType.REOPENED.value: 2}


def _pauses(events: pl.DataFrame) -> pl.DataFrame:
    """Return pauses for a reason that stops the clock; without an end they last until the case is resolved."""
    paused = events.filter(
        (pl.col("type") == EventType.PAUSED.value) & pl.col("reason").is_in(PauseReason.values)
    ).select("row", pl.col("at").alias("start"), "until")
    if paused.is_empty():
        return pl.DataFrame(schema=HOLDS)
    resolved = events.filter(pl.col("type") == EventType.RESOLVED.value).select("row", pl.col("at").alias("resolved"))
    ended = paused.sort("start").join_asof(
        resolved.sort("resolved"),
        left_on="start",
        right_on="resolved",
        by="row",
        strategy="forward",
        check_sortedness=False,
    )
    stop = pl.coalesce("until", "resolved", pl.lit(END_OF_TIME)).cast(pl.Int64).alias("stop")
    return ended.select("row", "start", stop)


def _ends(events: pl.DataFrame) -> pl.DataFrame:
    """Return when cases were opened again for the first time too long after they had been resolved."""
    turns = _turns(events.filter(pl.col("type").is_in(_STATES)), "type")
    given = pl.when(pl.col("given") < pl.col("at")).then("given")
    resolved = pl.coalesce(pl.col("at").shift(1).over("row"), given)
    late = (pl.col("type") == EventType.REOPENED.value) & (pl.col("at") - resolved > pl.col("within") * SECOND)
    return turns.filter(late).group_by("row", maintain_order=True).agg(pl.col("at").min())


def _gaps(events: pl.DataFrame) -> pl.DataFrame:
    """Return the stretches in which a case was resolved, until it was reopened."""
    turns = _turns(events.filter(pl.col("type").is_in(_STATES)), "type")
    following = turns.with_columns(stop=pl.col("at").shift(-1).over("row"))
    resolved = following.filter((pl.col("type") == EventType.RESOLVED.value) & pl.col("stop").is_not_null())
    return resolved.select("row", pl.col("at").alias("start"), "stop")


def _states(events: pl.DataFrame) -> pl.DataFrame:
    resolved = pl.col("at").filter(pl.col("type") == EventType.RESOLVED.value)
    reopened = pl.col("at").filter(pl.col("type") == EventType.REOPENED.value)
    return (
        events.filter(pl.col("type").is_in(_STATES))
        .group_by("row", maintain_order=True)
        .agg(
            reopened=reopened.len().cast(pl.Int64),
            first_resolved=resolved.min(),
            last_resolved=resolved.max(),
            last_reopened=reopened.max(),
        )
    )


def _holders(events: pl.DataFrame) -> pl.DataFrame:
    """Return who held a ticket from when on; being assigned what one holds already changes nothing."""
    assigned = events.filter(pl.col("type") == EventType.ASSIGNED.value)
    return _turns(assigned, "engineer_id").select("row", "at", "engineer_id")


def _turns(events: pl.DataFrame, column: str) -> pl.DataFrame:
    """Return the events that differ from the one before of the same row."""
    before = pl.col(column).shift(1).over("row")
    first = pl.int_range(pl.len()).over("row") == 0
    return events.filter(first | pl.col(column).ne_missing(before))
