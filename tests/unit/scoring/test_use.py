"""Bonus points, vetoes, weight flow, year, segments, distribution, pay. Source: SPEC 2.4, 2.5, 2.7, 4."""

from decimal import Decimal
from fractions import Fraction

import pytest

from appraisal.scoring.annual import Quarter, annual_score, is_long_enough
from appraisal.scoring.bonus import bonus_amount, round_to_unit, share_pool
from appraisal.scoring.distribution import GradeShare, assign, distribute, gated_grade, quotas
from appraisal.scoring.rollup import (
    NOT_RATED,
    GradeRules,
    RollUp,
    Veto,
    VetoEffect,
    WeightedPoints,
    apply_vetoes,
    capped_grade,
    roll_up,
)
from appraisal.scoring.segments import Segment, segmented_score
from appraisal.scoring.weights import Handed, WeightFlow, weight_flow
from appraisal.scoring.workdays import as_if_present_throughout

F = Fraction
RULES = GradeRules(bands=[("A", Decimal(85)), ("B", Decimal(70)), ("C", Decimal(0))], rated_from_percent=Fraction(60))


def line(dimension: str, weight: int, points: int | None) -> WeightedPoints:
    return WeightedPoints(dimension=dimension, weight=F(weight), points=None if points is None else F(points))


def score_of(points: int | None, **more: Fraction) -> RollUp:
    return roll_up(dimension_weights={"d": F(100)}, lines=[line("d", 1, points)], rules=RULES, **more)


@pytest.mark.parametrize(
    ("points", "bonus", "deduction", "overall", "grade"),
    [
        (84, 1, 0, 85, "A"),
        (84, 9, 0, 89, "A"),
        (84, 9, 20, 69, "C"),
        (98, 5, 0, 100, "A"),
        (98, 5, 4, 99, "A"),
        (3, 0, 4, 0, "C"),
        (120, 0, 0, 100, "A"),
    ],
)
def test_bonus_points_are_capped_before_the_score_is(
    points: int, bonus: int, deduction: int, overall: int, grade: str
) -> None:
    total = score_of(points, bonus=F(bonus), deduction=F(deduction))
    assert (total.overall, total.grade, total.base) == (overall, grade, points)
    assert (total.bonus, total.deduction) == (min(bonus, 5), deduction)


def test_the_bounds_of_bonus_and_score_are_settings() -> None:
    total = score_of(110, bonus=F(30), bonus_cap=F(8), ceiling=F(115))
    assert (total.overall, total.bonus) == (115, 8)
    assert score_of(110, ceiling=F(120)).overall == 110


@pytest.mark.parametrize("part", [{"bonus": F(-1)}, {"deduction": F(-1)}])
def test_negative_bonus_points_and_deductions_are_refused(part: dict[str, Fraction]) -> None:
    with pytest.raises(ValueError, match=r"^bonus points and deductions are not negative$"):
        score_of(80, **part)


def test_nobody_is_rated_for_bonus_points_alone() -> None:
    total = score_of(None, bonus=F(5))
    assert (total.overall, total.base, total.bonus, total.deduction, total.grade) == (None, None, 0, 0, NOT_RATED)
    assert [(d.code, d.weight, d.score) for d in total.dimensions] == [("d", 100, None)]


def test_exactly_the_least_weight_is_enough_to_be_rated() -> None:
    lines = [line("d", 60, 80), line("d", 40, None)]
    total = roll_up(dimension_weights={"d": F(100)}, lines=lines, rules=RULES)
    assert (total.overall, total.active_percent) == (80, 60)


def test_a_dimension_without_lines_takes_no_part() -> None:
    lines = [line("a", 1, 80)]
    total = roll_up(dimension_weights={"a": F(50), "b": F(50)}, lines=lines, rules=RULES)
    assert total.overall == 80
    assert [(d.code, d.weight, d.score) for d in total.dimensions] == [("a", 50, 80), ("b", 50, None)]


def test_weights_and_points_of_any_denominator_add_up_exactly() -> None:
    lines = [
        WeightedPoints(dimension="d", weight=F(1, 3), points=F(200, 7)),
        WeightedPoints(dimension="d", weight=F(5, 4), points=F(300, 11)),
        WeightedPoints(dimension="d", weight=F(2, 4), points=F(99)),
        WeightedPoints(dimension="d", weight=F(5, 6), points=None),
        WeightedPoints(dimension="d", weight=F(0), points=F(7)),
    ]
    total = roll_up(dimension_weights={"d": F(1, 9)}, lines=lines, rules=RULES)
    expected = (F(1, 3) * F(200, 7) + F(5, 4) * F(300, 11) + F(1, 2) * 99) / (F(1, 3) + F(5, 4) + F(1, 2))
    assert total.overall == expected
    assert total.active_percent == 100 * F(25, 12) / (F(25, 12) + F(5, 6))


