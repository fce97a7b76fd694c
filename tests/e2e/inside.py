"""A browser that looks at the pages of the test's own process, with the rows of the test's own transaction.

Every request of the browser is answered by Django's test client and the files of ``static/``: no server runs, and
what a test has written and rolls back again can be looked at.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.staticfiles import finders
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import Client
from playwright.sync_api import Page, Route

ORIGIN = "http://localhost"
# The browser counts the bytes itself, and never asks for a page that a redirection names.
_OF_THE_CONNECTION = {"content-length", "location"}


def show_through(page: Page, client: Client) -> None:
    """Let ``client`` answer what ``page`` asks for."""
    # The browser calls back in a context of its own, in which Django would open connections of its own: they would
    # see none of the test's rows, and every page would be the log-in page.
    mine = {alias: connections[alias] for alias in connections}
    page.route("**/*", lambda route: _answer(route, client, mine))


def _answer(route: Route, client: Client, mine: Mapping[str, BaseDatabaseWrapper]) -> None:
    for alias, connection in mine.items():
        connections[alias] = connection
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
        headers={name: value for name, value in headers.items() if name == "accept" or name.startswith("hx-")},
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
