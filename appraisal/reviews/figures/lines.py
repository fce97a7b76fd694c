"""The lines of a review: what the run found, what the manager rated, what cannot be measured yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

from appraisal.feedback.queries import FeedbackFigure
from appraisal.kpis.measures import Measure
from appraisal.kpis.models import KpiVersion, LineRole, SchemeLine
from appraisal.kpis.queries import AppliedScheme
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
    scored_value: Fraction | None = None
    points: Fraction | None = None
    reason: str = ""
    is_manual: bool = False
    # What others answered in 360° feedback; never split further than its release shows it.
    is_feedback: bool = False
    cells: str = ""
    # A manager gave other points, for this reason; ``computed_points`` are what they stand in place of.
    is_overridden: bool = False
    computed_points: Fraction | None = None
    override_reason: str = ""

    @property
    def kpi(self) -> KpiVersion:
        return self.line.kpi_version

    @property
    def measure(self) -> Measure:
        return self.kpi.measure

    @property
    def is_scored(self) -> bool:
        return self.line.weight > 0

    @property
    def rule_points(self) -> Fraction | None:
        """Points as the KPI's rule gives them, whatever a manager put in their place."""
        return self.computed_points if self.is_overridden else self.points

    @property
    def extra(self) -> Fraction:
        """Points this line adds to the overall, or takes off: a deduction is what is missing to its full points."""
        if self.line.role == LineRole.WEIGHED or self.points is None:
            return Fraction(0)
        rule = self.kpi.rule
        # Full points for want of cases are no feat, and nothing is missing to them (SPEC G12).
        if rule is None or (self.reason == Reason.NO_DATA and not self.is_overridden):
            return Fraction(0)
        return self.points if self.line.role == LineRole.BONUS else rule.highest - self.points


class StoredResult(NamedTuple):
    """What a run stored of a line, as a row: a run adds up too many of them to make model instances."""

    line_id: int
    n: int
    value: str
    numerator: str
    denominator: str
    scored_value: str
    points: str
    reason: str
    is_manual: bool
    cells: str


@dataclass(frozen=True, kw_only=True)
class Told:
    """What people said of one engineer: the manager's ratings, and the figures of 360° feedback.

    A measure in ``fed`` comes from feedback instead of the manager; it has no figure before the release.
    """

    ratings: Ratings = field(default_factory=dict)
    fed: frozenset[str] = frozenset()
    feedback_released: bool = False
    feedback: Mapping[str, FeedbackFigure] = field(default_factory=dict)


NOTHING_TOLD = Told()


def build_lines(
    *,
    scheme: AppliedScheme,
    results: Mapping[int, StoredResult],
    told: Told = NOTHING_TOLD,
    points_only: bool = False,
) -> list[ReviewLine]:
    """Return the lines of one review in the order of the scheme; ``points_only`` leaves out how they came about."""
    return [_build_line(line, results, told, points_only=points_only) for line in scheme.lines]


def total_of(*, scheme: AppliedScheme, lines: Sequence[ReviewLine]) -> RollUp:
    """Roll lines up to dimensions, overall and grade, with bonus points on top and deductions off."""
    return roll_up(
        dimension_weights=scheme.dimension_weights,
        lines=weighted(lines),
        rules=scheme.rules,
        bonus=sum((line.extra for line in lines if line.line.role == LineRole.BONUS), Fraction(0)),
        deduction=sum((line.extra for line in lines if line.line.role == LineRole.DEDUCTION), Fraction(0)),
        bonus_cap=scheme.bonus_cap,
        ceiling=scheme.ceiling,
    )


def weighted(lines: Sequence[ReviewLine]) -> list[WeightedPoints]:
    return [
        WeightedPoints(dimension=line.line.dimension_code, weight=line.line.exact_weight, points=line.points)
        for line in lines
    ]


def _build_line(line: SchemeLine, results: Mapping[int, StoredResult], told: Told, *, points_only: bool) -> ReviewLine:
    if line.is_rated:
        return _fed_line(line, told) if line.kpi_version.measure_id in told.fed else _rated_line(line, told.ratings)
    result = results.get(line.id)
    if result is None:
        return ReviewLine(line=line, reason=Reason.NO_DATA)
    if points_only:
        return ReviewLine(line=line, n=result.n, points=read_fraction(result.points), reason=result.reason)
    return ReviewLine(
        line=line,
        n=result.n,
        value=read_fraction(result.value),
        numerator=read_fraction(result.numerator),
        denominator=read_fraction(result.denominator),
        scored_value=read_fraction(result.scored_value),
        points=read_fraction(result.points),
        reason=result.reason,
        is_manual=result.is_manual,
        cells=result.cells,
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
    rule = version.rule
    return ReviewLine(
        line=line,
        n=len(scores),
        value=value,
        numerator=total,
        denominator=Fraction(len(scores)),
        points=rule.points(value) if rule and value is not None else None,
    )


def _fed_line(line: SchemeLine, told: Told) -> ReviewLine:
    if not told.feedback_released:
        return ReviewLine(line=line, is_feedback=True, reason=Reason.AWAITING_FEEDBACK)
    figure = told.feedback.get(line.kpi_version.measure_id)
    if figure is None:
        return ReviewLine(line=line, is_feedback=True, reason=Reason.SUPPRESSED)
    rule = line.kpi_version.rule
    return ReviewLine(
        line=line,
        is_feedback=True,
        n=figure.n,
        value=figure.percent,
        points=rule.points(figure.percent) if rule else None,
    )
