"""The pages of the guide: in one's own language, one's own chapters first, every link open to its readers."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from appraisal.guide import pages
from appraisal.guide.chapters import HR_CHAPTERS, Chapter, chapters_for
from tests.once import once_a_module
from tests.world import World, build_world

pytestmark = pytest.mark.django_db

READER = {
    Chapter.ENGINEER: "engineer",
    Chapter.MANAGER: "manager",
    Chapter.FEEDBACK: "engineer",
    **dict.fromkeys(HR_CHAPTERS, "HR"),
}


@once_a_module
def built() -> World:
    return build_world()


def client_of(world: World, role: str, language: str = "en") -> Client:
    client = Client(headers={"accept-language": language})
    client.force_login(world.users[role])
    return client


def address(chapter: Chapter) -> str:
    return reverse("guide_chapter", args=[chapter])


def links_in(html: str) -> list[str]:
    return re.findall(r'<a href="(/[^"#]*)', html)


@pytest.mark.parametrize(
    ("role", "own"),
    [
        ("engineer", [Chapter.ENGINEER, Chapter.FEEDBACK]),
        ("manager", [Chapter.MANAGER, Chapter.FEEDBACK]),
        ("second level", [Chapter.MANAGER, Chapter.FEEDBACK]),
        ("HR", [*HR_CHAPTERS]),
        ("auditor", [*HR_CHAPTERS]),
        ("administrator", []),
    ],
)
def test_the_contents_begin_with_ones_own_chapters_and_hold_all(world: World, role: str, own: list[Chapter]) -> None:
    assert chapters_for(world.users[role]) == own
    page = client_of(world, role).get("/guide/").content.decode()
    linked = list(dict.fromkeys(re.findall(r'<h3 class="card-title"><a href="/guide/([\w-]+)/">', page)))
    assert linked == own + [chapter for chapter in Chapter if chapter not in own]


@pytest.mark.parametrize(("language", "title"), [("en", "For engineers"), ("zh-hans", "工程师")])
def test_a_chapter_speaks_the_readers_language(world: World, language: str, title: str) -> None:
    page = client_of(world, "engineer", language).get(address(Chapter.ENGINEER)).content.decode()
    assert f'<h1 class="page-title">{title}</h1>' in page
    other = {"en": "zh", "zh-hans": "en"}[language]
    assert f"/guide/{other}/" not in page


def test_a_task_stands_under_its_picture_with_room_left_for_it(world: World) -> None:
    page = client_of(world, "engineer").get(address(Chapter.ENGINEER)).content.decode()
    task = page.split('<section class="card card-body" id="standing"')[1].split("</section>")[0]
    assert "See how I stand" in task
    picture = re.search(r'<img src="/static/guide/en/standing\.png" alt="([^"]+)" ([^>]*)/>', task)
    assert picture is not None
    assert picture[1].startswith("First page of an engineer")
    assert re.fullmatch(r'width="3\d\d" height="\d+" loading="lazy" class="picture is-narrow" ', picture[2])
    assert '<li><a href="/guide/engineer/#standing">See how I stand</a></li>' in page


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_link_of_a_chapter_opens_for_whom_it_was_written(world: World, language: str) -> None:
    closed = []
    for chapter in Chapter:
        client = client_of(world, READER[chapter], language)
        text = client.get(address(chapter)).content.decode().split("<article>")[1].split("</article>")[0]
        links = {link for link in links_in(text) if not link.startswith("/static/")}
        closed += [(chapter, link) for link in links if client.get(link).status_code != 200]
    assert closed == []


def test_an_unknown_chapter_is_a_404(world: World) -> None:
    assert client_of(world, "HR").get("/guide/nowhere/").status_code == 404


def test_the_guide_is_one_press_away_on_every_page(world: World) -> None:
    page = client_of(world, "engineer").get("/").content.decode()
    assert '<a class="nav-link" href="/guide/" title="Guide">' in page


def test_an_empty_page_leads_to_its_task(world: World) -> None:
    page = client_of(world, "engineer").get(reverse("feedback_tasks")).content.decode()
    assert 'href="/guide/feedback/"' in page


def test_raw_html_in_the_text_stays_text_and_scripts_no_link() -> None:
    written = '# T\n\n<script>alert(1)</script> [x](javascript:alert(1)) <b onclick="x">y</b>\n'
    shown = pages.markdown.render(written)
    assert "<script" not in shown
    assert "<b" not in shown.replace("<blockquote", "")
    assert "href" not in shown


def test_chinese_is_set_without_the_blanks_that_markdown_wants() -> None:
    html = pages._html(pages.markdown.parse("先点 **「提交」** 结束；\n再看 **「通知」**。\nOK to\ngo"))
    assert html == "<p>先点<strong>「提交」</strong>结束；再看<strong>「通知」</strong>。\nOK to\ngo</p>\n"


def test_another_chapter_is_named_by_its_file() -> None:
    [token] = pages.markdown.parseInline("[x](hr-results.md#bonus)")
    assert 'href="/guide/hr-results/#bonus"' in pages._html([token])


def test_a_longer_chapter_asks_the_database_no_more(world: World) -> None:
    client = client_of(world, "HR")
    counts = []
    for chapter in (Chapter.FEEDBACK, Chapter.HR_CYCLE):
        with CaptureQueriesContext(connection) as asked:
            client.get(address(chapter))
        counts.append(len(asked))
    assert counts[0] == counts[1]
