"""Sets documents with typst and the fonts that set-up provides, and joins finished files."""

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

from appraisal.reports.pdf.glyphs import printable

TEMPLATE = Path(__file__).with_name("scorecard.typ")
ACCESSIBLE = "ua-1"
COMPILATIONS_REMEMBERED = 10
# A compiler does one document at a time; a web process has several threads.
_one_at_a_time = Lock()


def typeset(document: dict[str, Any], *, accessible: bool) -> bytes:
    """Return a document of ``scorecards_document`` as PDF. Raises ImproperlyConfigured when a font is missing.

    ``accessible`` gives a file by PDF/UA-1: with tags for screen readers, which cost some 100 kB and are lost when
    files are joined. Some 8 MB are needed for each scorecard while it is set: hundreds are set in portions and joined.
    """
    data = json.dumps(printable(document, _fonts()), ensure_ascii=False).encode()
    files = {"main": TEMPLATE.read_bytes(), "data.json": data}
    kind: dict[str, Any] = {"pdf_standards": [ACCESSIBLE]} if accessible else {"pdf_tags": False}
    with _one_at_a_time:
        pdf = _compiler().compile(input=files, format="pdf", **kind)
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
    _fonts()
    return typst.Compiler(font_paths=list(settings.PDF_FONTS), ignore_system_fonts=True)


@cache
def _fonts() -> tuple[Path, ...]:
    """Return the font files; those of one folder hold the same characters, so one of each is read."""
    found = []
    for folder in settings.PDF_FONTS:
        files = sorted(path for path in folder.glob("*") if path.suffix in (".otf", ".ttf"))
        if not files:
            raise ImproperlyConfigured(f"there is no font in {folder}; run: make setup")
        found.append(files[0])
    return tuple(found)
