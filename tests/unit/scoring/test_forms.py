"""Bands, ratios, deductions, bonus points and zero points. Source: SPEC 2.1 to 2.4."""

from collections.abc import Callable
from fractions import Fraction

import pytest

from appraisal.scoring.bands import Bands
from appraisal.scoring.curves import Curve, Direction
from appraisal.scoring.deductions import Bonus, Deduction, StepRounding
from appraisal.scoring.ratios import Ratio

UP, DOWN = Direction.UP, Direction.DOWN
F = Fraction


def pairs(*given: tuple[int, int]) -> list[tuple[Fraction, Fraction]]:
    return [(F(x), F(points)) for x, points in given]


@pytest.mark.parametrize(("value", "points"), [("0", 10), ("0.001", 8), ("1", 8), ("2", 6), ("2.001", 0)])
def test_downwards_a_bound_is_the_highest_value_of_its_band(value: str, points: int) -> None:
    assert Bands(pairs((2, 6), (0, 10), (1, 8)), DOWN).points(F(value)) == points


def test_the_best_band_reached_counts_in_whatever_order_bounds_come() -> None:
    bands = Bands(pairs((85, 8), (95, 10), (65, 4)), UP)
    assert [bands.points(F(value)) for value in (100, 95, 90, 65, 64)] == [10, 10, 8, 4, 0]
    assert bands.highest == 10


def test_bands_may_repeat_their_points_and_give_none() -> None:
    assert Bands(pairs((1, 0), (2, 5), (3, 5)), UP).points(F(1)) == 0


ZERO_POINT = "^the zero point must be worse than the worst anchor$"
TOWARDS = "^points must move with the direction of the measure$"


