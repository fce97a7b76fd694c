"""One frozen Scorecard per review; page, API, spreadsheet and json render this same object (DESIGN 3.6)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from functools import cached_property

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from appraisal.cycles.models import Cycle
from appraisal.cycles.queries import CycleSchemes, get_schemes
from appraisal.kpis.measures import Clock, Statistic, Unit
from appraisal.kpis.models import LineRole
from appraisal.kpis.queries import AppliedScheme
from appraisal.reports.explanations import points_sentence, reason_text, value_sentence, weight_sentence
from appraisal.reports.steps import Step, short, stored
from appraisal.reports.totals import segments_steps, total_steps, year_steps
from appraisal.reviews import access
from appraisal.reviews.figures.lines import ReviewLine, weighted
from appraisal.reviews.figures.sheet import GradeDecision, SegmentSheet, Sheet
from appraisal.reviews.figures.sheets import iter_sheets
from appraisal.reviews.figures.years import Year
from appraisal.reviews.models import Review
from appraisal.scoring.numbers import round_half_up
from appraisal.scoring.rollup import DimensionScore, Reason, RollUp
from appraisal.scoring.segments import Segment
from appraisal.scoring.weights import WeightFlow, weight_flow
from engineers.models import User

BATCH = 200


@dataclass(frozen=True, kw_only=True)
class WeightShare:
    """So many of 100 that went from one line to another; ``kpi`` and ``name`` are the other one's."""

    kpi: str
    name: str
    percent: Decimal


@dataclass(frozen=True, kw_only=True)
class LineView:
    """A line as everybody sees it.

    ``weight`` is the scheme's and ``nominal`` what that is of 100; ``carries`` what it really carries of 100, of
    which it ``received`` some from others (``received_from``); ``handed`` names the lines its own went to.
    ``scored_value`` is what gave the points where that is not the value; ``extra`` are points on top of the
    overall, or off it. ``source`` and ``flow`` are the same line and its weight, exact.
    """

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
    received: Decimal | None
    received_from: tuple[WeightShare, ...]
    handed: tuple[WeightShare, ...]
    scored_value: Decimal | None
    extra: Decimal | None
    role: str
    role_label: str | Promise
    is_manual: bool
    computed_points: Decimal | None
    override_reason: str
    reason: str
    reason_label: str | Promise
    has_cases: bool
    is_scored: bool
    source: ReviewLine = field(repr=False, compare=False)
    flow: WeightFlow = field(repr=False, compare=False)

    @cached_property
    def nominal(self) -> Decimal | None:
        return stored(self.flow.nominal_percent) if self.is_scored else None

    @cached_property
    def contribution(self) -> Decimal | None:
        """What the line brings of the overall before bonus points and deductions."""
        if self.flow.overall_percent is None or self.source.points is None:
            return None
        return stored(self.flow.overall_percent * self.source.points / 100)

    @cached_property
    def sentences(self) -> tuple[str, ...]:
        """How the value came about, how it became points, where its weight went; in the reader's language."""
        return (
            value_sentence(self.source),
            points_sentence(self.source),
            weight_sentence(
                self.source,
                nominal=self.nominal,
                carries=self.carries,
                received=self.received,
                heirs=[f"{share.name} ({short(share.percent)})" for share in self.handed],
            ),
        )

    @property
    def explanation(self) -> str:
        return " ".join(self.sentences)


@dataclass(frozen=True, kw_only=True)
class DimensionView:
    """``carries`` is what its lines really carry of 100, ``contribution`` what that brings of the overall."""

    code: str
    name: str
    weight: Decimal
    score: Decimal | None
    carries: Decimal | None
    contribution: Decimal | None
    lines: tuple[LineView, ...]

    @property
    def scored(self) -> tuple[LineView, ...]:
        return tuple(line for line in self.lines if line.is_scored)

    @property
    def informing(self) -> tuple[LineView, ...]:
        return tuple(line for line in self.lines if not line.is_scored)


@dataclass(frozen=True, kw_only=True)
class SegmentView:
    """A part of the cycle under another manager or job profile."""

    number: int
    first_date: date
    last_date: date
    team: str
    profile: str
    profile_id: int | None
    workdays: int
    overall: Decimal | None
    counts: bool
    steps: tuple[Step, ...]
    dimensions: tuple[DimensionView, ...]

    @property
    def lines(self) -> tuple[LineView, ...]:
        return tuple(line for dimension in self.dimensions for line in dimension.lines)


@dataclass(frozen=True, kw_only=True)
class QuarterView:
    name: str
    workdays: int
    eligible_days: int
    score: Decimal | None
    counts: bool


@dataclass(frozen=True, kw_only=True)
class VetoView:
    cause_label: str
    effect_label: str
    grade: str
    kpi_id: int | None
    happened_on: date


