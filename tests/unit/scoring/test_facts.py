"""From evidence to facts: follow-up, repeats, complaints, surveys, membership, workdays, values. Source: SPEC G, 1."""

from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest

from appraisal.scoring.clock import OFFICE_WEEK, WorkingClock, WorkingWeek
from appraisal.scoring.complaints import Complaint, Severity, Verdict, complaint_rates
from appraisal.scoring.continuity import broken_at, continuity_percent, gaps, is_exempt
from appraisal.scoring.membership import Period, decided_at, is_met, period_of
from appraisal.scoring.numbers import decimal_text
from appraisal.scoring.reopening import ReopenPolicy, open_intervals
from appraisal.scoring.repeats import (
    Fix,
    RepeatRate,
    credit_shares,
    repeat_delays,
    repeat_rates,
    repeated_fixes,
    team_rate,
)
from appraisal.scoring.surveys import net_promoter_score, survey_figures
from appraisal.scoring.values import median, per_hundred, percentile_of, robust_mean
from appraisal.scoring.workdays import Workdays

F = Fraction
SHANGHAI = ZoneInfo("Asia/Shanghai")
HOUR = 3_600_000_000


def at(text: str) -> datetime:
    return datetime.strptime(f"2026-{text}", "%Y-%m-%d %H:%M").replace(tzinfo=SHANGHAI)


@pytest.fixture
def clock() -> WorkingClock:
    return WorkingClock(zone=SHANGHAI, week=OFFICE_WEEK, first_date=date(2026, 1, 1), last_date=date(2026, 12, 31))


DUE = at("03-02 10:00")


def broken(
    clock: WorkingClock, *updates: str, resolved: str | None, allowed: int = 8, **more: object
) -> datetime | None:
    return broken_at(
        overdue_at=DUE,
        updates=[at(update) for update in updates],
        resolved_at=None if resolved is None else at(resolved),
        clock=clock,
        allowed_us=8 * HOUR,
        **more,  # type: ignore[arg-type]
    )


def test_a_gap_of_exactly_what_is_allowed_keeps_the_promise(clock: WorkingClock) -> None:
    assert broken(clock, resolved="03-03 10:00") is None
    assert broken(clock, resolved="03-03 10:01") == at("03-03 10:00")


def test_the_promise_breaks_at_the_first_gap_that_is_too_long(clock: WorkingClock) -> None:
    found = broken(clock, "03-05 17:00", "03-02 17:00", "03-01 09:00", "03-07 10:00", resolved="03-06 10:00")
    assert found == at("03-03 17:00")
    assert broken(clock, "03-03 09:00", "03-03 17:00", resolved="03-06 10:00") == at("03-04 17:00")


def test_an_open_case_breaks_its_promise_unless_somebody_reports(clock: WorkingClock) -> None:
    assert broken(clock, resolved=None) == at("03-03 10:00")
    assert broken(clock, "03-02 17:00", resolved=None) == at("03-03 17:00")


def test_paused_time_is_exempt_from_follow_up(clock: WorkingClock) -> None:
    pause = (at("03-02 11:00"), at("03-04 11:00"))
    assert broken(clock, resolved="03-05 10:00", pauses=[pause]) is None
    assert broken(clock, resolved="03-05 10:01", pauses=[pause]) == at("03-05 10:00")
    assert broken(clock, resolved=None, pauses=[pause]) == at("03-05 10:00")
    assert broken(clock, resolved=None, pauses=[(at("03-02 11:00"), None)]) is None


def test_updates_before_the_due_instant_and_after_the_stop_make_no_gap(clock: WorkingClock) -> None:
    updates = [at("03-02 10:00"), at("03-02 09:00"), at("03-02 14:00"), at("03-02 12:00"), at("03-02 17:00")]
    found = gaps(overdue_at=DUE, updates=updates, stop=at("03-02 17:00"), clock=clock)
    assert found == [2 * HOUR, HOUR, 3 * HOUR]
    pause = (at("03-02 10:00"), at("03-02 11:00"))
    assert gaps(overdue_at=DUE, updates=[], stop=at("03-02 12:00"), clock=clock, pauses=[pause]) == [HOUR]


def test_only_a_case_paused_all_the_working_time_is_exempt(clock: WorkingClock) -> None:
    stop, pause = at("03-02 15:00"), (at("03-02 10:00"), at("03-02 15:00"))
    assert is_exempt(overdue_at=DUE, stop=stop, clock=clock, pauses=[pause])
    assert not is_exempt(overdue_at=DUE, stop=at("03-02 15:01"), clock=clock, pauses=[pause])
    assert not is_exempt(overdue_at=DUE, stop=stop, clock=clock, pauses=[])
    night = at("03-02 18:00")
    assert not is_exempt(overdue_at=night, stop=at("03-02 19:00"), clock=clock, pauses=[pause])


