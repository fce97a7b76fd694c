"""A browser that looks at the pages of the test's own process, with the rows of the test's own transaction.

Every request of the browser is answered by Django's test client and the files of ``static/``: no server runs, and
what a test has written and rolls back again can be looked at.
"""

from __future__ import annotations

import mimetypes
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.staticfiles import finders
from django.test import Client
from playwright.sync_api import Page, Route

ORIGIN = "http://localhost"
# The browser counts the bytes itself, and never asks for a page that a redirection names.
_OF_THE_CONNECTION = {"content-length", "location"}


def show_through(page: Page, client: Client) -> None:
    """Let ``client`` answer what ``page`` asks for."""
    page.route("**/*", lambda route: _answer(route, client))


def _answer(route: Route, client: Client) -> None:
    parts = urlsplit(route.request.url)
    if f"{parts.scheme}://{parts.netloc}" != ORIGIN:
        route.abort()
        return
    if parts.path.startswith(settings.STATIC_URL):
        path = finders.find(parts.path.removeprefix(settings.STATIC_URL))
        if path is None:
            route.fulfill(status=404)
        else:
            route.fulfill(path=path, content_type=mimetypes.guess_type(path)[0])
        return
    headers = route.request.headers
    answer = client.generic(
        route.request.method,
        route.request.url.removeprefix(ORIGIN),
        data=route.request.post_data_buffer or b"",
        SERVER_NAME="localhost",
        content_type=headers.get("content-type", ""),
        headers={name: headers[name] for name in ("accept", "x-requested-with") if name in headers},
    )
    for _ in range(5):
        if answer.status_code not in (301, 302, 303):
            break
        answer = client.get(answer["Location"])
    route.fulfill(
        status=answer.status_code,
        headers={name: value for name, value in answer.items() if name.lower() not in _OF_THE_CONNECTION},
        body=b"".join(answer.streaming_content) if answer.streaming else answer.content,
    )