def test_a_score_below_every_band_has_the_last_grade() -> None:
    rules = GradeRules(bands=[("A", Decimal(85)), ("B", Decimal(70))], rated_from_percent=F(0))
    assert rules.grade(Decimal(1)) == "B"


def cap(grade: str) -> Veto:
    return Veto(effect=VetoEffect.GRADE_CAP, grade=grade)


ZERO_KPI, ZERO_BONUS = Veto(effect=VetoEffect.ZERO_KPI), Veto(effect=VetoEffect.ZERO_BONUS)


@pytest.mark.parametrize(
    ("points", "vetoes", "grade"),
    [(95, [cap("C"), cap("B")], "C"), (75, [cap("A")], "B"), (95, [], "A"), (95, [ZERO_KPI, ZERO_BONUS], "A")],
)
def test_a_veto_caps_the_grade_and_leaves_the_score(points: int, vetoes: list[Veto], grade: str) -> None:
    before = score_of(points)
    after = apply_vetoes(before, vetoes, RULES)
    assert (after.grade, after.overall, after.vetoes) == (grade, before.overall, tuple(vetoes))


def test_a_veto_on_the_bonus_takes_it_away() -> None:
    assert score_of(95).has_bonus
    assert apply_vetoes(score_of(95), [cap("B"), ZERO_KPI], RULES).has_bonus
    assert not apply_vetoes(score_of(95), [cap("B"), ZERO_BONUS], RULES).has_bonus


def test_vetoes_are_applied_once() -> None:
    once = apply_vetoes(score_of(95), [cap("B")], RULES)
    with pytest.raises(ValueError, match=r"^vetoes are applied once$"):
        apply_vetoes(once, [cap("C")], RULES)


def test_who_is_not_rated_stays_so() -> None:
    assert capped_grade(NOT_RATED, vetoes=[cap("C")], rules=RULES) == NOT_RATED
    assert capped_grade("A", vetoes=[cap("C")], rules=RULES) == "C"


def test_the_flow_of_weight_names_who_carries_it() -> None:
    lines = [line("a", 30, 90), line("a", 10, 50), line("a", 10, None), line("b", 50, None), line("a", 0, 5)]
    flow = weight_flow(dimension_weights={"a": F(50), "b": F(50)}, lines=lines)
    nothing = F(0)
    assert flow == [
        WeightFlow(
            own=F(30),
            nominal_percent=F(30),
            dimension_percent=F(75),
            overall_percent=F(75),
            received_percent=F(45),
            handed=(),
        ),
        WeightFlow(
            own=F(10),
            nominal_percent=F(10),
            dimension_percent=F(25),
            overall_percent=F(25),
            received_percent=F(15),
            handed=(),
        ),
        WeightFlow(
            own=F(10),
            nominal_percent=F(10),
            dimension_percent=None,
            overall_percent=None,
            received_percent=nothing,
            handed=(Handed(index=0, percent=F(15, 2)), Handed(index=1, percent=F(5, 2))),
        ),
        WeightFlow(
            own=F(50),
            nominal_percent=F(50),
            dimension_percent=None,
            overall_percent=None,
            received_percent=nothing,
            handed=(Handed(index=0, percent=F(75, 2)), Handed(index=1, percent=F(25, 2))),
        ),
        WeightFlow(
            own=nothing,
            nominal_percent=nothing,
            dimension_percent=None,
            overall_percent=None,
            received_percent=nothing,
            handed=(),
        ),
    ]


def test_weight_stays_in_its_dimension_and_a_dimension_without_lines_weighs_nothing() -> None:
    lines = [line("a", 1, 90), line("a", 1, None), line("b", 2, 70)]
    flow = weight_flow(dimension_weights={"a": F(20), "b": F(60), "c": F(20)}, lines=lines)
    assert [each.nominal_percent for each in flow] == [F(25, 2), F(25, 2), 75]
    assert [each.overall_percent for each in flow] == [25, None, 75]
    assert flow[1].handed == (Handed(index=0, percent=F(25, 2)),)


def test_nothing_measurable_hands_nothing_on() -> None:
    flow = weight_flow(dimension_weights={"a": F(100)}, lines=[line("a", 1, None), line("a", 3, None)])
    assert [(each.nominal_percent, each.handed, each.overall_percent) for each in flow] == [
        (25, (), None),
        (75, (), None),
    ]


def test_dimensions_that_weigh_nothing_have_no_flow() -> None:
    flow = weight_flow(dimension_weights={"a": F(0)}, lines=[line("a", 1, 90)])
    assert (flow[0].nominal_percent, flow[0].overall_percent) == (0, None)


