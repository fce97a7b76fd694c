"""The scoring form of a KPI, as the pure rule that turns its value into points."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from appraisal.kpis.choices import Form
from appraisal.scoring.bands import Bands
from appraisal.scoring.curves import Curve, Direction, PointsRule
from appraisal.scoring.deductions import Bonus, Deduction, StepRounding
from appraisal.scoring.ratios import Ratio

if TYPE_CHECKING:
    from appraisal.kpis.models import KpiVersion

FULL_POINTS = Fraction(100)


def rule_of(version: KpiVersion) -> PointsRule | None:
    """Return the rule of a KPI; None for one that only informs. Raises ValueError for a broken one."""
    if version.form in (Form.ANCHORS, Form.BANDS) and not version.anchors:
        return None
    direction = Direction(version.direction)
    match version.form:
        case Form.ANCHORS:
            return Curve(
                anchors=_pairs(version),
                direction=direction,
                cliff=version.cliff,
                zero_at=None if version.zero_at is None else Fraction(version.zero_at),
            )
        case Form.BANDS:
            return Bands(bounds=_pairs(version), direction=direction)
        case Form.RATIO:
            return Ratio(target=_needed(version, "target"), direction=direction)
        case Form.DEDUCTION:
            return Deduction(
                target=_needed(version, "target"),
                direction=direction,
                full=Fraction(version.full_points),
                step=_needed(version, "step"),
                per_step=_needed(version, "per_step"),
                steps=StepRounding(version.steps),
            )
        case _:
            return Bonus(
                target=_needed(version, "target"),
                direction=direction,
                step=_needed(version, "step"),
                per_step=_needed(version, "per_step"),
                cap=Fraction(version.full_points),
                steps=StepRounding(version.steps),
            )


def most_points(version: KpiVersion) -> Fraction:
    """Return the most points a line of this KPI can be given: what its rule can give, 100 at least."""
    return max(FULL_POINTS, version.rule.highest) if version.rule else FULL_POINTS


def _pairs(version: KpiVersion) -> list[tuple[Fraction, Fraction]]:
    return [(Fraction(str(x)), Fraction(str(points))) for x, points in version.anchors]


def _needed(version: KpiVersion, name: str) -> Fraction:
    value = getattr(version, name)
    if value is None:
        raise ValueError(f"{name} is needed")
    return Fraction(value)
