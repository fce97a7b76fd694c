"""Clock figures of tickets and visits: durations, due instants, met or not. Pure: frames in, frames out.

Source: SPEC G1, G4, G6, G10. ``recompute`` applies them to what is stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import polars as pl

from appraisal.evidence.models import Anomaly, TargetClock, TargetKind
from appraisal.scoring.clock import OFFICE_WEEK, WorkingClock

SECOND = 1_000_000
SKEW = 5 * 60 * SECOND  # clocks of two systems may differ by so much (SPEC G10)

Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]

_INSTANT = pl.Datetime("us")
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 -- UTC without saying so, as in the frames


@dataclass(frozen=True, kw_only=True)
class TargetRule:
    """A promise of ours, as in the model ``Target``."""

    kind: str
    source: str
    priority: int
    seconds: int
    clock: str
    from_date: date


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What figures depend on besides the record: our targets and the zone of the working week."""

    zone: ZoneInfo
    targets: Sequence[TargetRule] = ()


@dataclass(frozen=True)
class Column:
    """Integers with gaps: where ``known`` is False the value means nothing."""

    values: Integers
    known: Booleans

    @classmethod
    def of(cls, series: pl.Series) -> Column:
        return cls(series.to_physical().cast(pl.Int64).fill_null(0).to_numpy(), series.is_not_null().to_numpy())

    def otherwise(self, other: Column) -> Column:
        return Column(np.where(self.known, self.values, other.values), self.known | other.known)

    def only(self, mask: Booleans) -> Column:
        return Column(self.values, self.known & mask)

    def series(self, name: str, dtype: Any = pl.Int64) -> pl.Series:
        values = pl.Series(name, self.values, dtype=pl.Int64)
        return pl.select(pl.when(pl.Series(self.known)).then(values).cast(dtype).alias(name)).to_series()


@dataclass(frozen=True)
class Verdict:
    met: Column
    decided_at: Column


TICKET_INPUTS = (
    *("priority", "opened_at", "first_response_at", "resolved_at", "closed_at", "response_due_at"),
    *("resolution_due_at", "source_response_met", "source_resolution_met"),
)
VISIT_INPUTS = ("priority", "dispatched_at", "arrived_at", "arrival_due_at")


def ticket_figures(frame: pl.DataFrame, *, source: str, rules: Rules) -> pl.DataFrame:
    """Return the figures of tickets of one source, row by row; ``frame`` has ``TICKET_INPUTS``."""
    opened = Column.of(frame["opened_at"])
    response, resolved, closed = (Column.of(frame[name]) for name in ("first_response_at", "resolved_at", "closed_at"))
    stop = resolved.otherwise(closed)
    clock = _clock_for(rules, [opened, response, stop])
    priority = Column.of(frame["priority"])
    columns: dict[str, pl.Series] = {"completed_at": stop.series("completed_at", _INSTANT)}
    for kind, measured, decisive, due, word in (
        (TargetKind.RESPONSE, response, response, "response_due_at", "source_response_met"),
        (TargetKind.RESOLUTION, resolved, stop, "resolution_due_at", "source_resolution_met"),
    ):
        target = _targets(kind, source, priority, opened, rules)
        verdict = _verdict(
            opened, decisive, target, due=Column.of(frame[due]), word=Column.of(frame[word]), clock=clock
        )
        columns |= _durations(kind, opened, measured, clock) | _decisions(kind, verdict)
    columns["anomalies"] = _anomalies(
        (Anomaly.RESPONSE_BEFORE_OPENED, _too_early(opened, response)),
        (Anomaly.RESOLVED_BEFORE_OPENED, _too_early(opened, resolved)),
        (Anomaly.CLOSED_BEFORE_OPENED, _too_early(opened, closed)),
    )
    return pl.DataFrame(columns)


def visit_figures(frame: pl.DataFrame, *, source: str, rules: Rules) -> pl.DataFrame:
    """Return the figures of visits of one source, row by row; ``frame`` has ``VISIT_INPUTS``."""
    dispatched, arrived = Column.of(frame["dispatched_at"]), Column.of(frame["arrived_at"])
    kind = TargetKind.ARRIVAL
    clock = _clock_for(rules, [dispatched, arrived])
    target = _targets(kind, source, Column.of(frame["priority"]), dispatched, rules)
    nothing = Column(np.zeros(frame.height, dtype=np.int64), np.zeros(frame.height, dtype=np.bool_))
    due = Column.of(frame["arrival_due_at"])
    verdict = _verdict(dispatched, arrived, target, due=due, word=nothing, clock=clock)
    columns = _durations(kind, dispatched, arrived, clock) | _decisions(kind, verdict)
    early = _too_early(dispatched, arrived)
    return pl.DataFrame(columns | {"anomalies": _anomalies((Anomaly.ARRIVED_BEFORE_DISPATCHED, early))})


def _too_early(start: Column, stop: Column) -> Booleans:
    return stop.known & (stop.values - start.values < -SKEW)


def _elapsed(start: Column, stop: Column, mask: Booleans, clock: WorkingClock | None) -> Integers:
    """Return elapsed microseconds where ``mask`` holds; a stop shortly before the start counts as 0."""
    elapsed = np.zeros(len(start.values), dtype=np.int64)
    if clock is None:
        elapsed[mask] = stop.values[mask] - start.values[mask]
    else:
        elapsed[mask] = clock.elapsed_columns(start.values[mask], stop.values[mask])
    return np.maximum(elapsed, 0)


