"""Working windows as they are stored and as people write them: "09:00-12:00, 13:00-18:00". Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import time
from itertools import pairwise

from appraisal.scoring.clock import END_OF_DAY, Windows

Stored = Sequence[Sequence[str]]

MIDNIGHT = "24:00"
WEEKDAYS = 7
MOST_WINDOWS = 6  # of one day

_TIME = re.compile(r"([01]?\d|2[0-3])[:：]([0-5]\d)")
_DASHES = re.compile(r"\s*[-–—~～至]\s*")
_BETWEEN = re.compile(r"[\s,，;；、]+")


class WindowError(ValueError):
    """Windows that no day can have; ``code`` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def windows_of(stored: Stored) -> Windows:
    """Return the windows of a day. Raises WindowError when they are no times, not in order, or overlap."""
    if len(stored) > MOST_WINDOWS:
        raise WindowError("too_many")
    try:
        windows = tuple((_time_of(opens), _time_of(closes)) for opens, closes in stored)
    except (TypeError, ValueError) as error:
        raise error if isinstance(error, WindowError) else WindowError("no_time") from error
    if any(opens >= closes for opens, closes in windows):
        raise WindowError("ends_before_it_starts")
    if any(following[0] < window[1] for window, following in pairwise(windows)):
        raise WindowError("overlap")
    return windows


def read_windows(text: str) -> list[list[str]]:
    """Return what somebody typed as it is stored; empty text is a day without work. Raises WindowError."""
    parts = [part for part in _BETWEEN.split(_DASHES.sub("-", text.strip())) if part]
    stored = [part.split("-") for part in parts]
    if any(len(window) != 2 for window in stored):
        raise WindowError("no_time")
    return stored_windows(windows_of(stored))


def write_windows(stored: Stored) -> str:
    return ", ".join(f"{opens}-{closes}" for opens, closes in stored)


def stored_windows(windows: Windows) -> list[list[str]]:
    return [[_text_of(opens), _text_of(closes)] for opens, closes in windows]


def ordinary_windows(week: Sequence[Stored]) -> Stored:
    """Return the hours of the first weekday that is worked: what a make-up workday is worked by default."""
    return next((day for day in week if day), [])


def _time_of(text: str) -> time:
    if text == MIDNIGHT:
        return END_OF_DAY
    found = _TIME.fullmatch(text)
    if found is None:
        raise WindowError("no_time")
    return time(int(found[1]), int(found[2]))


def _text_of(moment: time) -> str:
    return MIDNIGHT if moment == END_OF_DAY else f"{moment:%H:%M}"
