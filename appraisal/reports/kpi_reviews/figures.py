"""The review of the KPIs of a cycle: who has points, how they lie, which KPIs go along with each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from itertools import combinations

from django.utils.functional import Promise

from appraisal.cycles.models import Cycle
from appraisal.kpis.choices import Form
from appraisal.kpis.models import LineRole
from appraisal.reports.explanations import reason_text
from appraisal.reports.kpi_reviews.causes import CauseTable, list_causes
from appraisal.reports.kpi_reviews.findings import TWICE, Shape, sentences, twice_sentence
from appraisal.reports.kpi_reviews.gathered import Gathered, gather
from appraisal.scoring.numbers import round_half_up
from appraisal.scoring.spread import mean_and_deviation, rank_correlation, ranks

BINS = 10
# Of fewer people some pair of many goes along by chance.
PAIRED_FROM = 10


@dataclass(frozen=True, kw_only=True)
class Bin:
    """So many people with points from ``first`` up to ``last``; ``percent`` is the height of the bar."""

    first: Decimal
    last: Decimal
    people: int
    percent: Decimal


@dataclass(frozen=True, kw_only=True)
class Reason:
    reason: str
    label: str | Promise
    people: int


@dataclass(frozen=True, kw_only=True)
class KpiShape:
    """A KPI over everybody it applies to. Points are those of the rule, before decisions of managers."""

    code: str
    name: str
    version: int
    role: str
    weights: tuple[Decimal, ...]
    people: int
    measured: int
    without_percent: Decimal | None
    reasons: tuple[Reason, ...]
    scored: int
    mean: Decimal | None
    spread: Decimal | None
    highest: Decimal | None
    at_highest: int
    highest_percent: Decimal | None
    lowest: Decimal | None
    at_lowest: int
    lowest_percent: Decimal | None
    overridden: int
    overridden_percent: Decimal | None
    upheld: int
    bins: tuple[Bin, ...]
    findings: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Correlation:
    """Spearman's coefficient of the figures of two KPIs over those who have both."""

    first: str
    first_name: str
    second: str
    second_name: str
    people: int
    coefficient: Decimal

    @property
    def is_twice(self) -> bool:
        return abs(self.coefficient) >= TWICE


@dataclass(frozen=True, kw_only=True)
class KpiReview:
    cycle: str
    kpis: tuple[KpiShape, ...]
    correlations: tuple[Correlation, ...]
    causes: tuple[CauseTable, ...]

    @property
    def striking(self) -> tuple[KpiShape, ...]:
        return tuple(kpi for kpi in self.kpis if kpi.findings)


def get_kpi_review(cycle: Cycle) -> KpiReview:
    """Return the review of the KPIs of a cycle as its figures are stored; a fixed number of queries."""
    gathered = gather(cycle)
    correlations = _correlations(gathered)
    return KpiReview(
        cycle=cycle.code,
        kpis=tuple(_with_twins(_shape(each), correlations) for each in gathered),
        correlations=tuple(correlations),
        causes=list_causes(cycle),
    )


