"""What was typed into a small form that was refused: it stands there again, with the reason beside it.

Such a form is one of many on its page, so the answer to it leads back there; the session carries the text along.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest

KEY = "refused"
SHOWN = "_refused_form"
LONGEST_TEXT = 4000
# Whoever comes back later begins anew.
SECONDS_KEPT = 600


@dataclass(frozen=True, kw_only=True)
class Kept:
    """The texts of a form by the names of its fields, and why it was refused."""

    texts: dict[str, str]
    error: str


def refuse(request: HttpRequest, error: ValidationError | str, *, part: str = "") -> None:
    """Say why the form sent to this address was refused, and keep its texts for the page it leads back to.

    ``part`` tells forms apart that are sent to one address.
    """
    words = error if isinstance(error, str) else " ".join(error.messages)
    messages.error(request, words)
    texts = {
        name: value[:LONGEST_TEXT]
        for name, value in request.POST.items()
        if name != "csrfmiddlewaretoken" and isinstance(value, str) and value
    }
    request.session[KEY] = {"form": _form(request.path, part), "texts": texts, "error": words, "at": int(time.time())}


def take(request: HttpRequest, address: str, part: str = "") -> Kept | None:
    """Return what was refused of the form that is sent to an address; to one page, however often it asks."""
    form = _form(address, part)
    found: dict[str, Any] = getattr(request, SHOWN, None) or request.session.get(KEY) or {}
    if found.get("form") != form or time.time() - found["at"] > SECONDS_KEPT:
        return None
    request.session.pop(KEY, None)
    setattr(request, SHOWN, found)
    return Kept(texts=found["texts"], error=found["error"])


def _form(address: str, part: str) -> str:
    return f"{address}#{part}"
