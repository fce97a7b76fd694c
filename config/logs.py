"""Gives each request an id that all its log lines and its answer carry."""

import re
import uuid
from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from structlog.contextvars import bound_contextvars

HEADER = "X-Request-ID"
ACCEPTED = re.compile(r"[A-Za-z0-9-]{8,64}")


def request_id(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Take over the id that a proxy gave, or make one."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        given = request.headers.get(HEADER, "")
        identifier = given if ACCEPTED.fullmatch(given) else uuid.uuid4().hex
        with bound_contextvars(request_id=identifier):
            response = get_response(request)
        response[HEADER] = identifier
        return response

    return middleware
