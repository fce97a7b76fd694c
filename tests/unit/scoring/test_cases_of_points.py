"""The worked examples E9 to E11 of the specification: from a value to points, rounding, weights."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction

import pytest

from appraisal.scoring.bands import Bands
from appraisal.scoring.curves import Curve, Direction
from appraisal.scoring.deductions import Deduction, StepRounding
from appraisal.scoring.ratios import Ratio
from appraisal.scoring.rollup import GradeRules, RollUp, WeightedPoints, roll_up
from tests.examples import case, shown

GRADES = GradeRules(
    bands=[("S", Decimal(95)), ("A", Decimal(85)), ("B", Decimal(70)), ("C", Decimal(60)), ("D", Decimal(0))],
    rated_from_percent=Fraction(60),
)
UP, DOWN = Direction.UP, Direction.DOWN


def rolled(*parts: tuple[str, str | None]) -> RollUp:
    """Roll up lines (weight, points) of one dimension."""
    lines = [
        WeightedPoints(dimension="d", weight=Fraction(w), points=None if p is None else Fraction(p)) for w, p in parts
    ]
    return roll_up(dimension_weights={"d": Fraction(100)}, lines=lines, rules=GRADES)


def anchors(*pairs: tuple[int, int]) -> list[tuple[Fraction, Fraction]]:
    return [(Fraction(x), Fraction(points)) for x, points in pairs]


class TestE9:
    MTTR = anchors((3, 110), (4, 100), (8, 60))

    def test_e9_curves_with_a_cliff(self) -> None:
        curve = Curve(self.MTTR, DOWN, cliff=True)
        expected = case("E9", "mttr_points")
        assert {hours: shown(curve.points(Fraction(hours))) for hours in expected} == expected

    def test_e9_curves_to_a_zero_point(self) -> None:
        curve = Curve(self.MTTR, DOWN, zero_at=Fraction(12))
        expected = case("E9", "mttr_linear_to_zero_at_12")
        assert {hours: shown(curve.points(Fraction(hours))) for hours in expected} == expected

    @pytest.mark.parametrize(("key", "value"), [("deduct_87_35_vs_90", "87.35"), ("deduct_overshoot_70", "70")])
    def test_e9_deduction(self, key: str, value: str) -> None:
        expected = case("E9", key)
        found = {}
        for steps in expected:
            rule = Deduction(Fraction(90), UP, Fraction(20), Fraction(1), Fraction(2), StepRounding(steps))
            found[steps] = shown(rule.points(Fraction(value)))
        assert found == expected

    def test_e9_report_bands_leave_no_gap(self) -> None:
        bands = Bands(anchors((95, 10), (85, 8), (75, 6), (65, 4)), UP)
        expected = case("E9", "report_band")
        assert {value: bands.points(Fraction(value)) for value in expected} == expected

    def test_e9_ratio(self) -> None:
        assert shown(Ratio(Fraction(40), UP).points(Fraction(38))) == case("E9", "ratio_38_of_40")
        assert shown(Ratio(Fraction(4), DOWN).points(Fraction(5))) == case("E9", "ratio_lower_5_of_4")
        assert shown(Ratio(Fraction(4), DOWN).points(Fraction(0))) == case("E9", "ratio_lower_0_of_4")

    def test_e9_ratio_needs_a_target(self) -> None:
        assert case("E9", "ratio_target_0") is None
        with pytest.raises(ValueError, match="bands"):
            Ratio(Fraction(0), UP)


class TestE10:
    @pytest.mark.parametrize(
        ("key", "value"),
        [("hu_2_675", "2.675"), ("hu_59_995", "59.995"), ("hu_84_985", "84.985"), ("hu_minus_0_005", "-0.005")],
    )
    def test_e10_rounding_half_up(self, key: str, value: str) -> None:
        assert shown(Fraction(value)) == case("E10", key)

    def test_e10_wrong_floats_and_half_even(self) -> None:
        assert f"{round(2.675, 2):.2f}" == case("E10", "float_round_2_675")
        assert f"{round(59.995, 2):.2f}" == case("E10", "float_round_59_995")
        half_even = Decimal("84.985").quantize(Decimal("0.01"), rounding=ROUND_HALF_EVEN)
        assert str(half_even) == case("E10", "half_even_84_985")

    def test_e10_weighted_score_is_exact(self) -> None:
        parts = [("30", "84.35"), ("30", "84.50"), ("40", "85.85")]
        assert shown(rolled(*parts).overall) == case("E10", "w30_30_40_of_84_35__84_50__85_85")
        as_float = sum(float(weight) / 100 * float(points) for weight, points in parts)
        assert f"{round(as_float, 2):.2f}" == case("E10", "same_in_float")

    def test_e10_overall_is_rounded_once(self) -> None:
        points = ("84.994", "84.994", "84.999")
        total = rolled(*(("1", each) for each in points))
        assert shown(total.overall) == case("E10", "overall_round_once")
        assert total.grade == case("E10", "grade_round_once")

    def test_e10_wrong_children_rounded_first(self) -> None:
        points = ("84.994", "84.994", "84.999")
        total = rolled(*(("1", shown(Fraction(each))) for each in points))
        # 84.99, 84.99 and 85.00 make 84.9933.
        assert shown(total.overall) == case("E10", "overall_children_rounded_first")
        assert total.grade == case("E10", "grade_children_rounded_first")


class TestE11:
    def test_e11_weights(self) -> None:
        assert case("E11", "weights") == "30/20(N/A)/25/15"
        total = rolled(("30", "90"), ("20", None), ("25", "80"), ("15", "100"))
        assert shown(total.overall) == case("E11", "score")
        assert shown(total.active_percent) == case("E11", "available_pct")

    def test_e11_half_missing_is_not_rated(self) -> None:
        total = rolled(("30", "90"), ("20", None), ("25", None), ("15", "100"))
        assert [total.grade, shown(total.active_percent)] == case("E11", "half_missing")

    def test_e11_thirds(self) -> None:
        total = rolled(("33.33", "80"), ("33.33", "90"), ("33.33", "100"))
        assert shown(total.overall) == case("E11", "thirds_33_33")

    def test_e11_all_missing(self) -> None:
        assert rolled(("50", None), ("50", None)).grade == case("E11", "all_missing")
