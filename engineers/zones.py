"""The zone a reader's pages show times in: chosen by the reader, else the organisation's."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from engineers.models import User

# Names like "Etc/GMT-8" mean their opposite; the others are old names of places that have one of their own.
_PLACES = ("Africa/", "America/", "Antarctica/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/", "Pacific/")


@cache
def _known() -> frozenset[str]:
    """The names this machine knows, read from its disk once: every page asks."""
    return frozenset(available_timezones())


def zone_names() -> list[str]:
    """Return the zones one may choose, by name."""
    return sorted(name for name in _known() if name == "UTC" or name.startswith(_PLACES))


def zone_of(user: object) -> ZoneInfo:
    """Return the zone an account reads in; the organisation's for strangers and for a zone that is no longer known."""
    chosen = user.time_zone if isinstance(user, User) else ""
    return ZoneInfo(chosen if chosen in _known() else settings.TIME_ZONE)


def offset_text(at: datetime) -> str:
    """Write how far an aware instant's clock is from UTC: ``UTC+08:00``."""
    offset = at.utcoffset() or timedelta(0)
    minutes = abs(offset) // timedelta(minutes=1)
    return f"UTC{'-' if offset < timedelta(0) else '+'}{minutes // 60:02}:{minutes % 60:02}"


def shown_zone(_request: HttpRequest) -> dict[str, object]:
    """Context processor: the zone of the times on the page, and its minutes from UTC now."""
    now = timezone.localtime()
    minutes = (now.utcoffset() or timedelta(0)) // timedelta(minutes=1)
    return {"zone": {"name": timezone.get_current_timezone_name(), "offset": offset_text(now), "minutes": minutes}}
