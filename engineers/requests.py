"""The request as views get it: ``SignInRequired`` has let nobody through without an account."""

from __future__ import annotations

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from engineers.models import User


class SignedInRequest(HttpRequest):
    """Only a type: Django's own request object, with what the middleware guarantees."""

    user: User  # type: ignore[assignment]  # narrower than Django's: see the module's first line
    htmx: HtmxDetails
