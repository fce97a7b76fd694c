"""From line points to dimension scores, the overall score and the grade. Source: SPEC 2.7 to 2.9 and 4."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from appraisal.scoring.numbers import round_half_up

NOT_RATED = "NR"
HIGHEST_OVERALL = Fraction(100)


class Reason(StrEnum):
    """Why a line has no points of its own."""

    NO_EVIDENCE_KIND = "no_evidence_kind"
    NO_DATA = "no_data"
    TOO_FEW = "too_few"
    AWAITING_MANAGER = "awaiting_manager"
    NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True, kw_only=True)
class WeightedPoints:
    """A line of a scheme: its dimension, its weight there, and its exact points or None."""

    dimension: str
    weight: Fraction
    points: Fraction | None


@dataclass(frozen=True, kw_only=True)
class DimensionScore:
    code: str
    weight: Fraction
    score: Fraction | None


@dataclass(frozen=True, kw_only=True)
class RollUp:
    """``overall`` is exact and None when not rated; ``active_percent`` is the weight that could be measured."""

    dimensions: tuple[DimensionScore, ...]
    overall: Fraction | None
    active_percent: Fraction
    grade: str


@dataclass(frozen=True, kw_only=True)
class GradeRules:
    """Lower bounds of grades, best first, and the share of weight below which nobody is graded."""

    bands: Sequence[tuple[str, Decimal]]
    rated_from_percent: Fraction

    def grade(self, shown: Decimal) -> str:
        """Return the grade of a score as shown, that is rounded to two places."""
        for name, lower in self.bands:
            if shown >= lower:
                return name
        return self.bands[-1][0]


def roll_up(
    *, dimension_weights: Mapping[str, Fraction], lines: Sequence[WeightedPoints], rules: GradeRules
) -> RollUp:
    """Add up a scorecard without rounding on the way.

    A line without points hands its weight to the others of its dimension, a dimension without any to the
    other dimensions; what is active is counted by the lines' own weights. Source: SPEC 2.7.
    """
    dimensions = tuple(
        DimensionScore(code=code, weight=weight, score=_weighted_mean(_lines_of(code, lines)))
        for code, weight in dimension_weights.items()
    )
    active_percent = _active_percent(lines)
    total = _weighted_mean([(d.weight, d.score) for d in dimensions])
    if total is None or active_percent < rules.rated_from_percent:
        return RollUp(dimensions=dimensions, overall=None, active_percent=active_percent, grade=NOT_RATED)
    overall = max(Fraction(0), min(HIGHEST_OVERALL, total))
    return RollUp(
        dimensions=dimensions,
        overall=overall,
        active_percent=active_percent,
        grade=rules.grade(round_half_up(overall)),
    )


def effective_weights(
    *, dimension_weights: Mapping[str, Fraction], lines: Sequence[WeightedPoints]
) -> list[Fraction | None]:
    """Return for each line the percent of the overall it really carries; None where it has no points.

    The parts add up to 100 whenever anything is measurable: with them a reader can add the total by hand.
    """
    active: dict[str, Fraction] = {}
    for line in lines:
        if line.points is not None and line.weight:
            active[line.dimension] = active.get(line.dimension, Fraction(0)) + line.weight
    carried = sum((dimension_weights[code] for code in active), Fraction(0))
    return [
        100 * dimension_weights[line.dimension] / carried * line.weight / active[line.dimension]
        if line.points is not None and line.weight and carried
        else None
        for line in lines
    ]


def _lines_of(code: str, lines: Sequence[WeightedPoints]) -> list[tuple[Fraction, Fraction | None]]:
    return [(line.weight, line.points) for line in lines if line.dimension == code]


def _weighted_mean(parts: Sequence[tuple[Fraction, Fraction | None]]) -> Fraction | None:
    active = [(weight, score) for weight, score in parts if score is not None and weight > 0]
    weight_sum = sum((weight for weight, _score in active), Fraction(0))
    if not weight_sum:
        return None
    return sum((weight * score for weight, score in active), Fraction(0)) / weight_sum


def _active_percent(lines: Sequence[WeightedPoints]) -> Fraction:
    whole = sum((line.weight for line in lines), Fraction(0))
    active = sum((line.weight for line in lines if line.points is not None), Fraction(0))
    return 100 * active / whole if whole else Fraction(0)
