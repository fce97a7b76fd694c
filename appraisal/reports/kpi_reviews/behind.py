"""Who and what lies behind a bar of the review of the KPIs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from django.http import Http404
from django.utils.functional import Promise

from appraisal.cycles.models import Cycle
from appraisal.reports.explanations import reason_text
from appraisal.reports.kpi_reviews.figures import bounds_of, tenth_of
from appraisal.reports.kpi_reviews.gathered import Gathered, gather
from appraisal.reviews.models import Review
from appraisal.scoring.numbers import round_half_up


@dataclass(frozen=True, kw_only=True)
class PersonBehind:
    """An engineer with the points of a KPI, or why there are none."""

    review: Review
    line_id: int
    points: Decimal | None
    reason: str | Promise


@dataclass(frozen=True, kw_only=True)
class PeopleBehind:
    """Everybody a KPI applies to, or those in one tenth of its points, or without points for one reason."""

    gathered: Gathered
    engineer_ids: tuple[int, ...]
    bounds: tuple[Decimal, Decimal] | None
    reason: str | Promise

    @property
    def name(self) -> str:
        return self.gathered.line.kpi_version.name

    def on_page(self, cycle: Cycle, engineer_ids: Sequence[int]) -> list[PersonBehind]:
        """Return some of them, in their order; one query."""
        reviews = Review.objects.filter(cycle=cycle, engineer__in=engineer_ids).select_related("engineer", "cycle")
        of = {review.engineer_id: review for review in reviews}
        return [self._person(of[engineer_id]) for engineer_id in engineer_ids if engineer_id in of]

    def _person(self, review: Review) -> PersonBehind:
        points = self.gathered.points.get(review.engineer_id)
        reason = self.gathered.reasons.get(review.engineer_id, "")
        return PersonBehind(
            review=review,
            line_id=self.gathered.line_ids[review.engineer_id],
            points=None if points is None else round_half_up(points),
            reason=reason_text(reason) if reason else "",
        )


def get_people(cycle: Cycle, *, kpi: str, number: int, tenth: int | None, reason: str) -> PeopleBehind:
    """Return whom a bar counts, the fewest points first; a fixed number of queries.

    Raises Http404 for a KPI version that carries nothing in the cycle.
    """
    for each in gather(cycle):
        version = each.line.kpi_version
        if (version.kpi.code, version.number) == (kpi, number):
            highest = version.rule.highest if version.rule else Fraction(0)
            return PeopleBehind(
                gathered=each,
                engineer_ids=tuple(_chosen(each, highest, tenth=tenth, reason=reason)),
                bounds=None if reason or tenth is None else bounds_of(tenth, highest),
                reason=reason_text(reason) if reason in each.reasons.values() else "",
            )
    raise Http404


def _chosen(gathered: Gathered, highest: Fraction, *, tenth: int | None, reason: str) -> list[int]:
    if reason:
        return sorted(engineer for engineer, given in gathered.reasons.items() if given == reason)
    ordered = sorted(gathered.points.items(), key=lambda each: (each[1], each[0]))
    return [
        engineer for engineer, points in ordered if tenth is None or (highest and tenth_of(points, highest) == tenth)
    ]
