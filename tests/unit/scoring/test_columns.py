"""The clock over columns, with pauses, and forward. Source: SPEC G1, G3."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from appraisal.scoring import timetable
from appraisal.scoring.clock import (
    END_OF_DAY,
    END_OF_TIME,
    OFFICE_DAY,
    OFFICE_WEEK,
    WorkingClock,
    WorkingWeek,
    microseconds,
    union,
)

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
MINUTE, HOUR = 60_000_000, 3_600_000_000
OUTSIDE = "^an instant lies outside the days this clock was built for$"
NEGATIVE = "^a length of working time is negative$"
BEYOND = "^a length of working time reaches beyond the days this clock was built for$"
ONE_SECOND_APART = WorkingWeek(days=(((time(9), time(12)), (time(12, 0, 1), time(18))),) * 7)


def clock(week: WorkingWeek = OFFICE_WEEK, last: date = date(2026, 12, 31)) -> WorkingClock:
    return WorkingClock(zone=SHANGHAI, week=week, first_date=date(2026, 1, 1), last_date=last)


def at(text: str) -> datetime:
    return datetime.strptime(f"2026-{text}", "%Y-%m-%d %H:%M").replace(tzinfo=SHANGHAI)


def us(*texts: str) -> np.ndarray:
    return np.array([microseconds(at(text)) for text in texts], dtype=np.int64)


def naive(week: WorkingWeek, start: datetime, stop: datetime) -> int:
    """Count day by day, as one would on paper."""
    total, day = 0, start.date() - timedelta(days=1)
    while day <= stop.date():
        for opens, closes in week.windows_on(day):
            begin = max(microseconds(datetime.combine(day, opens, SHANGHAI)), microseconds(start))
            end = min(microseconds(datetime.combine(day, closes, SHANGHAI)), microseconds(stop))
            total += max(0, end - begin)
        day += timedelta(days=1)
    return total


@pytest.mark.parametrize("week", [OFFICE_WEEK, ONE_SECOND_APART])
def test_columns_agree_with_a_count_day_by_day_at_and_around_every_edge(week: WorkingWeek) -> None:
    """A calendar with windows one second apart is too fine for the table and is searched instead."""
    edges = [at("03-02 00:00") + timedelta(days=day, hours=hour) for day in range(8) for hour in (0, 9, 12, 13, 18)]
    instants = [edge + timedelta(seconds=off) for edge in edges for off in (-1, 0, 1, 7)]
    found = clock(week).elapsed_columns(
        np.full(len(instants), microseconds(instants[0])), np.array([microseconds(instant) for instant in instants])
    )
    assert found.tolist() == [naive(week, instants[0], instant) for instant in instants]
    assert found.tolist() == [clock(week).elapsed(instants[0], instant) for instant in instants]


def test_columns_longer_than_one_part_are_counted_to_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timetable, "ROWS_AT_ONCE", 4)
    days = [f"03-{day:02} 10:00" for day in range(2, 13)]
    starts, stops = us(*days), us(*(f"03-{day:02} 11:30" for day in range(2, 13)))
    expected = [90 * MINUTE if day not in (7, 8) else 0 for day in range(2, 13)]
    assert clock().elapsed_columns(starts, stops).tolist() == expected


def test_a_stop_before_its_start_counts_backwards() -> None:
    assert clock().elapsed_columns(us("03-02 11:00"), us("03-02 10:00")).tolist() == [-HOUR]


def test_no_pairs_give_no_figures() -> None:
    nothing = np.array([], dtype=np.int64)
    assert clock().elapsed_columns(nothing, nothing).tolist() == []


def test_columns_of_different_length_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^starts and stops differ in number$"):
        clock().elapsed_columns(us("03-02 10:00"), us("03-02 10:00", "03-03 10:00"))


def test_the_first_and_the_last_instant_belong_to_the_clock_and_no_other() -> None:
    first = microseconds(datetime(2026, 1, 1, tzinfo=SHANGHAI))
    last = microseconds(datetime(2027, 1, 1, tzinfo=SHANGHAI))
    whole = clock().elapsed_columns(np.array([first]), np.array([last]))
    assert whole.tolist() == [261 * 8 * HOUR]
    assert clock().elapsed(datetime(2026, 1, 1, tzinfo=SHANGHAI), datetime(2027, 1, 1, tzinfo=SHANGHAI)) == whole[0]
    for start, stop in ((first - 1, last), (first, last + 1)):
        with pytest.raises(ValueError, match=OUTSIDE):
            clock().elapsed_columns(np.array([start]), np.array([stop]))
    for instant in (datetime(2025, 12, 31, 15, 59, 59, tzinfo=UTC), datetime(2026, 12, 31, 16, 0, 1, tzinfo=UTC)):
        with pytest.raises(ValueError, match=OUTSIDE):
            clock().elapsed(instant, instant)


def test_a_calendar_without_windows_counts_nothing() -> None:
    idle = clock(WorkingWeek(days=((), (), (), (), (), (), ())))
    assert idle.elapsed_columns(us("01-01 00:00"), us("12-31 23:59")).tolist() == [0]


def test_windows_over_midnight_are_one_and_a_single_window_is_exact() -> None:
    always = clock(WorkingWeek(days=(((time(0), END_OF_DAY),),) * 7), last=date(2026, 1, 3))
    assert always.elapsed(at("01-01 23:00"), at("01-02 01:00")) == 2 * HOUR
    column = always.elapsed_columns(us("01-01 00:00", "01-01 23:00"), us("01-03 23:59", "01-02 01:00"))
    assert column.tolist() == [(2 * 24 * 60 + 23 * 60 + 59) * MINUTE, 2 * HOUR]


def test_a_window_swallowed_by_the_change_of_clocks_takes_no_time_twice() -> None:
    halves = WorkingWeek(days=(((time(0), time(2, 30)), (time(2, 30), time(3)), (time(3), time(6))),) * 7)
    berlin = WorkingClock(zone=BERLIN, week=halves, first_date=date(2026, 3, 28), last_date=date(2026, 3, 30))
    start = datetime(2026, 3, 29, tzinfo=BERLIN)
    assert berlin.elapsed(start, datetime(2026, 3, 29, 12, tzinfo=BERLIN)) == 5 * HOUR


def test_pauses_that_overlap_or_touch_are_one_and_empty_ones_none() -> None:
    pauses = [
        (at("03-02 14:00"), at("03-02 15:00")),
        (at("03-02 10:00"), at("03-02 13:00")),
        (at("03-02 11:00"), at("03-02 12:00")),
        (at("03-02 15:00"), at("03-02 16:00")),
        (at("03-03 10:00"), at("03-03 10:00")),
        (at("03-04 10:00"), at("03-04 09:00")),
    ]
    expected = [("03-02 10:00", "03-02 13:00"), ("03-02 14:00", "03-02 16:00")]
    assert union(pauses) == [(microseconds(at(start)), microseconds(at(stop))) for start, stop in expected]


def test_a_pause_without_an_end_lasts_until_the_end_of_time() -> None:
    found = union([(at("03-02 10:00"), None), (at("03-03 10:00"), at("03-03 11:00"))])
    assert found == [(microseconds(at("03-02 10:00")), END_OF_TIME)]


def test_a_pause_stops_the_clock_inside_the_interval_only() -> None:
    pauses = [(at("02-27 10:00"), at("03-02 10:00")), (at("03-02 16:00"), at("03-09 10:00"))]
    assert clock().elapsed(at("03-02 09:00"), at("03-02 18:00"), pauses) == 5 * HOUR
    assert clock().elapsed(at("03-02 10:00"), at("03-02 16:00"), pauses) == 5 * HOUR


ADVANCES = [
    ("03-02 10:00", 0, "03-02 10:00"),
    ("03-01 10:00", 0, "03-01 10:00"),
    ("03-02 10:00", 2, "03-02 12:00"),  # the first instant, not the end of the break
    ("03-02 10:00", 3, "03-02 14:00"),
    ("03-06 17:00", 2, "03-09 10:00"),
    ("03-01 10:00", 1, "03-02 10:00"),
    ("12-31 17:00", 1, "12-31 18:00"),
]


@pytest.mark.parametrize(("start", "hours", "expected"), ADVANCES)
def test_the_clock_goes_forward_to_the_first_instant_reached(start: str, hours: int, expected: str) -> None:
    assert clock().advance(at(start), hours * HOUR) == at(expected)


def test_columns_go_forward_as_single_instants_do() -> None:
    found = clock().advance_columns(
        us(*(start for start, _hours, _expected in ADVANCES)),
        np.array([hours * HOUR for _start, hours, _expected in ADVANCES]),
    )
    assert found.tolist() == us(*(expected for _start, _hours, expected in ADVANCES)).tolist()
    nothing = np.array([], dtype=np.int64)
    assert clock().advance_columns(nothing, nothing).tolist() == []


def test_going_forward_is_refused_backwards_and_beyond_the_clock() -> None:
    start, column = at("12-31 17:00"), us("12-31 17:00")
    with pytest.raises(ValueError, match=NEGATIVE):
        clock().advance(start, -1)
    with pytest.raises(ValueError, match=NEGATIVE):
        clock().advance_columns(column, np.array([-1]))
    with pytest.raises(ValueError, match=BEYOND):
        clock().advance(start, HOUR + 1)
    with pytest.raises(ValueError, match=BEYOND):
        clock().advance_columns(column, np.array([HOUR + 1]))


@pytest.mark.parametrize(
    ("pauses", "expected"),
    [
        ([("03-02 11:00", "03-02 14:00")], "03-02 16:00"),
        ([("03-02 09:00", "03-02 11:00")], "03-02 15:00"),  # began before the start
        ([("03-02 08:00", "03-02 09:30")], "03-02 14:00"),  # over before the start
        ([("03-02 10:00", "03-02 11:00"), ("03-02 13:00", "03-02 14:00")], "03-02 16:00"),
        ([("03-02 14:00", "03-03 14:00")], "03-02 14:00"),  # begins when the time is up
        ([("03-02 13:59", "03-02 15:00")], "03-02 15:01"),
        ([("03-02 15:00", None)], "03-02 14:00"),
        ([("03-02 11:00", None)], None),
    ],
)
def test_the_clock_stands_still_in_a_pause(pauses: list[tuple[str, str | None]], expected: str | None) -> None:
    given = [(at(start), None if stop is None else at(stop)) for start, stop in pauses]
    found = clock().advance_if_running(at("03-02 10:00"), 3 * HOUR, given)
    assert found == (None if expected is None else at(expected))


def test_a_pause_without_an_end_is_an_error_where_an_instant_is_needed() -> None:
    with pytest.raises(ValueError, match=r"^a pause without an end holds the clock$"):
        clock().advance(at("03-02 10:00"), HOUR, [(at("03-02 10:00"), None)])
    assert clock().advance(at("03-02 10:00"), HOUR, [(at("03-02 09:00"), at("03-02 11:00"))]) == at("03-02 12:00")


def test_a_pause_that_outlasts_the_clock_leaves_no_time() -> None:
    after = at("12-31 23:00") + timedelta(days=2)
    with pytest.raises(ValueError, match=BEYOND):
        clock().advance(at("12-31 10:00"), HOUR, [(at("12-31 10:00"), after)])


def test_an_exception_goes_before_the_weekly_pattern() -> None:
    week = WorkingWeek(days=OFFICE_WEEK.days, exceptions={date(2026, 3, 2): (), date(2026, 3, 7): OFFICE_DAY})
    assert clock(week).elapsed(at("03-02 00:00"), at("03-03 00:00")) == 0
    assert clock(week).elapsed(at("03-07 00:00"), at("03-08 00:00")) == 8 * HOUR


def test_a_window_ends_at_midnight_of_its_own_zone() -> None:
    evening = ((time(20), END_OF_DAY),)
    late = clock(WorkingWeek(days=(evening,) * 7))
    assert late.elapsed_columns(us("03-02 23:00"), us("03-03 01:00")).tolist() == [HOUR]
    assert late.elapsed_columns(us("03-02 12:00"), us("03-03 12:00")).tolist() == [4 * HOUR]
