"""Rounding and writing figures. Expected values: SPEC E10."""

from decimal import Decimal
from fractions import Fraction

import pytest

from appraisal.scoring.numbers import decimal_text, fraction_text, read_fraction, round_half_up


@pytest.mark.parametrize(
    ("value", "rounded"),
    [
        ("2.675", "2.68"),
        ("59.995", "60.00"),
        ("84.985", "84.99"),
        ("-0.005", "-0.01"),
        ("-0.004", "0.00"),
        ("0", "0.00"),
        ("99999999999999.995", "100000000000000.00"),
    ],
)
def test_ties_go_away_from_zero(value: str, rounded: str) -> None:
    assert round_half_up(Fraction(value)) == Decimal(rounded)


def test_a_third_is_rounded_to_the_places_asked_for() -> None:
    assert round_half_up(Fraction(1, 3), 6) == Decimal("0.333333")
    assert round_half_up(Fraction(2, 3), 6) == Decimal("0.666667")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("83.257700", "83.2577"),
        ("100", "100"),
        ("100.000000", "100"),
        ("0.0000004", "0"),
        ("-0.0000001", "0"),
        ("1E+2", "100"),
    ],
)
def test_figures_are_written_without_trailing_zeros(value: str, text: str) -> None:
    assert decimal_text(Decimal(value)) == text


def test_what_is_not_measurable_is_written_as_nothing() -> None:
    assert decimal_text(None) is None
    assert fraction_text(None) == ""
    assert read_fraction("") is None


@pytest.mark.parametrize("value", [Fraction(0), Fraction(-7, 3), Fraction(10**20, 3)])
def test_a_stored_fraction_reads_back_equal(value: Fraction) -> None:
    assert read_fraction(fraction_text(value)) == value
