"""Calendars as the clocks read them. Pure: no database, so that figures can be computed from frames alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from zoneinfo import ZoneInfo

from appraisal.scoring.clock import WorkingClock, WorkingWeek
from appraisal.scoring.workdays import Workdays


@dataclass(frozen=True, kw_only=True, eq=False)
class CalendarRules:
    """One calendar: its zone, its week with the days that differ, and the years somebody has entered."""

    code: str
    zone: ZoneInfo
    week: WorkingWeek = field(repr=False)
    name: str = ""
    years: frozenset[int] = field(default=frozenset(), repr=False)
    _clocks: dict[tuple[int, int], WorkingClock] = field(default_factory=dict, init=False, repr=False)

    def clock(self, first_date: date, last_date: date) -> WorkingClock:
        """Return a clock that covers these days; made for whole years, so that one serves many calls."""
        key = (first_date.year, last_date.year)
        if key not in self._clocks:
            self._clocks[key] = WorkingClock(
                zone=self.zone, week=self.week, first_date=date(key[0], 1, 1), last_date=date(key[1], 12, 31)
            )
        return self._clocks[key]

    @property
    def workdays(self) -> Workdays:
        return Workdays(self.week)

    def missing_years(self, first_date: date, last_date: date) -> list[int]:
        """Return the years of a period that nobody has entered: there the weekly pattern stands alone."""
        return [year for year in range(first_date.year, last_date.year + 1) if year not in self.years]


@dataclass(frozen=True, kw_only=True)
class RegionCalendars:
    """The calendars by the region of a ticket and by their code; where none is named, the default."""

    default: CalendarRules
    by_region: Mapping[str, CalendarRules] = field(default_factory=dict)
    by_code: Mapping[str, CalendarRules] = field(default_factory=dict)

    def for_region(self, region: str | None) -> CalendarRules:
        return self.by_region.get(region_key(region), self.default)

    def for_code(self, code: str | None) -> CalendarRules:
        return self.by_code.get(code or "", self.default)


def region_key(region: str | None) -> str:
    """Return a region's label as it is compared: "  North " is "north"."""
    return (region or "").strip().casefold()
