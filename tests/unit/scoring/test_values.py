"""Shares, means and percentiles. Expected values: SPEC E17, E19."""

from fractions import Fraction

import pytest

from appraisal.scoring.numbers import round_half_up
from appraisal.scoring.values import mean, percentile, percentile_rank, rate_percent


def test_rate_is_not_measurable_without_decided_cases() -> None:
    assert rate_percent(met=0, decided=0) is None


def test_rate_is_the_exact_share_in_percent() -> None:
    assert rate_percent(met=2019, decided=2425) == Fraction(201900, 2425)


@pytest.mark.parametrize(("met", "decided"), [(2, 1), (-1, 1)])
def test_rate_refuses_more_met_than_decided(met: int, decided: int) -> None:
    with pytest.raises(ValueError, match="is no share"):
        rate_percent(met=met, decided=decided)


def test_mean_of_nothing_is_not_measurable() -> None:
    assert mean(total=Fraction(0), count=0) is None


def test_mean_of_seven_surveys_is_exact() -> None:
    answers = [5, 5, 4, 4, 3, 2, 1]
    value = mean(total=Fraction(sum(answers)), count=len(answers))
    assert value is not None
    assert str(round_half_up(value)) == "3.43"


OUTLIERS = [1, 2, 2, 3, 4, 5, 6, 7, 8, 120]


@pytest.mark.parametrize(("percent", "expected"), [(50, Fraction(9, 2)), (90, Fraction(192, 10))])
def test_percentile_is_linear_between_its_neighbours(percent: int, expected: Fraction) -> None:
    index, _part = percentile_rank(count=len(OUTLIERS), percent=percent)
    lower, upper = OUTLIERS[index], OUTLIERS[index + 1]
    assert percentile(lower=Fraction(lower), upper=Fraction(upper), count=10, percent=percent) == expected


def test_percentile_of_one_case_is_that_case() -> None:
    assert percentile_rank(count=1, percent=90) == (0, Fraction(0))
    assert percentile(lower=Fraction(7), upper=Fraction(7), count=1, percent=90) == 7


def test_percentile_of_nothing_is_not_measurable() -> None:
    assert percentile(lower=Fraction(0), upper=Fraction(0), count=0, percent=50) is None
