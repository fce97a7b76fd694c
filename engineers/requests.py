"""The request as views get it: ``SignInRequired`` has let nobody through without an account."""

from __future__ import annotations

from django.http import HttpRequest
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


def viewer_of(request: Request) -> User:
    """Return the account of an API call. Raises NotAuthenticated for a stranger."""
    if not isinstance(request.user, User):
        raise NotAuthenticated
    return request.user
