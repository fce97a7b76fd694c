"""Which characters the fonts of PDF files hold: one that none holds would be printed as nothing."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from fontTools.ttLib import TTFont

# Line ends, and what has no shape of its own: joiners, marks of direction, kinds of blank.
_LINE_ENDS = frozenset("\t\n\r")
_SHAPELESS = frozenset({"Cf", "Zs", "Zl", "Zp"})


def printable(document: Any, fonts: Iterable[Path]) -> Any:
    """Return a document of texts, lists and dictionaries with characters that no font holds as their code points."""
    return _printable(document, _held(tuple(fonts)))


def _printable(part: Any, held: frozenset[int]) -> Any:
    if isinstance(part, str):
        return part if part.isascii() and part.isprintable() else "".join(_shown(letter, held) for letter in part)
    if isinstance(part, dict):
        return {key: _printable(value, held) for key, value in part.items()}
    if isinstance(part, list):
        return [_printable(value, held) for value in part]
    return part


def _shown(letter: str, held: frozenset[int]) -> str:
    if ord(letter) in held or letter in _LINE_ENDS or unicodedata.category(letter) in _SHAPELESS:
        return letter
    return f"[U+{ord(letter):04X}]"


@cache
def _held(fonts: tuple[Path, ...]) -> frozenset[int]:
    held: set[int] = set()
    for path in fonts:
        with TTFont(path, lazy=True) as font:
            held |= font.getBestCmap().keys()
    # Fonts name some control characters, without a shape for them.
    return frozenset(code for code in held if unicodedata.category(chr(code)) != "Cc")