@pytest.mark.parametrize(("kept", "overdue"), [(2, 1), (-1, 1)])
def test_more_kept_promises_than_cases_are_refused(kept: int, overdue: int) -> None:
    with pytest.raises(ValueError, match=f"^{kept} of {overdue} is no share$"):
        continuity_percent(kept=kept, overdue=overdue, owned=5)


def test_continuity_is_the_share_of_kept_promises() -> None:
    assert continuity_percent(kept=0, overdue=3, owned=5) == 0
    assert continuity_percent(kept=3, overdue=3, owned=5) == 100


def test_an_open_case_has_an_open_stretch() -> None:
    opened, resolved, reopened = at("03-02 09:00"), at("03-02 15:00"), at("03-04 10:00")
    pair = [(resolved, reopened)]
    assert open_intervals(opened, pair, None) == [(opened, resolved), (reopened, None)]
    assert open_intervals(opened, pair, None, ReopenPolicy.FIRST) == [(opened, resolved)]
    assert open_intervals(opened, pair, None, ReopenPolicy.SPAN) == [(opened, None)]
    assert open_intervals(opened, [], resolved, ReopenPolicy.FIRST) == [(opened, resolved)]
    assert open_intervals(opened, [], None) == [(opened, None)]


@pytest.mark.parametrize(
    ("pairs", "final"),
    [
        ([("03-02 08:00", "03-04 10:00")], "03-05 10:00"),
        ([("03-02 15:00", "03-02 14:00")], "03-05 10:00"),
        ([("03-02 15:00", "03-04 10:00")], "03-04 09:00"),
        ([("03-02 15:00", "03-02 14:00")], None),
    ],
)
def test_a_case_cannot_be_resolved_before_it_is_open(pairs: list[tuple[str, str]], final: str | None) -> None:
    given = [(at(resolved), at(reopened)) for resolved, reopened in pairs]
    with pytest.raises(ValueError, match=r"^a case is resolved and reopened in order$"):
        open_intervals(at("03-02 09:00"), given, None if final is None else at(final))


def fix(opened: str, fixed: str, *, asset: str = "X", fault: str = "f", repair: bool = True, by: str = "A") -> Fix:
    return Fix(asset=asset, fault=fault, opened_at=at(opened), fixed_at=at(fixed), shares={by: F(1)}, is_repair=repair)


def test_the_earliest_follow_up_counts_and_may_open_as_the_first_is_fixed() -> None:
    fixes = [
        fix("01-01 08:00", "01-02 08:00"),
        fix("01-09 08:00", "01-10 08:00"),
        fix("01-05 08:00", "01-06 08:00"),
        fix("01-06 08:00", "01-20 08:00"),
    ]
    assert repeat_delays(fixes) == [timedelta(days=3), None, timedelta(0), None]


def test_another_case_fixed_the_instant_it_was_opened_is_not_its_own_follow_up() -> None:
    assert repeat_delays([fix("01-01 08:00", "01-01 08:00")]) == [None]


@pytest.mark.parametrize("other", [{"asset": "Y"}, {"fault": "g"}, {"repair": False}])
def test_another_asset_or_fault_or_no_repair_is_no_follow_up(other: dict[str, object]) -> None:
    fixes = [fix("01-01 08:00", "01-02 08:00"), fix("01-03 08:00", "01-04 08:00", **other)]  # type: ignore[arg-type]
    assert repeat_delays(fixes) == [None, None]


@pytest.mark.parametrize("blank", [{"asset": ""}, {"fault": ""}])
def test_without_an_asset_or_a_fault_nothing_matches(blank: dict[str, str]) -> None:
    fixes = [fix("01-01 08:00", "01-02 08:00", **blank), fix("01-03 08:00", "01-04 08:00", **blank)]  # type: ignore[arg-type]
    assert repeat_delays(fixes) == [None, None]


def test_a_fix_is_decided_when_its_window_has_passed() -> None:
    fixes = [fix("01-01 08:00", "01-01 10:00"), fix("01-02 08:00", "01-02 10:00", repair=False)]
    cutoff = at("01-31 10:00")
    assert repeated_fixes(fixes, cutoff=cutoff) == [False, None]
    assert repeated_fixes(fixes, cutoff=cutoff - timedelta(seconds=1)) == [None, None]
    assert repeated_fixes(fixes, cutoff=cutoff, window=timedelta(days=31)) == [None, None]


def test_rates_add_up_over_fixes_that_are_decided() -> None:
    fixes = [
        fix("01-01 08:00", "01-01 10:00"),
        fix("01-02 08:00", "01-02 10:00"),
        fix("02-25 08:00", "02-25 10:00"),
        fix("01-03 08:00", "01-03 10:00", asset="Z", by="B"),
    ]
    rates = repeat_rates(fixes, cutoff=at("02-26 10:00"))
    assert rates == {"A": RepeatRate(repeated=F(1), matured=F(2)), "B": RepeatRate(repeated=F(0), matured=F(1))}
    assert team_rate(rates.values()) == RepeatRate(repeated=F(1), matured=F(3))
    assert rates["A"].percent == 50
    assert RepeatRate().percent is None
    assert repeat_rates(fixes, cutoff=at("02-26 10:00"), window=timedelta(days=1))["A"].repeated == 1
    assert team_rate([]) == RepeatRate()