@dataclass(frozen=True, kw_only=True)
class Scorecard:
    """``base`` is the weighted score before bonus points and deductions; ``unrated_label`` says why there is none.

    ``band_grade`` is what the overall gives, ``grade`` what counts; ``decision`` says why people decided another one.
    ``steps`` add the overall up: from the dimensions, or where there are any, from the segments or the quarters.
    """

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
    band_grade: str
    decision: GradeDecision | None
    overall: Decimal | None
    active_percent: Decimal
    base: Decimal | None
    bonus: Decimal | None
    deduction: Decimal | None
    ceiling: Decimal | None
    workdays: int
    eligible_days: int
    unrated_label: str | Promise
    steps: tuple[Step, ...]
    profile_id: int | None
    comment: str
    rating_shown: bool
    submitted_at: datetime | None
    dimensions: tuple[DimensionView, ...]
    segments: tuple[SegmentView, ...]
    quarters: tuple[QuarterView, ...]
    vetoes: tuple[VetoView, ...]

    @property
    def lines(self) -> tuple[LineView, ...]:
        return tuple(line for dimension in self.dimensions for line in dimension.lines)


def get_scorecard(*, viewer: User, review_id: int) -> Scorecard:
    """Return a scorecard the viewer may see; before publication engineers see it without the manager's part.

    Raises Http404.
    """
    return scorecard_of(access.get_review(viewer=viewer, review_id=review_id), viewer=viewer)


def scorecard_of(review: Review, *, viewer: User) -> Scorecard:
    """Return the scorecard of a review that ``access`` has given the viewer."""
    shown = access.sees_rating(viewer, review)
    return next(_scorecards([review], get_schemes(review.cycle), rating_shown=shown))


def reviews_by_number(cycle: Cycle) -> list[int]:
    """Return the ids of a cycle's reviews by employee number."""
    # Sorted here: databases differ in how they collate text.
    return [pk for _number, pk in sorted(cycle.reviews.values_list("engineer__employee_no", "pk"))]


def iter_scorecards(cycle: Cycle, review_ids: Sequence[int] | None = None) -> Iterator[Scorecard]:
    """Yield scorecards of a cycle, complete, some hundreds in memory at a time.

    All by employee number, or those named; reviews that are no longer there are left out.
    """
    schemes = get_schemes(cycle)
    wanted = reviews_by_number(cycle) if review_ids is None else review_ids
    for at in range(0, len(wanted), BATCH):
        ids = wanted[at : at + BATCH]
        found = cycle.reviews.select_related("engineer", "profile", "team", "cycle").in_bulk(ids)
        yield from _scorecards([found[pk] for pk in ids if pk in found], schemes, rating_shown=True)


def _scorecards(reviews: Sequence[Review], schemes: CycleSchemes, *, rating_shown: bool) -> Iterator[Scorecard]:
    for sheet in iter_sheets(reviews, schemes, with_ratings=rating_shown):
        yield _scorecard(sheet, rating_shown=rating_shown)


def _scorecard(sheet: Sheet, *, rating_shown: bool) -> Scorecard:
    review, total = sheet.review, sheet.total
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
        grade=sheet.grade,
        band_grade=sheet.band_grade,
        decision=sheet.decision,
        overall=None if sheet.overall is None else round_half_up(sheet.overall),
        active_percent=round_half_up(total.active_percent) if total else Decimal(0),
        base=stored(total.base) if total else None,
        bonus=stored(total.bonus) if total else None,
        deduction=stored(total.deduction) if total else None,
        ceiling=stored(sheet.scheme.ceiling) if sheet.scheme else None,
        workdays=review.workdays,
        eligible_days=review.eligible_days,
        unrated_label=_unrated_label(sheet),
        steps=_steps(sheet),
        profile_id=review.profile_id,
        comment=review.comment if rating_shown else "",
        rating_shown=rating_shown,
        submitted_at=review.submitted_at,
        dimensions=_dimensions(sheet.scheme, sheet.lines, total),
        segments=tuple(_segment(part) for part in sheet.segments),
        quarters=_quarters(sheet.year),
        vetoes=tuple(
            VetoView(
                cause_label=veto.get_cause_display(),
                effect_label=veto.get_effect_display(),
                grade=veto.grade,
                kpi_id=veto.kpi_id,
                happened_on=veto.happened_on,
            )
            for veto in sheet.vetoes
        ),
    )


def _unrated_label(sheet: Sheet) -> str | Promise:
    total = sheet.total
    if sheet.unrated_reason == Reason.NO_DATA and total and total.active_percent and sheet.scheme:
        return _("only %(measured)s %% of the weight could be measured; %(needed)s %% are needed") % {
            "measured": short(total.active_percent),
            "needed": short(sheet.scheme.rules.rated_from_percent),
        }
    return reason_text(sheet.unrated_reason)


