"""Deny by default: a page nobody declared public needs an account."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import unquote

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.utils import timezone, translation

from engineers.zones import zone_of

PUBLIC_NAMES = frozenset(
    {
        "healthz",
        "readyz",
        "choose_language",
        "choose_theme",
        "set_language",
        "customer_feedback",
        # Nobody's data: what a phone keeps of the portal.
        "worklog_offline",
        "service_worker",
        "web_manifest",
        "account_login",
        "account_logout",
        "account_reset_password",
        "account_reset_password_done",
        "account_reset_password_from_key",
        "account_reset_password_from_key_done",
    }
)


class PlainQueries:
    """Refuses an address with a NUL character in its query: no database takes one, and no form sends one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\0" in unquote(request.META.get("QUERY_STRING", "")) or "\0" in request.path:
            return HttpResponseBadRequest("An address must not contain a NUL character.", content_type="text/plain")
        return self.get_response(request)


class SignInRequired:
    """Sends strangers to the log-in page and answers API calls of strangers with 401 or 403 by the API itself."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            chosen = request.user.language
            if chosen and settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
                translation.activate(chosen)
                request.LANGUAGE_CODE = translation.get_language() or chosen
        # The API tells every instant with the organisation's offset, whoever asks.
        timezone.activate(zone_of(None if request.path.startswith("/api/") else request.user))
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: object) -> HttpResponse | None:
        match = request.resolver_match
        if request.user.is_authenticated or match is None or match.url_name in PUBLIC_NAMES:
            return None
        if request.path.startswith("/api/v1/"):
            return None  # REST framework answers a stranger in JSON
        return redirect_to_login(request.get_full_path())
