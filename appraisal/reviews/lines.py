"""The lines of a review: what the run found, what the manager rated, what cannot be measured yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from appraisal.cycles.models import KpiResult
from appraisal.kpis.measures import Evidence, Measure
from appraisal.kpis.models import KpiVersion, SchemeLine
from appraisal.kpis.queries import AppliedScheme, curve_of
from appraisal.scoring.numbers import read_fraction
from appraisal.scoring.rollup import Reason, RollUp, WeightedPoints, roll_up
from appraisal.scoring.values import mean

HIGHEST_RATING = 5

Ratings = Mapping[tuple[int, str], int]


@dataclass(frozen=True, kw_only=True)
class ReviewLine:
    """One line, exact. ``points`` None carries no weight of its own; ``reason`` says why."""

    line: SchemeLine
    n: int = 0
    value: Fraction | None = None
    numerator: Fraction | None = None
    denominator: Fraction | None = None
    points: Fraction | None = None
    reason: str = ""

    @property
    def kpi(self) -> KpiVersion:
        return self.line.kpi_version

    @property
    def measure(self) -> Measure:
        return self.kpi.measure

    @property
    def is_scored(self) -> bool:
        return self.line.weight > 0


def build_lines(*, scheme: AppliedScheme, results: Mapping[int, KpiResult], ratings: Ratings) -> list[ReviewLine]:
    """Return the lines of one review in the order of the scheme."""
    return [_build_line(line, results, ratings) for line in scheme.lines]


def total_of(*, scheme: AppliedScheme, lines: Sequence[ReviewLine]) -> RollUp:
    """Roll lines up to dimensions, overall and grade."""
    return roll_up(dimension_weights=scheme.dimension_weights, lines=weighted(lines), rules=scheme.rules)


def weighted(lines: Sequence[ReviewLine]) -> list[WeightedPoints]:
    return [
        WeightedPoints(dimension=line.line.dimension.code, weight=Fraction(line.line.weight), points=line.points)
        for line in lines
    ]


def _build_line(line: SchemeLine, results: Mapping[int, KpiResult], ratings: Ratings) -> ReviewLine:
    version = line.kpi_version
    if version.measure.evidence == Evidence.MANAGER:
        return _rated_line(line, ratings)
    if version.measure.evidence == Evidence.NONE:
        return ReviewLine(line=line, reason=Reason.NO_EVIDENCE_KIND)
    result = results.get(line.pk)
    if result is None:
        return ReviewLine(line=line, reason=Reason.NO_DATA)
    return ReviewLine(
        line=line,
        n=result.n,
        value=read_fraction(result.value),
        numerator=read_fraction(result.numerator),
        denominator=read_fraction(result.denominator),
        points=read_fraction(result.points),
        reason=result.reason,
    )


def _rated_line(line: SchemeLine, ratings: Ratings) -> ReviewLine:
    version = line.kpi_version
    codes = [criterion["code"] for criterion in version.criteria]
    scores = [ratings[version.pk, code] for code in codes if (version.pk, code) in ratings]
    # A half-answered form is not a rating yet.
    if not codes or len(scores) < len(codes):
        return ReviewLine(line=line, reason=Reason.AWAITING_MANAGER)
    total = Fraction(100 * sum(scores), HIGHEST_RATING)
    value = mean(total=total, count=len(scores))
    curve = curve_of(version)
    return ReviewLine(
        line=line,
        n=len(scores),
        value=value,
        numerator=total,
        denominator=Fraction(len(scores)),
        points=curve.points(value) if curve and value is not None else None,
    )
