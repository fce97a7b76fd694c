"""Reads a PDF file back with a reader that has nothing to do with what wrote it."""

from __future__ import annotations

import pypdfium2


def pages_of(content: bytes) -> list[list[str]]:
    """Return the lines of text of each page, words apart by one blank."""
    with pypdfium2.PdfDocument(content) as document:
        texts = [page.get_textpage().get_text_bounded() for page in document]
    return [[" ".join(line.split()) for line in text.splitlines()] for text in texts]


def text_of(content: bytes) -> str:
    return "\n".join(line for page in pages_of(content) for line in page)
