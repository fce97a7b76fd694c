"""From a KPI's facts to its points, or the reason why there are none. Source: SPEC G12, 2.1 to 2.7."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from appraisal.cycles.pools import Added, Pools
from appraisal.kpis.choices import EmptyPolicy
from appraisal.kpis.measures import Facts, Statistic
from appraisal.kpis.models import KpiVersion
from appraisal.scoring.curves import PointsRule
from appraisal.scoring.deductions import Deduction
from appraisal.scoring.rollup import Reason
from appraisal.scoring.workdays import as_if_present_throughout

FULL_POINTS = Fraction(100)


@dataclass(frozen=True, kw_only=True)
class Circumstances:
    """What decides about a line beside its own cases.

    ``had_cases``: the engineer had tickets in the cycle, so that nothing going wrong means something;
    ``present``: the part of the cycle's workdays on which the engineer was there, so that something could be
    expected; ``is_collected``: the organisation collects this kind of evidence at all.
    """

    had_cases: bool = True
    present: Fraction = Fraction(1)
    is_collected: bool = True

    @property
    def was_there(self) -> bool:
        return self.present > 0


@dataclass(frozen=True, kw_only=True)
class Scored:
    """Points of a line. ``scored_value`` is what was turned into points where that is not the value itself."""

    points: Fraction | None = None
    scored_value: Fraction | None = None
    reason: str = ""


def score_facts(
    facts: Facts,
    version: KpiVersion,
    rule: PointsRule | None,
    *,
    circumstances: Circumstances,
    scored_value: Fraction | None = None,
) -> Scored:
    """Turn a value into points; ``scored_value`` goes before the value itself."""
    if facts.value is None or (facts.n == 0 and version.statistic != Statistic.COUNT):
        return _empty(facts, version, rule, circumstances)
    if rule is None:
        return Scored()
    is_count = version.statistic == Statistic.COUNT
    if is_count and not circumstances.was_there:
        return Scored(reason=Reason.NOT_APPLICABLE)
    if facts.n < version.minimum_n:
        return Scored(reason=Reason.TOO_FEW)
    if is_count and circumstances.present != 1:
        # A target of so many is that of a whole cycle (SPEC 4).
        scored_value = as_if_present_throughout(facts.value, present=circumstances.present)
    value = facts.value if scored_value is None else scored_value
    return Scored(points=rule.points(value), scored_value=scored_value)


def family_value(
    facts: Facts, version: KpiVersion, pools: Pools, *, profile_id: int | None, cells: str, own: Added | None = None
) -> Fraction | None:
    """Return the value drawn to the family or adjusted for case mix, as the KPI says; None: the value itself.

    ``own`` is what the engineer added to the family, None for the facts themselves: families are made of whole
    cycles, so that for a part of one (a segment) the two differ.
    """
    if version.scores_adjusted and version.strata:
        mix = pools.case_mix(version, profile_id, cells)
        if mix is None:
            return None
        if not version.shrink_k:
            return mix.adjusted_percent
        ratio = mix.shrunk_ratio(version.shrink_k)
        return None if ratio is None else min(FULL_POINTS, ratio * mix.pool_percent)
    if not version.shrink_k or facts.numerator is None or not facts.denominator:
        return None
    added = own or Added(cases=facts.denominator, met=facts.numerator)
    mean = pools.shrunk(version, profile_id, total=facts.numerator, n=facts.denominator, own=added)
    if mean is None:
        return None
    return 100 * mean if version.statistic == Statistic.RATE else mean


def _empty(facts: Facts, version: KpiVersion, rule: PointsRule | None, circumstances: Circumstances) -> Scored:
    if not circumstances.is_collected:
        return Scored(reason=Reason.NO_EVIDENCE_KIND)
    if rule is None:
        return Scored(reason=Reason.NO_DATA)
    if version.empty_policy == EmptyPolicy.FULL:
        if facts.numerator:
            # Something did go wrong, though there is nothing to divide it by.
            return Scored(reason=Reason.NO_DATA)
        if circumstances.had_cases:
            full = rule.highest if isinstance(rule, Deduction) else min(FULL_POINTS, rule.highest)
            return Scored(points=full, reason=Reason.NO_DATA)
        return Scored(reason=Reason.NOT_APPLICABLE)
    if version.empty_policy == EmptyPolicy.ZERO:
        if circumstances.was_there:
            return Scored(points=Fraction(0), reason=Reason.OBLIGATION)
        return Scored(reason=Reason.NOT_APPLICABLE)
    return Scored(reason=Reason.NO_DATA)
