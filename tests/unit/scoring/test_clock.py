"""The working clock. Expected values: SPEC E1 (weekdays only), E4, G1."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from appraisal.scoring.clock import (
    END_OF_DAY,
    OFFICE_DAY,
    OFFICE_WEEK,
    WorkingClock,
    WorkingWeek,
    microseconds,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")
MINUTE = 60_000_000
SPRING_FESTIVAL = {date(2026, 2, day): () for day in range(15, 24)} | {
    date(2026, 2, 14): OFFICE_DAY,
    date(2026, 2, 28): OFFICE_DAY,
}
ALWAYS = WorkingWeek(days=(((time(0), END_OF_DAY),),) * 7)


def minutes(clock: WorkingClock, start: datetime, stop: datetime) -> float:
    return clock.elapsed(start, stop) / MINUTE


def shanghai_clock(week: WorkingWeek = OFFICE_WEEK) -> WorkingClock:
    return WorkingClock(zone=SHANGHAI, week=week, first_date=date(2026, 1, 1), last_date=date(2026, 12, 31))


FRIDAY = datetime(2026, 2, 13, 17, 30, tzinfo=SHANGHAI)
TUESDAY = datetime(2026, 2, 24, 10, 0, tzinfo=SHANGHAI)


def test_a_make_up_workday_counts_and_a_holiday_does_not() -> None:
    week = WorkingWeek(days=OFFICE_WEEK.days, exceptions=SPRING_FESTIVAL)
    assert minutes(shanghai_clock(week), FRIDAY, TUESDAY) == 570


def test_without_exceptions_only_weekdays_count() -> None:
    assert minutes(shanghai_clock(), FRIDAY, TUESDAY) == 2970


def test_the_lunch_break_does_not_count() -> None:
    start = datetime(2026, 3, 2, 11, 30, tzinfo=SHANGHAI)
    assert minutes(shanghai_clock(), start, datetime(2026, 3, 2, 13, 30, tzinfo=SHANGHAI)) == 60


def test_a_night_has_no_working_time() -> None:
    start = datetime(2026, 3, 2, 18, 0, tzinfo=SHANGHAI)
    assert minutes(shanghai_clock(), start, datetime(2026, 3, 3, 9, 0, tzinfo=SHANGHAI)) == 0


@pytest.mark.parametrize(("day", "expected"), [(28, 420), (24, 540)])
def test_daylight_saving_changes_the_length_of_a_night(day: int, expected: int) -> None:
    month = 3 if day == 28 else 10
    clock = WorkingClock(zone=BERLIN, week=ALWAYS, first_date=date(2026, 1, 1), last_date=date(2026, 12, 31))
    start = datetime(2026, month, day, 22, 0, tzinfo=BERLIN)
    assert minutes(clock, start, datetime(2026, month, day + 1, 6, 0, tzinfo=BERLIN)) == expected


@pytest.mark.parametrize(("month", "day", "expected"), [(3, 29, 300), (10, 25, 420)])
def test_a_window_over_the_change_of_clocks_has_its_true_length(month: int, day: int, expected: int) -> None:
    night = WorkingWeek(days=(((time(0), time(6)),),) * 7)
    clock = WorkingClock(zone=BERLIN, week=night, first_date=date(2026, 1, 1), last_date=date(2026, 12, 31))
    start = datetime(2026, month, day, 0, 0, tzinfo=BERLIN)
    assert minutes(clock, start, datetime(2026, month, day, 23, 0, tzinfo=BERLIN)) == expected


def test_columns_and_single_pairs_agree() -> None:
    clock = shanghai_clock()
    starts = [datetime(2026, 3, day, 8, 45, tzinfo=SHANGHAI) for day in range(1, 20)]
    stops = [datetime(2026, 3, day + 3, 16, 20, tzinfo=SHANGHAI) for day in range(1, 20)]
    column = clock.elapsed_columns(
        np.array([microseconds(start) for start in starts]), np.array([microseconds(stop) for stop in stops])
    )
    assert column.tolist() == [clock.elapsed(start, stop) for start, stop in zip(starts, stops, strict=True)]


def test_an_instant_outside_the_clock_is_refused() -> None:
    with pytest.raises(ValueError, match="outside the days"):
        shanghai_clock().elapsed(datetime(2025, 12, 30, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC))
