"""A whole portal in processes of its own, and browsers logged in to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from appraisal.reports.demo.people import DEMO_PASSWORD
from tests.languages import speak
from tests.portals import Portal

# Both passes of the suite share the processors with the portal under test.
expect.set_options(timeout=20_000)

CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass
class Site:
    """A running portal with the demonstration in it."""

    portal: Portal
    address: str
    browser: Browser
    complaints: list[str] = field(default_factory=list)

    def visitor(
        self,
        *,
        width: int = 1280,
        locale: str = "en-US",
        look: Literal["light", "dark"] = "light",
        scripts: bool = True,
    ) -> Page:
        """Return a page of a fresh browser context; what its console complains about is kept."""
        context = self.browser.new_context(
            base_url=self.address,
            viewport={"width": width, "height": 900},
            locale=locale,
            timezone_id="Asia/Shanghai",
            color_scheme=look,
            accept_downloads=True,
            java_script_enabled=scripts,
        )
        speak(context, address=self.address, locale=locale)
        page = context.new_page()
        page.on("console", lambda message: self._note(page, message.type, message.text))
        page.on("pageerror", lambda error: self._note(page, "error", str(error)))
        page.on("request", lambda request: self._note_origin(request.url))
        return page

    def logged_in(
        self,
        username: str,
        *,
        width: int = 1280,
        locale: str = "en-US",
        look: Literal["light", "dark"] = "light",
        scripts: bool = True,
    ) -> Page:
        page = self.visitor(width=width, locale=locale, look=look, scripts=scripts)
        page.goto("/accounts/login/")
        page.fill("[name=login]", username)
        page.fill("[name=password]", DEMO_PASSWORD)
        page.click("main button")
        page.wait_for_url(f"{self.address}/")
        return page

    def _note(self, page: Page, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.complaints.append(f"{page.url}: {text}")

    def _note_origin(self, url: str) -> None:
        if not url.startswith((self.address, "data:", "blob:")):
            self.complaints.append(f"request to another origin: {url}")


@pytest.fixture(scope="session")
def browser(chromium_path: str) -> Iterator[Browser]:
    """The one browser of the process: playwright cannot be started twice."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium_path, args=CHROMIUM_ARGUMENTS)
        yield started
        started.close()


@pytest.fixture(scope="session")
def site(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    portal = Portal(tmp_path_factory.mktemp("portal") / "var")
    try:
        portal.migrate()
        portal.manage("collectstatic", "--no-input", "--verbosity", "0")
        portal.manage("seed_demo", "--engineers", "12", "--tickets", "1500")
        address = portal.start_web()
        portal.start_worker()
        portal.start_beat()
        yield Site(portal, address, browser)
    finally:
        portal.stop()


@pytest.fixture
def axe_source() -> str:
    from tests.conftest import ROOT

    return (ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture
def downloads(tmp_path: Path) -> Path:
    folder = tmp_path / "downloads"
    folder.mkdir()
    return folder
