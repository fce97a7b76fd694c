"""Stopwatches: time since the start of each row, on one clock, that stand still while a row is held. Pure.

Source: SPEC G1 (two clocks, the union of pauses), G3, G8 (resume).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

import numpy as np
import polars as pl

from appraisal.calendars.rules import CalendarRules
from appraisal.evidence.intake.columns import Booleans, Column, Integers, year_of
from appraisal.scoring.clock import END_OF_TIME, WorkingClock

LAST_YEAR = 2400  # a promise that no working time until then can keep is a calendar nobody filled in

HOLDS = {"row": pl.Int64, "start": pl.Int64, "stop": pl.Int64}


class Clock(Protocol):
    def between(self, starts: Integers, stops: Integers) -> Integers:
        """Return the time from each start to its stop."""

    def advance(self, starts: Integers, lengths: Integers) -> Integers:
        """Return the first instant at which so much time has passed since each start."""


class CalendarTime:
    """Every moment counts."""

    def between(self, starts: Integers, stops: Integers) -> Integers:
        return stops - starts

    def advance(self, starts: Integers, lengths: Integers) -> Integers:
        return starts + lengths


class BusinessTime:
    """Working time of one calendar, for instants between the earliest and the latest of some columns."""

    def __init__(self, calendar: CalendarRules, columns: Sequence[Column]) -> None:
        known = [column.values[column.known] for column in columns if column.known.any()]
        lowest = min((int(part.min()) for part in known), default=0)
        highest = max((int(part.max()) for part in known), default=0)
        self._calendar = calendar
        # A year more on both sides: the local date may lie in another year than the date in UTC.
        self._first = date(year_of(lowest) - 1, 1, 1)
        self._last_year = year_of(highest) + 1

    def between(self, starts: Integers, stops: Integers) -> Integers:
        return self._clock(self._last_year).elapsed_columns(starts, stops)

    def advance(self, starts: Integers, lengths: Integers) -> Integers:
        if not len(starts):
            return starts
        last_year, more = self._last_year, 1
        while True:
            try:
                return self._clock(last_year).advance_columns(starts, lengths)
            except ValueError:
                if last_year >= LAST_YEAR:
                    raise
                last_year, more = min(last_year + more, LAST_YEAR), 2 * more

    def _clock(self, last_year: int) -> WorkingClock:
        return self._calendar.clock(self._first, date(last_year, 1, 1))


def merged(*stretches: pl.DataFrame) -> pl.DataFrame:
    """Return the union of stretches (row, start, stop) of each row: in order, none touching another."""
    every = pl.concat(stretches).filter(pl.col("stop") > pl.col("start")).sort("row", "start")
    latest_before = pl.col("stop").cum_max().shift(1).over("row")
    group = (latest_before.is_null() | (pl.col("start") > latest_before)).cum_sum().alias("group")
    return (
        every.with_columns(group)
        .group_by("group", maintain_order=True)
        .agg(pl.col("row").first(), pl.col("start").first(), pl.col("stop").max())
        .drop("group")
    )


@dataclass(frozen=True)
class _Holds:
    """Holds by row, with the time on the watch when each begins and the time held until it begins and ends."""

    table: pl.DataFrame
    rows: Booleans


class Stopwatch:
    """``origin`` is the start of each row; ``holds`` are stretches in which its time does not pass.

    A hold until ``END_OF_TIME`` has no end.
    """

    def __init__(self, clock: Clock, origin: Integers, holds: pl.DataFrame | None = None) -> None:
        self._clock = clock
        self._origin = origin
        self._holds = self._measured(holds) if holds is not None and not holds.is_empty() else None

    @property
    def has_holds(self) -> Booleans:
        """Tell which rows are held at all."""
        return np.zeros(len(self._origin), dtype=np.bool_) if self._holds is None else self._holds.rows

    def elapsed(self, rows: Integers, instants: Integers) -> Integers:
        """Return the time on the watch of each row at an instant; 0 before its start."""
        origin = self._origin[rows]
        passed = np.maximum(self._clock.between(origin, instants), 0)
        if self._holds is not None:
            found = _last_hold_before(self._holds, "start", rows, instants)
            until = np.minimum(found["stop"].to_numpy(), instants[found["index"].to_numpy()])
            held = self._clock.between(found["start"].to_numpy(), until) + found["held_before"].to_numpy()
            passed[found["index"].to_numpy()] -= held
        return passed

    def reach(self, rows: Integers, lengths: Integers) -> Column:
        """Return the first instant at which the watch of each row shows so much; not known if a hold never ends."""
        wanted, known = lengths.copy(), np.ones(len(rows), dtype=np.bool_)
        if self._holds is not None:
            found = _last_hold_before(self._holds, "shown", rows, lengths)
            index = found["index"].to_numpy()
            wanted[index] += found["held_after"].to_numpy()
            known[index] = found["stop"].to_numpy() != END_OF_TIME
        reached = np.zeros(len(rows), dtype=np.int64)
        reached[known] = self._clock.advance(self._origin[rows][known], wanted[known])
        return Column(reached, known)

    def _measured(self, holds: pl.DataFrame) -> _Holds | None:
        row = holds["row"].to_numpy()
        origin = self._origin[row]
        start, stop = np.maximum(holds["start"].to_numpy(), origin), holds["stop"].to_numpy()
        lasting = stop > start
        row, origin, start, stop = row[lasting], origin[lasting], start[lasting], stop[lasting]
        if not len(row):
            return None
        endless = stop == END_OF_TIME
        length = self._clock.between(start, np.where(endless, start, stop))
        held = pl.col("length").cum_sum().over("row")
        table = pl.DataFrame(
            {"row": row, "start": start, "stop": stop, "length": length, "gross": self._clock.between(origin, start)}
        ).with_columns(held_after=held, held_before=held - pl.col("length"))
        has_holds = np.zeros(len(self._origin), dtype=np.bool_)
        has_holds[row] = True
        return _Holds(table.with_columns(shown=pl.col("gross") - pl.col("held_before")), has_holds)


def _last_hold_before(holds: _Holds, column: str, rows: Integers, values: Integers) -> pl.DataFrame:
    """Return for each query that finds one the last hold of its row whose ``column`` lies below its value."""
    index = np.flatnonzero(holds.rows[rows])
    queries = pl.DataFrame({"index": index, "row": rows[index], column: values[index]}).sort(column)
    table = holds.table.with_columns(began="start").sort(column, maintain_order=True)
    found = queries.join_asof(
        table, on=column, by="row", strategy="backward", allow_exact_matches=False, check_sortedness=False
    )
    return found.drop_nulls("began").with_columns(start="began")
