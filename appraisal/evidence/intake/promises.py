"""Our promises, and which of them holds for a record. Pure. Source: SPEC G5, 5 (targets per priority and distance)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from appraisal.calendars.rules import CalendarRules, RegionCalendars, region_key
from appraisal.evidence.intake.columns import Booleans, Column, microseconds
from appraisal.evidence.models import TargetClock

SCOPE_INPUTS = ("priority", "job_type", "region", "distance_km")


@dataclass(frozen=True, kw_only=True)
class TargetRule:
    """A promise of ours, as in the model ``Target``: empty, 0 and None fit every record."""

    kind: str
    seconds: int
    clock: str
    from_date: date
    source: str = ""
    priority: int = 0
    region: str = ""
    job_type: str = ""
    distance_from_km: int | None = None
    distance_to_km: int | None = None  # the first distance it no longer holds for

    @property
    def has_distance(self) -> bool:
        return self.distance_from_km is not None or self.distance_to_km is not None

    @property
    def rank(self) -> tuple[bool, bool, bool, bool, bool, date]:
        """Return how particular it is: source before region, distance, job type and priority, then the later date."""
        return (
            bool(self.source),
            bool(self.region),
            self.has_distance,
            bool(self.job_type),
            bool(self.priority),
            self.from_date,
        )


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What figures depend on besides the record: the calendars and our targets."""

    calendars: RegionCalendars
    targets: Sequence[TargetRule] = field(default=())


@dataclass(frozen=True)
class Promise:
    """What is promised for each record of a column: so many seconds, of working time where ``business`` says so."""

    seconds: Column
    business: Booleans


@dataclass(frozen=True, kw_only=True)
class Scope:
    """What targets look at in records of one source."""

    source: str
    frame: pl.DataFrame
    start: Column
    zone: ZoneInfo

    def promise(self, kind: str, rules: Rules) -> Promise:
        """Return for each record the most particular promise in force at its start."""
        size = len(self.start.values)
        seconds, business = Column.nothing(size), np.zeros(size, dtype=np.bool_)
        fitting = [rule for rule in rules.targets if rule.kind == kind and rule.source in ("", self.source)]
        # The later in this order, the more particular: each one overwrites those before.
        for rule in sorted(fitting, key=lambda rule: rule.rank):
            fits = self._fits(rule)
            seconds.values[fits], seconds.known[fits] = rule.seconds, True
            business[fits] = rule.clock == TargetClock.BUSINESS
        return Promise(seconds, business)

    def _fits(self, rule: TargetRule) -> Booleans:
        begins = datetime(rule.from_date.year, rule.from_date.month, rule.from_date.day, tzinfo=self.zone)
        fits: Booleans = self.start.values >= microseconds(begins)
        if rule.priority:
            fits &= self._where(pl.col("priority") == rule.priority)
        if rule.job_type:
            fits &= self._where(pl.col("job_type") == rule.job_type)
        if rule.region:
            wanted = region_key(rule.region)
            labels = [label for label in self.frame["region"].unique().to_list() if region_key(label) == wanted]
            fits &= self._where(pl.col("region").is_in(labels))
        if rule.has_distance:
            # A record without a distance lies in no band.
            fits &= self._where(pl.col("distance_km") >= (rule.distance_from_km or 0))
        if rule.distance_to_km is not None:
            fits &= self._where(pl.col("distance_km") < rule.distance_to_km)
        return fits

    def _where(self, condition: pl.Expr) -> Booleans:
        return self.frame.select(condition.fill_null(value=False)).to_series().to_numpy()


def by_calendar(
    frame: pl.DataFrame, rules: Rules, figures: Callable[[pl.DataFrame, CalendarRules], pl.DataFrame]
) -> pl.DataFrame:
    """Compute figures for the rows of each calendar together; return them in the order of the frame."""
    regions = frame["region"].unique().to_list()
    calendars = {region: rules.calendars.for_region(region) for region in regions}
    if len({calendar.code for calendar in calendars.values()}) <= 1:
        return figures(frame, next(iter(calendars.values()), rules.calendars.default))
    labels: dict[str, list[str | None]] = {}
    for region, calendar in calendars.items():
        labels.setdefault(calendar.code, []).append(region)
    numbered = frame.with_row_index("row")
    parts = []
    for wanted in labels.values():
        part = numbered.filter(pl.col("region").is_in(wanted, nulls_equal=True))
        parts.append(figures(part.drop("row"), calendars[wanted[0]]).with_columns(part["row"]))
    return pl.concat(parts).sort("row").drop("row")
