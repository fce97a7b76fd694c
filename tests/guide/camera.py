"""Opens the page of a shot in a browser and takes its picture."""

from __future__ import annotations

from collections.abc import Mapping

from playwright.sync_api import Browser, BrowserContext, Page

from appraisal.guide.pages import DENSITY
from appraisal.reports.demo.people import DEMO_PASSWORD
from tests.guide.shots import Shot
from tests.languages import speak

LOCALES = {"zh": "zh-CN", "en": "en-US"}
MARGIN = 8
RING = "(found) => { found.style.outline = '3px solid #d9480f'; found.style.outlineOffset = '3px'; }"


class Camera:
    """Looks at the portal at ``address`` in one language; each account logs in once."""

    def __init__(self, browser: Browser, address: str, language: str, places: Mapping[str, object]) -> None:
        self._browser, self._address, self._language, self._places = browser, address, language, places
        self._cookies: dict[str, list[dict[str, object]]] = {}
        self.errors: list[str] = []

    def take(self, shot: Shot) -> bytes:
        """Go to the page, walk the journey and return what is framed as a PNG. Raises AssertionError on a refusal."""
        context = self._browser.new_context(
            base_url=self._address,
            viewport={"width": shot.width, "height": 900},
            device_scale_factor=DENSITY,
            locale=LOCALES[self._language],
            timezone_id="Asia/Shanghai",
            color_scheme=shot.look,
            reduced_motion="reduce",
        )
        speak(context, address=self._address, locale=LOCALES[self._language])
        page = context.new_page()
        page.on("pageerror", lambda error: self.errors.append(f"{shot.name}: {error}"))
        self._log_in(context, page, shot.account)
        answer = page.goto(shot.address.format(**self._places))
        if answer is None or not answer.ok:
            raise AssertionError(f"{shot.name}: {page.url} answered {answer and answer.status}")
        shot.journey(page, self._language)
        picture = self._picture(page, shot)
        context.close()
        return picture

    def _log_in(self, context: BrowserContext, page: Page, account: str) -> None:
        if account in self._cookies:
            context.add_cookies(self._cookies[account])  # type: ignore[arg-type]
            return
        page.goto("/accounts/login/")
        page.fill("[name=login]", account)
        page.fill("[name=password]", DEMO_PASSWORD)
        page.click("main button")
        page.wait_for_url(f"{self._address}/")
        self._cookies[account] = context.cookies()  # type: ignore[assignment]

    def _picture(self, page: Page, shot: Shot) -> bytes:
        """Return what is framed. Charts draw themselves into canvases, which are waited for."""
        charts = page.locator("[data-chart]")
        if charts.count():
            page.wait_for_function(
                "[...document.querySelectorAll('[data-chart]')].every((each) => each.querySelector('canvas, svg'))"
            )
        if shot.mark:
            page.locator(shot.mark).first.evaluate(RING)
        page.evaluate("window.scrollTo(0, 0)")
        boxes = [box for each in page.locator(shot.frame).all() if (box := each.bounding_box())]
        if not boxes:
            raise AssertionError(f"{shot.name}: nothing to see of {shot.frame}")
        left, top = min(box["x"] for box in boxes), min(box["y"] for box in boxes)
        right, bottom = (
            max(box[edge] + box[size] for box in boxes) for edge, size in (("x", "width"), ("y", "height"))
        )
        left, top = max(0, left - MARGIN), max(0, top - MARGIN)
        clip = {"x": left, "y": top, "width": min(right + MARGIN, shot.width) - left}
        clip["height"] = min(bottom + MARGIN - top, shot.tall)
        return page.screenshot(full_page=True, clip=clip, animations="disabled")  # type: ignore[arg-type]
