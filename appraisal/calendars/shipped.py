"""What the product knows about working time in China: the statutory holidays and make-up workdays (调休). Pure.

The published arrangements come out each autumn for the next year; the library holds those it knows and guesses none.
"""

from __future__ import annotations

from datetime import date
from importlib.metadata import version
from typing import NamedTuple

from chinese_calendar.constants import Holiday, holidays, workdays

LIBRARY = "chinesecalendar"
CODE = "cn"
NAME_ZH, NAME_EN = "中国办公周", "China office week"
TIME_ZONE = "Asia/Shanghai"
OFFICE_HOURS = [["09:00", "12:00"], ["13:00", "18:00"]]
WEEK = [*([OFFICE_HOURS] * 5), [], []]

_SATURDAY = 5


class KnownDay(NamedTuple):
    date: date
    is_workday: bool
    name: str


def known_years() -> list[int]:
    """Return the years whose arrangements are known."""
    return sorted({day.year for day in holidays})


def known_days() -> list[KnownDay]:
    """Return every day that differs from a Monday-to-Friday week, or that has a holiday's name."""
    names = {holiday.value: holiday for holiday in Holiday}
    free = [KnownDay(day, False, _name(names[name])) for day, name in holidays.items()]
    worked = [KnownDay(day, True, _name(names[name])) for day, name in workdays.items() if _is_weekend(day)]
    return sorted(free + worked)


def source() -> str:
    return f"{LIBRARY} {version(LIBRARY)}"


def _is_weekend(day: date) -> bool:
    return day.weekday() >= _SATURDAY


def _name(holiday: Holiday) -> str:
    return f"{holiday.chinese} {holiday.value}"
