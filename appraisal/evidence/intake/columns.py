"""Columns of whole numbers with gaps, as the clock figures are computed on them. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

SECOND = 1_000_000
SKEW = 5 * 60 * SECOND  # clocks of two systems may differ by so much (SPEC G10)
INSTANT = pl.Datetime("us")

Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]

EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 -- UTC without saying so, as in the frames


@dataclass(frozen=True)
class Column:
    """Integers with gaps: where ``known`` is False the value means nothing."""

    values: Integers
    known: Booleans

    @classmethod
    def of(cls, series: pl.Series) -> Column:
        return cls(series.to_physical().cast(pl.Int64).fill_null(0).to_numpy(), series.is_not_null().to_numpy())

    @classmethod
    def nothing(cls, size: int) -> Column:
        return cls(np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.bool_))

    def otherwise(self, other: Column) -> Column:
        return Column(np.where(self.known, self.values, other.values), self.known | other.known)

    def only(self, mask: Booleans) -> Column:
        return Column(self.values, self.known & mask)

    def earlier(self, other: Column) -> Column:
        """Return the smaller of both where both are known, else the one that is."""
        both = self.known & other.known
        values = np.where(both, np.minimum(self.values, other.values), self.otherwise(other).values)
        return Column(values, self.known | other.known)

    def with_values(self, rows: Integers, values: Integers) -> Column:
        """Return the column with other values, all known, in some rows."""
        changed, known = self.values.copy(), self.known.copy()
        changed[rows], known[rows] = values, True
        return Column(changed, known)

    def series(self, name: str, dtype: Any = pl.Int64) -> pl.Series:
        values = pl.Series(name, self.values, dtype=pl.Int64)
        return pl.select(pl.when(pl.Series(self.known)).then(values).cast(dtype).alias(name)).to_series()


def too_early(start: Column, stop: Column) -> Booleans:
    """Tell where a stop lies before its start by more than two clocks may differ."""
    return stop.known & (stop.values - start.values < -SKEW)


def microseconds(instant: datetime) -> int:
    return (instant.astimezone(UTC).replace(tzinfo=None) - EPOCH) // timedelta(microseconds=1)


def year_of(instant: int) -> int:
    return (EPOCH + timedelta(microseconds=instant)).year
