"""A scorecard as PDF says what the API says, and what people wrote is text in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader
from pypdf.generic import DictionaryObject

from appraisal.kpis.files import ensure_scheme
from appraisal.reviews.models import Review
from appraisal.reviews.rating import actions
from engineers.models import AuditEntry, Engineer
from tests.factories import CycleFactory
from tests.integration.reports.lines import client_of
from tests.integration.reports.printed import pages_of, text_of
from tests.once import once_a_module
from tests.world import NOW, World, advance, build_world, score

pytestmark = pytest.mark.django_db

MARKUP = '#panic() $x^2$ *bold* _thin_ `raw` \\ <label> @ref "quoted" // comment [box] = head'


@once_a_module
def built() -> World:
    built = build_world()
    rate(built, comment="服务态度很好，继续努力。")
    return built


def rate(world: World, *, comment: str) -> None:
    review = Review.objects.get(pk=world.review.pk)
    scores = dict(zip(world.rating_keys, (5, 4), strict=True))
    actions.save_rating(
        review_id=review.pk, version=review.version, scores=scores, comment=comment, by=world.users["manager"], now=NOW
    )


def printed(world: World, *, language: str = "en", role: str = "HR", review: Review | None = None) -> bytes:
    client = Client(headers={"accept-language": language})
    client.force_login(world.users[role])
    answer = client.get(reverse("scorecard_pdf", args=[(review or world.review).pk]))
    assert (answer.status_code, answer["content-type"]) == (200, "application/pdf")
    return b"".join(answer.streaming_content)


def tags_of(element: Any) -> Iterator[str]:
    """Yield the kind of every element of a tree of tags."""
    if not isinstance(element, DictionaryObject):
        return
    if "/S" in element:
        yield element["/S"]
    below = element.get("/K", [])
    for each in below if isinstance(below, list) else [below]:
        yield from tags_of(each.get_object())


def fonts_of(content: bytes) -> set[str]:
    fonts = PdfReader(BytesIO(content)).pages[0]["/Resources"]["/Font"].values()
    return {font.get_object()["/BaseFont"].split("+")[1] for font in fonts}


def two_places(text: str | None) -> str:
    """Write a number of the API as a page writes it."""
    return "–" if text is None else f"{Decimal(text).quantize(Decimal('0.01'), rounding=ROUND_HALF_UP):,}"


def words(text: str) -> str:
    return " ".join(text.split())


def short(text: str) -> str:
    return two_places(text).rstrip("0").rstrip(".")


def test_every_number_is_that_of_the_api(world: World) -> None:
    told: dict[str, Any] = (
        client_of(world.users["HR"]).get(reverse("api:review-detail", args=[world.review.pk])).json()
    )
    text = words(text_of(printed(world)))
    units = {"percent": "%", "cases": "cases", "points": "of 100"}
    targets = {"in_time": "95"}
    names = {"in_time": "In time", "volume": "Volume", "repeat": "Repeat repairs", "cooperation": "Cooperation"}
    assert [line["kpi"] for line in told["lines"]] == list(names)
    for line in told["lines"]:
        value = two_places(line["value"]) + (f" {units[line['unit']]}" if line["value"] else "")
        weight = short(line["weight"]) if Decimal(line["weight"]) else "–"
        target, points, carries = (
            targets.get(line["kpi"], "–"),
            two_places(line["points"]),
            two_places(line["carries"]),
        )
        figures = f"{value} {target} {line['n']}"
        if line["kpi"] != "volume":  # it carries nothing
            figures += f" {points} {weight} {carries}"
        reason = " no case in this cycle" if line["reason"] else ""
        assert f"{names[line['kpi']]}{reason} {figures}" in text
    for dimension, name in zip(told["dimensions"], ("Response", "Teamwork"), strict=True):
        assert f"{name} {short(dimension['weight'])} {two_places(dimension['score'])} " in text
    assert (told["overall"], told["grade"]) == ("78", "B")
    assert "Overall 78.00 Grade B" in text
    assert "Dimensions, each by its weight: (80 × 75 + 20 × 90) ÷ 100 = 78" in text


def test_a_scorecard_tells_whose_it_is_when_it_is_of_and_numbers_its_pages(world: World) -> None:
    (page,) = pages_of(printed(world))
    assert page[:4] == ["One", f"E1 · {world.team.name}", "First quarter", "2026-01-01 – 2026-03-31"]
    assert page[-1].startswith("E1 One · First quarter · Not published; as of ")
    assert page[-1].endswith(" 1 / 1")


def test_once_published_the_day_of_it_is_on_every_page(world: World) -> None:
    advance(world.cycle, "published")
    (page,) = pages_of(printed(world))
    assert page[-1] == "E1 One · First quarter · Published 2026-04-02 16:00; these figures no longer change 1 / 1"


def test_it_is_in_the_readers_language(world: World) -> None:
    text = text_of(printed(world, language="zh-hans"))
    assert "响应及时率 75.00 % 95 12 75.00 70 80.00" in text
    assert "服务态度很好，继续努力。" in text
    assert "协作精神" in text


def test_what_people_wrote_is_text_and_never_markup(world: World) -> None:
    long = "x" * 300
    rate(world, comment=f"{MARKUP}\nsecond line\n{long} 😀 \x07 end")
    Engineer.objects.filter(pk=world.one.pk).update(name="#let One = $1$ *")
    text = text_of(printed(world))
    assert f"{MARKUP}\nsecond line" in text
    assert "#let One = $1$ *\n" in text
    assert "".join(text.split()).replace("\u200b", "").count(long) == 1
    pieces = [line for line in text.splitlines() if "xxx" in line.replace("\u200b", "")]
    assert len(pieces) > 1, "a word without end is broken to fit the page"


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_all_lines_of_the_standard_scheme_are_on_one_page_with_a_comment_of_some_lines(
    world: World, language: str
) -> None:
    advance(world.cycle, "closed")
    cycle = CycleFactory(scheme=ensure_scheme(code="standard", by=None, now=NOW))
    advance(cycle, "manager_review")
    score(cycle, now=NOW)
    review = Review.objects.get(cycle=cycle, engineer=world.one)
    Review.objects.filter(pk=review.pk).update(comment="本季度响应及时，客户评价好。" * 20)
    pages = pages_of(printed(world, language=language, review=review))
    assert len(pages) == 1
    assert sum("本季度响应及时" in line for line in pages[0]) == 5


def test_a_comment_without_end_flows_to_a_second_page(world: World) -> None:
    Review.objects.filter(pk=world.review.pk).update(comment="many words " * 1000)
    pages = pages_of(printed(world))
    assert [page[-1][-5:] for page in pages] == ["1 / 2", "2 / 2"]


def test_it_is_tagged_for_screen_readers_as_pdf_ua_asks(world: World) -> None:
    for language, told in (("en", "en-GB"), ("zh-hans", "zh-CN")):
        reader = PdfReader(BytesIO(printed(world, language=language)))
        root: Any = reader.trailer["/Root"]
        assert root["/MarkInfo"] == {"/Marked": True, "/Suspects": False}
        assert root["/Lang"] == told
        assert "pdfuaid:part>1<" in root["/Metadata"].get_data().decode()
        kinds = Counter(tags_of(root["/StructTreeRoot"]))
        assert (kinds["/H1"], kinds["/H2"], kinds["/Table"]) == (1, 4, 3)
        # The heads of the dimensions, of the lines, and of the lines for information.
        assert kinds["/TH"] == 5 + 7 + 9


def test_no_character_is_printed_as_nothing(world: World) -> None:
    """Emoji have a font of their own, rare Chinese names are held; any other character stands as its number."""
    rate(world, comment="龑㛃 😀👍🏽✓ 한 ᚠ \u0e01 \x07")
    text = text_of(printed(world))
    assert "龑㛃 😀" in text
    assert "[U+16A0] [U+0E01] [U+0007]" in text
    assert "NotoEmoji-Regular" in fonts_of(printed(world))


def test_before_publication_an_engineer_prints_it_without_the_managers_part(world: World) -> None:
    text = words(text_of(printed(world, role="engineer")))
    assert "Overall so far, without the manager's part" in text
    assert "服务态度很好" not in text
    assert "Cooperation awaiting the manager's rating – – 0 – 20 –" in text


def test_every_print_is_in_the_trail(world: World) -> None:
    printed(world, role="manager")
    entry = AuditEntry.objects.get(action="review.exported")
    assert (entry.actor, entry.after) == (world.users["manager"], {"format": "pdf"})


def test_the_api_gives_the_same_file(world: World) -> None:
    address = reverse("api:review-pdf", args=[world.review.pk])
    assert address == f"/api/v1/reviews/{world.review.pk}/scorecard.pdf/"
    for accept in ("*/*", "application/pdf"):
        answer = client_of(world.users["HR"]).get(address, headers={"accept": accept})
        assert (answer.status_code, answer["content-type"]) == (200, "application/pdf")
        assert "In time 75.00 % 95 12 75.00 70 80.00" in text_of(b"".join(answer.streaming_content))
    refused = client_of(world.users["other engineer"]).get(address, headers={"accept": "application/pdf"})
    assert refused.status_code == 404
