"""Weak lines of published reviews, and the grade of the cycle before: what plans and training needs rest on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from django.db.models import OuterRef, QuerySet, Subquery

from appraisal.cycles.models import Cycle
from appraisal.cycles.workflow import REVEALED
from appraisal.kpis.models import KpiVersion, LineRole, SchemeLine
from appraisal.outcomes.models import OutcomeRules
from appraisal.reviews.figures.sealed import Content
from appraisal.reviews.figures.sheets import sealed_contents
from appraisal.reviews.models import Review
from appraisal.scoring.numbers import read_fraction


@dataclass(frozen=True, kw_only=True)
class WeakLine:
    """A line whose points lie below what the rules call weak, as it was published."""

    kpi: KpiVersion
    value: Fraction | None
    points: Fraction


def get_rules() -> OutcomeRules:
    """Return the rules in force: those HR chose, else the standard ones."""
    return OutcomeRules.objects.filter(pk=1).first() or OutcomeRules(pk=1)


def weak_lines(reviews: Sequence[Review], rules: OutcomeRules) -> dict[int, list[WeakLine]]:
    """Return the weak lines of published reviews of one cycle, weakest first; two queries for all of them.

    Lines that carry no weight, or have no points, are not weak. What was never sealed has none. Where a review has
    segments, the grade comes from them: a KPI is weak in its weakest segment that was rated.
    """
    contents = sealed_contents(reviews)
    lines = _lines_of(contents.values())
    threshold = Fraction(rules.weak_points)
    return {
        review.pk: _weakest([found for found in _scored(contents[review.pk], lines) if found.points < threshold])
        for review in reviews
        if review.pk in contents
    }


def _weakest(lines: Iterable[WeakLine]) -> list[WeakLine]:
    """Return one line a KPI, weakest first."""
    kept: dict[int, WeakLine] = {}
    for line in sorted(lines, key=lambda line: (line.points, line.kpi.kpi_id)):
        kept.setdefault(line.kpi.kpi_id, line)
    return list(kept.values())


def _graded_parts(content: Content) -> list[Content]:
    """Return the parts of a sealed sheet that its overall score comes from."""
    if content["segments"]:
        return [part for part in content["segments"].values() if part["overall"] is not None]
    return [content["whole"]] if content["whole"] else []


def _lines_of(contents: Iterable[Content]) -> Mapping[str, SchemeLine]:
    ids = {int(pk) for content in contents for part in _graded_parts(content) for pk in part["lines"]}
    weighed = SchemeLine.objects.filter(pk__in=ids, role=LineRole.WEIGHED, weight__gt=0)
    return {str(line.pk): line for line in weighed.select_related("kpi_version__kpi")}


def _scored(content: Content, lines: Mapping[str, SchemeLine]) -> Iterable[WeakLine]:
    for part in _graded_parts(content):
        for pk, entry in part["lines"].items():
            points = read_fraction(entry["points"])
            if pk in lines and points is not None:
                yield WeakLine(kpi=lines[pk].kpi_version, value=read_fraction(entry["value"]), points=points)


def with_grade_before(reviews: QuerySet[Review], cycle: Cycle) -> QuerySet[Review]:
    """Annotate reviews of a cycle with ``grade_before``: that of the published cycle before it.

    A year is compared with the year before, a quarter with the quarter before.
    """
    return reviews.annotate(
        grade_before=Subquery(
            earlier_reviews(cycle)
            .filter(engineer=OuterRef("engineer"))
            .order_by("-cycle__end_date", "-pk")
            .values("grade")[:1]
        )
    )


def earlier_reviews(cycle: Cycle) -> QuerySet[Review]:
    """Return the reviews of published cycles that ended before a cycle began, of the same kind (year or not)."""
    return Review.objects.filter(
        cycle__state__in=REVEALED,
        cycle__end_date__lt=cycle.start_date,
        cycle__in=Cycle.objects.filter(parts__isnull=not cycle.parts.exists()),
    )
