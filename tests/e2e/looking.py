"""Looks at pages in the browser: with axe, light and dark, and on all widths; and sends their forms wrong."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from django.db import transaction
from django.test import Client
from playwright.sync_api import Browser, Error, Page

from tests.e2e.faults import axe_findings, is_too_wide
from tests.e2e.inside import ORIGIN, show_through

# make axe: each role, full, empty and with the forms sent wrong, light and dark.
EVERY_ROLE = os.environ.get("EVERY_ROLE") == "1"
WIDTH, HEIGHT, NARROWER = 1280, 900, (390, 768)
FORMS = "main form[method=post]"
SEND_EMPTY = """form => {
    for (const field of form.elements) {
        if (["checkbox", "radio"].includes(field.type)) field.checked = false;
        else if (field.type !== "hidden" && field.type !== "submit") field.value = "";
    }
    HTMLFormElement.prototype.submit.call(form);
}"""


@dataclass
class Looker:
    """A page of the browser, and what it found wrong so far."""

    page: Page
    axe: str
    wrong: list[str] = field(default_factory=list)

    def go(self, path: str) -> int:
        answer = self.page.goto(ORIGIN + path)
        return answer.status if answer else 0

    @property
    def asks_to_log_in(self) -> bool:
        return self.page.locator("input[name=login]").count() > 0

    def look(self, what: str) -> None:
        self.page.emulate_media(color_scheme="light")
        self.wrong += [f"{what}: {found}" for found in axe_findings(self.page, self.axe)]
        if EVERY_ROLE:
            # It is the same page but for its colours.
            self.page.emulate_media(color_scheme="dark")
            found = axe_findings(self.page, self.axe, only="color-contrast")
            self.wrong += [f"{what}, dark: {each}" for each in found]
        for width in NARROWER:
            self.page.set_viewport_size({"width": width, "height": HEIGHT})
            self.wrong += [f"{what}: wider than {width}"] if is_too_wide(self.page) else []
        self.page.set_viewport_size({"width": WIDTH, "height": HEIGHT})

    def send_each_form(self, path: str, what: str) -> None:
        """Send every form of the page with nothing in it, as a browser without checks of its own would."""
        self.go(path)
        for number in range(self.page.locator(FORMS).count()):
            with undone():
                self.go(path)
                if self.page.locator(FORMS).count() <= number:
                    self.wrong.append(f"{what}: form {number + 1} is gone, though what the others did was taken back")
                    break
                form = self.page.locator(FORMS).nth(number)
                sent = f"{what}, form {number + 1} to {form.get_attribute('action')} sent empty"
                try:
                    with self.page.expect_navigation():
                        form.evaluate(SEND_EMPTY)
                except Error as error:
                    # A file comes instead of a page.
                    self.wrong += [] if "ERR_ABORTED" in str(error) else [f"{sent}: {error.message[:200]}"]
                    self.page.wait_for_timeout(500)  # the browser's own page of errors comes late
                    self.page.goto("about:blank")
                else:
                    self.look(sent)
                    # What shows a progress would go on asking for what is about to be taken back.
                    self.page.goto("about:blank")


@contextmanager
def undone() -> Iterator[None]:
    """Take back what is written meanwhile."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@contextmanager
def looking(browser: Browser, client: Client) -> Iterator[Looker]:
    axe = (Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
    context = browser.new_context(
        viewport={"width": WIDTH, "height": HEIGHT}, locale="en-US", reduced_motion="reduce", service_workers="block"
    )
    looker = Looker(context.new_page(), axe)
    looker.page.on("pageerror", lambda error: looker.wrong.append(f"{looker.page.url}: {error}"))
    looker.page.on(
        "console",
        # That a wrong form was refused is what was asked for.
        lambda said: said.type != "error" or "status of 4" in said.text or looker.wrong.append(said.text),
    )
    show_through(looker.page, client)
    yield looker
    context.close()
