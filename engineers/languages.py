"""The language of an account: that of the browser it first logs in with, until another one is chosen."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest

from engineers.actions import choose_language
from engineers.models import User


def keep_language(*, request: HttpRequest | None, user: User, **_signal: object) -> None:
    """Keep the browser's language in a profile that has none: letters are written in it, too.

    A request without a language never came through a browser.
    """
    language = getattr(request, "LANGUAGE_CODE", "")
    if not user.language and language in dict(settings.LANGUAGES):
        choose_language(user=user, language=language)
        user.language = language
