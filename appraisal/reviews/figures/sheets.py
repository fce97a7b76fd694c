"""The sheets of reviews: as they were published, else added up from what runs and people have stored."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, TypeVar

from django.db.models import Q, QuerySet

from appraisal.cycles import workflow
from appraisal.cycles.models import KpiResult
from appraisal.cycles.queries import CycleSchemes
from appraisal.database.prepared import read
from appraisal.database.ranges import IdRange, among
from appraisal.feedback.queries import FeedbackFigures
from appraisal.kpis.models import LineRole
from appraisal.kpis.queries import AppliedScheme
from appraisal.reviews.figures.entered import (
    Entered,
    Overrides,
    RatingsBySegment,
    decisions_of,
    feedback_of,
    overridden,
    overrides_of,
    ratings_of,
    told_in,
)
from appraisal.reviews.figures.lines import ReviewLine, StoredResult, build_lines, total_of
from appraisal.reviews.figures.sealed import Content, sheet_from
from appraisal.reviews.figures.sheet import GradeDecision, SegmentSheet, Sheet, band_grade
from appraisal.reviews.figures.years import Year, years_of
from appraisal.reviews.models import (
    Calibration,
    CriterionRating,
    LineOverride,
    Review,
    ReviewSeal,
    ReviewSegment,
    VetoEvent,
)
from appraisal.scoring.annual import is_long_enough
from appraisal.scoring.rollup import NOT_RATED, Reason, RollUp, Veto, VetoEffect, capped_grade
from appraisal.scoring.segments import Segment, segmented_score

Row = TypeVar("Row", ReviewSegment, VetoEvent)


def iter_sheets(reviews: Sequence[Review], schemes: CycleSchemes, *, with_ratings: bool = True) -> Iterator[Sheet]:
    """Yield the sheets of reviews of one cycle, in their order; a fixed number of queries for all of them.

    What was sealed is read as it was published; all else is added up from what is stored now.
    """
    seals = sealed_contents(reviews)
    if not seals:
        yield from compute_sheets(reviews, schemes, with_ratings=with_ratings)
        return
    segments, vetoes = _segments(reviews), _vetoes(reviews)
    for review in reviews:
        yield sheet_from(
            seals[review.pk],
            review,
            schemes,
            segments=segments.get(review.pk, []),
            vetoes=vetoes.get(review.pk, []),
        )


def sealed_contents(reviews: Sequence[Review]) -> dict[int, Content]:
    """Return what was sealed of reviews of one cycle; all of them or none."""
    if not reviews or reviews[0].cycle.state not in workflow.REVEALED:
        return {}
    seals = ReviewSeal.objects.filter(review__in=reviews).values_list("review_id", "content")
    return {review_id: json.loads(content) for review_id, content in seals}


def compute_sheets(
    reviews: Sequence[Review],
    schemes: CycleSchemes,
    *,
    with_ratings: bool = True,
    scored_only: bool = False,
    also: Collection[str] = (),
    entered: Entered | None = None,
) -> Iterator[Sheet]:
    """Yield the sheets of reviews as what is stored now adds up; a fixed number of queries for all of them.

    ``scored_only`` leaves out results of lines that carry nothing, save those of the measures ``also`` named, and
    of all lines how their points came about. ``entered`` is what is known of the reviews beside their results.
    """
    if not reviews:
        return
    stored = read_stored(reviews, with_ratings=with_ratings, scored_only=scored_only, also=also, entered=entered)
    for review in reviews:
        yield add_up(review, schemes, stored, points_only=scored_only)


@dataclass(frozen=True, kw_only=True)
class Stored:
    """What runs and people have stored of reviews of one cycle: results and years by engineer, all else by review."""

    results: Mapping[int, Mapping[int, Mapping[int, StoredResult]]]
    ratings: Mapping[int, RatingsBySegment]
    feedback: FeedbackFigures | None
    overrides: Mapping[int, Overrides]
    segments: Mapping[int, Sequence[ReviewSegment]]
    vetoes: Mapping[int, Sequence[VetoEvent]]
    decisions: Mapping[int, GradeDecision]
    years: Mapping[int, Year]


def read_stored(
    reviews: Sequence[Review],
    *,
    with_ratings: bool = True,
    scored_only: bool = False,
    also: Collection[str] = (),
    entered: Entered | None = None,
) -> Stored:
    """Return what is stored of reviews of one cycle; the arguments as ``compute_sheets`` takes them."""
    known = entered or Entered()
    return Stored(
        results=_results(reviews, scored_only=scored_only, also=also),
        ratings=ratings_of(reviews) if with_ratings and known.may_have(CriterionRating) else {},
        feedback=feedback_of(reviews, with_ratings=with_ratings),
        overrides=overrides_of(reviews) if with_ratings and known.may_have(LineOverride) else {},
        segments=_segments(reviews) if known.may_have(ReviewSegment) else {},
        vetoes=_vetoes(reviews) if known.may_have(VetoEvent) else {},
        decisions=decisions_of(reviews) if with_ratings and known.may_have(Calibration) else {},
        years=years_of(reviews[0].cycle, [review.engineer_id for review in reviews]),
    )


def add_up(review: Review, schemes: CycleSchemes, stored: Stored, *, points_only: bool = False) -> Sheet:
    """Return the sheet that ``stored`` gives under these schemes; asks nothing of the database."""
    return _sheet(
        review,
        schemes,
        results=stored.results.get(review.engineer_id, {}),
        ratings=stored.ratings.get(review.pk, {}),
        feedback=stored.feedback,
        overrides=stored.overrides.get(review.pk, {}),
        segments=stored.segments.get(review.pk, []),
        vetoes=stored.vetoes.get(review.pk, []),
        decision=stored.decisions.get(review.pk),
        year=stored.years.get(review.engineer_id),
        points_only=points_only,
    )


def _sheet(
    review: Review,
    schemes: CycleSchemes,
    *,
    results: Mapping[int, Mapping[int, StoredResult]],
    ratings: RatingsBySegment,
    feedback: FeedbackFigures | None,
    overrides: Overrides,
    segments: Sequence[ReviewSegment],
    vetoes: Sequence[VetoEvent],
    decision: GradeDecision | None,
    year: Year | None,
    points_only: bool,
) -> Sheet:
    scheme = schemes.of(profile_id=review.profile_id, is_lead=review.is_lead)
    if scheme is None:
        return Sheet(review=review, scheme=None)
    zeroed = {veto.kpi_id for veto in vetoes if veto.kpi_id}
    # A cap or a decision named for another scheme's grades does nothing here.
    grades = {name for name, _lower in scheme.rules.bands}
    applied = [
        Veto(effect=VetoEffect(veto.effect), grade=veto.grade)
        for veto in vetoes
        if veto.effect != VetoEffect.GRADE_CAP or veto.grade in grades
    ]

    def lines_in(applying: AppliedScheme, number: int) -> tuple[ReviewLine, ...]:
        lines = build_lines(
            scheme=applying,
            results=results.get(number, {}),
            told=told_in(ratings, feedback, engineer_id=review.engineer_id, segment=number),
            points_only=points_only,
        )
        if overrides:
            lines = [overridden(line, overrides, number) for line in lines]
        return tuple(_vetoed(line) if zeroed and line.kpi.kpi_id in zeroed else line for line in lines)

    lines = lines_in(scheme, 0)
    total = total_of(scheme=scheme, lines=lines)
    parts = []
    for segment in segments:
        applying = schemes.of(profile_id=segment.profile_id, is_lead=segment.is_lead)
        if applying is not None:
            own = lines_in(applying, segment.number)
            parts.append(
                SegmentSheet(segment=segment, scheme=applying, lines=own, total=total_of(scheme=applying, lines=own))
            )
    overall, reason = _overall(review, total, parts, year)
    by_band = band_grade(overall, scheme)
    if by_band == NOT_RATED or (decision and decision.grade not in grades):
        decision = None
    grade = decision.grade if decision else by_band
    return Sheet(
        review=review,
        scheme=scheme,
        lines=lines,
        total=total,
        segments=tuple(parts),
        year=year,
        vetoes=tuple(vetoes),
        overall=overall,
        band_grade=by_band,
        decision=decision,
        grade=capped_grade(grade, vetoes=applied, rules=scheme.rules),
        unrated_reason=reason,
    )


def _overall(
    review: Review, total: RollUp, segments: Sequence[SegmentSheet], year: Year | None
) -> tuple[Fraction | None, str]:
    """Return the exact overall, or None and why."""
    if year is not None:
        return year.score.score, "" if year.score.score is not None else Reason.TOO_SHORT_PERIOD
    if review.workdays and not is_long_enough(eligible_workdays=review.eligible_days, workdays=review.workdays):
        return None, Reason.TOO_SHORT_PERIOD
    if not segments:
        return total.overall, "" if total.overall is not None else Reason.NO_DATA
    overall = segmented_score([Segment(workdays=part.segment.workdays, score=part.total.overall) for part in segments])
    return overall, "" if overall is not None else Reason.SEGMENT_TOO_SHORT


def _vetoed(line: ReviewLine) -> ReviewLine:
    return replace(line, points=Fraction(0), reason=Reason.VETOED)


def _results(
    reviews: Sequence[Review], *, scored_only: bool, also: Collection[str]
) -> dict[int, dict[int, dict[int, StoredResult]]]:
    """Return what the runs stored: {engineer id: {segment: {line id: result}}}."""
    found: dict[int, dict[int, dict[int, StoredResult]]] = {}
    ids = sorted(review.engineer_id for review in reviews)
    rows = read(_result_rows, scored_only, tuple(also), ids=ids, cycle_id=reviews[0].cycle_id)
    for engineer_id, segment, *row in rows:
        result = StoredResult(*row)
        found.setdefault(engineer_id, {}).setdefault(segment, {})[result.line_id] = result
    return found


def _result_rows(
    scored_only: bool, also: Sequence[str], ids: Sequence[int] | IdRange, *, cycle_id: int
) -> QuerySet[KpiResult, Any]:
    stored = KpiResult.objects.filter(among("engineer_id", ids), cycle=cycle_id)
    if scored_only:
        carries = Q(line__weight__gt=0) | ~Q(line__role=LineRole.WEIGHED)
        stored = stored.filter(carries | Q(line__kpi_version__measure_id__in=also))
    return stored.values_list("engineer_id", "segment", *StoredResult._fields)


def _segments(reviews: Sequence[Review]) -> dict[int, list[ReviewSegment]]:
    return _by_review(ReviewSegment.objects.filter(review__in=reviews).select_related("profile"))


def _vetoes(reviews: Sequence[Review]) -> dict[int, list[VetoEvent]]:
    return _by_review(VetoEvent.objects.in_force().filter(review__in=reviews).order_by("pk"))


def _by_review(rows: Iterable[Row]) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = {}
    for row in rows:
        found.setdefault(row.review_id, []).append(row)
    return found
