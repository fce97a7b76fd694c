"""HR's workshop in the browser: a curve and a scheme that answer while they are edited, a cycle set up in steps."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Site
from tests.e2e.faults import faults
from tests.e2e.places import begin_draft

pytestmark = pytest.mark.browser

KPI = "/kpis/response_sla_rate/"


def without_script(site: Site) -> Page:
    return site.logged_in("hr", scripts=False)


@pytest.mark.parametrize("width", [390, 1280])
def test_the_curve_follows_the_figures_typed(site: Site, axe_source: str, width: int) -> None:
    site.complaints.clear()
    page = site.logged_in("hr", width=width)
    page.goto(KPI)
    page.wait_for_selector("#points [data-chart=rule] canvas")
    page.wait_for_selector("#points [data-chart=people] canvas")
    page.fill("[name=curve_value_0]", "61")
    rows = page.locator("#points [data-chart=rule] tbody th")
    expect(rows.filter(has_text=re.compile("^61$"))).to_have_count(1)
    page.wait_for_selector("#points [data-chart=rule] canvas")
    page.wait_for_selector("#what-if dl")
    assert faults(page, axe_source) == []
    page.fill("[name=curve_points_0]", "")
    expect(page.locator("#points .alert-danger a")).to_have_text("Points 1")
    expect(page.locator("#points [data-chart]")).to_have_count(0)
    assert faults(page, axe_source) == []
    assert site.complaints == []
    page.context.close()


def test_the_bar_and_what_if_follow_the_weights_typed(site: Site, axe_source: str) -> None:
    site.complaints.clear()
    page = site.logged_in("hr")
    begin_draft(page, "live")
    words = page.locator("[data-weight-words]")
    expect(words).to_have_text("full")
    moved = page.locator("#what-if dd").first
    expect(moved).to_have_text(re.compile(r"^0 / 12$"))
    weights = page.locator("input[name^=weight_]")
    weights.nth(0).fill("60.5")
    expect(words).to_have_text(re.compile("^[0-9.]+ too many$"))
    expect(moved).not_to_have_text(re.compile("^0 / 12$"))
    for weight in weights.all()[1:]:
        weight.fill("0")
    expect(words).to_have_text("39.5 still to be given")
    assert page.locator("[data-dimension-total]").first.inner_text() == "60.5"
    assert faults(page, axe_source) == []
    page.reload()
    expect(words).to_have_text("full")
    assert site.complaints == []
    page.context.close()


def test_curve_and_what_if_are_to_be_had_without_a_script(site: Site) -> None:
    page = without_script(site)
    page.goto(KPI)
    page.fill("[name=curve_value_0]", "61")
    page.click("button[name=preview]")
    page.click("#points [data-chart=rule] summary")
    expect(page.locator("#points [data-chart=rule] tbody th").filter(has_text=re.compile("^61$"))).to_have_count(1)
    begin_draft(page, "quiet")
    page.locator("input[name^=weight_]").first.fill("60.5")
    page.click("button[name=what_if]")
    expect(page.locator("[data-weight-words]")).to_have_text(re.compile("too many$"))
    expect(page.locator("#what-if dd").first).to_have_text(re.compile("/ 12$"))
    expect(page.locator("input[name^=weight_]").first).to_have_value("60.5")
    page.context.close()


def test_a_cycle_is_set_up_without_a_script_and_left_in_between(site: Site) -> None:
    page = without_script(site)
    page.goto("/cycles/new/")
    page.check("[name=start][value=month]")
    page.click("button[name=next]")
    page.fill("[name=code]", "step-by-step")
    page.fill("[name=name]", "Step by step")
    page.fill("[name=start_date]", "0001-01-01")
    page.click("button[name=next]")
    expect(page.locator("#id_start_date_errors")).to_contain_text("The year lies between")
    page.fill("[name=start_date]", "2026-02-01")
    page.fill("[name=end_date]", "2026-02-28")
    page.click("button[name=later]")
    page.get_by_role("link", name="Step by step").click()
    page.get_by_role("link", name="Period and name").first.click()
    expect(page.locator("[name=start_date]")).to_have_value("2026-02-01")
    for _step in ("schemes", "people", "deadlines", "check"):
        page.click("button[name=next]")
    expect(page.locator("dl.facts").first).to_contain_text("2026-02-28")
    page.click("button[name=back]")
    expect(page.locator("[name=due_published]")).to_have_value("2026-04-04")
    page.click("button[name=next]")
    page.click("button[name=next]")
    page.wait_for_url("**/cycles/step-by-step/")
    page.context.close()
