"""The main journeys of each role, from the first page on: on phone, tablet and desk, in both languages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Site
from tests.e2e.faults import is_too_wide

pytestmark = pytest.mark.browser

WIDTHS = (390, 768, 1280)
OWN_CARD = "main a[href^='/reviews/']:not([href*='/appeal/'], [href*='/interview/'], [href*='/lines/'])"


@dataclass(frozen=True)
class Traveller:
    """Somebody who goes through the portal by what the pages offer; every page on the way is looked at."""

    page: Page
    language: str

    def arrive(self) -> None:
        self.page.wait_for_load_state()
        assert not is_too_wide(self.page), f"{self.page.url} is wider than {self.page.viewport_size}"
        assert self.page.locator("html").get_attribute("lang") == self.language
        expect(self.page.locator("main h1")).to_be_visible()

    def begin(self) -> None:
        self.page.goto("/")
        self.arrive()

    def follow(self, link: str) -> None:
        with self.page.expect_navigation():
            self.page.locator(link).first.click()
        self.arrive()

    def choose(self, address: str) -> None:
        """Take an entry of the menu, which a phone keeps behind a button."""
        entry, button = self.page.locator(f"#menu a[href='{address}']"), self.page.locator("[data-bs-target='#menu']")
        if button.is_visible():
            button.click()
        expect(entry).to_be_visible()
        with self.page.expect_navigation():
            entry.click()
        self.arrive()

    def send(self, button: str) -> None:
        with self.page.expect_navigation():
            self.page.locator(button).first.click()
        self.arrive()


def go_down_to_a_ticket_and_suggest(engineer: Traveller) -> None:
    engineer.begin()
    engineer.follow(OWN_CARD)
    engineer.follow("main a[href*='/lines/']")
    engineer.follow("#cases a[href^='/tickets/']")
    engineer.choose("/worklog/")
    engineer.choose("/")
    engineer.page.goto("/suggestions/")
    engineer.page.fill("main [name=text]", "Travel time should count less.")
    engineer.page.locator("main select[name=about]").select_option(index=1)
    engineer.send("main form:has([name=text]) button.btn-primary")
    expect(engineer.page.locator(".alert-success")).to_be_visible()


def rate_somebody(manager: Traveller) -> None:
    page = manager.page
    manager.begin()
    manager.choose("/team/")
    page.select_option("main [name=state]", "awaiting_manager")
    manager.send("main form[role=search] button")
    manager.follow("main tbody a[href$='/rate/']")
    # Another score than the time before, and than other tests give.
    score = {390: 2, 768: 3, 1280: 1}[page.evaluate("innerWidth")]
    with page.expect_response(lambda answer: "rate/save" in answer.url):
        page.locator("[data-criterion]").first.locator(f"label:has(input[value='{score}'])").click()
    with page.expect_response(lambda answer: "rate/save" in answer.url):
        page.fill("#id_comment", f"Written at {page.viewport_size}, in {manager.language}.")
    manager.follow("main a[href^='/reviews/']:not([href*='/rate/'])")


def look_after_a_cycle(hr: Traveller) -> None:
    page = hr.page
    hr.begin()
    hr.choose("/cycles/")
    hr.follow("main tbody a[href^='/cycles/']")
    hr.follow("main a[href$='/quality/']")
    page.go_back()
    hr.follow("main a[href*='/results/']")
    page.fill("main [name=q]", "E00001")
    hr.send("main form[role=search] button")
    with page.expect_download() as file:
        page.locator("main form[action*='/export/csv/'] button").click()
    assert file.value.suggested_filename.endswith(".csv")
    hr.follow("main tbody a[href^='/reviews/']")
    page.fill("#finder", "E00002")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    hr.arrive()
    expect(page.locator("main")).to_contain_text("E00002")


def find_out_who_did_what(auditor: Traveller) -> None:
    auditor.begin()
    auditor.choose("/audit/")
    auditor.page.fill("main [name=actor]", "hr")
    auditor.send("main form[role=search] button, main form.filters button")
    auditor.follow("main tbody a[href^='/audit/']")
    auditor.choose("/cycles/")
    auditor.follow("main tbody a[href^='/cycles/']")
    auditor.follow("main a[href*='/results/']")
    auditor.follow("main tbody a[href^='/reviews/']")


JOURNEYS: dict[str, tuple[str, Callable[[Traveller], None]]] = {
    "engineer": ("e00001", go_down_to_a_ticket_and_suggest),
    "manager": ("manager2", rate_somebody),  # what manager1 writes is looked at by others
    "HR": ("hr", look_after_a_cycle),
    "auditor": ("auditor", find_out_who_did_what),
}


@pytest.mark.parametrize("locale", ["zh-CN", "en-US"])
@pytest.mark.parametrize("role", JOURNEYS)
def test_the_journey_is_made_on_every_width(site: Site, role: str, locale: str) -> None:
    site.complaints.clear()
    account, journey = JOURNEYS[role]
    page = site.logged_in(account, locale=locale)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        journey(Traveller(page, "zh-hans" if locale == "zh-CN" else "en"))
    page.context.close()
    assert site.complaints == []