def quarter(workdays: int, eligible: int, score: int | None) -> Quarter:
    return Quarter(workdays=workdays, eligible_workdays=eligible, score=None if score is None else F(score))


def test_a_third_of_a_quarter_and_half_of_a_year_are_enough() -> None:
    year = annual_score([quarter(60, 20, 80), quarter(60, 60, 90), quarter(60, 19, 10), quarter(18, 0, None)])
    assert (year.rated, year.score, year.eligible_percent) == ((0, 1), F(20 * 80 + 60 * 90, 80), F(100 * 99, 198))
    assert annual_score([quarter(60, 60, 90), quarter(61, 0, None)]).score is None
    assert annual_score([quarter(60, 40, 90)], rated_from=F(3, 4)).score is None
    assert annual_score([quarter(60, 60, None)]).score is None
    assert annual_score([quarter(60, 60, 0)]).score == 0
    assert annual_score([quarter(1, 1, 70)]).score == 70
    empty = annual_score([])
    assert (empty.score, empty.eligible_percent, empty.rated) == (None, 0, ())


def test_a_period_without_workdays_is_not_long_enough() -> None:
    assert not is_long_enough(eligible_workdays=0, workdays=0)
    assert is_long_enough(eligible_workdays=1, workdays=1)
    assert is_long_enough(eligible_workdays=1, workdays=3)
    assert not is_long_enough(eligible_workdays=33, workdays=100)


@pytest.mark.parametrize("eligible", [-1, 61])
def test_more_eligible_days_than_workdays_are_refused(eligible: int) -> None:
    with pytest.raises(ValueError, match=f"^{eligible} of 60 workdays is no share$"):
        quarter(60, eligible, 80)


def test_segments_count_by_workdays_from_fifteen_on() -> None:
    segments = [
        Segment(workdays=15, score=F(80)),
        Segment(workdays=45, score=F(90)),
        Segment(workdays=14, score=F(10)),
        Segment(workdays=30, score=None),
    ]
    assert segmented_score(segments) == F(15 * 80 + 45 * 90, 60)
    assert segmented_score(segments, scored_from=16) == 90
    assert segmented_score(segments[2:]) is None
    assert segments[0].is_scored()
    assert not segments[2].is_scored()


def shares(text: str, caps: str = "") -> list[GradeShare]:
    return [
        GradeShare(grade=grade, percent=F(percent), is_cap=grade in caps)
        for grade, percent in zip("SABC", text.split("/"), strict=False)
    ]


def test_shares_that_do_not_add_up_or_hold_caps_only_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^the shares of a distribution must add up to 100$"):
        quotas(10, shares("20/30/40/11"))
    with pytest.raises(ValueError, match=r"^a distribution needs a grade that is no cap$"):
        quotas(10, shares("20/80/0", "SA"))


def test_what_caps_leave_is_shared_in_proportion() -> None:
    assert quotas(19, shares("10/30/50/10", "SC")) == {"S": 1, "A": 6, "B": 11, "C": 1}
    assert quotas(10, shares("20/30/40/10", "SC")) == {"S": 2, "A": 3, "B": 4, "C": 1}
    assert quotas(100, shares("1/99")) == {"S": 1, "A": 99}
    assert quotas(3, shares("50/50/0")) == {"S": 2, "A": 1, "B": 0}
    assert quotas(1, shares("1/99")) == {"S": 0, "A": 1}


def grades(scores: list[int], **quota: int) -> str:
    return "".join(assign([F(score) for score in scores], quota))


def test_equal_scores_drop_at_the_top_cut_and_rise_at_the_others() -> None:
    assert grades([9, 8, 7, 6], S=1, A=1, B=2) == "SABB"
    assert grades([6, 7, 8, 9], S=1, A=1, B=2) == "BBAS"
    assert grades([9, 9, 7, 6], S=1, A=1, B=2) == "AABB"
    assert grades([9, 8, 8, 6], S=1, A=1, B=2) == "SAAB"
    assert grades([9, 9, 9, 9], S=2, A=1, B=1) == "AAAA"
    assert grades([9, 9, 6], S=1, A=0, B=2) == "BBB"
    assert grades([9, 9, 6], S=2, A=0, B=1) == "SSB"
    assert grades([9, 9], S=0, A=1, B=1) == "AA"


def test_quotas_of_another_number_of_people_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^the quotas do not add up to the number of scores$"):
        assign([F(1)], {"S": 1, "A": 1})


@pytest.mark.parametrize(
    ("by_rank", "by_band", "final"),
    [
        ("S", "S", "S"),
        ("S", "B", "B"),
        ("B", "S", "B"),
        ("C", "A", "B"),
        ("C", "B", "B"),
        ("C", "C", "C"),
        ("C", "D", "D"),
    ],
)
def test_the_bottom_grade_needs_a_bad_score_too(by_rank: str, by_band: str, final: str) -> None:
    assert gated_grade(by_rank=by_rank, by_band=by_band, ranked="SABC", bands="SABCD") == final


