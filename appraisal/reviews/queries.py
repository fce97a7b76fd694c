"""Reads for the pages on which a manager rates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import get_language

from appraisal.cycles.models import KpiResult
from appraisal.cycles.queries import get_schemes
from appraisal.evidence.models import Certificate, Exclusion
from appraisal.kpis.measures import Unit
from appraisal.kpis.queries import AppliedScheme
from appraisal.reviews.lines import StoredResult, build_lines
from appraisal.reviews.models import Review
from appraisal.scoring.numbers import round_half_up


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


@dataclass(frozen=True)
class FigureView:
    """A computed line as the manager reads it beside the form."""

    line_id: int
    name: str
    value: Decimal | None
    unit: str | Promise
    n: int
    points: Decimal | None


def get_scheme(review: Review) -> AppliedScheme | None:
    """Return the scheme that applies to a review; None when its cycle has none for the job profile."""
    return get_schemes(review.cycle).of(profile_id=review.profile_id, is_lead=review.is_lead)


def list_figures(review: Review) -> list[FigureView]:
    """Return the scored lines that have cases behind them."""
    scheme = get_scheme(review)
    if scheme is None:
        return []
    stored = KpiResult.objects.filter(cycle=review.cycle, engineer=review.engineer, segment=0)
    found = {row[0]: StoredResult(*row) for row in stored.values_list(*StoredResult._fields)}
    return [
        FigureView(
            line_id=line.line.pk,
            name=line.kpi.name,
            value=None if line.value is None else round_half_up(line.value),
            unit=Unit(line.measure.unit).label,
            n=line.n,
            points=None if line.points is None else round_half_up(line.points),
        )
        for line in build_lines(scheme=scheme, results=found, ratings={})
        if line.is_scored and line.measure.is_computed
    ]


def field_name(kpi_version_id: int, criterion: str) -> str:
    return f"rating_{kpi_version_id}_{criterion}"


def list_criteria(review: Review, entered: Mapping[str, Any] | None = None) -> list[CriterionView]:
    """Return the criteria a manager rates here, as stored or, after a conflict, as ``entered``."""
    scheme = get_scheme(review)
    if scheme is None:
        return []
    stored = {field_name(rating.kpi_version_id, rating.criterion): rating.score for rating in review.ratings.all()}
    language = "zh" if (get_language() or "").startswith("zh") else "en"
    views = []
    for line in scheme.lines:
        version = line.kpi_version
        if not version.measure.is_rated:
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


def list_expired_licences(review: Review, *, today: date) -> list[Certificate]:
    """Return the licences that expired before the end of the cycle and were not renewed; the newest of each title."""
    newest: dict[str, Certificate] = {}
    licences = Certificate.objects.filter(engineer=review.engineer_id, is_licence=True, exclusion=Exclusion.NONE)
    for licence in licences:
        known = newest.get(licence.title)
        if known is None or (licence.expires_on or date.max) > (known.expires_on or date.max):
            newest[licence.title] = licence
    end = min(review.cycle.end_date, today)
    return [licence for licence in newest.values() if licence.expires_on is not None and licence.expires_on < end]
