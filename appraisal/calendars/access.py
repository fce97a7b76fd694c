"""Who may see and change calendars: those who read everything see them, HR changes them."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import Http404

from appraisal.calendars.models import WorkCalendar
from engineers import access
from engineers.models import User


def visible_calendars(viewer: User) -> QuerySet[WorkCalendar]:
    """Raises Http404 for those who do not read everything."""
    access.require_reader(viewer)
    return WorkCalendar.objects.all()


def get_calendar(*, viewer: User, code: str) -> WorkCalendar:
    """Raises Http404."""
    found = visible_calendars(viewer).filter(code=code).first()
    if found is None:
        raise Http404
    return found


def get_calendar_to_change(*, viewer: User, code: str) -> WorkCalendar:
    """Raises Http404 unless the viewer is HR."""
    access.require_hr(viewer)
    return get_calendar(viewer=viewer, code=code)
