"""Every page of the table of addresses: full, empty, and with its forms sent wrong; light and dark.

``make axe`` lets each role look at all it may see; the suite looks at each page once, by who sees most of it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, Page

from engineers.models import Role
from tests.consistency.test_access_by_role import READS, address, client_of
from tests.consistency.test_access_by_role import world as world  # noqa: PLC0414  # a fixture
from tests.e2e.faults import axe_findings
from tests.e2e.inside import ORIGIN, show_through
from tests.factories import EngineerFactory, TeamFactory, UserFactory
from tests.world import World

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

EVERY_ROLE = os.environ.get("EVERY_ROLE") == "1"
# Who sees most of a page comes first.
ROLES = ["HR", "engineer", "manager", "second level", "auditor", "other manager", "other engineer", "administrator"]
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

    def look(self, what: str) -> None:
        for look in ("light", "dark"):
            self.page.emulate_media(color_scheme=look)  # type: ignore[arg-type]  # one of its two words
            self.wrong += [f"{what}, {look}: {found}" for found in axe_findings(self.page, self.axe)]

    def send_each_form(self, path: str, what: str) -> None:
        """Send every form of the page with nothing in it, as a browser without checks of its own would."""
        self.go(path)
        for number in range(self.page.locator(FORMS).count()):
            with undone():
                self.go(path)
                with self.page.expect_navigation():
                    self.page.locator(FORMS).nth(number).evaluate(SEND_EMPTY)
                self.look(f"{what}, form {number + 1} sent empty")


@contextmanager
def undone() -> Iterator[None]:
    """Take back what is written meanwhile."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@contextmanager
def looking(browser: Browser, client: Client) -> Iterator[Looker]:
    axe = (Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-US", reduced_motion="reduce")
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


def pages_of(world: World, role: str, client: Client) -> Iterator[tuple[str, str]]:
    """Yield name and address of what the role may open and, unless every role looks, none before it may."""
    before = set() if EVERY_ROLE else set(ROLES[: ROLES.index(role)])
    for name, (arguments, allowed) in READS.items():
        if name.startswith("api:") or role not in allowed or before & allowed:
            continue
        path = address(world, name, arguments)
        answer = client.get(path)
        if not answer.streaming and b"<html" in answer.content[:400]:
            yield name, path


@pytest.mark.parametrize("role", ROLES)
def test_full_pages_and_their_forms_sent_wrong(browser: Browser, world: World, role: str) -> None:
    client = client_of(world, role)
    with looking(browser, client) as looker:
        for name, path in pages_of(world, role, client):
            assert looker.go(path) == 200, name
            looker.look(name)
            looker.send_each_form(path, name)
    assert "\n".join(looker.wrong) == ""


@pytest.mark.parametrize("role", ["HR", "auditor", "administrator", "manager", "engineer"])
def test_empty_pages(browser: Browser, role: str) -> None:
    """The first day: there are people, and nothing else."""
    roles = {"HR": [Role.HR], "auditor": [Role.AUDITOR], "administrator": [Role.ADMINISTRATOR]}
    user = UserFactory(username="first", roles=roles.get(role, []))
    if role == "manager":
        TeamFactory(code="ONE", manager=user)
    elif role == "engineer":
        EngineerFactory(user=user, team=TeamFactory(code="ONE"))
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    with looking(browser, client) as looker:
        for name, (arguments, allowed) in READS.items():
            if arguments or name.startswith("api:") or role not in allowed:
                continue
            answer = client.get(reverse(name))
            if not answer.streaming and b"<html" in answer.content[:400]:
                looker.go(reverse(name))
                looker.look(f"{name}, empty")
    assert "\n".join(looker.wrong) == ""
