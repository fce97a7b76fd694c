"""Reads for the pages on which a manager rates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import get_language

from appraisal.cycles.queries import get_schemes
from appraisal.kpis.measures import Evidence
from appraisal.reviews.models import Review


@dataclass(frozen=True)
class Step:
    """A step of an anchored scale."""

    score: int
    anchor: str
    chosen: bool


@dataclass(frozen=True)
class CriterionView:
    field: str
    name: str
    kpi_name: str
    steps: tuple[Step, ...]


def field_name(kpi_version_id: int, criterion: str) -> str:
    return f"rating_{kpi_version_id}_{criterion}"


def list_criteria(review: Review, entered: Mapping[str, Any] | None = None) -> list[CriterionView]:
    """Return the criteria a manager rates here, as stored or, after a conflict, as ``entered``."""
    scheme = get_schemes(review.cycle).of(
        profile_id=review.profile_id, is_lead=bool(review.profile and review.profile.is_lead)
    )
    if scheme is None:
        return []
    stored = {field_name(rating.kpi_version_id, rating.criterion): rating.score for rating in review.ratings.all()}
    language = "zh" if (get_language() or "").startswith("zh") else "en"
    views = []
    for line in scheme.lines:
        version = line.kpi_version
        if version.measure.evidence != Evidence.MANAGER:
            continue
        for criterion in version.criteria:
            field = field_name(version.pk, criterion["code"])
            chosen = str((entered or {}).get(field) or stored.get(field) or "")
            steps = tuple(
                Step(score, anchor[language], chosen == str(score))
                for score, anchor in enumerate(criterion["anchors"], start=1)
            )
            views.append(CriterionView(field, criterion["name"][language], version.name, steps))
    return views


def neighbours(reviews: list[int], review_id: int) -> tuple[int | None, int | None]:
    """Return the review before and the one after in a manager's list."""
    at = reviews.index(review_id)
    return (reviews[at - 1] if at else None, reviews[at + 1] if at + 1 < len(reviews) else None)
