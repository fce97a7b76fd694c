"""One frozen Scorecard per review; page, API, spreadsheet and json render this same object (DESIGN 3.6)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from django.utils.functional import Promise

from appraisal.cycles.models import Cycle, KpiResult
from appraisal.cycles.queries import CycleSchemes, get_schemes
from appraisal.kpis.measures import Unit
from appraisal.kpis.queries import AppliedScheme
from appraisal.reports.explanations import reason_text
from appraisal.reviews import access
from appraisal.reviews.lines import ReviewLine, build_lines, total_of, weighted
from appraisal.reviews.models import CriterionRating, Review
from appraisal.scoring.numbers import STORED_PLACES, round_half_up
from appraisal.scoring.rollup import effective_weights
from engineers.models import User

BATCH = 200


@dataclass(frozen=True, kw_only=True)
class LineView:
    """A line as everybody sees it. ``weight`` is the scheme's, ``carries`` what it really carries of 100."""

    line_id: int
    kpi: str
    name: str
    dimension: str
    measure: str
    meaning: str | Promise
    statistic: str
    statistic_label: str | Promise
    clock: str
    clock_label: str | Promise
    unit: str
    unit_label: str | Promise
    target: Decimal | None
    value: Decimal | None
    numerator: Decimal | None
    denominator: Decimal | None
    n: int
    points: Decimal | None
    weight: Decimal
    carries: Decimal | None
    reason: str
    reason_label: str | Promise
    has_cases: bool
    is_scored: bool


@dataclass(frozen=True, kw_only=True)
class DimensionView:
    code: str
    name: str
    weight: Decimal
    score: Decimal | None
    lines: tuple[LineView, ...]

    @property
    def scored(self) -> tuple[LineView, ...]:
        return tuple(line for line in self.lines if line.is_scored)

    @property
    def informing(self) -> tuple[LineView, ...]:
        return tuple(line for line in self.lines if not line.is_scored)


@dataclass(frozen=True, kw_only=True)
class Scorecard:
    review_id: int
    cycle_code: str
    cycle_name: str
    engineer_id: int
    employee_no: str
    name: str
    team: str
    state: str
    state_label: str | Promise
    grade: str
    overall: Decimal | None
    active_percent: Decimal
    comment: str
    rating_shown: bool
    submitted_at: datetime | None
    dimensions: tuple[DimensionView, ...]

    @property
    def lines(self) -> tuple[LineView, ...]:
        return tuple(line for dimension in self.dimensions for line in dimension.lines)


def get_scorecard(*, viewer: User, review_id: int) -> Scorecard:
    """Return a scorecard the viewer may see; before publication engineers see it without the manager's part.

    Raises Http404.
    """
    review = access.get_review(viewer=viewer, review_id=review_id)
    shown = access.sees_rating(viewer, review)
    return next(_scorecards([review], get_schemes(review.cycle), rating_shown=shown))


def iter_scorecards(cycle: Cycle) -> Iterator[Scorecard]:
    """Yield every scorecard of a cycle by employee number, complete, some hundreds in memory at a time."""
    schemes = get_schemes(cycle)
    # Sorted here: databases differ in how they collate text.
    numbers = sorted(cycle.reviews.values_list("engineer__employee_no", "pk"))
    for at in range(0, len(numbers), BATCH):
        ids = [pk for _number, pk in numbers[at : at + BATCH]]
        found = Review.objects.select_related("engineer", "profile", "team", "cycle").in_bulk(ids)
        yield from _scorecards([found[pk] for pk in ids], schemes, rating_shown=True)


def _scorecards(reviews: Sequence[Review], schemes: CycleSchemes, *, rating_shown: bool) -> Iterator[Scorecard]:
    results: dict[int, dict[int, KpiResult]] = {}
    engineer_ids = [review.engineer_id for review in reviews]
    for result in KpiResult.objects.filter(cycle=reviews[0].cycle, engineer_id__in=engineer_ids):
        results.setdefault(result.engineer_id, {})[result.line_id] = result
    ratings: dict[int, dict[tuple[int, str], int]] = {}
    if rating_shown:
        for rating in CriterionRating.objects.filter(review__in=reviews):
            ratings.setdefault(rating.review_id, {})[rating.kpi_version_id, rating.criterion] = rating.score
    for review in reviews:
        scheme = schemes.of(profile_id=review.profile_id, is_lead=review.is_lead)
        lines = (
            build_lines(scheme=scheme, results=results.get(review.engineer_id, {}), ratings=ratings.get(review.pk, {}))
            if scheme
            else []
        )
        yield _scorecard(review, scheme, lines, rating_shown=rating_shown)


def _scorecard(
    review: Review, scheme: AppliedScheme | None, lines: Sequence[ReviewLine], *, rating_shown: bool
) -> Scorecard:
    total = total_of(scheme=scheme, lines=lines) if scheme else None
    carried = effective_weights(dimension_weights=scheme.dimension_weights, lines=weighted(lines)) if scheme else []
    views = [_line_view(line, carries) for line, carries in zip(lines, carried, strict=True)]
    scores = {dimension.code: dimension for dimension in total.dimensions} if total else {}
    return Scorecard(
        review_id=review.pk,
        cycle_code=review.cycle.code,
        cycle_name=review.cycle.name,
        engineer_id=review.engineer_id,
        employee_no=review.engineer.employee_no,
        name=review.engineer.name,
        team=review.team.name if review.team else "",
        state=review.state,
        state_label=review.get_state_display(),
        grade=total.grade if total else "",
        overall=round_half_up(total.overall) if total and total.overall is not None else None,
        active_percent=round_half_up(total.active_percent) if total else Decimal(0),
        comment=review.comment if rating_shown else "",
        rating_shown=rating_shown,
        submitted_at=review.submitted_at,
        dimensions=tuple(
            DimensionView(
                code=dimension.code,
                name=dimension.name,
                weight=_stored(scores[dimension.code].weight) or Decimal(0),
                score=_stored(scores[dimension.code].score),
                lines=tuple(view for view in views if view.dimension == dimension.code),
            )
            for dimension in (scheme.dimensions if scheme else ())
        ),
    )


def _line_view(line: ReviewLine, carries: Fraction | None) -> LineView:
    version = line.kpi
    measure = line.measure
    return LineView(
        line_id=line.line.pk,
        kpi=version.kpi.code,
        name=version.name,
        dimension=line.line.dimension.code,
        measure=measure.id,
        meaning=measure.meaning,
        statistic=version.statistic,
        statistic_label=version.get_statistic_display(),
        clock=version.clock,
        clock_label=version.get_clock_display(),
        unit=measure.unit.value,
        unit_label=Unit(measure.unit).label,
        target=version.target,
        value=_stored(line.value),
        numerator=_stored(line.numerator),
        denominator=_stored(line.denominator),
        n=line.n,
        points=_stored(line.points),
        weight=line.line.weight,
        carries=_stored(carries),
        reason=line.reason,
        reason_label=reason_text(line.reason),
        has_cases=measure.is_computed and line.n > 0,
        is_scored=line.is_scored,
    )


def _stored(value: Fraction | None) -> Decimal | None:
    return None if value is None else round_half_up(value, STORED_PLACES)
