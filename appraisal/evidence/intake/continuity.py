"""Until when an overdue case was followed up as promised. Pure.

Source: SPEC 1 ``followup_continuity``, E6.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from appraisal.evidence.intake.columns import SECOND, Booleans, Column
from appraisal.evidence.intake.promises import Promise
from appraisal.evidence.intake.stopwatches import Stopwatch


def exempt(*, overdue: Column, stop: Column, plain: Stopwatch, held: Stopwatch) -> Booleans:
    """Tell where holds cover all the working time after the due instant: such a case proves nothing."""
    proves_nothing = np.zeros(len(overdue.known), dtype=np.bool_)
    rows = np.flatnonzero(overdue.known & held.has_holds)
    if not len(rows):
        return proves_nothing
    shown = held.elapsed(rows, overdue.values[rows])
    stopped = stop.known[rows]
    until = np.where(stopped, stop.values[rows], overdue.values[rows])
    passed = plain.elapsed(rows, until) > plain.elapsed(rows, overdue.values[rows])
    covered = stopped & passed & (held.elapsed(rows, until) == shown)
    held_for_good = ~stopped & ~held.reach(rows, shown + 1).known
    proves_nothing[rows] = covered | held_for_good
    return proves_nothing


def broken_at(*, overdue: Column, stop: Column, touches: pl.DataFrame, promise: Promise, watch: Stopwatch) -> Column:
    """Return the first instant at which a gap was longer than promised; not known where none was.

    A gap runs from the due instant or a touch to the next touch or the stop. Of an open case the instant may lie
    ahead: the promise breaks then unless somebody reports.
    """
    result = Column.nothing(len(overdue.known))
    concerned = overdue.known & promise.seconds.known
    rows = np.flatnonzero(concerned)
    at, following, followed = overdue.values[rows], stop.values[rows], stop.known[rows]
    if not touches.is_empty():
        points = _points(overdue, stop, concerned, touches)
        rows, at = points["row"].to_numpy(), points["at"].to_numpy()
        nearest = Column.of(points["next"])
        following = np.where(nearest.known, nearest.values, stop.values[rows])
        followed = nearest.known | stop.known[rows]
    if not len(rows):
        return result
    seconds = promise.seconds.values[rows]
    shown = watch.elapsed(rows, at)
    due = watch.reach(rows, shown + seconds * SECOND)
    gap = watch.elapsed(rows, np.where(followed, following, at)) - shown
    broken = due.known & (~followed | (gap // SECOND > seconds))
    # From the last to the first, so that the first remains.
    breaks = np.flatnonzero(broken)[::-1]
    result.values[rows[breaks]], result.known[rows[breaks]] = due.values[breaks], True
    return result


def _points(overdue: Column, stop: Column, concerned: Booleans, touches: pl.DataFrame) -> pl.DataFrame:
    """Return due instants and the touches between them and the stop, in order, each with the one that follows."""
    rows = np.flatnonzero(concerned)
    row, at = touches["row"].to_numpy(), touches["at"].to_numpy()
    between = concerned[row] & (at > overdue.values[row]) & (~stop.known[row] | (at < stop.values[row]))
    points = pl.DataFrame(
        {
            "row": np.concatenate([rows, row[between]]),
            "at": np.concatenate([overdue.values[rows], at[between]]),
        }
    )
    return points.sort("row", "at").with_columns(next=pl.col("at").shift(-1).over("row"))