def test_a_distribution_of_one_grade_has_nothing_above_it() -> None:
    assert gated_grade(by_rank="B", by_band="A", ranked="B", bands="AB") == "B"
    assert gated_grade(by_rank="B", by_band="A", ranked="AB", bands="AB") == "A"


def test_a_pool_below_the_minimum_is_not_ranked() -> None:
    scores = [F(score) for score in range(10)]
    assert distribute(scores[:9], shares("20/30/40/10")) is None
    assert distribute(scores, shares("20/30/40/10")) == list("CBBBBAAASS")
    assert distribute(scores[:2], shares("50/50"), smallest_pool=2) == ["A", "S"]


def pay(**changed: object) -> Fraction | None:
    given: dict[str, object] = {
        "base": F(1000), "coefficient": F(1), "eligible_days": 30, "workdays": 60, **changed
    }  # fmt: skip
    return bonus_amount(**given)  # type: ignore[arg-type]


def test_pay_follows_grade_team_and_days() -> None:
    assert pay() == 500
    assert pay(coefficient=F("1.3"), eligible_days=60) == 1300
    assert pay(team_factor=F(2)) == 550
    assert pay(team_factor=F("0.5")) == 450
    assert pay(team_factor=F(2), highest_team_factor=F("1.5")) == 750
    assert pay(team_factor=F(0), lowest_team_factor=F("0.5")) == 250
    assert pay(eligible_days=0) == 0


def test_pay_after_a_veto_is_zero_and_without_a_grade_unknown() -> None:
    assert pay(is_vetoed=True) == 0
    assert pay(is_vetoed=True, coefficient=None) == 0
    assert pay(coefficient=None) is None
    assert pay(eligible_days=1, workdays=1) == 1000


@pytest.mark.parametrize(("eligible", "workdays"), [(-1, 60), (61, 60), (0, 0)])
def test_days_that_are_no_share_are_refused(eligible: int, workdays: int) -> None:
    with pytest.raises(ValueError, match=f"^{eligible} of {workdays} workdays is no share$"):
        pay(eligible_days=eligible, workdays=workdays)


@pytest.mark.parametrize(
    ("value", "unit", "rounded"),
    [("2577.2727", "0.01", "2577.27"), ("0.005", "0.01", "0.01"), ("14.5", "1", "15"), ("15", "10", "20")],
)
def test_an_amount_is_rounded_half_up_to_whole_units(value: str, unit: str, rounded: str) -> None:
    assert round_to_unit(F(value), Decimal(unit)) == Decimal(rounded)


def test_the_largest_remainders_get_what_is_left_of_a_budget() -> None:
    # 100 among 3 : 2 : 1 is 50, 33⅓, 16⅔: the last one has the largest remainder.
    shared = share_pool({"a": F(3), "b": F(2), "c": F(1)}, pool=Decimal(100), unit=Decimal(1))
    assert shared == {"a": 50, "b": 33, "c": 17}


def test_equal_remainders_go_to_the_larger_claim_then_to_the_first_key() -> None:
    # 2 among 3 : 1 is 1½ and ½.
    assert share_pool({"a": F(1), "b": F(3)}, pool=Decimal(2), unit=Decimal(1)) == {"a": 0, "b": 2}
    assert share_pool({"b": F(1), "a": F(1)}, pool=Decimal(3), unit=Decimal(1)) == {"a": 2, "b": 1}


@pytest.mark.parametrize(
    ("claims", "pool", "said"),
    [
        ({"a": F(1)}, "1.005", "1.005 is not a multiple of 0.01"),
        ({"a": F(-1)}, "1", "a claim is not negative"),
        ({"a": F(0)}, "1", "nobody has a claim on the budget"),
        ({}, "1", "nobody has a claim on the budget"),
    ],
)
def test_a_budget_that_cannot_be_shared_is_refused(claims: dict[str, Fraction], pool: str, said: str) -> None:
    with pytest.raises(ValueError, match=f"^{said}$"):
        share_pool(claims, pool=Decimal(pool), unit=Decimal("0.01"))


def test_a_count_is_seen_as_that_of_the_whole_period() -> None:
    assert as_if_present_throughout(F(3), present=F(1, 2)) == 6
    assert as_if_present_throughout(F(3), present=F(1)) == 3
    for present in (F(0), F(-1), F(3, 2)):
        with pytest.raises(ValueError, match=rf"^{present} is no part of a period$"):
            as_if_present_throughout(F(3), present=present)