def _steps(sheet: Sheet) -> tuple[Step, ...]:
    if sheet.year is not None:
        return year_steps(sheet.year)
    if sheet.segments:
        return segments_steps(sheet.segments, sheet.overall)
    if sheet.scheme is None or sheet.total is None:
        return ()
    return total_steps(sheet.scheme, sheet.lines, sheet.total)


def _dimensions(
    scheme: AppliedScheme | None, lines: Sequence[ReviewLine], total: RollUp | None
) -> tuple[DimensionView, ...]:
    if scheme is None or total is None:
        return ()
    flows = weight_flow(dimension_weights=scheme.dimension_weights, lines=weighted(lines))
    gifts: dict[int, list[WeightShare]] = {}
    for line, flow in zip(lines, flows, strict=True):
        for part in flow.handed:
            gifts.setdefault(part.index, []).append(_share(line, part.percent))
    views = [
        _line_view(line, flow, lines, received_from=gifts.get(at, ()))
        for at, (line, flow) in enumerate(zip(lines, flows, strict=True))
    ]
    carried: dict[str, Fraction] = {}
    for line, flow in zip(lines, flows, strict=True):
        code = line.line.dimension.code
        carried[code] = carried.get(code, Fraction(0)) + (flow.overall_percent or 0)
    scores = {dimension.code: dimension for dimension in total.dimensions}
    return tuple(
        _dimension_view(
            dimension.name,
            scores[dimension.code],
            carried.get(dimension.code) or None,
            tuple(view for view in views if view.dimension == dimension.code),
        )
        for dimension in scheme.dimensions
    )


def _dimension_view(
    name: str, dimension: DimensionScore, carries: Fraction | None, lines: tuple[LineView, ...]
) -> DimensionView:
    score = dimension.score
    return DimensionView(
        code=dimension.code,
        name=name,
        weight=stored(dimension.weight) or Decimal(0),
        score=stored(score),
        carries=stored(carries),
        contribution=None if carries is None or score is None else stored(carries * score / 100),
        lines=lines,
    )


def _share(line: ReviewLine, percent: Fraction) -> WeightShare:
    return WeightShare(kpi=line.kpi.kpi.code, name=line.kpi.name, percent=stored(percent) or Decimal(0))


def _segment(part: SegmentSheet) -> SegmentView:
    segment = part.segment
    return SegmentView(
        number=segment.number,
        first_date=segment.first_date,
        last_date=segment.last_date,
        team=segment.team.name if segment.team else "",
        profile=segment.profile.name if segment.profile else "",
        profile_id=segment.profile_id,
        workdays=segment.workdays,
        overall=None if part.total.overall is None else round_half_up(part.total.overall),
        counts=Segment(workdays=segment.workdays, score=part.total.overall).is_scored(),
        steps=total_steps(part.scheme, part.lines, part.total),
        dimensions=_dimensions(part.scheme, part.lines, part.total),
    )


def _quarters(year: Year | None) -> tuple[QuarterView, ...]:
    if year is None:
        return ()
    return tuple(
        QuarterView(
            name=name,
            workdays=quarter.workdays,
            eligible_days=quarter.eligible_workdays,
            score=None if quarter.score is None else round_half_up(quarter.score),
            counts=at in year.score.rated,
        )
        for at, (name, quarter) in enumerate(zip(year.names, year.quarters, strict=True))
    )


def _line_view(
    line: ReviewLine, flow: WeightFlow, lines: Sequence[ReviewLine], *, received_from: Sequence[WeightShare]
) -> LineView:
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
        statistic_label=Statistic(version.statistic).label,
        clock=version.clock,
        clock_label=Clock(version.clock).label if version.clock else "",
        unit=measure.unit.value,
        unit_label=Unit(measure.unit).label,
        target=version.target,
        value=stored(line.value),
        numerator=stored(line.numerator),
        denominator=stored(line.denominator),
        n=line.n,
        points=stored(line.points),
        weight=line.line.weight,
        carries=stored(flow.overall_percent),
        received=stored(flow.received_percent) if flow.received_percent else None,
        received_from=tuple(received_from),
        handed=tuple(_share(lines[part.index], part.percent) for part in flow.handed),
        scored_value=stored(line.scored_value),
        extra=stored(line.extra) if line.line.role != LineRole.WEIGHED else None,
        role=line.line.role,
        role_label=LineRole(line.line.role).label,
        is_manual=line.is_manual,
        computed_points=stored(line.computed_points),
        override_reason=line.override_reason,
        reason=line.reason,
        reason_label=reason_text(line.reason),
        has_cases=measure.is_computed and line.n > 0,
        is_scored=line.is_scored,
        source=line,
        flow=flow,
    )
