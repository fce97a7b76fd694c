"""What is shown to whoever has no account, or the wrong address: axe, light and dark, on all widths."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser

from tests.e2e.inside import ORIGIN
from tests.e2e.looking import Looker, looking
from tests.factories import EngineerFactory, UserFactory, hr_user
from tests.integration.feedback.asking import AFTER, DURING, ask, make_round, token_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db]


@pytest.fixture
def looker(browser: Browser) -> Iterator[Looker]:
    with looking(browser, Client(headers={"accept-language": "en"})) as made:
        yield made
    assert "\n".join(made.wrong) == ""


@pytest.mark.parametrize(
    "name", ["account_login", "account_reset_password", "account_reset_password_done", "worklog_offline"]
)
def test_pages_before_the_log_in(looker: Looker, name: str) -> None:
    assert looker.go(reverse(name)) == 200
    looker.look(name)


def test_a_wrong_log_in(looker: Looker) -> None:
    looker.go(reverse("account_login"))
    looker.page.fill("[name=login]", "nobody")
    looker.page.fill("[name=password]", "wrong")
    with looker.page.expect_navigation():
        looker.page.click("main button")
    looker.look("log-in refused")


def test_a_customers_page_in_all_its_states(looker: Looker) -> None:
    with time_machine.travel(DURING, tick=False):
        request = ask(make_round(), EngineerFactory(), "customer", by=hr_user())
        address = reverse("customer_feedback", args=[token_of(request)])
        assert looker.go(address) == 200
        looker.look("a customer's questions")
        with looker.page.expect_navigation():
            looker.page.locator("form").first.evaluate("form => HTMLFormElement.prototype.submit.call(form)")
        looker.look("sent without an answer")
    with time_machine.travel(AFTER, tick=False):
        assert looker.go(address) == 410
        looker.look("a link that has expired")


@pytest.mark.parametrize("code", [403, 404, 500])
def test_pages_of_errors(looker: Looker, code: int) -> None:
    words = render_to_string(f"{code}.html")
    looker.page.route(
        f"{ORIGIN}/wrong/", lambda route: route.fulfill(status=code, body=words, content_type="text/html")
    )
    assert looker.go("/wrong/") == code
    looker.look(f"error {code}")
    # The browser notes the status itself, sooner or later.
    looker.wrong[:] = [found for found in looker.wrong if f"status of {code}" not in found]


def test_an_address_that_is_not_there_for_somebody_logged_in(browser: Browser) -> None:
    client = Client(headers={"accept-language": "en"})
    client.force_login(UserFactory())
    with looking(browser, client) as looker:
        assert looker.go("/nothing/") == 404
        looker.look("404")
    assert "\n".join(looker.wrong) == ""