def _shape(gathered: Gathered) -> KpiShape:
    version, points = gathered.line.kpi_version, list(gathered.points.values())
    rule = version.rule
    highest = rule.highest if rule else None
    lowest = _lowest(gathered)
    mean, deviation = mean_and_deviation(points)
    spread = None if deviation is None else round_half_up(Fraction(deviation))
    at_highest, at_lowest = sum(each == highest for each in points), sum(each == lowest for each in points)
    shape = Shape(
        people=gathered.people,
        scored=len(points),
        handed_percent=_percent(gathered.people - len(points), gathered.people),
        highest_percent=_percent(at_highest, len(points)),
        lowest_percent=_percent(at_lowest, len(points)),
        overridden_percent=_percent(gathered.overridden, gathered.people),
        spread=spread,
    )
    return KpiShape(
        code=version.kpi.code,
        name=version.name,
        version=version.number,
        role="" if gathered.line.role == LineRole.WEIGHED else str(LineRole(gathered.line.role).label),
        weights=tuple(sorted(gathered.weights)),
        people=gathered.people,
        measured=len(gathered.values),
        without_percent=_percent(gathered.people - len(gathered.values), gathered.people),
        reasons=tuple(
            Reason(reason=reason, label=reason_text(reason), people=people)
            for reason, people in sorted(
                Counter(gathered.reasons.values()).items(), key=lambda each: (-each[1], each[0])
            )
        ),
        scored=len(points),
        mean=None if mean is None else round_half_up(mean),
        spread=spread,
        highest=None if highest is None else round_half_up(highest),
        at_highest=at_highest,
        highest_percent=shape.highest_percent,
        lowest=round_half_up(lowest),
        at_lowest=at_lowest,
        lowest_percent=shape.lowest_percent,
        overridden=gathered.overridden,
        overridden_percent=shape.overridden_percent,
        upheld=gathered.upheld,
        bins=_bins(points, highest) if highest else (),
        findings=tuple(sentences(shape)),
    )


def _lowest(gathered: Gathered) -> Fraction:
    """Return the fewest points a KPI can give: those of the worst anchor where the curve stays flat beyond it."""
    version = gathered.line.kpi_version
    if version.form == Form.ANCHORS and version.anchors and not version.cliff and version.zero_at is None:
        return min(Fraction(str(points)) for _value, points in version.anchors)
    return Fraction(0)


def _percent(part: int, whole: int) -> Decimal | None:
    return round_half_up(Fraction(100 * part, whole), 1) if whole else None


def tenth_of(points: Fraction, highest: Fraction) -> int:
    """Return in which tenth of what a KPI can give points lie, 0 to 9; a bound belongs to the tenth above it."""
    return min(BINS - 1, int(points * BINS / highest))


def bounds_of(tenth: int, highest: Fraction) -> tuple[Decimal, Decimal]:
    """Return from which points up to which a tenth goes."""
    return round_half_up(highest * tenth / BINS), round_half_up(highest * (tenth + 1) / BINS)


def _bins(points: Sequence[Fraction], highest: Fraction) -> tuple[Bin, ...]:
    """Count the points by tenths of what the KPI can give; the last one includes the highest points."""
    counts = [0] * BINS
    for each in points:
        counts[tenth_of(each, highest)] += 1
    most = max(counts)
    return tuple(
        Bin(
            first=first,
            last=last,
            people=people,
            percent=_percent(people, most) or Decimal(0),
        )
        for at, people in enumerate(counts)
        for first, last in [bounds_of(at, highest)]
    )


def _correlations(gathered: Sequence[Gathered]) -> list[Correlation]:
    """Return the pairs of KPIs that enough people have, those that go along most first."""
    ordered = [(each, ranks(each.values)) for each in gathered]
    found = []
    for (one, first), (other, second) in combinations(ordered, 2):
        pairs = [(order, second[engineer]) for engineer, order in first.items() if engineer in second]
        coefficient = rank_correlation(pairs) if len(pairs) >= PAIRED_FROM else None
        if coefficient is not None:
            found.append(
                Correlation(
                    first=one.line.kpi_version.kpi.code,
                    first_name=one.line.kpi_version.name,
                    second=other.line.kpi_version.kpi.code,
                    second_name=other.line.kpi_version.name,
                    people=len(pairs),
                    coefficient=coefficient,
                )
            )
    return sorted(found, key=lambda each: (-abs(each.coefficient), each.first, each.second))


def _with_twins(kpi: KpiShape, correlations: Sequence[Correlation]) -> KpiShape:
    twins = tuple(
        twice_sentence(each.second_name if each.first == kpi.code else each.first_name, each.coefficient)
        for each in correlations
        if each.is_twice and kpi.code in (each.first, each.second)
    )
    return replace(kpi, findings=kpi.findings + twins)
