"""A budget divided among claims: exact, whatever the order, and never less for a higher coefficient (SPEC 4)."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from hypothesis import assume, given
from hypothesis import strategies as st

from appraisal.scoring.bonus import bonus_amount, round_to_unit, share_pool

claims = st.dictionaries(
    st.text("abcdefgh", min_size=1, max_size=3),
    st.fractions(min_value=0, max_value=10_000, max_denominator=66),
    min_size=1,
    max_size=12,
).filter(lambda found: any(found.values()))
units = st.sampled_from([Decimal("0.01"), Decimal(1), Decimal(10)])
counts = st.integers(min_value=0, max_value=200_000)
coefficients = st.decimals(min_value=0, max_value=3, places=2).map(Fraction)


@given(claims=claims, unit=units, count=counts)
def test_amounts_add_up_to_the_budget_in_whole_units(claims: dict[str, Fraction], unit: Decimal, count: int) -> None:
    amounts = share_pool(claims, pool=count * unit, unit=unit)
    assert sum(amounts.values(), Decimal(0)) == count * unit
    assert all(amount >= 0 and amount % unit == 0 for amount in amounts.values())
    whole = sum(claims.values(), Fraction(0))
    for key, claim in claims.items():
        assert abs(Fraction(amounts[key]) - claim * count * Fraction(unit) / whole) < Fraction(unit)
        assert claim or not amounts[key], "no claim, nothing"


@given(claims=claims, unit=units, count=counts, data=st.data())
def test_the_order_of_the_rows_is_irrelevant(
    claims: dict[str, Fraction], unit: Decimal, count: int, data: st.DataObject
) -> None:
    order = data.draw(st.permutations(list(claims)))
    shuffled = {key: claims[key] for key in order}
    assert share_pool(shuffled, pool=count * unit, unit=unit) == share_pool(claims, pool=count * unit, unit=unit)


@given(
    claims=claims,
    unit=units,
    count=counts,
    more=st.fractions(min_value=0, max_value=500, max_denominator=9),
    data=st.data(),
)
def test_a_larger_claim_never_gets_less(
    claims: dict[str, Fraction], unit: Decimal, count: int, more: Fraction, data: st.DataObject
) -> None:
    key = data.draw(st.sampled_from(sorted(claims)))
    before = share_pool(claims, pool=count * unit, unit=unit)
    after = share_pool(claims | {key: claims[key] + more}, pool=count * unit, unit=unit)
    assert after[key] >= before[key]
    ordered = sorted(claims, key=lambda each: claims[each])
    assert all(before[low] <= before[high] for low, high in pairwise(ordered) if claims[low] < claims[high])


@given(
    base=st.integers(min_value=0, max_value=10_000),
    pair=st.tuples(coefficients, coefficients).map(sorted),
    factor=st.fractions(min_value=Fraction(1, 2), max_value=2, max_denominator=100),
    days=st.tuples(st.integers(0, 66), st.integers(1, 66)).map(lambda pair: (min(pair), max(pair))),
    unit=units,
)
def test_a_bonus_rises_with_the_coefficient(
    base: int, pair: list[Fraction], factor: Fraction, days: tuple[int, int], unit: Decimal
) -> None:
    assume(days[1] > 0)
    found = [
        bonus_amount(
            base=Fraction(base), coefficient=each, team_factor=factor, eligible_days=days[0], workdays=days[1]
        )
        for each in pair
    ]
    assert found[0] is not None
    assert found[1] is not None
    assert found[0] <= found[1]
    assert round_to_unit(found[0], unit) <= round_to_unit(found[1], unit)
