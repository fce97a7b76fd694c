"""Dimension, overall, grade. Expected values: SPEC E10, E11."""

from decimal import Decimal
from fractions import Fraction

import pytest

from appraisal.scoring.numbers import round_half_up
from appraisal.scoring.rollup import GradeRules, WeightedPoints, effective_weights, roll_up

BANDS = [(grade, Decimal(lower)) for grade, lower in (("S", 95), ("A", 85), ("B", 70), ("C", 60), ("D", 0))]
RULES = GradeRules(bands=BANDS, rated_from_percent=Fraction(60))


def lines(*parts: tuple[str, str, str | None]) -> list[WeightedPoints]:
    return [
        WeightedPoints(dimension=d, weight=Fraction(w), points=None if p is None else Fraction(p)) for d, w, p in parts
    ]


def one_dimension(*parts: tuple[str, str | None]) -> tuple[dict[str, Fraction], list[WeightedPoints]]:
    found = lines(*(("d", weight, points) for weight, points in parts))
    return {"d": sum((line.weight for line in found), Fraction(0))}, found


def test_the_overall_is_rounded_once_and_the_grade_follows_what_is_shown() -> None:
    weights, found = one_dimension(("30", "84.35"), ("30", "84.50"), ("40", "85.85"))
    total = roll_up(dimension_weights=weights, lines=found, rules=RULES)
    assert total.overall is not None
    assert str(round_half_up(total.overall)) == "85.00"
    assert total.grade == "A"


def test_children_are_not_rounded_on_the_way() -> None:
    found = lines(("a", "1", "84.994"), ("b", "1", "84.994"), ("c", "1", "84.999"))
    total = roll_up(dimension_weights=dict.fromkeys("abc", Fraction(1)), lines=found, rules=RULES)
    assert total.overall is not None
    assert str(round_half_up(total.overall)) == "85.00"
    assert total.grade == "A"


def test_a_missing_line_hands_its_weight_to_the_others() -> None:
    weights, found = one_dimension(("30", "90"), ("20", None), ("25", "80"), ("15", "100"))
    total = roll_up(dimension_weights=weights, lines=found, rules=RULES)
    assert total.overall is not None
    assert str(round_half_up(total.overall)) == "88.57"
    assert str(round_half_up(total.active_percent)) == "77.78"


def test_less_than_sixty_percent_of_the_weight_is_not_rated() -> None:
    weights, found = one_dimension(("30", "90"), ("20", None), ("25", None), ("15", "100"))
    total = roll_up(dimension_weights=weights, lines=found, rules=RULES)
    assert (total.overall, total.grade, total.active_percent) == (None, "NR", 50)


def test_exactly_sixty_percent_is_rated() -> None:
    weights, found = one_dimension(("60", "90"), ("40", None))
    assert roll_up(dimension_weights=weights, lines=found, rules=RULES).overall == 90


def test_three_lines_of_a_third_each_need_not_add_up_to_100() -> None:
    weights, found = one_dimension(("33.33", "80"), ("33.33", "90"), ("33.33", "100"))
    assert roll_up(dimension_weights=weights, lines=found, rules=RULES).overall == 90


def test_nothing_measured_is_not_rated() -> None:
    weights, found = one_dimension(("50", None), ("50", None))
    total = roll_up(dimension_weights=weights, lines=found, rules=RULES)
    assert (total.overall, total.grade) == (None, "NR")


def test_an_empty_dimension_hands_its_weight_to_the_other_dimensions() -> None:
    found = lines(("a", "30", "100"), ("b", "40", "50"), ("c", "30", None))
    weights = {"a": Fraction(30), "b": Fraction(40), "c": Fraction(30)}
    assert roll_up(dimension_weights=weights, lines=found, rules=RULES).overall == Fraction(5000, 70)


def test_a_line_missing_in_a_dimension_does_not_move_weight_to_another_dimension() -> None:
    found = lines(("a", "25", "100"), ("a", "25", None), ("b", "50", "60"))
    weights = {"a": Fraction(50), "b": Fraction(50)}
    assert roll_up(dimension_weights=weights, lines=found, rules=RULES).overall == 80


def test_the_overall_does_not_exceed_100() -> None:
    weights, found = one_dimension(("100", "110"))
    assert roll_up(dimension_weights=weights, lines=found, rules=RULES).overall == 100


def test_a_line_without_weight_only_informs() -> None:
    weights, found = one_dimension(("100", "70"), ("0", "0"))
    total = roll_up(dimension_weights=weights, lines=found, rules=RULES)
    assert (total.overall, total.active_percent) == (70, 100)


@pytest.mark.parametrize(
    ("score", "grade"),
    [
        ("95", "S"),
        ("94.99", "A"),
        ("85", "A"),
        ("84.99", "B"),
        ("70", "B"),
        ("69.99", "C"),
        ("60", "C"),
        ("59.99", "D"),
        ("0", "D"),
    ],
)
def test_a_grade_begins_at_its_lower_bound(score: str, grade: str) -> None:
    assert RULES.grade(Decimal(score)) == grade


def test_effective_weights_let_a_reader_add_the_overall_by_hand() -> None:
    found = lines(("a", "30", "100"), ("a", "10", None), ("b", "40", "50"), ("c", "20", None), ("b", "0", "7"))
    weights = {"a": Fraction(40), "b": Fraction(40), "c": Fraction(20)}
    carried = effective_weights(dimension_weights=weights, lines=found)
    assert carried == [50, None, 50, None, None]
    overall = roll_up(dimension_weights=weights, lines=found, rules=RULES).overall
    assert overall == sum(w * line.points for w, line in zip(carried, found, strict=True) if w and line.points) / 100


def test_a_score_below_every_band_gets_the_last_grade() -> None:
    rules = GradeRules(
        bands=[("S", Decimal(95)), ("A", Decimal(85)), ("B", Decimal(70))], rated_from_percent=Fraction(60)
    )
    assert [rules.grade(Decimal(score)) for score in ("95", "85", "70", "69.99", "0")] == ["S", "A", "B", "B", "B"]
