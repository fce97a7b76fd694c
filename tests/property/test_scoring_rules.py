"""Rules of the larger scoring room that hold for every input."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from appraisal.scoring.bands import Bands
from appraisal.scoring.clock import OFFICE_DAY, OFFICE_WEEK, WorkingClock, WorkingWeek, microseconds
from appraisal.scoring.curves import Curve, Direction, PointsRule
from appraisal.scoring.deductions import Bonus, Deduction, StepRounding
from appraisal.scoring.distribution import GradeShare, assign, quotas
from appraisal.scoring.feedback import RaterGroup, feedback_score
from appraisal.scoring.pools import merge_upward
from appraisal.scoring.ratios import Ratio
from appraisal.scoring.rollup import WeightedPoints
from appraisal.scoring.small_samples import shrunk_mean, wilson
from appraisal.scoring.weights import weight_flow

BERLIN = ZoneInfo("Europe/Berlin")
WEEK = WorkingWeek(
    days=OFFICE_WEEK.days,
    exceptions={date(2026, 5, 1): (), date(2026, 3, 29): ((time(0), time(6)),), date(2026, 5, 9): OFFICE_DAY},
)
CLOCK = WorkingClock(zone=BERLIN, week=WEEK, first_date=date(2026, 1, 1), last_date=date(2026, 12, 31))

instants = st.datetimes(datetime(2026, 1, 2), datetime(2026, 12, 30), timezones=st.just(UTC))
spans = st.tuples(instants, instants).map(lambda pair: (min(pair), max(pair)))
values = st.fractions(min_value=0, max_value=200, max_denominator=1000)
positive = st.fractions(min_value=Fraction(1, 100), max_value=100, max_denominator=100)


def naive(start: datetime, stop: datetime) -> int:
    """Count day by day, as one would on paper."""
    total, day = 0, start.astimezone(BERLIN).date()
    while day <= stop.astimezone(BERLIN).date():
        for opens, closes in WEEK.windows_on(day):
            begin = max(microseconds(datetime.combine(day, opens, BERLIN)), microseconds(start))
            end = min(microseconds(datetime.combine(day, closes, BERLIN)), microseconds(stop))
            total += max(0, end - begin)
        day += timedelta(days=1)
    return total


@given(pairs=st.lists(spans, min_size=1, max_size=20))
def test_the_clock_agrees_with_a_count_day_by_day(pairs: list[tuple[datetime, datetime]]) -> None:
    starts = np.array([microseconds(start) for start, _stop in pairs])
    stops = np.array([microseconds(stop) for _start, stop in pairs])
    expected = [naive(start, stop) for start, stop in pairs]
    assert CLOCK.elapsed_columns(starts, stops).tolist() == expected
    assert [CLOCK.elapsed(start, stop) for start, stop in pairs] == expected


@given(frame=spans, pauses=st.lists(spans, max_size=6), data=st.data())
def test_pauses_in_any_order_stop_the_clock_alike(
    frame: tuple[datetime, datetime], pauses: list[tuple[datetime, datetime]], data: st.DataObject
) -> None:
    start, stop = frame
    net = CLOCK.elapsed(start, stop, pauses)
    assert CLOCK.elapsed(start, stop, data.draw(st.permutations(pauses))) == net
    assert 0 <= net <= CLOCK.elapsed(start, stop)


@given(
    start=st.datetimes(datetime(2026, 1, 2), datetime(2026, 6, 30), timezones=st.just(UTC)),
    hours=st.integers(1, 200),
    pauses=st.lists(st.tuples(instants, st.timedeltas(timedelta(0), timedelta(days=9))), max_size=4),
)
def test_going_forward_is_the_inverse_of_counting(
    start: datetime, hours: int, pauses: list[tuple[datetime, timedelta]]
) -> None:
    length = hours * 3_600_000_000
    given_pauses = [(begin, min(begin + lasts, datetime(2026, 12, 30, tzinfo=UTC))) for begin, lasts in pauses]
    reached = CLOCK.advance(start, length, given_pauses)
    assert CLOCK.elapsed(start, reached, given_pauses) == length
    assert CLOCK.elapsed(start, reached - timedelta(microseconds=1), given_pauses) == length - 1


@st.composite
def rules(draw: st.DrawFn) -> tuple[PointsRule, Direction]:
    direction = draw(st.sampled_from(Direction))
    target, step, per_step, most = (draw(positive) for _ in range(4))
    steps = draw(st.sampled_from(StepRounding))
    xs = sorted(draw(st.sets(positive, min_size=2, max_size=5)))
    points = sorted(draw(positive) for _ in xs)
    if direction is Direction.DOWN:
        points.reverse()
    pairs = list(zip(xs, points, strict=True))
    zero_at = xs[0] - step if direction is Direction.UP else xs[-1] + step
    forms: list[PointsRule] = [
        Ratio(target, direction, most),
        Deduction(target, direction, most, step, per_step, steps),
        Bonus(target, direction, step, per_step, most, steps),
        Bands(pairs, direction),
        Curve(pairs, direction, zero_at=zero_at),
        Curve(pairs, direction, cliff=True),
    ]
    return draw(st.sampled_from(forms)), direction


@given(form=rules(), one=values, other=values)
def test_every_form_stays_in_bounds_and_never_rewards_the_worse(
    form: tuple[PointsRule, Direction], one: Fraction, other: Fraction
) -> None:
    rule, direction = form
    low, high = sorted((one, other))
    worse, better = (rule.points(v) for v in ((low, high) if direction is Direction.UP else (high, low)))
    assert worse is not None
    assert better is not None
    assert 0 <= worse <= better <= rule.highest


@st.composite
def scorecards(draw: st.DrawFn) -> tuple[dict[str, Fraction], list[WeightedPoints]]:
    weight = st.fractions(min_value=0, max_value=30, max_denominator=4)
    points = st.none() | st.fractions(min_value=0, max_value=100, max_denominator=4)
    lines = [
        WeightedPoints(dimension=draw(st.sampled_from("abc")), weight=draw(weight), points=draw(points))
        for _ in range(draw(st.integers(1, 9)))
    ]
    return {code: draw(weight) for code in "abc"}, lines


@given(card=scorecards())
def test_weight_handed_on_is_weight_received(card: tuple[dict[str, Fraction], list[WeightedPoints]]) -> None:
    weights, lines = card
    flow = weight_flow(dimension_weights=weights, lines=lines)
    received = [Fraction(0) for _ in lines]
    for giver in flow:
        assert sum(handed.percent for handed in giver.handed) in (0, giver.nominal_percent)
        for handed in giver.handed:
            received[handed.index] += handed.percent
    assert received == [line.received_percent for line in flow]
    carried = [line.overall_percent for line in flow if line.overall_percent is not None]
    if carried:
        assert sum(carried) == sum(line.nominal_percent for line in flow) == 100


@given(n=st.integers(0, 500), cuts=st.sets(st.integers(1, 99), min_size=1, max_size=5), data=st.data())
def test_quotas_add_up_to_everybody(n: int, cuts: set[int], data: st.DataObject) -> None:
    edges = [0, *sorted(cuts), 100]
    percents = [high - low for low, high in pairwise(edges)]
    top, bottom = data.draw(st.booleans()), data.draw(st.booleans()) and len(percents) > 2
    shares = [
        GradeShare(
            grade=str(place),
            percent=Fraction(percent),
            is_cap=(place == 0 and top) or (place == len(percents) - 1 and bottom),
        )
        for place, percent in enumerate(percents)
    ]
    found = quotas(n, shares)
    assert sum(found.values()) == n
    for share in shares:
        assert not share.is_cap or found[share.grade] <= n * share.percent / 100


@given(scores=st.lists(st.integers(0, 6).map(Fraction), max_size=30))
def test_a_better_score_never_has_a_worse_grade(scores: list[Fraction]) -> None:
    shares = [GradeShare(grade=grade, percent=Fraction(25)) for grade in "SABC"]
    quota = quotas(len(scores), shares)
    ranked = sorted(zip(scores, assign(scores, quota), strict=True), key=lambda pair: -pair[0])
    places = ["SABC".index(grade) for _score, grade in ranked]
    assert places == sorted(places)
    assert places.count(0) <= quota["S"]
    assert len({(score, grade) for score, grade in ranked}) == len(set(scores))


@given(n=st.integers(1, 60), pool_n=st.integers(1, 200), data=st.data())
def test_a_shrunk_mean_lies_between_the_raw_one_and_the_pool(n: int, pool_n: int, data: st.DataObject) -> None:
    met, pool_met = data.draw(st.integers(0, n)), data.draw(st.integers(0, pool_n))
    raw, pool = Fraction(met, n), Fraction(pool_met, pool_n)
    shrunk = shrunk_mean(total=met, n=n, pool_total=pool_met, pool_n=pool_n)
    assert shrunk is not None
    assert min(raw, pool) <= shrunk <= max(raw, pool)
    lower, upper = wilson(met=met, n=n)
    assert Decimal(0) <= lower <= Fraction(met, n) <= upper <= Decimal(1)


@given(
    sizes=st.dictionaries(
        st.lists(st.sampled_from("ab"), min_size=1, max_size=3).map(tuple), st.integers(1, 9), max_size=8
    )
)
def test_merged_groups_are_large_enough_or_at_the_end(sizes: dict[tuple[str, ...], int]) -> None:
    home = merge_upward(sizes, minimum=10)
    assert home.keys() == sizes.keys()
    for key, place in home.items():
        assert key[: len(place)] == place
        assert place == () or sum(size for other, size in sizes.items() if home[other] == place) >= 10


@given(
    hidden=st.lists(st.integers(1, 5).map(Fraction), min_size=1, max_size=2),
    shown=st.lists(st.integers(1, 5).map(Fraction), min_size=3, max_size=8),
)
def test_what_too_few_raters_said_changes_nothing_that_is_shown(hidden: list[Fraction], shown: list[Fraction]) -> None:
    others = {RaterGroup.MANAGER: [Fraction(4)], RaterGroup.PEER: shown}
    with_hidden, without = feedback_score(others | {RaterGroup.CUSTOMER: hidden}), feedback_score(others)
    assert (with_hidden.means, with_hidden.score) == (without.means, without.score)