def _durations(kind: str, start: Column, stop: Column, clock: WorkingClock) -> dict[str, pl.Series]:
    sound = stop.known & ~_too_early(start, stop)
    return {
        f"{kind}_us": Column(_elapsed(start, stop, sound, None), sound).series(f"{kind}_us"),
        f"{kind}_business_us": Column(_elapsed(start, stop, sound, clock), sound).series(f"{kind}_business_us"),
    }


def _decisions(kind: str, verdict: Verdict) -> dict[str, pl.Series]:
    return {
        f"{kind}_decided_at": verdict.decided_at.series(f"{kind}_decided_at", _INSTANT),
        f"{kind}_met": verdict.met.series(f"{kind}_met", pl.Boolean),
    }


def _anomalies(*found: tuple[Anomaly, Booleans]) -> pl.Series:
    codes = [pl.when(pl.Series(mask)).then(pl.lit(code.value)) for code, mask in found]
    return pl.select(pl.concat_str(codes, separator=",", ignore_nulls=True).alias("anomalies")).to_series()


@dataclass(frozen=True)
class _Targets:
    seconds: Column
    business: Booleans


def _targets(kind: str, source: str, priority: Column, start: Column, rules: Rules) -> _Targets:
    """Return for each record the most particular promise in force at its start."""
    size = len(start.values)
    seconds, known = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.bool_)
    business = np.zeros(size, dtype=np.bool_)
    fitting = [rule for rule in rules.targets if rule.kind == kind and rule.source in ("", source)]
    # The later in this order, the more particular: each one overwrites those before.
    for rule in sorted(fitting, key=lambda rule: (bool(rule.source), bool(rule.priority), rule.from_date)):
        begins = datetime(rule.from_date.year, rule.from_date.month, rule.from_date.day, tzinfo=rules.zone)
        fits = start.values >= _microseconds(begins)
        if rule.priority:
            fits &= priority.known & (priority.values == rule.priority)
        seconds[fits], known[fits] = rule.seconds, True
        business[fits] = rule.clock == TargetClock.BUSINESS
    return _Targets(Column(seconds, known), business)


def _verdict(
    start: Column, stop: Column, target: _Targets, *, due: Column, word: Column, clock: _OfficeClock
) -> Verdict:
    """Decide by our target, else by the source's due instant, else by the source's word at the stop."""
    sound = ~_too_early(start, stop)
    by_hours = target.seconds.known & target.business & sound
    promised = target.seconds.values * SECOND
    ours = start.values + promised
    if by_hours.any():
        reach = _clock_reaching(clock, start, int(target.seconds.values[by_hours].max()))
        ours[by_hours] = reach.advance_columns(start.values[by_hours], promised[by_hours])
    due_at = Column(np.where(target.seconds.known, ours, due.values), target.seconds.known | due.known)

    stopped = stop.known & sound
    elapsed = _elapsed(start, stop, stopped, None)
    elapsed[by_hours] = _elapsed(start, stop, stopped & by_hours, clock)[by_hours]
    allowed = np.where(target.seconds.known, target.seconds.values, (due_at.values - start.values) // SECOND)
    in_time = stopped & (elapsed // SECOND <= allowed)
    earlier = np.where(stop.known, np.minimum(stop.values, due_at.values), due_at.values)

    by_word = word.known & stop.known & ~due_at.known
    decided = (due_at.known | by_word) & sound
    met = np.where(due_at.known, in_time, word.values.astype(np.bool_))
    return Verdict(
        Column(met.astype(np.int64), decided), Column(np.where(due_at.known, earlier, stop.values), decided)
    )


def _microseconds(instant: datetime) -> int:
    return int((instant.astimezone(UTC).replace(tzinfo=None) - _EPOCH) // timedelta(microseconds=1))


def _year(instant: int) -> int:
    return (_EPOCH + timedelta(microseconds=instant)).year


def _clock_for(rules: Rules, columns: Sequence[Column]) -> _OfficeClock:
    known = [column.values[column.known] for column in columns if column.known.any()]
    if not known:
        return office_clock(rules.zone, 1970, 1970)
    lowest, highest = min(int(part.min()) for part in known), max(int(part.max()) for part in known)
    # A year more on both sides: the local date may lie in another year than the date in UTC.
    return office_clock(rules.zone, _year(lowest) - 1, _year(highest) + 1)


def _clock_reaching(clock: _OfficeClock, start: Column, seconds: int) -> WorkingClock:
    """Return a clock on which so much working time surely passes after the last start."""
    years = seconds // (1000 * 3600) + 2  # no working year has fewer than 1,000 hours
    return office_clock(clock.zone, clock.first_year, _year(int(start.values.max())) + years)


class _OfficeClock(WorkingClock):
    """The shipped working week over whole years."""

    def __init__(self, zone: ZoneInfo, first_year: int, last_year: int) -> None:
        self.zone = zone
        self.first_year = first_year
        super().__init__(
            zone=zone, week=OFFICE_WEEK, first_date=date(first_year, 1, 1), last_date=date(last_year, 12, 31)
        )


@lru_cache(maxsize=16)
def office_clock(zone: ZoneInfo, first_year: int, last_year: int) -> _OfficeClock:
    return _OfficeClock(zone, first_year, last_year)
