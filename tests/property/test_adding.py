"""Many scorecards added up at once give what one by one gives."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from appraisal.scoring.adding import Adder
from appraisal.scoring.rollup import GradeRules, WeightedPoints, roll_up

weights = st.decimals(min_value=0, max_value=100, places=2).map(Fraction)
points = st.none() | st.fractions(min_value=0, max_value=120, max_denominator=997)
lines = st.lists(st.tuples(st.sampled_from("abc"), weights, points), max_size=12)
extras = st.fractions(min_value=0, max_value=9, max_denominator=50)


@given(
    lines=lines,
    dimensions=st.fixed_dictionaries(dict.fromkeys("abc", weights)),
    rated_from=st.integers(min_value=0, max_value=100).map(Fraction),
    bonus=extras,
    deduction=extras,
    ceiling=st.sampled_from([Fraction(100), Fraction(120)]),
)
def test_the_overall_is_that_of_the_roll_up(
    lines: list[tuple[str, Fraction, Fraction | None]],
    dimensions: dict[str, Fraction],
    rated_from: Fraction,
    bonus: Fraction,
    deduction: Fraction,
    ceiling: Fraction,
) -> None:
    rules = GradeRules(bands=[("A", Decimal(60)), ("B", Decimal(0))], rated_from_percent=rated_from)
    whole = roll_up(
        dimension_weights=dimensions,
        lines=[WeightedPoints(dimension=code, weight=weight, points=own) for code, weight, own in lines],
        rules=rules,
        bonus=bonus,
        deduction=deduction,
        bonus_cap=Fraction(5),
        ceiling=ceiling,
    )
    adder = Adder(
        dimension_weights=dimensions,
        lines=[(code, weight) for code, weight, _own in lines],
        rules=rules,
        bonus_cap=Fraction(5),
        ceiling=ceiling,
    )
    assert adder.overall([own for _code, _weight, own in lines], bonus=bonus, deduction=deduction) == whole.overall
