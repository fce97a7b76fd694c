"""What everybody has of each KPI of a cycle, as stored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from appraisal.cycles.models import Cycle
from appraisal.cycles.queries import CycleSchemes, get_schemes
from appraisal.kpis.models import SchemeLine
from appraisal.kpis.queries import AppliedScheme
from appraisal.reports.carrying import carries, split
from appraisal.reviews.figures.entered import told_in
from appraisal.reviews.figures.lines import build_lines
from appraisal.reviews.figures.sheets import Stored, read_stored
from appraisal.reviews.models import Dispute, LineOverride, Outcome, Review
from appraisal.scoring.numbers import read_fraction
from appraisal.scoring.rollup import Reason


@dataclass
class Gathered:
    """One KPI version over everybody it applies to, by engineer; ``values`` where there are cases enough.

    Points are those of the rule, before decisions of managers; also those that stand for no case at all. ``upheld``
    counts the cases engineers disputed with success, in the running cycle or by an appeal. ``line_ids`` are those of
    each engineer's own scheme.
    """

    line: SchemeLine
    weights: set[Decimal] = field(default_factory=set)
    people: int = 0
    values: dict[int, Fraction] = field(default_factory=dict)
    points: dict[int, Fraction] = field(default_factory=dict)
    reasons: dict[int, str] = field(default_factory=dict)
    line_ids: dict[int, int] = field(default_factory=dict)
    overridden: int = 0
    upheld: int = 0

    def add(
        self, engineer_id: int, line: SchemeLine, *, points: Fraction | None, value: Fraction | None, reason: str
    ) -> None:
        self.people += 1
        self.line_ids[engineer_id] = line.pk
        if points is not None:
            self.points[engineer_id] = points
        if reason:
            self.reasons[engineer_id] = str(reason)
        elif value is not None:
            self.values[engineer_id] = value


def gather(cycle: Cycle) -> list[Gathered]:
    """Return the KPIs that carry something in a cycle, in the order of its schemes; a fixed number of queries."""
    reviews = list(
        cycle.reviews.select_related("profile").only("engineer_id", "cycle_id", "profile").order_by("engineer_id")
    )
    for review in reviews:
        review.cycle = cycle
    schemes = get_schemes(cycle)
    found: dict[int, Gathered] = {}
    for scheme in schemes.all():
        for line in scheme.lines:
            if carries(line):
                found.setdefault(line.kpi_version_id, Gathered(line=line)).weights.add(line.weight)
    if reviews:
        _add_reviews(found, reviews, schemes, read_stored(reviews, scored_only=True))
    overrides = LineOverride.objects.filter(review__cycle=cycle, withdrawn_at__isnull=True)
    for version_id, people in Counter(
        version_id for version_id, _review in set(overrides.values_list("line__kpi_version_id", "review_id"))
    ).items():
        if version_id in found:
            found[version_id].overridden = people
    upheld = Dispute.objects.filter(review__cycle=cycle, outcome=Outcome.UPHELD)
    for version_id, cases in Counter(upheld.values_list("line__kpi_version_id", flat=True)).items():
        if version_id in found:
            found[version_id].upheld = cases
    return list(found.values())


def _add_reviews(found: dict[int, Gathered], reviews: Sequence[Review], schemes: CycleSchemes, stored: Stored) -> None:
    lines: dict[tuple[int, int], tuple[tuple[SchemeLine, ...], AppliedScheme]] = {}
    for review in reviews:
        scheme = schemes.of(profile_id=review.profile_id, is_lead=review.is_lead)
        if scheme is None:
            continue
        if scheme.key not in lines:
            lines[scheme.key] = split(scheme)
        computed, rated = lines[scheme.key]
        results = stored.results.get(review.engineer_id, {}).get(0, {})
        for line in computed:
            row = results.get(line.id)
            found[line.kpi_version_id].add(
                review.engineer_id,
                line,
                points=read_fraction(row.points) if row else None,
                value=read_fraction(row.scored_value or row.value) if row else None,
                reason=row.reason if row else Reason.NO_DATA,
            )
        told = told_in(stored.ratings.get(review.pk, {}), stored.feedback, engineer_id=review.engineer_id)
        for each in build_lines(scheme=rated, results={}, told=told):
            found[each.line.kpi_version_id].add(
                review.engineer_id, each.line, points=each.points, value=each.value, reason=each.reason
            )
