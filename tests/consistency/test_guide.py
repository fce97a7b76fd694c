"""The guide cannot go stale: its pictures, addresses and quoted words are those of the portal, in both languages."""

from __future__ import annotations

import re
import struct
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from django.urls import resolve

from appraisal.guide.chapters import Chapter
from appraisal.guide.pages import FOLDER, LANGUAGES, get_page
from tests.conftest import ROOT
from tests.consistency.test_translations import CATALOGUE, messages, read, texts
from tests.guide.shots import SHOTS
from tests.guide.take import HEAVIEST, HEAVIEST_TOGETHER, PICTURES

CODES = sorted(LANGUAGES.values())
PICTURE = re.compile(r"!\[([^\]]+)\]\(\.\./\.\./\.\./static/guide/(\w+)/([\w-]+)\.png\)")
LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)]+)\)")
# Words of the portal are set in one way: **“Hand in”**, **「提交」**; the name of a page as a link: [“KPIs”](/kpis/).
QUOTED = {
    "en": re.compile(r"\*\*“([^”]+)”\*\*|\[“([^”]+)”\]"),
    "zh": re.compile(r"\*\*「([^」]+)」\*\*|\[“([^”]+)”\]"),
}


def text_of(chapter: Chapter, code: str) -> str:
    return (FOLDER / code / f"{chapter}.md").read_text(encoding="utf-8")


def tasks_of(chapter: Chapter, code: str) -> list[str]:
    return re.split(r"^## ", text_of(chapter, code), flags=re.MULTILINE)


def quoted(text: str, code: str) -> set[str]:
    return {" ".join((bold or link).split()) for bold, link in QUOTED[code].findall(text)}


def english_of(catalogue: Catalog, chinese: str) -> set[str]:
    """Return the English of every string that has this Chinese."""
    return {texts(message.id)[0] for message in messages(catalogue) if chinese in texts(message.string)}


@pytest.fixture(scope="module")
def catalogue() -> Catalog:
    return read(CATALOGUE)


@pytest.mark.parametrize("code", CODES)
def test_every_chapter_is_there_and_no_other(code: str) -> None:
    assert sorted(path.stem for path in (FOLDER / code).glob("*.md")) == sorted(Chapter)


@pytest.mark.parametrize("code", CODES)
def test_every_declared_picture_is_used_once_and_no_other(code: str) -> None:
    found = [match for chapter in Chapter for match in PICTURE.findall(text_of(chapter, code))]
    assert {language for _, language, _ in found} == {code}
    assert sorted(name for _, _, name in found) == sorted(shot.name for shot in SHOTS)
    every = sum(text_of(chapter, code).count("![") for chapter in Chapter)
    assert every == len(found), "a picture is named in another way"


@pytest.mark.parametrize("code", CODES)
def test_the_pictures_are_taken_and_light(code: str) -> None:
    taken = sorted((PICTURES / code).glob("*.png"))
    assert [path.stem for path in taken] == sorted(shot.name for shot in SHOTS)
    assert [path.name for path in taken if path.stat().st_size > HEAVIEST] == []


def test_all_pictures_together_are_light() -> None:
    assert sum(path.stat().st_size for path in PICTURES.glob("*/*")) <= HEAVIEST_TOGETHER


@pytest.mark.parametrize("shot", SHOTS, ids=lambda shot: shot.name)
def test_a_picture_is_alike_in_both_languages(shot: object) -> None:
    widths = {width_of(PICTURES / code / f"{shot.name}.png") for code in CODES}  # type: ignore[attr-defined]
    assert len(widths) == 1


def width_of(path: Path) -> int:
    width: int = struct.unpack(">16xI", path.read_bytes()[:20])[0]
    return width


@pytest.mark.parametrize("chapter", Chapter)
def test_both_languages_have_the_same_tasks_pictures_and_links(chapter: Chapter) -> None:
    shape = {
        code: [
            ([name for _, _, name in PICTURE.findall(task)], sorted(LINK.findall(task)))
            for task in tasks_of(chapter, code)
        ]
        for code in CODES
    }
    assert shape["en"] == shape["zh"]


@pytest.mark.parametrize("chapter", Chapter)
def test_both_languages_quote_the_same_words_of_the_portal(chapter: Chapter, catalogue: Catalog) -> None:
    """In each task, every English word is a string of the portal and its Chinese is quoted in the other text."""
    strings = {texts(message.id)[0] for message in messages(catalogue)}
    wrong = []
    for number, (english, chinese) in enumerate(zip(tasks_of(chapter, "en"), tasks_of(chapter, "zh"), strict=True)):
        words = quoted(english, "en")
        back = {word: english_of(catalogue, word) for word in quoted(chinese, "zh")}
        wrong += [f"{number}: not in the portal: {word}" for word in words - strings]
        wrong += [
            f"{number}: no Chinese of: {word}" for word in words if not any(word in each for each in back.values())
        ]
        wrong += [f"{number}: no English of: {word}" for word, each in back.items() if not each & words]
    assert wrong == []


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("chapter", Chapter)
def test_every_address_named_leads_somewhere(chapter: Chapter, code: str) -> None:
    for target in LINK.findall(text_of(chapter, code)):
        address, _, anchor = target.partition("#")
        if address.endswith(".md"):
            assert address.removesuffix(".md") in [*Chapter], target
            page = get_page(Chapter(address.removesuffix(".md")), "en")
            assert not anchor or anchor in [task.anchor for task in page.tasks], target
        else:
            resolve(address)


@pytest.mark.parametrize("language", sorted(LANGUAGES))
@pytest.mark.parametrize("chapter", Chapter)
def test_anchors_of_a_chapter_are_unlike(chapter: Chapter, language: str) -> None:
    page = get_page(chapter, language)
    assert len({task.anchor for task in page.tasks}) == len(page.tasks) > 0


def test_templates_lead_to_tasks_that_the_guide_has() -> None:
    """What a page says as guide_chapter="…" guide_task="…" is a chapter and one of its tasks."""
    named = [
        pair
        for path in (ROOT / "templates").rglob("*.html")
        for pair in re.findall(r'guide_chapter="([^"]+)"(?: guide_task="([^"]+)")?', path.read_text(encoding="utf-8"))
    ]
    assert len(named) > 5
    for chapter, task in named:
        anchors = [each.anchor for each in get_page(Chapter(chapter), "en").tasks]
        assert not task or task in anchors, (chapter, task)


def test_the_guide_goes_along_where_the_portal_is_shipped() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    assert not {"docs", "docs/guide", "static", "*.md", "*.png"} & set(ignored)
