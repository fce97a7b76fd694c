"""Every page of the table of addresses: full, empty, and with its forms sent wrong; light and dark, on all widths.

``make axe`` lets each role look at all of that. The suite looks at each full page once, by who sees most of it.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser

from engineers.models import Role
from tests.consistency.addresses import READS
from tests.consistency.furnished import address, client_of, furnished_world
from tests.e2e.looking import EVERY_ROLE, looking
from tests.factories import EngineerFactory, TeamFactory, UserFactory
from tests.world import World

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

# Who sees most of a page comes first.
ROLES = ["HR", "engineer", "manager", "second level", "auditor", "other manager", "other engineer", "administrator"]

# Not a page of ours: what a library draws of the API's schema.
OF_A_LIBRARY = {"api-docs"}


@pytest.fixture
def world() -> World:
    return furnished_world()


def pages_of(world: World, role: str, client: Client) -> Iterator[tuple[str, str]]:
    """Yield name and address of what the role may open and, unless every role looks, none before it may."""
    before = set() if EVERY_ROLE else set(ROLES[: ROLES.index(role)])
    for name, (arguments, allowed) in READS.items():
        if name.startswith("api:") or name in OF_A_LIBRARY or role not in allowed or before & allowed:
            continue
        path = address(world, name, arguments)
        answer = client.get(path)
        if not answer.streaming and b"<html" in answer.content[:400]:
            yield name, path


@pytest.mark.parametrize("role", ROLES)
def test_full_pages(browser: Browser, world: World, role: str) -> None:
    client = client_of(world, role)
    with looking(browser, client) as looker:
        for name, path in pages_of(world, role, client):
            assert (looker.go(path), looker.asks_to_log_in) == (200, False), name
            looker.look(name)
            if EVERY_ROLE:
                looker.send_each_form(path, name)
    assert "\n".join(looker.wrong) == ""


@pytest.mark.skipif(not EVERY_ROLE, reason="a quarter of an hour with all the rest: make axe")
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
            if arguments or name.startswith("api:") or name in OF_A_LIBRARY or role not in allowed:
                continue
            answer = client.get(reverse(name))
            if not answer.streaming and b"<html" in answer.content[:400]:
                assert (looker.go(reverse(name)), looker.asks_to_log_in) == (200, False), name
                looker.look(f"{name}, empty")
    assert "\n".join(looker.wrong) == ""
