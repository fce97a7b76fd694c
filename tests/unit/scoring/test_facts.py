"""From evidence to facts: per hundred, workdays, values. Source: SPEC G, 1."""

from datetime import date, time
from fractions import Fraction

import pytest

from appraisal.scoring.clock import OFFICE_WEEK, WorkingWeek
from appraisal.scoring.numbers import decimal_text
from appraisal.scoring.values import per_hundred, robust_mean
from appraisal.scoring.workdays import Workdays

F = Fraction


def test_per_hundred_may_exceed_a_hundred_and_is_exact() -> None:
    assert per_hundred(total=3, base=2) == 150
    assert per_hundred(total=F(1, 3), base=1) == F(100, 3)
    assert per_hundred(total=3, base=0) is None


def test_workdays_count_both_ends_and_none_backwards() -> None:
    calendar = Workdays(OFFICE_WEEK)
    assert calendar.count_workdays(date(2026, 3, 2), date(2026, 3, 2)) == 1
    assert calendar.count_workdays(date(2026, 3, 2), date(2026, 3, 8)) == 5
    assert calendar.count_workdays(date(2026, 3, 3), date(2026, 3, 2)) == 0
    assert calendar.is_workday(date(2026, 3, 6))
    assert not calendar.is_workday(date(2026, 3, 7))


def test_a_term_of_workdays_ends_on_one() -> None:
    calendar = Workdays(OFFICE_WEEK)
    assert calendar.add_workdays(date(2026, 3, 7), 0) == date(2026, 3, 7)
    assert calendar.add_workdays(date(2026, 3, 6), 1) == date(2026, 3, 9)
    assert calendar.add_workdays(date(2026, 3, 6), 600) == date(2028, 6, 23)
    with pytest.raises(ValueError, match=r"^a term of workdays is negative$"):
        calendar.add_workdays(date(2026, 3, 7), -1)


def test_a_calendar_that_nobody_filled_in_is_refused() -> None:
    work = ((time(9), time(18)),)
    empty = WorkingWeek(days=((), (), (), (), (), (), ()), exceptions={date(2027, 3, 3): work, date(2028, 3, 4): work})
    assert Workdays(empty).add_workdays(date(2026, 3, 2), 1) == date(2027, 3, 3)
    with pytest.raises(ValueError, match=r"^the calendar holds no workday within a year$"):
        Workdays(empty).add_workdays(date(2026, 3, 2), 2)


def test_a_mean_that_scores_is_a_median_below_twenty_values_and_cut_from_there_on() -> None:
    values = [F(value) for value in (*range(1, 19), 1000)]
    assert robust_mean(values) == 10
    twenty = [*values, F(19)]
    # The 95th percentile lies a twentieth of the way from 19 to 1000.
    assert robust_mean(twenty) == (190 + 19 + F(981, 20)) / 20


def test_a_mean_that_scores_of_few_values_or_none() -> None:
    assert robust_mean([F(7)]) == 7
    assert robust_mean([F(3), F(1)]) == 2
    assert robust_mean([F(5)] * 20) == 5
    with pytest.raises(ValueError, match=r"^no values have no mean$"):
        robust_mean([])


def test_a_figure_is_written_half_up_with_all_its_places() -> None:
    from decimal import Decimal

    assert decimal_text(Decimal("1.0000005")) == "1.000001"
    assert decimal_text(Decimal("-1.0000005")) == "-1.000001"
    assert decimal_text(Decimal("123456789012345678901234567890.1234565")) == "123456789012345678901234567890.123457"
    assert decimal_text(Decimal("0.5"), 0) == "1"
    assert decimal_text(Decimal(100), 0) == "100"
    assert decimal_text(Decimal("0.000000012"), 8) == "0.00000001", "never with an exponent"
