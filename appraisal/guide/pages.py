"""Reads a chapter of docs/guide and makes a page of it.

A chapter begins with a heading of the first level and an introduction; each heading of the second level begins a
task. A task's anchor is the name of its picture, which both languages share. Raw HTML stays text.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import PurePosixPath

from django.conf import settings
from django.templatetags.static import static
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML, RendererProtocol
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from appraisal.guide.chapters import Chapter

FOLDER = settings.BASE_DIR / "docs" / "guide"
# How the text names a picture, so that it also shows where the file is read as it is.
STATIC = PurePosixPath("../../../static")
# Pictures are taken with that many pixels for each one of the page.
DENSITY = 1.5
NARROW = 500
LANGUAGES = {"zh-hans": "zh", "en": "en"}
# Markdown wants a blank around **「…」** and makes one of a line's end; Chinese is written without either.
QUOTED_WORD = re.compile(r"\s*(<strong>「[^」]*」</strong>)\s*")
LINE_END = re.compile(r"(?<=[^\x00-\x7f])\n(?=[^\x00-\x7f])")
markdown = MarkdownIt("commonmark", {"html": False}).enable("table")


@dataclass(frozen=True)
class Task:
    anchor: str
    title: str
    html: SafeString


@dataclass(frozen=True)
class Page:
    chapter: Chapter
    title: str
    introduction: SafeString
    tasks: tuple[Task, ...]


@cache
def get_page(chapter: Chapter, language: str) -> Page:
    """Return a chapter in a language of the portal. Kept for the life of the process, like the pictures' addresses."""
    text = (FOLDER / LANGUAGES[language] / f"{chapter}.md").read_text(encoding="utf-8")
    tokens = markdown.parse(text)
    begins = [at for at, token in enumerate(tokens) if token.type == "heading_open" and token.tag == "h2"]
    tasks = [
        _task(tokens[here:there], number) for number, (here, there) in enumerate(pairwise([*begins, len(tokens)]))
    ]
    return Page(chapter, tokens[1].content, _html(tokens[3 : begins[0]]), tuple(tasks))


def _opens_whole(self: RendererProtocol, tokens: Sequence[Token], at: int, options: OptionsDict, env: EnvType) -> str:
    """Render a picture as a link to itself: small print on it is read in its full size."""
    return f'<a href="{tokens[at].attrs["src"]}">{RendererHTML().image(tokens, at, options, env)}</a>'


markdown.add_render_rule("image", _opens_whole)


def pictures_of(tokens: Sequence[Token]) -> list[Token]:
    return [child for token in tokens for child in token.children or () if child.type == "image"]


def _task(tokens: Sequence[Token], number: int) -> Task:
    """Make a task of its heading and what follows."""
    pictures = pictures_of(tokens)
    anchor = PurePosixPath(str(pictures[0].attrs["src"])).stem if pictures else f"task-{number + 1}"
    return Task(anchor, tokens[1].content, _html(tokens[3:]))


def _html(tokens: Sequence[Token]) -> SafeString:
    for picture in pictures_of(tokens):
        _place(picture)
    for token in tokens:
        if token.type == "table_open":
            token.attrJoin("class", "table table-sm")
        for child in token.children or ():
            if child.type == "link_open":
                child.attrSet("href", _address(str(child.attrs["href"])))
    html = LINE_END.sub("", QUOTED_WORD.sub(r"\1", markdown.renderer.render(tokens, markdown.options, {})))
    return mark_safe(html)  # noqa: S308 (our own text, HTML is off)


def _place(picture: Token) -> None:
    """Let a picture come from our own origin, in the size of the page, and leave its room free until it is there."""
    path = PurePosixPath(str(picture.attrs["src"])).relative_to(STATIC)
    width, height = (round(pixels / DENSITY) for pixels in _size(path))
    picture.attrs |= {
        "src": static(str(path)),
        "width": width,
        "height": height,
        "loading": "lazy",
        "class": "picture is-narrow" if width < NARROW else "picture",
    }


def _size(path: PurePosixPath) -> tuple[int, int]:
    """Return the width and height that the head of a PNG file names, in pixels."""
    with (settings.BASE_DIR / "static" / path).open("rb") as file:
        width, height = struct.unpack(">16x2I", file.read(24))
    return width, height


def _address(target: str) -> str:
    """A chapter names another by its file, ``hr-results.md#publish``; everything else is an address of the portal."""
    name, mark, anchor = target.partition("#")
    return (
        reverse("guide_chapter", args=[name.removesuffix(".md")]) + mark + anchor if name.endswith(".md") else target
    )
