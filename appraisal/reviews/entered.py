"""What people entered for reviews in place of, or beside, what runs compute; by review and segment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from appraisal.reviews.lines import Ratings, ReviewLine
from appraisal.reviews.models import Calibration, CriterionRating, LineOverride, Review
from appraisal.reviews.sheet import GradeDecision

RatingsBySegment = Mapping[int, Ratings]
Overrides = Mapping[tuple[int, int], LineOverride]


def ratings_of(reviews: Sequence[Review]) -> dict[int, dict[int, dict[tuple[int, str], int]]]:
    """Return {review id: {segment: {(KPI version, criterion): score}}}."""
    found: dict[int, dict[int, dict[tuple[int, str], int]]] = {}
    stored = CriterionRating.objects.filter(review__in=reviews)
    for review_id, segment, version_id, criterion, score in stored.values_list(
        "review_id", "segment", "kpi_version_id", "criterion", "score"
    ):
        found.setdefault(review_id, {}).setdefault(segment, {})[version_id, criterion] = score
    return found


def ratings_in(ratings: RatingsBySegment, segment: int) -> Ratings:
    """Return the ratings of a segment: its own manager's, else those given for the whole cycle.

    The whole of a cycle that has segments only informs; the last manager's ratings stand there.
    """
    if segment in ratings:
        return ratings[segment]
    return ratings[max(ratings)] if ratings and segment == 0 else ratings.get(0, {})


def overrides_of(reviews: Sequence[Review]) -> dict[int, dict[tuple[int, int], LineOverride]]:
    """Return {review id: {(segment, line id): override in force}}."""
    found: dict[int, dict[tuple[int, int], LineOverride]] = {}
    for override in LineOverride.objects.filter(review__in=reviews, withdrawn_at__isnull=True):
        found.setdefault(override.review_id, {})[override.segment, override.line_id] = override
    return found


def overridden(line: ReviewLine, overrides: Overrides, segment: int) -> ReviewLine:
    """Return the line with the points a manager gave it; the computed ones and the reason stay with it."""
    override = overrides.get((segment, line.line.pk))
    if override is None:
        return line
    return replace(
        line,
        points=Fraction(override.points),
        reason="",
        is_overridden=True,
        computed_points=line.points,
        override_reason=override.reason,
    )


def decisions_of(reviews: Sequence[Review]) -> dict[int, GradeDecision]:
    """Return {review id: calibrated grade in force}."""
    stored = Calibration.objects.in_force().filter(review__in=reviews)
    return {
        review_id: GradeDecision(grade=grade, grade_before=before, reason=reason, source=source)
        for review_id, grade, before, reason, source in stored.values_list(
            "review_id", "grade", "grade_before", "reason", "source"
        )
    }