def test_credit_is_shared_by_minutes_and_alike_without_any() -> None:
    assert credit_shares({"B": 120, "C": 60}) == {"B": F(2, 3), "C": F(1, 3)}
    assert credit_shares({"B": 0, "C": 1}) == {"B": 0, "C": 1}
    assert credit_shares({"B": 0, "C": 0}) == {"B": F(1, 2), "C": F(1, 2)}
    assert credit_shares({}) == {}
    with pytest.raises(ValueError, match=r"^minutes of a visit are negative$"):
        credit_shares({"B": 2, "C": -1})


@pytest.mark.parametrize(("severity", "weight"), [(Severity.GENERAL, 1), (Severity.SERIOUS, 3), (Severity.MAJOR, 5)])
def test_a_justified_complaint_weighs_by_severity(severity: Severity, weight: int) -> None:
    rates = complaint_rates([Complaint(severity=severity, verdict=Verdict.JUSTIFIED)], closed=100)
    assert (rates.per_hundred, rates.weighted_per_hundred) == (1, weight)
    nothing = complaint_rates([Complaint(severity=severity, verdict=Verdict.JUSTIFIED)], closed=0)
    assert (nothing.per_hundred, nothing.weighted_per_hundred) == (None, None)


def test_per_hundred_may_exceed_a_hundred_and_is_exact() -> None:
    assert per_hundred(total=3, base=2) == 150
    assert per_hundred(total=F(1, 3), base=1) == F(100, 3)


def test_surveys_without_answers_or_off_the_scale() -> None:
    assert survey_figures([]) is None
    assert net_promoter_score([]) is None
    for answers in ([0, 3], [6, 3]):
        with pytest.raises(ValueError, match=r"^an answer lies outside 1 to 5$"):
            survey_figures(answers)
    for answers in ([-1, 3], [11, 3]):
        with pytest.raises(ValueError, match=r"^a recommendation lies outside 0 to 10$"):
            net_promoter_score(answers)
    assert net_promoter_score([0, 10, 9, 8, 7, 6]) == 0
    assert net_promoter_score([0, 1]) == -100
    ten = survey_figures([10, 9, 1], highest=10)
    assert ten is not None
    assert (ten.top2_percent, ten.top_box_percent, ten.points_share_percent) == (F(200, 3), F(100, 3), F(200, 3))


def test_a_case_is_decided_at_the_earlier_of_stop_and_due_in_utc() -> None:
    early, late = at("03-02 10:00"), at("03-03 10:00")
    for stop, due, expected in ((early, late, early), (late, early, early), (None, late, late)):
        found = decided_at(stop, due)
        assert (found, found.tzinfo) == (expected, UTC)


@pytest.mark.parametrize(("elapsed", "met"), [(60_000_000, True), (60_999_999, True), (61_000_000, False), (0, True)])
def test_a_target_is_met_in_whole_seconds(elapsed: int, met: bool) -> None:
    assert is_met(elapsed, 60) is met


def test_a_period_holds_its_first_day_and_not_its_end() -> None:
    periods = [
        Period(code="a", start=date(2026, 1, 1), end=date(2026, 2, 1)),
        Period(code="b", start=date(2026, 2, 1), end=date(2026, 3, 1)),
    ]
    for text, code in (("01-01 00:00", "a"), ("01-31 23:59", "a"), ("02-01 00:00", "b")):
        found = period_of(at(text), periods, SHANGHAI)
        assert found is not None
        assert found.code == code
    assert period_of(at("03-01 00:00"), periods, SHANGHAI) is None


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
    assert percentile_of(twenty, 95) == 19 + F(981, 20)
    assert robust_mean(twenty) == (190 + 19 + F(981, 20)) / 20
    assert robust_mean([]) is None


def test_percentiles_of_few_values() -> None:
    assert percentile_of([], 50) is None
    assert percentile_of([F(7)], 90) == 7
    assert percentile_of([F(3), F(1)], 100) == 3
    assert percentile_of([F(3), F(1)], 0) == 1
    assert median([F(3), F(1)]) == 2


def test_a_figure_is_written_half_up_with_all_its_places() -> None:
    from decimal import Decimal

    assert decimal_text(Decimal("1.0000005")) == "1.000001"
    assert decimal_text(Decimal("-1.0000005")) == "-1.000001"
    assert decimal_text(Decimal("123456789012345678901234567890.1234565")) == "123456789012345678901234567890.123457"
    assert decimal_text(Decimal("0.5"), 0) == "1"
    assert decimal_text(Decimal(100), 0) == "100"
