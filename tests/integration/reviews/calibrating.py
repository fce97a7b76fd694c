"""Cycles in calibration, with reviews of given scores: what a scoring would have left, written directly."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from appraisal.cycles.models import Cycle, CycleScheme, CycleState, KpiResult
from appraisal.cycles.queries import get_schemes
from appraisal.kpis.models import SchemeVersion
from appraisal.reviews.figures.runs import roll_up_reviews
from appraisal.reviews.models import Calibration, Review
from engineers.models import JobProfile, Team
from tests.factories import (
    CycleFactory,
    DimensionFactory,
    EngineerFactory,
    KpiVersionFactory,
    SchemeLineFactory,
    SchemeVersionFactory,
)

SHARES = {
    "smallest_pool": 10,
    "shares": [
        {"grade": "S", "percent": "20", "cap": True},
        {"grade": "A", "percent": "30", "cap": False},
        {"grade": "B", "percent": "40", "cap": False},
        {"grade": "C", "percent": "10", "cap": True},
    ],
}
REASON = "Discussed with all managers of the region"


def wanting(distribution: dict[str, Any] | None = None) -> SchemeVersion:
    """Return a scheme of one line whose points are the percent measured; grades S 95, A 85, B 70, C 60, D."""
    version = SchemeVersionFactory(distribution=SHARES if distribution is None else distribution)
    SchemeLineFactory(dimension=DimensionFactory(version=version), kpi_version=KpiVersionFactory())
    return version


def calibrated_cycle(version: SchemeVersion | None = None, **given: Any) -> Cycle:
    return CycleFactory(scheme=version or wanting(), state=CycleState.CALIBRATION, **given)


def add_reviews(
    cycle: Cycle, scores: Sequence[str | None], *, profile: JobProfile | None = None, team: Team | None = None
) -> list[Review]:
    """Add a review for each score, in this order, rolled up by the product itself."""
    schemes = {row.profile_id: row.version for row in CycleScheme.objects.filter(cycle=cycle)}
    version = schemes.get(profile.pk if profile else None) or schemes[None]
    line = version.dimensions.get().lines.get()
    reviews = []
    for score in scores:
        engineer = EngineerFactory(profile=profile)
        reviews.append(
            Review.objects.create(
                cycle=cycle,
                engineer=engineer,
                profile=profile,
                team=team,
                manager=team.manager if team else None,
                state="calibrated",
            )
        )
        if score is not None:
            KpiResult.objects.create(cycle=cycle, engineer=engineer, line=line, n=10, points=str(Fraction(score)))
    roll_up_reviews(reviews, get_schemes(cycle))
    return reviews


def grades(reviews: Sequence[Review]) -> str:
    """Return the grades that count, in the order of the reviews."""
    stored = Review.objects.in_bulk([review.pk for review in reviews])
    return "".join(stored[review.pk].grade for review in reviews)


def decided(review: Review, **changes: Any) -> Calibration:
    """Return a row as the actions write it, not saved."""
    given: dict[str, Any] = {
        "review": review,
        "grade_before": "B",
        "grade": "A",
        "steps": 1,
        "reason": REASON,
        "proposed_at": "2026-04-02T08:00:00Z",
    }
    return Calibration(**given | changes)
