"""From value to points. Expected values: SPEC E9."""

from fractions import Fraction

import pytest

from appraisal.scoring.curves import Curve, Direction


def anchors(*pairs: tuple[str, str]) -> list[tuple[Fraction, Fraction]]:
    return [(Fraction(x), Fraction(points)) for x, points in pairs]


MTTR = anchors(("3", "110"), ("4", "100"), ("8", "60"))


@pytest.mark.parametrize(
    ("hours", "points"),
    [("2.5", "110"), ("3", "110"), ("4", "100"), ("5.3", "87"), ("8", "60"), ("8.01", "0")],
)
def test_lower_is_better_with_a_cliff(hours: str, points: str) -> None:
    assert Curve(MTTR, Direction.DOWN, cliff=True).points(Fraction(hours)) == Fraction(points)


@pytest.mark.parametrize(("hours", "points"), [("9", "45"), ("12", "0"), ("13", "0")])
def test_a_zero_point_is_one_more_anchor(hours: str, points: str) -> None:
    curve = Curve([*MTTR, *anchors(("12", "0"))], Direction.DOWN)
    assert curve.points(Fraction(hours)) == Fraction(points)


RATE = anchors(("80", "60"), ("95", "100"))


@pytest.mark.parametrize(("value", "points"), [("79.99", "0"), ("80", "60"), ("87.5", "80"), ("99", "100")])
def test_higher_is_better_with_a_cliff_below_the_threshold(value: str, points: str) -> None:
    assert Curve(RATE, Direction.UP, cliff=True).points(Fraction(value)) == Fraction(points)


def test_without_a_cliff_the_curve_is_flat_outside() -> None:
    assert Curve(RATE, Direction.UP).points(Fraction(0)) == 60
    assert Curve(MTTR, Direction.DOWN).points(Fraction(99)) == 60


@pytest.mark.parametrize(
    ("broken", "direction", "why"),
    [
        ([("1", "1")], Direction.UP, "two anchors"),
        ([("1", "1"), ("1", "2")], Direction.UP, "must rise"),
        ([("2", "1"), ("1", "2")], Direction.UP, "must rise"),
        ([("1", "2"), ("2", "1")], Direction.UP, "direction"),
        ([("1", "1"), ("2", "2")], Direction.DOWN, "direction"),
        ([("1", "-1"), ("2", "2")], Direction.UP, "negative"),
    ],
)
def test_a_broken_curve_is_refused(broken: list[tuple[str, str]], direction: Direction, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Curve(anchors(*broken), direction)
