"""What is said to reach a grade really reaches it, and one case or one hundredth of a point fewer does not."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appraisal.scoring.bands import Bands
from appraisal.scoring.curves import Curve, Direction, PointsRule
from appraisal.scoring.numbers import round_half_up
from appraisal.scoring.projection import Share, fewest_good_cases, points_to_reach
from appraisal.scoring.rollup import GradeRules, RollUp, WeightedPoints, roll_up

RULES = GradeRules(bands=[("A", Decimal(85)), ("B", Decimal(70)), ("D", Decimal(0))], rated_from_percent=Fraction(0))
UP: PointsRule = Curve(anchors=[(Fraction(0), Fraction(0)), (Fraction(100), Fraction(110))], direction=Direction.UP)
STEPS: PointsRule = Bands(
    bounds=[(Fraction(95), Fraction(100)), (Fraction(85), Fraction(80)), (Fraction(0), Fraction(0))],
    direction=Direction.UP,
)
DOWN: PointsRule = Curve(anchors=[(Fraction(0), Fraction(110)), (Fraction(40), Fraction(0))], direction=Direction.DOWN)
HUNDREDTH = Fraction(1, 100)

shares = st.integers(1, 60).flatmap(lambda decided: st.tuples(st.integers(0, decided), st.just(decided)))
weights = st.integers(1, 30).map(Fraction)
points = st.fractions(min_value=0, max_value=110, max_denominator=50)
others = st.lists(st.tuples(weights, points), max_size=5)


def total(weight: Fraction, own: Fraction, rest: list[tuple[Fraction, Fraction]]) -> RollUp:
    lines = [WeightedPoints(dimension="d", weight=w, points=p) for w, p in [(weight, own), *rest]]
    return roll_up(
        dimension_weights={"d": sum((line.weight for line in lines), Fraction(0))},
        lines=lines,
        rules=RULES,
        ceiling=Fraction(120),
    )


@given(
    counted=shares,
    pool=st.tuples(st.integers(0, 100).map(Fraction), st.integers(0, 10)),
    weight=weights,
    rest=others,
    rule=st.sampled_from([UP, STEPS, DOWN]),
    most=st.integers(1, 80),
)
def test_the_cases_that_are_named_reach_the_grade_and_one_fewer_does_not(
    counted: tuple[int, int],
    pool: tuple[Fraction, int],
    weight: Fraction,
    rest: list[tuple[Fraction, Fraction]],
    rule: PointsRule,
    most: int,
) -> None:
    (met, decided), (pool_percent, pool_cases) = counted, pool
    met_is_good = rule is not DOWN

    def reaches(value: Fraction) -> bool:
        return total(weight, rule.points(value) or Fraction(0), rest).grade == "A"

    def is_reached_after(good: int) -> bool:
        # Counted here anew: so many cases more, each of them met or, where that is bad, not met.
        good_met = met + good if met_is_good else met
        return reaches((100 * good_met + pool_percent * pool_cases) / Fraction(decided + good + pool_cases))

    share = Share(met=met, decided=decided, met_is_good=met_is_good, pool_percent=pool_percent, pool_cases=pool_cases)
    found = fewest_good_cases(share, most=most, reaches=reaches)
    if found is None:
        assert not any(is_reached_after(good) for good in range(most + 1))
    else:
        assert is_reached_after(found)
        assert not found or not is_reached_after(found - 1)


@given(weight=weights, own=points, rest=others)
def test_the_points_that_are_named_reach_the_bound_and_a_hundredth_less_does_not(
    weight: Fraction, own: Fraction, rest: list[tuple[Fraction, Fraction]]
) -> None:
    before = total(weight, own, rest)
    assert before.overall is not None
    carries = 100 * weight / (weight + sum((w for w, _p in rest), Fraction(0)))
    needed = points_to_reach(points=own, overall=before.overall, bound=Decimal(85), carries_percent=carries)
    if round_half_up(before.overall) >= 85:
        assert needed == own
        return
    # As far as the ceiling of the overall lets it.
    assert total(weight, needed, rest).grade == "A"
    assert total(weight, needed - HUNDREDTH, rest).grade != "A"


def test_a_share_after_good_cases_counts_them_as_met_or_not_met() -> None:
    # 9 of 12, then 8 more in time: 17 of 20. 3 repeats of 12, then 8 visits without one: 3 of 20.
    assert Share(met=9, decided=12, met_is_good=True).percent_after(8) == 85
    assert Share(met=3, decided=12, met_is_good=False).percent_after(8) == 15


def test_a_share_drawn_to_its_pool_is_drawn_to_the_same_pool_after_further_cases() -> None:
    # 9 of 12 and 10 cases of a family's 80 %: (900 + 800) / 22; with 8 more in time (1700 + 800) / 30.
    share = Share.drawn_to_pool(met=9, decided=12, met_is_good=True, scored=Fraction(1700, 22), pool_cases=10)
    assert share.pool_percent == 80
    assert share.scored_after(0) == Fraction(1700, 22)
    assert share.scored_after(8) == Fraction(2500, 30)
    assert share.percent_after(8) == 85


@pytest.mark.parametrize(("met", "decided"), [(2, 1), (-1, 1), (0, 0)])
def test_what_is_no_share_is_refused(met: int, decided: int) -> None:
    with pytest.raises(ValueError, match="no share"):
        Share(met=met, decided=decided, met_is_good=True)


def test_a_line_that_carries_nothing_lifts_nothing() -> None:
    with pytest.raises(ValueError, match="carries nothing"):
        points_to_reach(points=Fraction(0), overall=Fraction(0), bound=Decimal(1), carries_percent=Fraction(0))
