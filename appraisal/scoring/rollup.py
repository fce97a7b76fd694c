"""From line points to dimension scores, the overall score and the grade. Source: SPEC 2.4 to 2.9 and 4."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from appraisal.scoring.numbers import round_half_up
from appraisal.scoring.weights import WeightedPoints, effective_weights, weight_flow

__all__ = [
    "BONUS_CAP",
    "HIGHEST_OVERALL",
    "NOT_RATED",
    "DimensionScore",
    "GradeRules",
    "Reason",
    "RollUp",
    "Veto",
    "VetoEffect",
    "WeightedPoints",
    "apply_vetoes",
    "capped_grade",
    "effective_weights",
    "roll_up",
    "weight_flow",
]

NOT_RATED = "NR"
HIGHEST_OVERALL = Fraction(100)
BONUS_CAP = Fraction(5)

_NOTHING = Fraction(0)


class Reason(StrEnum):
    """Why a line has no points of its own, or not those that its value would give."""

    NO_EVIDENCE_KIND = "no_evidence_kind"
    NO_DATA = "no_data"
    TOO_FEW = "too_few"
    AWAITING_MANAGER = "awaiting_manager"
    AWAITING_FEEDBACK = "awaiting_feedback"  # the round of 360° feedback is not released
    NOT_APPLICABLE = "not_applicable"
    NOT_OFFERED = "not_offered"  # an exam that was not held, a training that nobody assigned
    OBLIGATION = "obligation"  # not fulfilled, so it counts 0
    VETOED = "vetoed"
    SUPPRESSED = "suppressed"  # too few raters to stay anonymous
    SEGMENT_TOO_SHORT = "segment_too_short"
    TOO_SHORT_PERIOD = "too_short_period"


@dataclass(frozen=True, kw_only=True)
class DimensionScore:
    code: str
    weight: Fraction
    score: Fraction | None


class VetoEffect(StrEnum):
    GRADE_CAP = "grade_cap"
    ZERO_KPI = "zero_kpi"
    ZERO_BONUS = "zero_bonus"


@dataclass(frozen=True, kw_only=True)
class Veto:
    """A confirmed event that decides by itself; ``grade`` is the best that a grade cap leaves. Source: SPEC 2.5."""

    effect: VetoEffect
    grade: str = ""


@dataclass(frozen=True, kw_only=True)
class RollUp:
    """``overall`` is exact and None when not rated; ``active_percent`` is the weight that could be measured.

    ``base`` is the weighted score before bonus points and deductions, and these are what was really added and
    taken off; ``overall`` is their sum within its bounds. ``has_bonus`` is False after a veto on the bonus.
    """

    dimensions: tuple[DimensionScore, ...]
    overall: Fraction | None
    active_percent: Fraction
    grade: str
    base: Fraction | None = None
    bonus: Fraction = _NOTHING
    deduction: Fraction = _NOTHING
    vetoes: tuple[Veto, ...] = ()

    @property
    def has_bonus(self) -> bool:
        return all(veto.effect is not VetoEffect.ZERO_BONUS for veto in self.vetoes)


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
    *,
    dimension_weights: Mapping[str, Fraction],
    lines: Sequence[WeightedPoints],
    rules: GradeRules,
    bonus: Fraction = _NOTHING,
    deduction: Fraction = _NOTHING,
    bonus_cap: Fraction = BONUS_CAP,
    ceiling: Fraction = HIGHEST_OVERALL,
) -> RollUp:
    """Add up a scorecard without rounding on the way.

    A line without points hands its weight to the others of its dimension, a dimension without any to the
    other dimensions; what is active is counted by the lines' own weights. Then bonus points, up to their cap, come
    on and deductions off. Raises ValueError when either is negative. Source: SPEC 2.4, 2.7, 4.
    """
    if bonus < 0 or deduction < 0:
        raise ValueError("bonus points and deductions are not negative")
    by_dimension: dict[str, list[tuple[Fraction, Fraction | None]]] = {}
    for line in lines:
        by_dimension.setdefault(line.dimension, []).append((line.weight, line.points))
    dimensions = tuple(
        DimensionScore(code=code, weight=weight, score=_weighted_mean(by_dimension.get(code, ())))
        for code, weight in dimension_weights.items()
    )
    active_percent = _active_percent(lines)
    base = _weighted_mean([(d.weight, d.score) for d in dimensions])
    if base is None or active_percent < rules.rated_from_percent:
        return RollUp(dimensions=dimensions, overall=None, active_percent=active_percent, grade=NOT_RATED)
    overall = overall_of(base, bonus=bonus, deduction=deduction, bonus_cap=bonus_cap, ceiling=ceiling)
    return RollUp(
        dimensions=dimensions,
        overall=overall,
        active_percent=active_percent,
        grade=rules.grade(round_half_up(overall)),
        base=base,
        bonus=min(bonus, bonus_cap),
        deduction=deduction,
    )


def overall_of(
    base: Fraction, *, bonus: Fraction, deduction: Fraction, bonus_cap: Fraction, ceiling: Fraction
) -> Fraction:
    """Return the weighted score with bonus points up to their cap on it and deductions off, within its bounds."""
    added = min(bonus, bonus_cap)
    return max(_NOTHING, min(ceiling, base + added - deduction if added or deduction else base))


def capped_grade(grade: str, *, vetoes: Iterable[Veto], rules: GradeRules) -> str:
    """Return the grade, or the worst cap where that is worse; who is not rated stays so.

    For a grade that calibration or distribution has changed since the roll-up. Raises ValueError when a grade is
    none of the rules.
    """
    if grade == NOT_RATED:
        return grade
    names = [name for name, _lower in rules.bands]
    caps = [veto.grade for veto in vetoes if veto.effect is VetoEffect.GRADE_CAP]
    return names[max(names.index(name) for name in (grade, *caps))]


def apply_vetoes(roll_up: RollUp, vetoes: Sequence[Veto], rules: GradeRules) -> RollUp:
    """Apply the vetoes of a review: last of all and once. Scores stay as they are.

    A vetoed KPI had its points set to 0 before the roll-up; here it is only recorded. Raises ValueError when
    vetoes were applied before. Source: SPEC 2.5.
    """
    if roll_up.vetoes:
        raise ValueError("vetoes are applied once")
    return replace(roll_up, grade=capped_grade(roll_up.grade, vetoes=vetoes, rules=rules), vetoes=tuple(vetoes))


def _weighted_mean(parts: Iterable[tuple[Fraction, Fraction | None]]) -> Fraction | None:
    """Return Σ weight · score ÷ Σ weight over what has a score.

    Integers over one growing denominator: reducing a fraction at every step costs five times as much.
    """
    weights, weight_unit = 0, 1
    total, unit = 0, 1
    for weight, score in parts:
        if score is None or weight.numerator <= 0:
            continue
        w, w_unit = weight.numerator, weight.denominator
        if w_unit == weight_unit:
            weights += w
        else:
            weights, weight_unit = weights * w_unit + w * weight_unit, weight_unit * w_unit
        part_unit = w_unit * score.denominator
        if part_unit == unit:
            total += w * score.numerator
        else:
            total, unit = total * part_unit + w * score.numerator * unit, unit * part_unit
    return Fraction(total * weight_unit, unit * weights) if weights else None


def _active_percent(lines: Sequence[WeightedPoints]) -> Fraction:
    whole = _sum(line.weight for line in lines)
    if not whole:
        return _NOTHING
    return 100 * _sum(line.weight for line in lines if line.points is not None) / whole


def _sum(values: Iterable[Fraction]) -> Fraction:
    total, unit = 0, 1
    for value in values:
        own = value.denominator
        if own == unit:
            total += value.numerator
        else:
            total, unit = total * own + value.numerator * unit, unit * own
    return Fraction(total, unit)
