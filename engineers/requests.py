"""The request as views get it: ``SignInRequired`` has let nobody through without an account."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext_lazy as _
from django_htmx.middleware import HtmxDetails
from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request

from engineers.models import User


class SignedInRequest(HttpRequest):
    """Only a type: Django's own request object, with what the middleware guarantees."""

    user: User
    htmx: HtmxDetails


LONGEST_NUMBER = 18  # digits: every database holds such a number


def number_in(text: str) -> int | None:
    """Return the whole number an address names, None for anything that no database could look up."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= LONGEST_NUMBER else None


LONGEST_TEXT = 4000


def text_in(posted: QueryDict, name: str, *, most: int = LONGEST_TEXT) -> str:
    """Return a text that was sent. Raises ValidationError for one that is too long: nothing is cut off unsaid."""
    text = posted.get(name, "")
    if len(text) > most:
        raise ValidationError(
            _("The text has %(number)d characters; %(most)d are the most."),
            params={"number": len(text), "most": most},
            code="too_long",
        )
    return text


def viewer_of(request: Request) -> User:
    """Return the account of an API call. Raises NotAuthenticated for a stranger."""
    if not isinstance(request.user, User):
        raise NotAuthenticated
    return request.user
