"""Sets documents with typst and the font that set-up provides, and joins finished files."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

import typst
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from pypdf import PdfWriter

TEMPLATE = Path(__file__).with_name("scorecard.typ")
COMPILATIONS_REMEMBERED = 10
# A compiler does one document at a time; a web process has several threads.
_one_at_a_time = Lock()


def typeset(document: dict[str, Any]) -> bytes:
    """Return a document of ``scorecards_document`` as PDF. Raises ImproperlyConfigured when the font is missing.

    Some 8 MB are needed for each scorecard while it is set: hundreds are set in portions and joined. Without tags
    for screen readers, which would cost 60 kB a page and ten times the time; the page is the accessible form.
    """
    files = {"main": TEMPLATE.read_bytes(), "data.json": json.dumps(document, ensure_ascii=False).encode()}
    with _one_at_a_time:
        pdf = _compiler().compile(input=files, format="pdf", pdf_tags=False)  # type: ignore[type-var]  # stub of typst
        _forget()
    if not isinstance(pdf, bytes):
        raise TypeError(f"typst gave {type(pdf).__name__}, not one PDF")
    return pdf


def join_pdfs(paths: Sequence[Path], target: Path) -> None:
    """Write one PDF of several, with the bookmarks of all of them."""
    writer = PdfWriter()
    for path in paths:
        writer.append(path)
    writer.write(target)
    writer.close()


def _forget() -> None:
    """Let go of what typst remembers of a document: it drops what ten compilations in a row had no use for.

    Otherwise a process that prints thousands of scorecards holds more than a gigabyte.
    """
    for _ in range(COMPILATIONS_REMEMBERED + 1):
        _compiler().compile(input=b".", format="pdf", pdf_tags=False)


@cache
def _compiler() -> typst.Compiler:
    fonts = Path(settings.PDF_FONTS)
    if not any(fonts.glob("*.otf")):
        raise ImproperlyConfigured(f"there is no font in {fonts}; run: make setup")
    return typst.Compiler(font_paths=[fonts], ignore_system_fonts=True)
