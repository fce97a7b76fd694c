"""What everybody would get: the overall and the grade of the sheets, without the sheets where nothing is special."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import NamedTuple

from appraisal.cycles.queries import CycleSchemes
from appraisal.kpis.models import LineRole, SchemeLine
from appraisal.kpis.queries import AppliedScheme
from appraisal.reviews.figures.entered import told_in
from appraisal.reviews.figures.lines import NOTHING_TOLD, ReviewLine, Told, build_lines
from appraisal.reviews.figures.sheet import band_grade
from appraisal.reviews.figures.sheets import Stored, add_up
from appraisal.reviews.models import Review
from appraisal.scoring.adding import Adder
from appraisal.scoring.annual import is_long_enough
from appraisal.scoring.numbers import read_fraction


class Outcome(NamedTuple):
    """The exact overall, None for who is not rated, and the grade after decisions and vetoes."""

    overall: Fraction | None
    grade: str


def outcomes(reviews: Sequence[Review], schemes: CycleSchemes, stored: Stored) -> list[Outcome]:
    """Return what ``add_up`` gives each review."""
    adders: dict[int, _SchemeAdder] = {}
    found = []
    for review in reviews:
        scheme = schemes.of(profile_id=review.profile_id, is_lead=review.is_lead)
        if scheme is None or _is_special(review, stored):
            sheet = add_up(review, schemes, stored, points_only=True)
            found.append(Outcome(sheet.overall, sheet.grade))
            continue
        adder = adders.get(id(scheme))
        if adder is None:
            adder = adders[id(scheme)] = _SchemeAdder(scheme)
        found.append(adder.outcome(review, stored))
    return found


def _is_special(review: Review, stored: Stored) -> bool:
    """True where more than the lines of the whole cycle decides."""
    return (
        review.engineer_id in stored.years
        or review.pk in stored.segments
        or review.pk in stored.overrides
        or review.pk in stored.vetoes
        or review.pk in stored.decisions
    )


class _SchemeAdder:
    """A scheme laid out once; what people rated alike has the same points and is looked up once."""

    def __init__(self, scheme: AppliedScheme) -> None:
        self._scheme = scheme
        # With their ids beside them: a model looks its own up anew each time it is asked.
        self._lines = [(line.pk, line, line.is_rated) for line in scheme.lines]
        self._extras = [at for at, line in enumerate(scheme.lines) if line.role != LineRole.WEIGHED]
        self._criteria = {
            line.pk: [(line.kpi_version_id, criterion["code"]) for criterion in line.kpi_version.criteria]
            for line in scheme.lines
            if line.is_rated
        }
        self._rated: dict[object, Fraction | None] = {}
        self._adder = Adder(
            dimension_weights=scheme.dimension_weights,
            lines=[(line.dimension_code, line.exact_weight) for line in scheme.lines],
            rules=scheme.rules,
            bonus_cap=scheme.bonus_cap,
            ceiling=scheme.ceiling,
        )

    def outcome(self, review: Review, stored: Stored) -> Outcome:
        overall = None
        if not review.workdays or is_long_enough(eligible_workdays=review.eligible_days, workdays=review.workdays):
            overall = self._overall(review, stored)
        return Outcome(overall, band_grade(overall, self._scheme))

    def _overall(self, review: Review, stored: Stored) -> Fraction | None:
        results = stored.results.get(review.engineer_id, {}).get(0, {})
        ratings = stored.ratings.get(review.pk, {})
        told = NOTHING_TOLD
        if ratings or stored.feedback is not None:
            told = told_in(ratings, stored.feedback, engineer_id=review.engineer_id)
        points: list[Fraction | None] = []
        for line_id, line, is_rated in self._lines:
            if is_rated:
                points.append(self._told(line, told))
            else:
                result = results.get(line_id)
                points.append(None if result is None else read_fraction(result.points))
        if not self._extras:
            return self._adder.overall(points)
        bonus = deduction = Fraction(0)
        for at in self._extras:
            added = ReviewLine(line=self._scheme.lines[at], points=points[at])
            if added.line.role == LineRole.BONUS:
                bonus += added.extra
            else:
                deduction += added.extra
        return self._adder.overall(points, bonus=bonus, deduction=deduction)

    def _told(self, line: SchemeLine, told: Told) -> Fraction | None:
        """Return the points of a line that people rate; the same answers give the same points."""
        measure_id = line.kpi_version.measure_id
        if measure_id in told.fed:
            key: object = (line.pk, told.feedback_released, told.feedback.get(measure_id))
        elif told.ratings:
            key = (line.pk, tuple(told.ratings.get(criterion) for criterion in self._criteria[line.pk]))
        else:
            return None
        if key not in self._rated:
            [built] = build_lines(scheme=replace(self._scheme, lines=(line,)), results={}, told=told)
            self._rated[key] = built.points
        return self._rated[key]
