"""Browsers that speak one language, whatever the account has kept of an earlier log-in."""

from __future__ import annotations

from playwright.sync_api import BrowserContext


def speak(context: BrowserContext, *, address: str, locale: str) -> None:
    """Choose the portal's language in a browser, as the button on its pages does."""
    language = "zh-hans" if locale.startswith("zh") else "en"
    context.add_cookies([{"name": "django_language", "value": language, "url": address}])
