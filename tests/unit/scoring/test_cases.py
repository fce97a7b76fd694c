"""The worked examples E1 to E19 of the specification: every figure of tests/data/cases.json, from the product.

A figure is looked up with ``case(example, key)``; the last test fails when one was never looked up. Figures named
``wrong_`` show what a tempting mistake gives, and that the product does not make it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from appraisal.scoring.annual import Quarter, annual_score, simple_mean
from appraisal.scoring.bands import Bands
from appraisal.scoring.bonus import GRADE_COEFFICIENTS, bonus_amount
from appraisal.scoring.casemix import Count, case_mix
from appraisal.scoring.clock import END_OF_DAY, OFFICE_DAY, OFFICE_WEEK, WorkingClock, WorkingWeek
from appraisal.scoring.complaints import Complaint, Severity, Verdict, complaint_rates
from appraisal.scoring.continuity import broken_at, continuity_percent, gaps, is_exempt
from appraisal.scoring.curves import Curve, Direction
from appraisal.scoring.deductions import Deduction, StepRounding
from appraisal.scoring.distribution import GradeShare, assign, gated_grade, quotas
from appraisal.scoring.feedback import RaterGroup, feedback_score, leniency_adjusted
from appraisal.scoring.membership import Period, decided_at, is_met, period_of
from appraisal.scoring.numbers import round_half_up
from appraisal.scoring.ratios import Ratio
from appraisal.scoring.reopening import ReopenPolicy, open_intervals
from appraisal.scoring.repeats import Fix, credit_shares, repeat_rates, repeated_fixes, team_rate
from appraisal.scoring.rollup import GradeRules, RollUp, WeightedPoints, roll_up
from appraisal.scoring.small_samples import shrink, shrunk_rate, wilson
from appraisal.scoring.surveys import net_promoter_score, survey_figures
from appraisal.scoring.values import mean, median, percentile_of, rate_percent
from appraisal.scoring.workdays import Workdays

CASES: dict[str, dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "data" / "cases.json").read_text(encoding="utf-8")
)
SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
MINUTE, HOUR = 60_000_000, 3_600_000_000
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
GRADES = GradeRules(
    bands=[("S", Decimal(95)), ("A", Decimal(85)), ("B", Decimal(70)), ("C", Decimal(60)), ("D", Decimal(0))],
    rated_from_percent=Fraction(60),
)
UP, DOWN = Direction.UP, Direction.DOWN


def case(example: str, key: str) -> Any:
    name = next(name for name in CASES if name.split("_")[0] == example)
    return CASES[name][key]


def clock_of(week: WorkingWeek, zone: ZoneInfo = SHANGHAI) -> WorkingClock:
    return WorkingClock(zone=zone, week=week, first_date=date(2026, 1, 1), last_date=date(2026, 12, 31))


def at(text: str, zone: ZoneInfo = SHANGHAI) -> datetime:
    """Read ``03-02 09:00`` as a local time of 2026."""
    return datetime.strptime(f"2026-{text}", "%Y-%m-%d %H:%M").replace(tzinfo=zone)


def in_minutes(microseconds: int) -> str:
    return str(Fraction(microseconds, MINUTE))


def shown(value: Fraction | None, places: int = 2) -> str | None:
    return None if value is None else str(round_half_up(value, places))


def rolled(*parts: tuple[str, str | None]) -> RollUp:
    """Roll up lines (weight, points) of one dimension."""
    lines = [
        WeightedPoints(dimension="d", weight=Fraction(w), points=None if p is None else Fraction(p)) for w, p in parts
    ]
    return roll_up(dimension_weights={"d": Fraction(100)}, lines=lines, rules=GRADES)


CHINA = clock_of(CHINA_2026)


class TestE1:
    START, STOP = at("02-13 17:30"), at("02-24 10:00")

    def test_e1_holiday_makeup(self) -> None:
        assert in_minutes(CHINA.elapsed(self.START, self.STOP)) == case("E1", "correct_min")

    def test_e1_wrong_without_makeup_days(self) -> None:
        assert in_minutes(clock_of(NO_MAKE_UP).elapsed(self.START, self.STOP)) == case("E1", "wrong_no_makeup_min")

    def test_e1_wrong_weekdays_only(self) -> None:
        assert in_minutes(clock_of(OFFICE_WEEK).elapsed(self.START, self.STOP)) == case(
            "E1", "wrong_weekdays_only_min"
        )

    def test_e1_calendar_minutes(self) -> None:
        always = WorkingWeek(days=(((time(0), END_OF_DAY),),) * 7)
        assert in_minutes(clock_of(always).elapsed(self.START, self.STOP)) == case("E1", "calendar_min")


class TestE2:
    START, STOP = at("09-20 16:00"), at("09-28 10:00")
    PAUSES = [
        (at("09-21 10:00"), at("09-21 15:00")),
        (at("09-21 14:00"), at("09-22 09:30")),
        (at("09-24 17:00"), None),
    ]

    def test_e2_pauses(self) -> None:
        net = CHINA.elapsed(self.START, self.STOP, self.PAUSES)
        target = int(case("E2", "target_min"))
        assert in_minutes(CHINA.elapsed(self.START, self.STOP)) == case("E2", "gross_min")
        assert in_minutes(net) == case("E2", "net_min")
        assert is_met(net, target * 60) is case("E2", "met")
        assert in_minutes(net - target * MINUTE) == case("E2", "overrun_min")

    def test_e2_wrong_sum_of_pauses(self) -> None:
        gross = CHINA.elapsed(self.START, self.STOP)
        single = [gross - CHINA.elapsed(self.START, self.STOP, [pause]) for pause in self.PAUSES]
        assert in_minutes(gross - sum(single)) == case("E2", "wrong_sum_of_pauses_min")

    def test_e2_wrong_final_pause_lost(self) -> None:
        kept = CHINA.elapsed(self.START, self.STOP, self.PAUSES[:-1])
        assert in_minutes(kept) == case("E2", "wrong_final_pause_lost_min")


class TestE3:
    OPENED, RESOLVED = at("03-02 09:00"), at("03-02 15:00")
    REOPENED, FINAL = at("03-04 10:00"), at("03-04 16:00")

    def total(self, policy: ReopenPolicy) -> int:
        stretches = open_intervals(self.OPENED, [(self.RESOLVED, self.REOPENED)], self.FINAL, policy)
        return sum(CHINA.elapsed(start, stop) for start, stop in stretches if stop is not None)

    def test_e3_reopened(self) -> None:
        first, resume = self.total(ReopenPolicy.FIRST), self.total(ReopenPolicy.RESUME)
        target = 60 * int(case("E3", "target_min"))
        assert in_minutes(first) == case("E3", "first_min")
        assert in_minutes(resume) == case("E3", "resume_min")
        assert in_minutes(self.total(ReopenPolicy.SPAN)) == case("E3", "full_span_min")
        assert is_met(first, target) is case("E3", "met_first")
        assert is_met(resume, target) is case("E3", "met_resume")

    def test_e3_a_reopened_case_is_no_first_time_fix_and_belongs_to_its_last_resolution(self) -> None:
        stretches = open_intervals(self.OPENED, [(self.RESOLVED, self.REOPENED)], self.FINAL)
        last_stop = stretches[-1][1]
        assert last_stop is not None
        assert (len(stretches) == 1) is case("E3", "first_time_fix")
        assert str(last_stop.date()) == case("E3", "member_date")


class TestE4:
    ALWAYS = clock_of(WorkingWeek(days=(((time(0), END_OF_DAY),),) * 7), BERLIN)
    NIGHT = clock_of(WorkingWeek(days=(((time(0), time(6)),),) * 7), BERLIN)

    @pytest.mark.parametrize(
        ("key", "start", "stop"),
        [("spring_min", "03-28 22:00", "03-29 06:00"), ("autumn_min", "10-24 22:00", "10-25 06:00")],
    )
    def test_e4_dst(self, key: str, start: str, stop: str) -> None:
        begin, end = at(start, BERLIN), at(stop, BERLIN)
        assert in_minutes(self.ALWAYS.elapsed(begin, end)) == case("E4", key)
        # Python subtracts times of one zone by the clock on the wall.
        assert in_minutes((end - begin) // timedelta(microseconds=1)) == case("E4", "wall_clock_diff_min")

    @pytest.mark.parametrize("day", ["03-29", "10-25"])
    def test_e4_window_over_the_change(self, day: str) -> None:
        worked = self.NIGHT.elapsed(at(f"{day} 00:00", BERLIN), at(f"{day} 23:00", BERLIN))
        assert in_minutes(worked) == case("E4", f"window_00_06_on_2026_{day.replace('-', '_')}_min")


class TestE5:
    QUARTERS = [
        Period(code=f"2026-Q{n}", start=date(2026, 3 * n - 2, 1), end=date(2026, 3 * n + 1, 1)) for n in (1, 2, 3)
    ]

    def quarter(self, instant: datetime, zone: ZoneInfo = SHANGHAI) -> str | None:
        found = period_of(instant, self.QUARTERS, zone)
        return found.code if found else None

    def test_e5_a_late_ticket_counts_where_it_was_due(self) -> None:
        reply, due = at("04-01 09:10"), at("03-31 17:00")
        assert self.quarter(decided_at(reply, due)) == case("E5", "late_ticket_cycle")
        assert (reply <= due) is case("E5", "late_ticket_met")

    def test_e5_membership_goes_by_the_local_date(self) -> None:
        event = datetime.strptime(case("E5", "utc_event"), "%Y-%m-%dT%H:%M%z")
        assert self.quarter(event) == case("E5", "utc_event_cycle")
        assert self.quarter(event, ZoneInfo("UTC")) == case("E5", "wrong_utc_cycle")

    def test_e5_open_and_not_yet_due_is_no_member(self) -> None:
        verdict = "member" if self.quarter(decided_at(None, at("04-02 09:00"))) == "2026-Q1" else "not a member"
        assert verdict == case("E5", "open_not_due_at_cycle_end")


class TestE6:
    CASES = [
        (at("03-02 10:00"), [at("03-02 17:00"), at("03-03 11:00")], at("03-03 18:00")),
        (at("03-04 09:00"), [at("03-06 09:00")], at("03-06 12:00")),
        (at("03-05 16:00"), [], at("03-06 10:00")),
    ]
    ALLOWED = 8 * HOUR

    def test_e6_followup(self) -> None:
        found = [gaps(overdue_at=due, updates=seen, stop=stop, clock=CHINA) for due, seen, stop in self.CASES]
        assert [[str(Fraction(gap, HOUR)) for gap in each] for each in found] == case("E6", "gap_hours")
        broken = [
            broken_at(overdue_at=due, updates=seen, resolved_at=stop, clock=CHINA, allowed_us=self.ALLOWED)
            for due, seen, stop in self.CASES
        ]
        assert [instant is None for instant in broken] == case("E6", "compliant")
        assert broken[1] == at("03-04 18:00")

    def test_e6_a_case_paused_throughout_is_exempt_from_the_rate(self) -> None:
        due, stop = at("03-02 10:00"), at("03-06 10:00")
        everything = [*self.CASES, (due, [], stop)]
        pauses = [[], [], [], [(due, None)]]
        asked = [
            (overdue, seen, end)
            for (overdue, seen, end), paused in zip(everything, pauses, strict=True)
            if not is_exempt(overdue_at=overdue, stop=end, clock=CHINA, pauses=paused)
        ]
        kept = [
            broken_at(overdue_at=overdue, updates=seen, resolved_at=end, clock=CHINA, allowed_us=self.ALLOWED) is None
            for overdue, seen, end in asked
        ]
        rate = continuity_percent(kept=sum(kept), overdue=len(asked), owned=4)
        assert shown(rate) == case("E6", "rate_pct")

    def test_e6_nothing_overdue_is_full_points_for_who_owned_a_ticket(self) -> None:
        owned, none = (continuity_percent(kept=0, overdue=0, owned=owned) for owned in (1, 0))
        text = f"score {owned} if >=1 ticket owned, else {'not_applicable' if none is None else none}"
        assert text == case("E6", "empty_denominator")


class TestE7:
    CUTOFF = at("08-31 23:59")
    NAMES = ("F1", "F2", "F3", "F4", "F5", "callback", "preventive")

    def fixes(self) -> list[Fix]:
        def fix(asset: str, fault: str, opened: str, fixed: str, *, repair: bool = True, **minutes: int) -> Fix:
            return Fix(
                asset=asset,
                fault=fault,
                opened_at=at(opened),
                fixed_at=at(fixed),
                shares=credit_shares(minutes),
                is_repair=repair,
            )

        return [
            fix("X", "f", "06-01 08:00", "06-01 10:00", A=60),
            fix("X", "f", "07-01 10:00", "07-02 12:00", B=60),
            fix("X", "f", "07-20 09:00", "07-20 15:00", B=120, C=60),
            fix("X", "g", "07-22 09:00", "07-22 12:00", A=60),
            fix("Y", "f", "06-05 09:00", "06-05 12:00", A=60),
            fix("Y", "f", "06-10 09:00", "06-10 12:00", repair=False, A=60),
            fix("Y", "f", "06-20 09:00", "06-20 12:00", repair=False, A=60),
        ]

    def hits(self, window: timedelta) -> list[str]:
        found = repeated_fixes(self.fixes(), cutoff=self.CUTOFF, window=window)
        return [name for name, repeated in zip(self.NAMES, found, strict=True) if repeated]

    def test_e7_repeat(self) -> None:
        rates = repeat_rates(self.fixes(), cutoff=self.CUTOFF)
        assert self.hits(timedelta(days=30)) == case("E7", "repeated_fixes")
        assert {name: shown(rate.percent) for name, rate in rates.items()} == case("E7", "rate_pct")
        assert {name: str(rate.matured) for name, rate in rates.items()} == case("E7", "denominators")
        assert shown(team_rate(rates.values()).percent) == case("E7", "team_pct")

    def test_e7_one_second_later_is_no_repeat(self) -> None:
        window = timedelta(days=30) - timedelta(seconds=1)
        assert self.hits(window) == case("E7", "window_minus_1s_hits")


def test_e8_complaints() -> None:
    complaints = [
        Complaint(severity=Severity.GENERAL, verdict=Verdict.JUSTIFIED),
        Complaint(severity=Severity.SERIOUS, verdict=Verdict.JUSTIFIED),
        Complaint(severity=Severity.MAJOR, verdict=Verdict.PENDING),
        Complaint(severity=Severity.GENERAL, verdict=Verdict.UNJUSTIFIED),
    ]
    rates = complaint_rates(complaints, closed=case("E8", "tickets_closed"))
    assert shown(rates.per_hundred) == case("E8", "per_100")
    assert shown(rates.weighted_per_hundred) == case("E8", "weighted_per_100")


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


class TestE12:
    def test_e12_small_n_shrinks_to_the_pool(self) -> None:
        expected = case("E12", "shrunk_pct")
        found = {}
        for text in expected:
            met, n = map(int, text.split("/"))
            found[text] = shown(100 * shrink(total=met, n=n, pool_mean=Fraction(4, 5)))
        assert found == expected

    def test_e12_no_case_is_no_data_whatever_the_formula_gives(self) -> None:
        assert shrunk_rate(met=0, n=0, pool_met=80, pool_n=100) is None
        assert shown(100 * (shrunk_rate(met=3, n=3, pool_met=80, pool_n=100) or 0)) == case("E12", "shrunk_pct")["3/3"]

    def test_e12_wilson(self) -> None:
        expected = case("E12", "wilson95")
        found = {}
        for text in expected:
            met, n = map(int, text.split("/"))
            found[text] = [shown(Fraction(bound), 4) for bound in wilson(met=met, n=n)]
        assert found == expected


class TestE13:
    RATERS = {
        RaterGroup.MANAGER: [4],
        RaterGroup.PEER: [5, 4, 4, 3, 1],
        RaterGroup.SUBORDINATE: [2, 3],
        RaterGroup.CUSTOMER: [5, 4, 4],
    }

    def fractions(self) -> dict[RaterGroup, list[Fraction]]:
        return {group: [Fraction(each) for each in given] for group, given in self.RATERS.items()}

    def test_e13_360(self) -> None:
        result = feedback_score(self.fractions())
        assert {str(g): shown(each, 4) for g, each in result.means.items()} == case("E13", "group_means")
        assert [str(group) for group in result.suppressed] == case("E13", "suppressed")
        assert result.shown_percent == case("E13", "shown_weight")
        assert shown(result.score, 4) == case("E13", "score_5")
        assert shown(result.percent) == case("E13", "score_100")

    def test_e13_the_mean_of_all_raters_would_give_the_hidden_group_away(self) -> None:
        everybody = [each for given in self.RATERS.values() for each in given]
        shown_groups = [given for group, given in self.RATERS.items() if group is not RaterGroup.SUBORDINATE]
        hidden_sum = len(everybody) * Fraction(sum(everybody), len(everybody)) - sum(map(sum, shown_groups))
        hidden = hidden_sum / (len(everybody) - sum(map(len, shown_groups)))
        assert shown(hidden) == case("E13", "attack_recovers_suppressed_mean")
        # What the product shows does not depend on the hidden answers, so it cannot give them away.
        others = self.fractions() | {RaterGroup.SUBORDINATE: [Fraction(5), Fraction(5)]}
        assert feedback_score(others) == feedback_score(self.fractions())

    def test_e13_leniency(self) -> None:
        adjusted = leniency_adjusted(given=Fraction(5), rater_mean=Fraction("4.6"), overall_mean=Fraction("4.0"), n=8)
        assert shown(adjusted, 4) == case("E13", "leniency_adjusted")


class TestE14:
    SCORES = [
        Fraction(text)
        for text in ["96.10", "93.50", "93.50", "91", "90", "89", "88", "87", "86", "85", "80", "72.25", "72.25"]
    ]

    def shares(self, text: str, caps: str = "") -> list[GradeShare]:
        return [
            GradeShare(grade=grade, percent=Fraction(percent), is_cap=grade in caps)
            for grade, percent in zip("SABC", text.split("/"), strict=True)
        ]

    @pytest.mark.parametrize(
        ("key", "n", "percents", "caps"),
        [
            ("n13_largest_remainder", 13, "20/30/40/10", ""),
            ("n13_with_S_and_C_as_caps", 13, "20/30/40/10", "SC"),
            ("n15_all_remainders_tied", 15, "10/30/50/10", ""),
            ("n0", 0, "20/30/40/10", ""),
        ],
    )
    def test_e14_forced_quotas(self, key: str, n: int, percents: str, caps: str) -> None:
        assert quotas(n, self.shares(percents, caps)) == case("E14", key)

    def assigned(self) -> list[str]:
        return assign(self.SCORES, quotas(13, self.shares("20/30/40/10", "SC")))

    def test_e14_assigned(self) -> None:
        grades = self.assigned()
        assert {grade: grades.count(grade) for grade in sorted(set(grades), key="SABC".index)} == case(
            "E14", "assigned"
        )
        assert grades[1:3] == case("E14", "tied_b_c")
        assert grades[11:13] == case("E14", "tied_l_m")

    def test_e14_five_tied_rise_and_the_gate_of_bands_decides(self) -> None:
        grades = assign([Fraction(80)] * 5, quotas(5, self.shares("20/30/40/10", "SC")))
        assert {grade: grades.count(grade) for grade in grades} == case("E14", "all_tied_5")
        bands = [name for name, _lower in GRADES.bands]
        gated = [gated_grade(by_rank=grade, by_band="B", ranked="SABC", bands=bands) for grade in grades]
        assert gated == ["B"] * 5


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
            f"Q{n}": calendar.count_workdays(date(2026, 3 * n - 2, 1), end) for n, end in enumerate(ends, start=1)
        }
        assert counted == case("E15", "working_days")
        assert calendar.count_workdays(date(2026, 1, 1), date(2026, 12, 31)) == case("E15", "total")

    def test_e15_annual(self) -> None:
        year = annual_score(self.quarters())
        assert [f"Q{index + 1}" for index in year.rated] == case("E15", "rated")
        assert shown(year.eligible_percent) == case("E15", "eligible_pct")
        assert shown(year.score) == case("E15", "annual")

    def test_e15_wrong_simple_mean(self) -> None:
        assert shown(simple_mean(self.quarters())) == case("E15", "wrong_simple_mean")


@pytest.mark.parametrize(
    ("engineer", "near", "far"), [("A", Count(9, 10), Count(30, 40)), ("B", Count(36, 40), Count(6, 10))]
)
def test_e16_case_mix(engineer: str, near: Count, far: Count) -> None:
    pool = {("near",): Count(95, 100), ("far",): Count(70, 100)}
    result = case_mix({("near",): near, ("far",): far}, pool, pool_percent=Fraction(80))
    expected = case("E16", engineer)
    assert {
        "raw_pct": shown(result.raw_percent),
        "expected": shown(result.expected),
        "o_over_e": shown(result.ratio, 4),
        "adjusted_pct": shown(result.adjusted_percent),
        "shrunk_ratio_k10": shown(result.shrunk_ratio(), 4),
    } == expected


def test_e17_outliers() -> None:
    hours = [Fraction(each) for each in (1, 2, 2, 3, 4, 5, 6, 7, 8, 120)]
    assert shown(mean(total=sum(hours, Fraction(0)), count=10)) == case("E17", "mean")
    assert shown(median(hours)) == case("E17", "median")
    assert shown(percentile_of(hours, 90)) == case("E17", "p90_cont")
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


class TestE19:
    ANSWERS: Sequence[int] = (5, 5, 4, 4, 3, 2, 1)

    def test_e19_survey(self) -> None:
        figures = survey_figures(self.ANSWERS)
        assert figures is not None
        assert len(self.ANSWERS) == case("E19", "n")
        assert shown(figures.average) == case("E19", "average")
        assert shown(figures.top2_percent) == case("E19", "top2_pct")
        assert shown(figures.top_box_percent) == case("E19", "top_box_pct")
        assert shown(figures.points_share_percent) == case("E19", "points_share_pct")
        assert shown(rate_percent(met=7, decided=case("E19", "sent"))) == case("E19", "response_pct")

    def test_e19_shrunk_top2(self) -> None:
        rate = shrunk_rate(met=4, n=7, pool_met=80, pool_n=100)
        assert rate is not None
        assert shown(100 * rate) == case("E19", "shrunk_top2_team_80_k10")

    def test_e19_nps(self) -> None:
        assert shown(net_promoter_score([10, 9, 9, 8, 7, 6, 3])) == case("E19", "nps")


def test_every_figure_of_every_example_is_compared() -> None:
    source = Path(__file__).read_text(encoding="utf-8")
    missing = [f"{name}: {key}" for name, key in _keys() if not _is_looked_up(source, name.split("_")[0], key)]
    assert missing == []


def _keys() -> Iterator[tuple[str, str]]:
    for name, figures in CASES.items():
        for key in figures:
            yield name, key


# Looked up through a parameter instead of by name, in the test of the same example.
_BY_PARAMETER = {
    "E4": ["spring_min", "autumn_min", "window_00_06_on_2026_03_29_min", "window_00_06_on_2026_10_25_min"],
    "E9": ["deduct_87_35_vs_90", "deduct_overshoot_70"],
    "E10": ["hu_2_675", "hu_59_995", "hu_84_985", "hu_minus_0_005"],
    "E14": ["n13_largest_remainder", "n13_with_S_and_C_as_caps", "n15_all_remainders_tied", "n0"],
    "E16": ["A", "B"],
}


def _is_looked_up(source: str, example: str, key: str) -> bool:
    squeezed = "".join(source.split())
    return f'case("{example}","{key}"' in squeezed or key in _BY_PARAMETER.get(example, [])
