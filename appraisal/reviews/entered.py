"""What people entered for reviews in place of, or beside, what runs compute; by review and segment."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from appraisal.feedback.queries import feedback_figures
from appraisal.reviews.lines import Ratings, ReviewLine, Told
from appraisal.reviews.models import CriterionRating, LineOverride, Review

RatingsBySegment = Mapping[int, Ratings]
Overrides = Mapping[tuple[int, int], LineOverride]
ToldBySegment = Callable[[int], Told]


def ratings_of(reviews: Sequence[Review]) -> dict[int, dict[int, dict[tuple[int, str], int]]]:
    """Return {review id: {segment: {(KPI version, criterion): score}}}."""
    found: dict[int, dict[int, dict[tuple[int, str], int]]] = {}
    stored = CriterionRating.objects.filter(review__in=reviews)
    for review_id, segment, version_id, criterion, score in stored.values_list(
        "review_id", "segment", "kpi_version_id", "criterion", "score"
    ):
        found.setdefault(review_id, {}).setdefault(segment, {})[version_id, criterion] = score
    return found


def told_of(reviews: Sequence[Review], *, with_ratings: bool = True) -> dict[int, ToldBySegment]:
    """Return {review id: what people said, by segment}; without ratings nothing that others said is told."""
    if not reviews:
        return {}
    ratings = ratings_of(reviews) if with_ratings else {}
    figures = feedback_figures(reviews[0].cycle_id, [review.engineer_id for review in reviews] if with_ratings else ())

    def teller(review: Review) -> ToldBySegment:
        of_feedback = Told(
            fed=figures.fed if figures else frozenset(),
            feedback_released=figures is not None and figures.is_released and with_ratings,
            feedback=figures.of.get(review.engineer_id, {}) if figures else {},
        )
        return lambda segment: replace(of_feedback, ratings=ratings_in(ratings.get(review.pk, {}), segment))

    return {review.pk: teller(review) for review in reviews}


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
