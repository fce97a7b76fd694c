"""The bell in the header of every page."""

from __future__ import annotations

from functools import partial

from django.http import HttpRequest

from appraisal.notices.queries import count_unread
from engineers.models import User


def bell(request: HttpRequest) -> dict[str, object]:
    """Context processor: how many notices are unread, asked only by pages that show it."""
    user = request.user
    return {"count_unread_notices": partial(count_unread, user)} if isinstance(user, User) else {}
