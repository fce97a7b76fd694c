"""Standard deviation and rank correlation, against figures worked out by hand or by another formula."""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appraisal.scoring.spread import (
    in_millionths,
    mean_and_deviation,
    rank_correlation,
    ranks,
    root,
    standard_deviation,
)


def test_the_deviation_is_that_of_a_whole_population() -> None:
    # Mean 5; squares of the differences 9, 1, 1, 1, 0, 0, 4, 16: 32 ÷ 8 = 4.
    assert standard_deviation([Decimal(n) for n in (2, 4, 4, 4, 5, 5, 7, 9)]) == 2
    assert standard_deviation([Decimal("70.00"), Decimal("68.00")]) == 1
    assert standard_deviation([Decimal(3)]) == 0
    assert standard_deviation([]) is None
    assert mean_and_deviation([]) == (None, None)
    assert mean_and_deviation([Fraction(1, 3), Fraction(2, 3)]) == (Fraction(1, 2), Decimal("0.166667"))


def test_a_root_is_rounded_half_up_and_exact_where_it_can_be() -> None:
    assert root(Fraction(2)) == Decimal("1.414214")
    assert root(Fraction(9, 4)) == Decimal("1.5")
    assert root(Fraction(25, 10**14)) == Decimal("0.000001"), "0.0000005 is a tie"
    assert root(Fraction(0)) == 0
    with pytest.raises(ValueError, match="nonnegative"):
        root(Fraction(-1))


def test_equal_values_share_their_place() -> None:
    assert ranks({"a": Fraction(1, 3), "b": Fraction(2, 6), "c": Fraction(0), "d": Fraction(5)}) == {
        "c": 0,
        "a": 1,
        "b": 1,
        "d": 2,
    }


def test_spearman_by_hand() -> None:
    # The textbook's 1 − 6 Σd² ÷ n(n² − 1) for ranks without ties: d² = 1, 1, 1, 1, 0 → 1 − 24 ÷ 120.
    assert rank_correlation([(1, 2), (2, 1), (3, 4), (4, 3), (5, 5)]) == Decimal("0.8")
    assert rank_correlation([(1, 10), (5, 20), (9, 21)]) == 1
    assert rank_correlation([(1, 30), (5, 20), (9, 10)]) == -1
    # Ties share their mean rank: ranks 1.5, 1.5, 3 and 1, 2, 3: 1.5 ÷ √(1.5 · 2).
    assert rank_correlation([(7, 1), (7, 2), (8, 3)]) == Decimal("0.866025")


def test_nothing_goes_along_with_what_does_not_vary() -> None:
    assert rank_correlation([(1, 1), (1, 2), (1, 3)]) is None
    assert rank_correlation([(4, 4)]) is None
    assert rank_correlation([]) is None


@given(st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9)), min_size=2, max_size=40))
def test_the_coefficient_is_symmetric_turns_with_the_order_and_stays_within_its_bounds(
    pairs: list[tuple[int, int]],
) -> None:
    found = rank_correlation(pairs)
    assert found == rank_correlation([(b, a) for a, b in pairs])
    turned = rank_correlation([(a, -b) for a, b in pairs])
    assert (found is None) == (turned is None)
    if found is not None and turned is not None:
        assert -1 <= found <= 1
        assert found == -turned
        # A growing change of one side changes no order.
        assert found == rank_correlation([(a**3, b) for a, b in pairs])


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=60))
def test_the_deviation_is_the_decimal_one(cents: list[int]) -> None:
    values = [Decimal(each) / 100 for each in cents]
    with localcontext(prec=50):
        mean = sum(values) / len(values)
        expected = (sum((value - mean) ** 2 for value in values) / len(values)).sqrt()
    found = standard_deviation(values)
    assert found is not None
    assert abs(found - expected) <= Decimal("0.0000005")


def test_a_value_below_zero_is_written_below_zero() -> None:
    assert in_millionths(Fraction(-5, 2)) == -2_500_000
    assert in_millionths(Fraction(-1, 2_000_000)) == -1, "half a millionth, away from zero"


def test_two_people_are_enough_to_go_along() -> None:
    assert rank_correlation([(1, 10), (2, 20)]) == 1
    assert rank_correlation([(1, 20), (2, 10)]) == -1
    assert rank_correlation([(1, 10)]) is None


def test_orders_that_have_nothing_to_do_with_each_other_are_a_plain_zero() -> None:
    found = rank_correlation([(1, 1), (1, 2), (2, 1), (2, 2)])
    assert (found, str(found).startswith("-")) == (0, False)
