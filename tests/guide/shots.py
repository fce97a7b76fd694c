"""The pictures of the guide, each declared once: who looks at which page, and what of it is shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from playwright.sync_api import Page

from tests.conftest import ROOT

WIDE, DESK, PHONE = 1400, 1100, 390


def nothing(page: Page, language: str) -> None:
    """The page as it opens."""


@dataclass(frozen=True, kw_only=True)
class Shot:
    """``address`` and ``frame`` may name what ``tests.e2e.test_pages.places`` finds; ``mark`` gets a ring.

    The picture shows all that ``frame`` matches, from its top down to ``tall`` points of the page.
    """

    name: str
    account: str
    address: str
    frame: str = "main > div"
    mark: str = ""
    width: int = DESK
    tall: int = 900
    look: Literal["light", "dark"] = "light"
    journey: Callable[[Page, str], None] = nothing


def follow(page: Page, link: str) -> None:
    """Go where the first of these links leads."""
    page.goto(page.locator(link).first.get_attribute("href") or "")


def dispute_a_case(page: Page, language: str) -> None:
    follow(page, "#cases a[href*='/dispute/']")
    words = {
        "zh": "客户当时不在现场，约定第二天上午再上门，工单备注里有记录。",
        "en": "The customer was away and asked for the next morning; the ticket's notes say so.",
    }
    page.locator("main form textarea").first.fill(words[language])


def log_a_day_without_network(page: Page, language: str) -> None:
    page.wait_for_selector("#kept[data-ready]", state="attached")
    page.evaluate("navigator.serviceWorker.ready")
    page.context.set_offline(True)
    words = {"zh": "更换液压泵，调试后压力正常。", "en": "Changed the hydraulic pump; pressure is right again."}
    page.fill("[name=work]", words[language])
    page.fill("[name=wrench_minutes]", "180")
    page.fill("[name=travel_minutes]", "45")
    page.click("#day-form button")
    page.wait_for_selector("#kept-list li")


def open_the_first_review(page: Page, language: str) -> None:
    follow(page, "main tbody a[href*='/rate/']")
    page.keyboard.press("Alt+J")
    page.keyboard.press("Alt+J")


def show_the_preview(page: Page, language: str) -> None:
    page.set_input_files("[name=file]", ROOT / "tests" / "data" / "uci_incident_extract.csv")
    page.select_option("[name=preset]", "uci_incident")
    page.click("main form button.btn-primary")
    page.wait_for_selector("form[action$='confirm/']")


def describe_the_next_cycle(page: Page, language: str) -> None:
    while not page.url.endswith("/check/"):
        with page.expect_navigation():
            page.click("main form button.btn-primary")


def start_a_draft(page: Page, language: str) -> None:
    page.locator("main form[action$='/draft/start/'] button, main a[href$='/draft/']").first.click()
    page.wait_for_selector("#what-if dl")


def send_an_unknown_file(page: Page, language: str) -> None:
    table = "工单号;处理人;报修时间;紧急程度\nA-1;E00001;2026-03-02 09:00;高\nA-2;E00002;2026-03-03 10:00;中\n"
    file = {"name": "acme-2026.csv", "mimeType": "text/csv", "buffer": table.encode()}
    page.set_input_files("[name=file]", file)
    page.click("main form button.btn-primary")
    page.wait_for_url("**/mapping/")


def open_the_first_plan(page: Page, language: str) -> None:
    follow(page, "main table a[href^='/bonus/']")


def open_the_first_case(page: Page, language: str) -> None:
    follow(page, "#cases a[href^='/tickets/']")


SHOTS = (
    Shot(name="standing", account="e00001", address="/", frame="#asked, #standing", width=PHONE),
    Shot(name="scorecard", account="e00001", address="/reviews/{done}/", tall=1000),
    Shot(name="line", account="e00001", address="/reviews/{done}/lines/{line}/", width=PHONE, tall=1550),
    Shot(
        name="cases",
        account="e00001",
        address="/reviews/{own}/lines/{line}/",
        frame=".card:has(#cases)",
        mark="#cases td:has(> a[href*='/dispute/'])",
        tall=560,
        width=1250,
    ),
    Shot(
        name="ticket",
        account="e00001",
        address="/reviews/{own}/lines/{line}/",
        width=PHONE,
        tall=800,
        journey=open_the_first_case,
    ),
    Shot(
        name="dispute", account="e00001", address="/reviews/{own}/lines/{line}/", width=PHONE, journey=dispute_a_case
    ),
    Shot(name="appeal", account="e00001", address="/reviews/{done}/appeal/", width=PHONE),
    Shot(
        name="work-log",
        account="e00002",
        address="/worklog/",
        frame="#worklog",
        width=PHONE,
        journey=log_a_day_without_network,
    ),
    Shot(name="board", account="manager1", address="/team/?cycle={open}", width=WIDE),
    Shot(
        name="rating",
        account="manager1",
        address="/team/?cycle={open}&state=awaiting_manager",
        journey=open_the_first_review,
        width=WIDE,
        look="dark",
    ),
    Shot(name="feedback", account="e00001", address="/cycles/{published}/feedback/people/{engineer}/result/"),
    Shot(name="new-cycle", account="hr", address="/cycles/new/", journey=describe_the_next_cycle),
    Shot(name="course", account="hr", address="/cycles/{open}/", mark="#workflow form .btn"),
    Shot(name="quality", account="hr", address="/cycles/{open}/quality/"),
    Shot(name="calibration", account="hr", address="/cycles/{published}/calibration/"),
    Shot(name="kpi", account="hr", address="/kpis/response_sla_rate/"),
    Shot(name="scheme", account="hr", address="/schemes/standard/", journey=start_a_draft, width=WIDE),
    Shot(name="try-out", account="hr", address="/schemes/standard/v1/try/"),
    Shot(name="import", account="hr", address="/evidence/new/", journey=show_the_preview),
    Shot(name="mapping", account="hr", address="/evidence/new/", journey=send_an_unknown_file),
    Shot(name="results", account="hr", address="/cycles/{published}/results/"),
    Shot(name="bonus", account="hr", address="/cycles/{published}/bonus/", journey=open_the_first_plan),
)
