"""Two clocks: the organisation's, by which days are counted and papers are dated, and the reader's, for pages.

Who may see what, deadlines and files go by the organisation's days, so that no reader's setting moves them. Pages show
instants in the zone that ``SignInRequired`` activated for the reader.
"""

from __future__ import annotations

from datetime import date, datetime

from django.utils import timezone


def organisation_day(at: datetime) -> date:
    """Return the day of an aware instant where the organisation is (``settings.TIME_ZONE``)."""
    return timezone.localdate(at, timezone.get_default_timezone())


def organisation_today() -> date:
    return organisation_day(timezone.now())


def organisation_time(at: datetime) -> str:
    """Write an aware instant for a file or a paper: the organisation's time, to the minute."""
    return timezone.localtime(at, timezone.get_default_timezone()).strftime("%Y-%m-%d %H:%M")


def reader_time(at: datetime) -> str:
    """Write an aware instant for a page: the reader's time, to the minute."""
    return timezone.localtime(at).strftime("%Y-%m-%d %H:%M")
