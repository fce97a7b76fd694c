"""Rules of scoring that hold for every input."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from appraisal.scoring.clock import OFFICE_WEEK, WorkingClock
from appraisal.scoring.curves import Curve, Direction
from appraisal.scoring.numbers import decimal_text, round_half_up
from appraisal.scoring.rollup import GradeRules, WeightedPoints, effective_weights, roll_up

numbers = st.fractions(min_value=0, max_value=200, max_denominator=1000)
RULES = GradeRules(bands=[("A", Decimal(60)), ("B", Decimal(0))], rated_from_percent=Fraction(60))
CLOCK = WorkingClock(
    zone=ZoneInfo("Europe/Berlin"),
    week=OFFICE_WEEK,
    first_date=date(2026, 1, 1),
    last_date=date(2026, 12, 31),
)


@st.composite
def curves(draw: st.DrawFn) -> Curve:
    xs = sorted(draw(st.sets(numbers, min_size=2, max_size=6)))
    points = sorted(draw(st.lists(numbers, min_size=len(xs), max_size=len(xs))))
    direction = draw(st.sampled_from(Direction))
    if direction is Direction.DOWN:
        points.reverse()
    return Curve(list(zip(xs, points, strict=True)), direction, cliff=draw(st.booleans()))


@given(curve=curves(), value=numbers)
def test_points_stay_between_zero_and_the_highest_anchor(curve: Curve, value: Fraction) -> None:
    assert 0 <= curve.points(value) <= max(points for _x, points in curve.anchors)


@given(curve=curves(), one=numbers, other=numbers)
def test_a_better_value_never_gives_fewer_points(curve: Curve, one: Fraction, other: Fraction) -> None:
    low, high = sorted((one, other))
    worse, better = (low, high) if curve.direction is Direction.UP else (high, low)
    assert curve.points(worse) <= curve.points(better)


@st.composite
def scorecards(draw: st.DrawFn) -> tuple[dict[str, Fraction], list[WeightedPoints]]:
    weight = st.fractions(min_value=0, max_value=30, max_denominator=100)
    points = st.none() | st.fractions(min_value=0, max_value=100, max_denominator=100)
    lines = [
        WeightedPoints(dimension=draw(st.sampled_from("abc")), weight=draw(weight), points=draw(points))
        for _ in range(draw(st.integers(1, 9)))
    ]
    weights = {code: sum((line.weight for line in lines if line.dimension == code), Fraction(0)) for code in "abc"}
    return weights, lines


@given(card=scorecards())
def test_contributions_add_up_to_the_overall_and_weights_to_100(
    card: tuple[dict[str, Fraction], list[WeightedPoints]],
) -> None:
    weights, lines = card
    total = roll_up(dimension_weights=weights, lines=lines, rules=RULES)
    carried = effective_weights(dimension_weights=weights, lines=lines)
    parts = [(weight, line.points) for weight, line in zip(carried, lines, strict=True) if weight is not None]
    if parts:
        assert sum(weight for weight, _points in parts) == 100
    if total.overall is not None:
        assert total.overall == sum(weight * points for weight, points in parts if points is not None) / 100


@given(card=scorecards(), data=st.data())
def test_the_order_of_lines_does_not_matter(
    card: tuple[dict[str, Fraction], list[WeightedPoints]], data: st.DataObject
) -> None:
    weights, lines = card
    shuffled = data.draw(st.permutations(lines))
    assert roll_up(dimension_weights=weights, lines=lines, rules=RULES) == roll_up(
        dimension_weights=weights, lines=shuffled, rules=RULES
    )


instants = st.datetimes(datetime(2026, 1, 2), datetime(2026, 12, 30), timezones=st.just(UTC))


@given(start=instants, middle=instants, stop=instants)
def test_working_time_adds_up_over_adjacent_intervals(start: datetime, middle: datetime, stop: datetime) -> None:
    whole = CLOCK.elapsed(start, stop)
    assert CLOCK.elapsed(start, middle) + CLOCK.elapsed(middle, stop) == whole


@given(start=instants, length=st.timedeltas(timedelta(0), timedelta(hours=20)))
def test_working_time_never_exceeds_calendar_time(start: datetime, length: timedelta) -> None:
    assert 0 <= CLOCK.elapsed(start, start + length) <= length // timedelta(microseconds=1)


@given(value=st.fractions(max_denominator=10_000))
def test_rounding_moves_a_value_by_at_most_half_a_unit(value: Fraction) -> None:
    rounded = Fraction(round_half_up(value))
    assert abs(rounded - value) <= Fraction(1, 200)
    assert Decimal(decimal_text(round_half_up(value), 2) or "") == round_half_up(value)
