"""The same yardstick for easy and hard work: indirect standardisation. Source: SPEC 5, E16.

Strata hold only what an engineer cannot choose: priority, distance, class of asset, waiting for parts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from appraisal.scoring.pools import Key, merge_upward
from appraisal.scoring.small_samples import POOL_WEIGHT

SMALLEST_STRATUM = 20


@dataclass(frozen=True)
class Count:
    """Cases that met their target, of those decided."""

    met: int
    n: int

    def __post_init__(self) -> None:
        if not 0 <= self.met <= self.n:
            raise ValueError(f"{self.met} of {self.n} is no share")


@dataclass(frozen=True, kw_only=True)
class CaseMix:
    """What was observed and what the pool would have met on the same cases. Show raw, expected and n beside it."""

    n: int
    observed: int
    expected: Fraction
    pool_percent: Fraction

    @property
    def raw_percent(self) -> Fraction | None:
        return Fraction(100 * self.observed, self.n) if self.n else None

    @property
    def ratio(self) -> Fraction | None:
        """Observed over expected, None where nothing was expected."""
        return self.observed / self.expected if self.expected else None

    @property
    def adjusted_percent(self) -> Fraction | None:
        """The ratio times the pool's rate, at most 100."""
        return None if self.ratio is None else min(Fraction(100), self.ratio * self.pool_percent)

    def shrunk_ratio(self, k: int = POOL_WEIGHT) -> Fraction | None:
        """The ratio drawn towards 1, None without a case."""
        return (self.observed + k) / (self.expected + k) if self.n else None


def pool_counts(strata: Mapping[Key, Count], *, minimum: int = SMALLEST_STRATUM) -> dict[Key, Count]:
    """Return for each stratum of a pool the count that its rate is taken from, small strata merged upward."""
    home = merge_upward({key: count.n for key, count in strata.items()}, minimum=minimum)
    merged: dict[Key, Count] = {}
    for key, count in strata.items():
        known = merged.get(home[key], Count(0, 0))
        merged[home[key]] = Count(known.met + count.met, known.n + count.n)
    return {key: merged[home[key]] for key in strata}


def case_mix(own: Mapping[Key, Count], pool: Mapping[Key, Count], *, pool_percent: Fraction) -> CaseMix:
    """Compare an engineer's strata with the pool's rates; ``pool`` comes from ``pool_counts``.

    Raises KeyError for a stratum that the pool does not know and ValueError for one without any case.
    """
    expected = Fraction(0)
    for key, count in own.items():
        if not pool[key].n:
            raise ValueError(f"the pool has no case of {key}")
        expected += Fraction(count.n * pool[key].met, pool[key].n)
    return CaseMix(
        n=sum(count.n for count in own.values()),
        observed=sum(count.met for count in own.values()),
        expected=expected,
        pool_percent=pool_percent,
    )
