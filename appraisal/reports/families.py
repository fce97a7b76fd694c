"""What a line takes from its job family: small numbers drawn to it, the mix of cases, and whether chance explains it.

Source: SPEC 2.6 and 5. The same totals and the same rules as the scoring, written out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from appraisal.cycles.models import Cycle, ScoringPool
from appraisal.cycles.pools import ALL, Added, Pool, Pools, Stratum, read_cells
from appraisal.evidence.kinds import field_label
from appraisal.evidence.models import EvidenceKind
from appraisal.kpis.measures import Statistic
from appraisal.kpis.models import KpiVersion
from appraisal.reports.steps import Step, precise, step, stored
from appraisal.reviews.figures.lines import ReviewLine
from appraisal.scoring.casemix import CaseMix, Count, pool_counts
from appraisal.scoring.curves import Direction
from appraisal.scoring.small_samples import Flag, wilson, wilson_flag

FLAGS: dict[str, str | Promise] = {
    Flag.NONE: gettext_lazy("not significantly different from the target"),
    Flag.WORSE: gettext_lazy("significantly worse than the target"),
    Flag.BETTER: gettext_lazy("significantly better than the target"),
}


@dataclass(frozen=True, kw_only=True)
class StratumView:
    """Cases of one stratum: the engineer's, the family's rate there, and how many would be met at that rate.

    ``is_merged``: too few for a rate of their own, so it is taken together with other small strata.
    """

    name: str
    n: int
    met: int
    pool_n: int
    pool_met: int
    pool_percent: Decimal | None
    expected: Decimal | None
    is_merged: bool


@dataclass(frozen=True, kw_only=True)
class CaseMixView:
    strata: tuple[StratumView, ...]
    steps: tuple[Step, ...]
    is_scored: bool


@dataclass(frozen=True, kw_only=True)
class IntervalView:
    """Where the true share lies with 95 % likelihood. Shown, never scored."""

    lower: Decimal
    upper: Decimal
    target: Decimal
    flag: str
    flag_label: str | Promise


@dataclass(frozen=True)
class Family:
    """One KPI's totals in a job family; ``sizes`` are the cases of each stratum before small ones are merged."""

    pools: Pools
    sizes: Mapping[Stratum, int]


def family_of(
    cycle: Cycle,
    version: KpiVersion,
    profile_id: int | None,
    *,
    less: Mapping[Stratum, tuple[Fraction, Fraction]],
) -> Family:
    """Return the totals of one KPI and job family as the newest run left them, ``less`` what was struck since."""
    totals: dict[Stratum, tuple[Fraction, Fraction]] = {}
    for row in ScoringPool.objects.filter(cycle=cycle, kpi_version=version, profile=profile_id):
        stratum = tuple(json.loads(row.stratum))
        cases, met = less.get(stratum, (0, 0))
        totals[stratum] = (Fraction(row.cases) - cases, Fraction(row.met) - met)
    if ALL not in totals:
        return Family(Pools({}), {})
    cases, met = totals.pop(ALL)
    counts = {stratum: Count(int(own_met), int(n)) for stratum, (n, own_met) in totals.items()}
    pool = Pool(cases, met, pool_counts(counts) if counts else {})
    return Family(Pools({(version.pk, profile_id): pool}), {stratum: count.n for stratum, count in counts.items()})


def shrink_steps(line: ReviewLine, family: Family, *, profile_id: int | None, own: Added | None) -> tuple[Step, ...]:
    """Write out how a small number of cases was drawn to the family's mean; nothing where the KPI does not ask for it.

    "(42 + 10 × 80 %) ÷ (50 + 10) = 83.33 %" (SPEC 2.6, E12). ``own`` is what the engineer added to the family, None
    for the line itself.
    """
    version, k = line.kpi, line.kpi.shrink_k
    if not k or (version.scores_adjusted and version.strata) or line.is_manual or line.scored_value is None:
        return ()
    if line.numerator is None or not line.denominator:
        return ()
    added = own or Added(cases=line.denominator, met=line.numerator)
    met, others = family.pools.others(version, profile_id, own=added)
    first = step(_("Cases of others in the job family"), others)
    if not others:
        return (first, step(_("Scored value, the value itself"), line.value))
    is_rate = version.statistic == Statistic.RATE
    unit, factor = ("%", 100) if is_rate else ("", 1)
    mean = factor * met / others
    result = family.pools.shrunk(version, profile_id, total=line.numerator, n=line.denominator, own=added)
    calculation = (
        f"({precise(line.numerator)} + {k} × {precise(mean)}{' %' if is_rate else ''}) "
        f"÷ ({precise(line.denominator)} + {k})"
    )
    return (
        first,
        step(_("Their mean"), mean, f"{'100 × ' if is_rate else ''}{precise(met)} ÷ {precise(others)}", unit),
        step(_("Cases of that mean added"), k),
        step(_("Scored value"), None if result is None else factor * result, calculation, unit),
    )


