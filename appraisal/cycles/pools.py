"""Totals of job families: what small numbers lean on, and what case mix is compared with (SPEC 2.6, 5)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from django.db.models import Q, QuerySet

from appraisal.cycles.models import Cycle, KpiResult, ScoringPool
from appraisal.database.prepared import read
from appraisal.kpis.models import KpiVersion
from appraisal.scoring.casemix import CaseMix, Count, case_mix, pool_counts
from appraisal.scoring.numbers import fraction_text, read_fraction
from appraisal.scoring.small_samples import shrunk_mean

Family = tuple[int, int | None]  # KPI version, job profile
Stratum = tuple[str, ...]
AddedUp = dict[Family, dict[Stratum, tuple[Fraction, Fraction]]]
PoolRow = tuple[int, int | None, str, str, str]  # KPI version, job profile, numerator, denominator, cells
ALL: Stratum = ()
# By family and stratum: cases and what they met.
Totals = Mapping[Family, Mapping[Stratum, tuple[Fraction, Fraction]]]


@dataclass(frozen=True)
class Added:
    """What one engineer added to a family: cases and what they met."""

    cases: Fraction
    met: Fraction


# A part of a cycle in another job: nothing of the engineer is in that family.
NOTHING_ADDED = Added(Fraction(0), Fraction(0))


@dataclass(frozen=True)
class Pool:
    """What a job family added up to: cases and what they met, and the counts its strata are rated by."""

    cases: Fraction
    met: Fraction
    strata: Mapping[Stratum, Count]


@dataclass(frozen=True)
class Pools:
    """The families of a cycle, everybody included."""

    families: Mapping[Family, Pool]

    def shrunk(
        self, version: KpiVersion, profile_id: int | None, *, total: Fraction, n: Fraction, own: Added
    ) -> Fraction | None:
        """Return an engineer's mean drawn to that of the others of the family. Source: SPEC 2.6."""
        others_total, others_n = self.others(version, profile_id, own=own)
        return shrunk_mean(total=total, n=n, pool_total=others_total, pool_n=others_n, k=version.shrink_k)

    def others(self, version: KpiVersion, profile_id: int | None, *, own: Added) -> tuple[Fraction, Fraction]:
        """Return total and cases of the family without the engineer, who added ``own`` to it."""
        pool = self.families.get((version.pk, profile_id))
        return (pool.met - own.met, pool.cases - own.cases) if pool else (Fraction(0), Fraction(0))

    def case_mix(self, version: KpiVersion, profile_id: int | None, cells: str) -> CaseMix | None:
        """Return an engineer's figure against what the family would have met on the same cases. Source: SPEC 5."""
        pool = self.families.get((version.pk, profile_id))
        if pool is None or not pool.strata or not cells:
            return None
        own = {stratum: Count(met, n) for stratum, n, met in read_cells(cells)}
        # A stratum the family does not know (a segment under another profile) is compared with the whole family.
        whole = Count(int(pool.met), int(pool.cases))
        strata = {stratum: pool.strata.get(stratum, whole) for stratum in own}
        return case_mix(own, strata, pool_percent=100 * pool.met / pool.cases)


def read_cells(text: str) -> list[tuple[Stratum, int, int]]:
    return [(tuple(stratum), n, met) for stratum, n, met in json.loads(text)] if text else []


def cells_text(cells: Iterable[tuple[Stratum, int, int]]) -> str:
    """Write cells as text that is the same whatever order the database answered in; "" for none."""
    rows = sorted([list(stratum), n, met] for stratum, n, met in cells)
    return json.dumps(rows, separators=(",", ":")) if rows else ""


def gather_pools(cycle: Cycle) -> None:
    """Add up every family anew from the stored results of the cycle; in the caller's transaction."""
    leaning = Q(line__kpi_version__shrink_k__gt=0) | ~Q(line__kpi_version__strata=[])
    rows = KpiResult.objects.filter(
        leaning, cycle=cycle, segment=0, is_manual=False, engineer__reviews__cycle=cycle
    ).values_list("line__kpi_version_id", "engineer__reviews__profile_id", "numerator", "denominator", "cells")
    totals = _add_up(rows.iterator())
    ScoringPool.objects.filter(cycle=cycle).delete()
    ScoringPool.objects.bulk_create(
        [
            ScoringPool(
                cycle=cycle,
                kpi_version_id=version_id,
                profile_id=profile_id,
                stratum=json.dumps(list(stratum)),
                cases=fraction_text(cases),
                met=fraction_text(met),
            )
            for (version_id, profile_id), family in totals.items()
            for stratum, (cases, met) in family.items()
        ],
        batch_size=1000,
    )


def pools_of(rows: Iterable[PoolRow]) -> Pools:
    """Return what rows of everybody add up to, without storing it."""
    return _pools(_add_up(rows))


def get_pools(cycle: Cycle, *, less: Totals | None = None) -> Pools:
    """Return the families' totals as the newest run left them, ``less`` what was struck from them since."""
    taken = less or {}
    totals: AddedUp = {}
    for version_id, profile_id, stratum_text, stored_cases, stored_met in read(_pool_rows, cycle_id=cycle.pk):
        stratum = tuple(json.loads(stratum_text))
        cases, met = taken.get((version_id, profile_id), {}).get(stratum, (0, 0))
        family = totals.setdefault((version_id, profile_id), {})
        family[stratum] = (Fraction(stored_cases) - cases, Fraction(stored_met) - met)
    return _pools(totals)


def _pool_rows(*, cycle_id: int) -> QuerySet[ScoringPool, Any]:
    pools = ScoringPool.objects.filter(cycle=cycle_id)
    return pools.values_list("kpi_version_id", "profile_id", "stratum", "cases", "met")


def contribution(numerator: str, denominator: str, cells: str) -> dict[Stratum, tuple[Fraction, Fraction]]:
    """Return what one result adds to its family: (cases, met) of all its cases and of each stratum."""
    parts = {ALL: (read_fraction(denominator) or Fraction(0), read_fraction(numerator) or Fraction(0))}
    return parts | {stratum: (Fraction(n), Fraction(met)) for stratum, n, met in read_cells(cells)}


def _add_up(rows: Iterable[PoolRow]) -> AddedUp:
    totals: AddedUp = {}
    for version_id, profile_id, numerator, denominator, cells in rows:
        family = totals.setdefault((version_id, profile_id), {})
        for stratum, (n, met) in contribution(numerator, denominator, cells).items():
            known = family.get(stratum, (Fraction(0), Fraction(0)))
            family[stratum] = (known[0] + n, known[1] + met)
    return totals


def _pools(totals: AddedUp) -> Pools:
    return Pools({family: _pool(strata) for family, strata in totals.items()})


def _pool(totals: Mapping[Stratum, tuple[Fraction, Fraction]]) -> Pool:
    cases, met = totals[ALL]
    counts = {stratum: Count(int(own_met), int(n)) for stratum, (n, own_met) in totals.items() if stratum != ALL}
    return Pool(cases, met, pool_counts(counts) if counts else {})
