"""What people entered for reviews in place of, or beside, what runs compute; by review and segment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from django.db.models import Model

from appraisal.database.presence import places_naming
from appraisal.database.ranges import FEW
from appraisal.feedback.queries import FeedbackFigures, feedback_figures
from appraisal.reviews.figures.lines import Ratings, ReviewLine, Told
from appraisal.reviews.figures.sheet import GradeDecision
from appraisal.reviews.models import Calibration, CriterionRating, LineOverride, Review, ReviewSegment, VetoEvent

RatingsBySegment = Mapping[int, Ratings]
Overrides = Mapping[tuple[int, int], LineOverride]


_TABLES = (Calibration, CriterionRating, LineOverride, ReviewSegment, VetoEvent)


@dataclass(frozen=True)
class Entered:
    """Which tables hold anything about some reviews; None: nobody has looked."""

    tables: frozenset[type[Model]] | None = None

    @classmethod
    def of(cls, reviews: Sequence[Review]) -> Entered:
        """Look with one question, for a few reviews: of many, somebody nearly always has something."""
        if len(reviews) > FEW:
            return cls()
        places = [(model, "review_id") for model in _TABLES]
        return cls(frozenset(model for model, _ in places_naming(places, [review.pk for review in reviews])))

    def with_(self, model: type[Model]) -> Entered:
        """Return it with a table that has been written to since."""
        return self if self.tables is None else Entered(self.tables | {model})

    def may_have(self, model: type[Model]) -> bool:
        return self.tables is None or model in self.tables


def ratings_of(reviews: Sequence[Review]) -> dict[int, dict[int, dict[tuple[int, str], int]]]:
    """Return {review id: {segment: {(KPI version, criterion): score}}}."""
    found: dict[int, dict[int, dict[tuple[int, str], int]]] = {}
    stored = CriterionRating.objects.filter(review__in=reviews)
    for review_id, segment, version_id, criterion, score in stored.values_list(
        "review_id", "segment", "kpi_version_id", "criterion", "score"
    ):
        found.setdefault(review_id, {}).setdefault(segment, {})[version_id, criterion] = score
    return found


def feedback_of(reviews: Sequence[Review], *, with_ratings: bool = True) -> FeedbackFigures | None:
    """Return what 360° feedback says in the cycle of some reviews; without ratings, as if it were not released."""
    if not reviews:
        return None
    figures = feedback_figures(reviews[0].cycle_id, [review.engineer_id for review in reviews] if with_ratings else ())
    return figures if figures is None or with_ratings else replace(figures, is_released=False)


def told_in(
    ratings: RatingsBySegment, feedback: FeedbackFigures | None, *, engineer_id: int, segment: int = 0
) -> Told:
    """Return what people said of one engineer in a segment."""
    rated = ratings_in(ratings, segment)
    if feedback is None:
        return Told(ratings=rated)
    return Told(
        ratings=rated,
        fed=feedback.fed,
        feedback_released=feedback.is_released,
        feedback=feedback.of.get(engineer_id, {}),
    )


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