def case_mix_view(line: ReviewLine, family: Family, *, profile_id: int | None) -> CaseMixView | None:
    """Write out the figure against what the family would have met on the same cases (SPEC 5, E16)."""
    version, cells = line.kpi, read_cells(line.cells)
    pool = family.pools.families.get((version.pk, profile_id))
    # A family may know nothing of cases that came in since, or of those of another job.
    if not cells or line.is_manual or pool is None or any(stratum not in pool.strata for stratum, _n, _met in cells):
        return None
    mix = family.pools.case_mix(version, profile_id, line.cells)
    if mix is None:
        return None
    return CaseMixView(
        strata=tuple(
            _stratum_view(version, stratum, n, met, pool.strata[stratum], alone=family.sizes[stratum])
            for stratum, n, met in cells
        ),
        steps=_mix_steps(mix, version),
        is_scored=version.scores_adjusted and line.scored_value is not None,
    )


def _stratum_view(version: KpiVersion, stratum: Stratum, n: int, met: int, rated: Count, *, alone: int) -> StratumView:
    return StratumView(
        name=stratum_name(version, stratum),
        n=n,
        met=met,
        pool_n=rated.n,
        pool_met=rated.met,
        pool_percent=stored(Fraction(100 * rated.met, rated.n)),
        expected=stored(Fraction(n * rated.met, rated.n)),
        is_merged=rated.n != alone,
    )


def _mix_steps(mix: CaseMix, version: KpiVersion) -> tuple[Step, ...]:
    expected, pool = precise(mix.expected), precise(mix.pool_percent)
    steps = [
        step(_("Observed"), mix.observed),
        step(_("Expected"), mix.expected),
        step(_("Observed ÷ expected"), mix.ratio, f"{mix.observed} ÷ {expected}"),
        step(_("Rate of the family"), mix.pool_percent, unit="%"),
        step(
            _("Adjusted for the mix of cases, at most 100"),
            mix.adjusted_percent,
            f"{precise(mix.ratio)} × {pool}",
            "%",
        ),
        step(_("Not adjusted"), mix.raw_percent, f"100 × {mix.observed} ÷ {mix.n}", "%"),
    ]
    k = version.shrink_k
    if k and version.scores_adjusted:
        ratio = mix.shrunk_ratio(k)
        scored = None if ratio is None else min(Fraction(100), ratio * mix.pool_percent)
        calculation = f"({mix.observed} + {k}) ÷ ({expected} + {k}) × {pool}"
        steps.append(step(_("Scored, drawn to the family and at most 100"), scored, calculation, "%"))
    return tuple(steps)


def stratum_name(version: KpiVersion, stratum: Stratum) -> str:
    """Return a stratum in words: "priority 1, region North"."""
    parts = []
    for name, value in zip(version.strata, stratum, strict=True):
        written = {"": _("not known"), "True": _("yes"), "False": _("no")}.get(value, value)
        parts.append(f"{field_label(EvidenceKind.TICKETS, name.removeprefix('ticket__'))}: {written}")
    return ", ".join(parts)


def interval_view(line: ReviewLine) -> IntervalView | None:
    """Return the interval of a share that has a target; None for everything else."""
    version = line.kpi
    is_share = version.statistic == Statistic.RATE and line.measure.population is not None
    if not is_share or version.target is None or line.numerator is None or not line.denominator or line.is_manual:
        return None
    met, n, target = line.numerator, line.denominator, Fraction(version.target)
    lower, upper = wilson(met=met, n=n)
    flag = wilson_flag(met=met, n=n, target=target / 100, direction=Direction(version.direction))
    return IntervalView(
        lower=stored(100 * Fraction(lower)) or Decimal(0),
        upper=stored(100 * Fraction(upper)) or Decimal(0),
        target=version.target,
        flag=flag.value,
        flag_label=FLAGS[flag],
    )
