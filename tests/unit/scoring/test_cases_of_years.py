"""The worked examples E15, E17 and E18 of the specification: a year, outliers, what follows from a score."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction

from appraisal.scoring.annual import Quarter, annual_score
from appraisal.scoring.bonus import GRADE_COEFFICIENTS, bonus_amount
from appraisal.scoring.clock import OFFICE_DAY, OFFICE_WEEK, WorkingWeek
from appraisal.scoring.values import mean, percentile, percentile_rank
from appraisal.scoring.workdays import Workdays
from tests.examples import case, shown

HOLIDAYS = (
    [date(2026, 1, day) for day in (1, 2, 3)]
    + [date(2026, 2, day) for day in range(15, 24)]
    + [date(2026, 4, day) for day in (4, 5, 6)]
    + [date(2026, 5, day) for day in range(1, 6)]
    + [date(2026, 6, day) for day in (19, 20, 21)]
    + [date(2026, 9, day) for day in (25, 26, 27)]
    + [date(2026, 10, day) for day in range(1, 8)]
)
MAKE_UP_DAYS = [
    *(date(2026, 1, 4), date(2026, 2, 14), date(2026, 2, 28), date(2026, 5, 9)),
    *(date(2026, 9, 20), date(2026, 10, 10)),
]
NO_MAKE_UP = WorkingWeek(days=OFFICE_WEEK.days, exceptions=dict.fromkeys(HOLIDAYS, ()))
CHINA_2026 = WorkingWeek(
    days=OFFICE_WEEK.days, exceptions=dict.fromkeys(HOLIDAYS, ()) | dict.fromkeys(MAKE_UP_DAYS, OFFICE_DAY)
)


def days(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=offset) for offset in range((last - first).days + 1))


class TestE15:
    def quarters(self) -> list[Quarter]:
        scores = (Fraction("82.40"), Fraction(50), Fraction("90.10"), Fraction("76.00"))
        days, eligible = case("E15", "working_days"), case("E15", "eligible")
        return [
            Quarter(workdays=days[name], eligible_workdays=eligible[name], score=score)
            for name, score in zip(days, scores, strict=True)
        ]

    def test_e15_workdays_of_the_calendar(self) -> None:
        calendar = Workdays(CHINA_2026)
        ends = (date(2026, 3, 31), date(2026, 6, 30), date(2026, 9, 30), date(2026, 12, 31))
        counted = {
            f"Q{n}": sum(calendar.is_workday(day) for day in days(date(2026, 3 * n - 2, 1), end))
            for n, end in enumerate(ends, start=1)
        }
        assert counted == case("E15", "working_days")
        assert sum(counted.values()) == case("E15", "total")

    def test_e15_annual(self) -> None:
        year = annual_score(self.quarters())
        assert [f"Q{index + 1}" for index in year.rated] == case("E15", "rated")
        assert shown(year.eligible_percent) == case("E15", "eligible_pct")
        assert shown(year.score) == case("E15", "annual")

    def test_e15_wrong_simple_mean(self) -> None:
        """Quarters that count alike whatever their days give another score than the year's."""
        rated = [self.quarters()[index].score for index in annual_score(self.quarters()).rated]
        simple = mean(total=sum((score for score in rated if score is not None), Fraction(0)), count=len(rated))
        assert shown(simple) == case("E15", "wrong_simple_mean")


def of_order(values: list[Fraction], percent: int) -> Fraction | None:
    """Interpolate as a scoring run does, which knows the two neighbours only."""
    index, _way = percentile_rank(count=len(values), percent=percent)
    return percentile(lower=values[index], upper=values[index + 1], count=len(values), percent=percent)


def test_e17_outliers() -> None:
    hours = [Fraction(each) for each in (1, 2, 2, 3, 4, 5, 6, 7, 8, 120)]
    assert shown(mean(total=sum(hours, Fraction(0)), count=10)) == case("E17", "mean")
    assert shown(of_order(hours, 50)) == case("E17", "median")
    assert shown(of_order(hours, 90)) == case("E17", "p90_cont")
    # The other definition, which the product does not use: the ninth of ten.
    assert str(hours[9 - 1]) == case("E17", "p90_nearest_rank")


class TestE18:
    def test_e18_appeal_deadline(self) -> None:
        notified = date.fromisoformat(case("E18", "notified"))
        assert str(Workdays(CHINA_2026).add_workdays(notified, 7)) == case("E18", "deadline_7_workdays")
        assert str(Workdays(NO_MAKE_UP).add_workdays(notified, 7)) == case("E18", "wrong_without_makeup")

    def test_e18_bonus(self) -> None:
        base, coefficient, team, days = case("E18", "bonus_inputs").split(" x ")
        assert GRADE_COEFFICIENTS["A"] == Fraction(coefficient)
        eligible, workdays = map(int, days.split("/"))
        amount = bonus_amount(
            base=Fraction(base),
            coefficient=GRADE_COEFFICIENTS["A"],
            team_factor=Fraction(team),
            eligible_days=eligible,
            workdays=workdays,
        )
        assert shown(amount) == case("E18", "bonus")
