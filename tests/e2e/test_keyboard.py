"""The main journeys of each role with the keyboard alone; whatever has the focus is seen to have it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from appraisal.reports.demo.people import DEMO_PASSWORD
from tests.e2e.conftest import Site

pytestmark = pytest.mark.browser

MOST_STOPS = 250
# An outline, or the ring that Bootstrap draws in its place.
IS_SEEN = """() => {
    const style = getComputedStyle(document.activeElement);
    return style.outlineStyle !== "none" || style.boxShadow !== "none";
}"""


def reach(page: Page, wanted: str) -> None:
    """Press Tab until what ``wanted`` selects has the focus; every stop on the way must be seen."""
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            continue
        assert page.evaluate(IS_SEEN), page.evaluate("document.activeElement.outerHTML.slice(0, 200)")
        if page.evaluate("wanted => document.activeElement.matches(wanted)", wanted):
            return
    raise AssertionError(f"{wanted} is not reached by Tab on {page.url}")


def follow(page: Page, wanted: str) -> None:
    """Go to a link or button by Tab and press it."""
    reach(page, wanted)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def enter(site: Site, username: str) -> Page:
    """Log in."""
    page = site.visitor()
    page.goto("/accounts/login/")
    reach(page, "[name=login]")
    page.keyboard.type(username)
    reach(page, "[name=password]")
    page.keyboard.type(DEMO_PASSWORD)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    return page


def test_the_first_stop_leads_past_the_menu(site: Site) -> None:
    page = enter(site, "e00001")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#main"
    reach(page, "main *")
    page.context.close()


def test_an_engineer_goes_from_the_home_page_down_to_a_ticket(site: Site) -> None:
    page = enter(site, "e00001")
    follow(page, "main a[href^='/reviews/']:not([href*='/appeal/'], [href*='/interview/'], [href*='/lines/'])")
    follow(page, "main a[href*='/lines/']")
    follow(page, "main a[href^='/tickets/']")
    assert page.url.startswith(f"{site.address}/tickets/")
    expect(page.locator("h1")).to_be_visible()
    page.context.close()


def test_a_manager_rates_one_after_the_other(site: Site) -> None:
    page = enter(site, "manager1")
    page.goto("/team/?state=awaiting_manager")
    follow(page, "main a[href$='/rate/']")
    first = page.url
    reach(page, "[data-criterion] input")
    with page.expect_response(lambda answer: "rate/save" in answer.url):
        page.keyboard.press("4")
    expect(page.locator("[data-criterion]").first.locator("input[value='4']")).to_be_checked()
    page.keyboard.press("Alt+KeyJ")
    with page.expect_response(lambda answer: "rate/save" in answer.url):
        page.keyboard.press("2")
    expect(page.locator("[data-criterion]").nth(1).locator("input[value='2']")).to_be_checked()
    reach(page, "#id_comment")
    with page.expect_response(lambda answer: "rate/save" in answer.url):
        page.keyboard.type("Written without a mouse.")
    relation = "next" if page.locator("a[rel=next]").count() else "prev"
    with page.expect_navigation():
        page.keyboard.press("Alt+KeyN" if relation == "next" else "Alt+KeyP")
    assert page.url != first
    page.goto(first)
    expect(page.locator("#id_comment")).to_have_value("Written without a mouse.")
    expect(page.locator("[data-criterion]").nth(1).locator("input[value='2']")).to_be_checked()
    page.context.close()


def test_hr_finds_a_person_and_filters_the_results(site: Site) -> None:
    page = enter(site, "hr")
    page.keyboard.press("/")
    page.keyboard.type("E00003")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    follow(page, "main a[href^='/people/'], main a[href^='/reviews/']")
    expect(page.locator("main")).to_contain_text("E00003")
    follow(page, "a[href='/cycles/']")
    follow(page, "main tbody a[href^='/cycles/']")
    follow(page, "main a[href*='/results/']")
    reach(page, "main [name=q]")
    page.keyboard.type("E00005")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert "q=E00005" in page.url
    expect(page.locator("main tbody tr", has_text="E00005")).to_have_count(1)
    expect(page.locator("main tbody tr", has_text="E00003")).to_have_count(0)
    page.context.close()
