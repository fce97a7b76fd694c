"""Which criteria people rate in a review, and which of them are still open."""

from __future__ import annotations

from collections.abc import Collection

from appraisal.cycles.queries import get_schemes
from appraisal.feedback.queries import fed_measures
from appraisal.kpis.queries import AppliedScheme
from appraisal.reviews.models import Review, ReviewSegment

Key = tuple[int, str]


def get_scheme(review: Review, segment: ReviewSegment | None = None) -> AppliedScheme | None:
    """Return the scheme that applies to a review or a segment of it; None when its cycle has none for the profile."""
    place = segment or review
    return get_schemes(review.cycle).of(profile_id=place.profile_id, is_lead=place.is_lead)


def criteria_of(scheme: AppliedScheme | None, *, fed: Collection[str] = ()) -> dict[Key, str]:
    """Return {(KPI version, criterion): name of the KPI} of what people rate.

    ``fed`` are the measures that come from 360° feedback; a manager does not rate them a second time.
    """
    return {
        (line.kpi_version_id, criterion["code"]): line.kpi_version.name
        for line in (scheme.lines if scheme else ())
        for criterion in line.kpi_version.criteria
        if line.kpi_version.measure.is_rated and line.kpi_version.measure_id not in fed
    }


def missing_criteria(review: Review, segment: ReviewSegment | None = None) -> list[str]:
    """Return the names of the KPIs whose criteria the manager has not rated yet, each once."""
    number = segment.number if segment else 0
    rated = set(review.ratings.filter(segment=number).values_list("kpi_version_id", "criterion"))
    return _missing(criteria_of(get_scheme(review, segment), fed=fed_measures(review.cycle_id)), rated)


def missing_own_criteria(review: Review) -> list[str]:
    """Return the names of the KPIs the engineer has not rated yet, each once."""
    return _missing(
        criteria_of(get_scheme(review)), set(review.self_ratings.values_list("kpi_version_id", "criterion"))
    )


def _missing(wanted: dict[Key, str], rated: set[Key]) -> list[str]:
    return list(dict.fromkeys(name for key, name in wanted.items() if key not in rated))
