"""Text becomes typed values as the preset states; nothing is guessed and nothing is lost silently."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from appraisal.evidence.intake.fields import FIELDS
from appraisal.evidence.intake.parsing import Parsed, Reading, instants, parse
from appraisal.evidence.intake.presets import FieldMap, Parser, get_preset

BERLIN = ZoneInfo("Europe/Berlin")
READING = Reading(get_preset("tech_support"), ZoneInfo("UTC"))


def utc(texts: list[str], form: str, zone: str = "UTC") -> list[datetime | None]:
    return instants(pl.Series(texts), [form], ZoneInfo(zone)).to_list()


def field(name: str, texts: list[str | None], kind: str = "tickets", **options: Any) -> Parsed:
    item = FieldMap(columns=("C",), **options)
    return parse(pl.Series(texts, dtype=pl.String), item, FIELDS[kind][name], READING)


def test_day_and_month_are_read_in_the_stated_order():
    assert utc(["5/3/2016 01:16"], "%d/%m/%Y %H:%M") == [datetime(2016, 3, 5, 1, 16)]
    assert utc(["5/3/2016 01:16"], "%m/%d/%Y %H:%M") == [datetime(2016, 5, 3, 1, 16)]


def test_a_date_that_does_not_exist_is_not_moved_to_another():
    assert utc(["31/2/2016 01:00", "13/13/2016 01:00"], "%d/%m/%Y %H:%M") == [None, None]


def test_a_twelve_hour_clock_knows_noon_and_midnight():
    texts = ["12/31/2016 12:00:00 AM", "12/31/2016 12:00:00 PM", "12/31/2016 11:59:59 PM"]

    assert utc(texts, "%m/%d/%Y %I:%M:%S %p") == [
        datetime(2016, 12, 31, 0, 0),
        datetime(2016, 12, 31, 12, 0),
        datetime(2016, 12, 31, 23, 59, 59),
    ]


def test_local_times_are_read_in_the_zone_of_the_file():
    assert utc(["2016-05-03 08:00"], "%Y-%m-%d %H:%M", "Asia/Shanghai") == [datetime(2016, 5, 3, 0, 0)]


def test_an_offset_in_the_file_goes_before_the_zone():
    form = "%Y-%m-%d %H:%M%z"

    assert utc(["2016-05-03 08:00+0200"], form, "Asia/Shanghai") == [datetime(2016, 5, 3, 6, 0)]


def test_an_hour_shown_twice_is_its_first_pass_and_a_skipped_one_moves_forward():
    texts = ["2026-10-25 02:30", "2026-03-29 02:30", "2026-03-29 03:30"]

    assert utc(texts, "%Y-%m-%d %H:%M", "Europe/Berlin") == [
        datetime(2026, 10, 25, 0, 30),
        datetime(2026, 3, 29, 1, 30),
        datetime(2026, 3, 29, 1, 30),
    ]


def test_fractions_of_a_second_may_be_there_or_not():
    texts = ["2023-01-02 01:03:17.432", "2023-01-02 01:03:17"]

    assert utc(texts, "%Y-%m-%d %H:%M:%S%.f") == [
        datetime(2023, 1, 2, 1, 3, 17, 432000),
        datetime(2023, 1, 2, 1, 3, 17),
    ]


@pytest.mark.parametrize(
    ("text", "hundredths"),
    [("3", 300), ("3.0", 300), ("4.25", 425), ("4.254", 425), ("4.255", 426), ("1.", 100)],
)
def test_a_decimal_becomes_hundredths_rounded_half_up(text: str, hundredths: int):
    parsed = field("score_hundredths", [text], "surveys", parser=Parser.DECIMAL)

    assert (parsed.values.to_list(), parsed.problems) == ([hundredths], None)


@pytest.mark.parametrize(
    ("name", "text", "options", "reason"),
    [
        ("external_id", "x" * 121, {}, "too_long"),
        ("external_id", None, {}, "missing_required"),
        ("customer", "a\0b", {}, "nul_character"),
        ("opened_at", "yesterday", {"parser": Parser.DATETIME}, "bad_datetime"),
        ("opened_at", "0016-01-01 00:00:00", {"parser": Parser.DATETIME}, "out_of_range"),
        ("reopen_count", "1.5", {"parser": Parser.INTEGER}, "bad_number"),
        ("reopen_count", "-1", {"parser": Parser.INTEGER}, "out_of_range"),
        ("priority", "6", {"parser": Parser.INTEGER}, "out_of_range"),
        ("priority", "High", {"parser": Parser.CHOICE, "choices": {"Low": 4}}, "bad_choice"),
        ("source_resolution_met", "perhaps", {"parser": Parser.BOOLEAN}, "bad_boolean"),
    ],
)
def test_what_does_not_fit_gets_a_reason(name: str, text: str | None, options: dict[str, Any], reason: str):
    parsed = field(name, [text], **options)

    assert parsed.problems is not None
    assert parsed.problems.to_list() == [reason]


def test_an_empty_cell_is_unknown_and_not_a_fault_where_the_field_may_be_empty():
    for name, parser, empty in (
        ("priority", Parser.INTEGER, None),
        ("closed_at", Parser.DATETIME, None),
        ("source_resolution_met", Parser.BOOLEAN, None),
        ("customer", Parser.TEXT, ""),
        ("reopen_count", Parser.INTEGER, 0),
    ):
        parsed = field(name, [None], parser=parser)
        assert (parsed.values.to_list(), parsed.problems) == ([empty], None)


def test_a_score_outside_one_to_five_is_out_of_range():
    parsed = field("score_hundredths", ["0.99", "1", "5", "5.01"], "surveys", parser=Parser.DECIMAL)

    assert parsed.problems is not None
    assert parsed.problems.to_list() == ["out_of_range", None, None, "out_of_range"]
