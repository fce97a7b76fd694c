"""Working hours as people write them and as they are stored."""

from __future__ import annotations

from datetime import date

import pytest

from appraisal.calendars import shipped
from appraisal.calendars.windows import WindowError, ordinary_windows, read_windows, write_windows


@pytest.mark.parametrize(
    "text",
    [
        "09:00-12:00, 13:00-18:00",
        "9:00-12:00 13:00-18:00",
        " 09：00 – 12：00，13：00 – 18：00 ",
        "09:00至12:00、13:00至18:00",
        "09:00~12:00; 13:00~18:00",
    ],
)
def test_hours_may_be_written_in_many_ways(text: str):
    assert read_windows(text) == [["09:00", "12:00"], ["13:00", "18:00"]]
    assert write_windows(read_windows(text)) == "09:00-12:00, 13:00-18:00"


def test_no_hours_are_a_day_off_and_a_day_may_end_at_24():
    assert read_windows("") == read_windows("  ") == []
    assert read_windows("00:00-24:00") == [["00:00", "24:00"]]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("morning", "no_time"),
        ("09:00", "no_time"),
        ("09:00-12:00-18:00", "no_time"),
        ("25:00-26:00", "no_time"),
        ("24:00-24:00", "ends_before_it_starts"),
        ("12:00-09:00", "ends_before_it_starts"),
        ("09:00-12:00, 11:59-18:00", "overlap"),
        ("13:00-18:00, 09:00-12:00", "overlap"),
        (", ".join(f"{hour:02}:00-{hour:02}:30" for hour in range(7)), "too_many"),
    ],
)
def test_hours_that_no_day_can_have_are_refused(text: str, code: str):
    with pytest.raises(WindowError) as refused:
        read_windows(text)
    assert refused.value.code == code


def test_hours_that_touch_do_not_overlap():
    assert read_windows("09:00-12:00, 12:00-13:00") == [["09:00", "12:00"], ["12:00", "13:00"]]


def test_an_ordinary_day_is_the_first_weekday_that_is_worked():
    assert ordinary_windows([[], [["10:00", "11:00"]], [["12:00", "13:00"]]]) == [["10:00", "11:00"]]
    assert ordinary_windows([[], []]) == []


def test_what_is_shipped_covers_whole_years_with_their_make_up_workdays():
    days = {day.date: day for day in shipped.known_days()}

    assert shipped.known_years() == list(range(2004, 2027))
    worked = [day for day in days if day.year == 2026 and days[day].is_workday]
    assert worked == [
        date(2026, 1, 4),
        date(2026, 2, 14),
        date(2026, 2, 28),
        date(2026, 5, 9),
        date(2026, 9, 20),
        date(2026, 10, 10),
    ]
    assert len([day for day in days if day.year == 2026 and not days[day].is_workday]) == 33
    assert days[date(2026, 2, 17)].name == "春节 Spring Festival"
    assert shipped.source().startswith("chinesecalendar 1.")