@pytest.mark.parametrize(
    ("build", "why"),
    [
        (lambda: Bands([], UP), "^bands need at least one bound$"),
        (lambda: Bands(pairs((1, 5), (1, 5)), UP), "^two bands have the same bound$"),
        (lambda: Bands(pairs((1, 5), (2, 4)), UP), TOWARDS),
        (lambda: Bands(pairs((1, 4), (2, 5)), DOWN), TOWARDS),
        (lambda: Bands(pairs((1, -1), (2, 5)), UP), "^points must not be negative$"),
        (lambda: Curve(pairs((1, 1)), UP), "^a curve needs at least two anchors$"),
        (lambda: Curve(pairs((1, 1), (1, 2)), UP), "^anchor values must rise$"),
        (lambda: Curve(pairs((1, 2), (2, 1)), UP), TOWARDS),
        (lambda: Curve(pairs((1, 1), (2, 2)), DOWN), TOWARDS),
        (lambda: Curve(pairs((1, -1), (2, 2)), UP), "^points must not be negative$"),
        (
            lambda: Curve(pairs((1, 1), (2, 2)), UP, cliff=True, zero_at=F(0)),
            "^a curve ends in a cliff or at a zero point, not both$",
        ),
        (
            lambda: Curve(pairs((1, 1), (2, 2)), UP, zero_at=F(1)),
            ZERO_POINT,
        ),
        (lambda: Curve(pairs((1, 2), (2, 1)), DOWN, zero_at=F(2)), ZERO_POINT),
        (lambda: Ratio(F(0), UP), "^a ratio needs a target above 0; use bands$"),
        (lambda: Ratio(F(-1), UP), "^a ratio needs a target above 0; use bands$"),
        (lambda: Ratio(F(1), UP, F(0)), "^the ceiling of a ratio must be above 0$"),
        (lambda: Deduction(F(90), UP, F(0), F(1), F(2)), "^full must be above 0$"),
        (lambda: Deduction(F(90), UP, F(20), F(0), F(2)), "^step must be above 0$"),
        (lambda: Deduction(F(90), UP, F(20), F(1), F(0)), "^per_step must be above 0$"),
        (lambda: Bonus(F(90), UP, F(0), F(1), F(5)), "^step must be above 0$"),
        (lambda: Bonus(F(90), UP, F(1), F(0), F(5)), "^per_step must be above 0$"),
        (lambda: Bonus(F(90), UP, F(1), F(1), F(0)), "^cap must be above 0$"),
    ],
)
def test_a_broken_form_is_refused(build: Callable[[], object], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        build()


def test_small_numbers_are_no_reason_to_refuse_a_form() -> None:
    tiny = F(1, 1000)
    assert Ratio(tiny, UP, tiny).points(tiny) == tiny
    assert Deduction(tiny, UP, tiny, tiny, tiny).points(tiny) == tiny
    assert Bonus(tiny, UP, tiny, tiny, tiny).points(2 * tiny) == tiny
    assert Bands([(tiny, tiny)], UP).points(tiny) == tiny
    assert Curve([(F(0), F(0)), (tiny, tiny)], UP).points(tiny) == tiny
    assert Curve(pairs((1, 5), (2, 5)), UP).points(F(1)) == 5


@pytest.mark.parametrize(("value", "points"), [(100, 100), (80, 60), (70, 30), (61, 3), (60, 0), (50, 0)])
def test_upwards_points_fall_to_the_zero_point(value: int, points: int) -> None:
    curve = Curve(pairs((80, 60), (95, 100)), UP, zero_at=F(60))
    assert curve.points(F(value)) == points
    assert curve.highest == 100


def test_a_curve_is_flat_beyond_its_best_anchor_and_a_cliff_is_on_the_worse_side_only() -> None:
    up, down = pairs((80, 60), (95, 100)), pairs((4, 100), (8, 60))
    assert Curve(up, UP, cliff=True).points(F(99)) == 100
    assert Curve(down, DOWN, cliff=True).points(F(1)) == 100
    assert Curve(up, UP, cliff=True).points(F(79)) == 0
    assert Curve(down, DOWN).highest == 100


@pytest.mark.parametrize(
    ("rule", "value", "points"),
    [
        (Ratio(F(40), UP), 60, 120),
        (Ratio(F(40), UP), 0, 0),
        (Ratio(F(40), UP), -1, 0),
        (Ratio(F(4), DOWN), 9, 0),
        (Ratio(F(4), DOWN), 4, 100),
        (Ratio(F(40), UP, F(100)), 41, 100),
    ],
)
def test_a_ratio_stays_between_zero_and_its_ceiling(rule: Ratio, value: int, points: int) -> None:
    assert rule.points(F(value)) == points
    assert rule.highest == rule.ceiling


STEPS = [(StepRounding.FLOOR, 1), (StepRounding.CEIL, 2), (StepRounding.PRORATA, F(3, 2))]


@pytest.mark.parametrize(("steps", "taken"), STEPS)
def test_a_deduction_counts_steps_away_from_the_target(steps: StepRounding, taken: Fraction) -> None:
    up = Deduction(F(90), UP, F(20), F(2), F(3), steps)
    down = Deduction(F(10), DOWN, F(20), F(2), F(3), steps)
    assert up.points(F(87)) == down.points(F(13)) == 20 - 3 * taken
    assert up.points(F(95)) == up.points(F(90)) == down.points(F(5)) == 20
    assert up.points(F(0)) == 0
    assert up.highest == 20


@pytest.mark.parametrize(("steps", "taken"), STEPS)
def test_bonus_points_count_steps_beyond_the_target_up_to_their_cap(steps: StepRounding, taken: Fraction) -> None:
    up = Bonus(F(90), UP, F(2), F(3), F(8), steps)
    down = Bonus(F(10), DOWN, F(2), F(3), F(8), steps)
    assert up.points(F(93)) == down.points(F(7)) == 3 * taken
    assert up.points(F(90)) == up.points(F(80)) == down.points(F(11)) == 0
    assert up.points(F(100)) == up.highest == 8


def test_steps_are_whole_unless_said_otherwise() -> None:
    assert Deduction(F(90), UP, F(20), F(1), F(2)).points(F("87.35")) == 16
    assert Bonus(F(90), UP, F(1), F(2), F(20)).points(F("92.65")) == 4
