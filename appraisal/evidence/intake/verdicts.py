"""Met or not, and when that was decided. Pure. Source: SPEC G4, G6, G10."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from appraisal.evidence.intake.columns import INSTANT, SECOND, Booleans, Column, Integers, too_early
from appraisal.evidence.intake.promises import Promise
from appraisal.evidence.intake.stopwatches import Stopwatch
from appraisal.evidence.models import Anomaly


@dataclass(frozen=True, kw_only=True)
class Timing:
    """The time of a record on both clocks, from the same start."""

    start: Column
    calendar: Stopwatch
    business: Stopwatch


@dataclass(frozen=True, kw_only=True)
class Durations:
    calendar: Column
    business: Column

    def only(self, mask: Booleans) -> Durations:
        return Durations(calendar=self.calendar.only(mask), business=self.business.only(mask))

    def named(self, kind: str) -> dict[str, pl.Series]:
        return {
            f"{kind}_us": self.calendar.series(f"{kind}_us"),
            f"{kind}_business_us": self.business.series(f"{kind}_business_us"),
        }


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """``broken_at`` is the instant at which the promise passed unkept; it may lie ahead of an open case.

    ``share`` is what was taken of the time promised, in millionths of it, half up (SPEC 5); not of a source's word.
    """

    met: Column
    decided_at: Column
    broken_at: Column
    share: Column

    def only(self, mask: Booleans) -> Verdict:
        return Verdict(
            met=self.met.only(mask),
            decided_at=self.decided_at.only(mask),
            broken_at=self.broken_at.only(mask),
            share=self.share.only(mask),
        )

    def missed_at(self, rows: Integers, instants: Integers) -> Verdict:
        """Return the verdict with some rows decided as missed."""
        return Verdict(
            met=self.met.with_values(rows, np.zeros(len(rows), dtype=np.int64)),
            decided_at=self.decided_at.with_values(rows, instants),
            broken_at=self.broken_at,
            share=self.share,
        )

    def named(self, kind: str) -> dict[str, pl.Series]:
        return {
            f"{kind}_decided_at": self.decided_at.series(f"{kind}_decided_at", INSTANT),
            f"{kind}_met": self.met.series(f"{kind}_met", pl.Boolean),
        }


def durations(timing: Timing, stop: Column) -> Durations:
    """Return the time until a stop on both clocks; one shortly before the start counts as 0, an earlier one not."""
    sound = stop.known & ~too_early(timing.start, stop)
    rows = np.flatnonzero(sound)
    return Durations(
        calendar=_filled(timing.calendar.elapsed(rows, stop.values[rows]), rows, sound),
        business=_filled(timing.business.elapsed(rows, stop.values[rows]), rows, sound),
    )


def decide(
    timing: Timing,
    stop: Column,
    elapsed: Durations,
    promise: Promise,
    *,
    due: Column,
    word: Column | None = None,
    not_before: Column | None = None,
) -> Verdict:
    """Decide by our promise, else by the source's due instant, else by the source's word at the stop.

    ``elapsed`` is the time until ``stop``; ``not_before`` an appointment that puts off an earlier due instant.
    """
    start = timing.start
    sound = ~too_early(start, stop)
    ours = promise.seconds.known
    due_at = due_instants(timing, promise, due=due, sound=sound)
    passed = np.where(promise.business, elapsed.business.values, elapsed.calendar.values)
    # The source promises an instant: what a case was held for in between is its own affair.
    passed = np.where(ours, passed, np.maximum(stop.values - start.values, 0))
    allowed = np.where(ours, promise.seconds.values, (due_at.values - start.values) // SECOND)
    if not_before is not None:
        put_off = not_before.known & due_at.known & (not_before.values > due_at.values)
        due_at = Column(np.where(put_off, not_before.values, due_at.values), due_at.known)
        passed = np.where(put_off, np.maximum(stop.values - start.values, 0), passed)
        allowed = np.where(put_off, (due_at.values - start.values) // SECOND, allowed)
    in_time = stop.known & sound & (passed // SECOND <= allowed)

    by_clock = sound & (due_at.known | (ours & stop.known))
    decided, met = by_clock, in_time
    if word is not None:
        by_word = word.known & stop.known & ~due_at.known & ~ours & sound
        decided, met = by_clock | by_word, np.where(by_word, word.values.astype(np.bool_), in_time)
    return Verdict(
        met=Column(met.astype(np.int64), decided),
        decided_at=due_at.earlier(stop).only(decided),
        broken_at=due_at.only(by_clock & ~in_time),
        share=_share(passed, allowed, stop.known & by_clock),
    )


def due_instants(timing: Timing, promise: Promise, *, due: Column, sound: Booleans) -> Column:
    """Return until when each record keeps its promise: by ours, else the source's ``due``."""
    return _due(timing, promise, sound).otherwise(due.only(~promise.seconds.known))


def anomalies(size: int, *found: tuple[Anomaly, Booleans]) -> pl.Series:
    """Return the codes of what was found in each record, separated by commas."""
    if not any(mask.any() for _code, mask in found):
        return pl.Series("anomalies", [""], dtype=pl.String).new_from_index(0, size)
    codes = [pl.when(pl.Series(mask)).then(pl.lit(code.value)) for code, mask in found]
    return pl.select(pl.concat_str(codes, separator=",", ignore_nulls=True).alias("anomalies")).to_series()


def counting(frame: pl.DataFrame, clock: str) -> Booleans:
    """Tell which records still count on a clock: those whose exception was not excused."""
    excused = pl.col("waived").str.split(",").list.contains(clock).fill_null(value=False)
    if not (frame["waived"] != "").any():
        return np.ones(frame.height, dtype=np.bool_)
    return ~frame.select(excused).to_series().to_numpy()


def _due(timing: Timing, promise: Promise, sound: Booleans) -> Column:
    due = Column.nothing(len(sound))
    for watch, mask in (
        (timing.business, promise.business),
        (timing.calendar, promise.seconds.known & ~promise.business),
    ):
        rows = np.flatnonzero(mask & sound)
        reached = watch.reach(rows, promise.seconds.values[rows] * SECOND)
        due.values[rows], due.known[rows] = reached.values, reached.known
    return due


def _share(passed: Integers, allowed: Integers, timed: Booleans) -> Column:
    """Return microseconds passed by second allowed, which are millionths; none where nothing was allowed."""
    known = timed & (allowed > 0)
    seconds = np.where(known, allowed, 1)
    return Column((2 * passed + seconds) // (2 * seconds), known)


def _filled(values: Integers, rows: Integers, known: Booleans) -> Column:
    filled = np.zeros(len(known), dtype=np.int64)
    filled[rows] = values
    return Column(filled, known)
