"""HR chooses a form of scoring and edits a draft, on a phone, with the script and without it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Site
from tests.e2e.faults import faults
from tests.e2e.places import begin_draft

pytestmark = pytest.mark.browser


def test_only_what_belongs_to_the_form_chosen_is_shown_and_its_points_follow(site: Site, axe_source: str) -> None:
    site.complaints.clear()
    page = site.logged_in("hr", width=390)
    page.goto("/kpis/new/?measure=response_sla_rate")
    curve, steps = page.locator("[name=curve_value_0]"), page.locator("[name=per_step]")
    expect(curve).to_be_visible()
    expect(steps).to_be_hidden()
    page.select_option("[name=form]", "deduction")
    expect(curve).to_be_hidden()
    expect(steps).to_be_visible()
    for name, value in (("target", "90"), ("step", "1"), ("per_step", "2"), ("full_points", "20")):
        page.fill(f"[name={name}]", value)
        page.keyboard.press("Tab")
    expect(page.locator("#points")).to_contain_text("88")
    assert faults(page, axe_source) == []
    for name, value in (("code", "e2e-minus"), ("name_zh", "扣分"), ("name_en", "Minus")):
        page.fill(f"[name={name}]", value)
    page.get_by_role("button", name="Create").click()
    page.wait_for_url("**/kpis/e2e-minus/")
    expect(page.locator("[name=form]")).to_have_value("deduction")
    assert site.complaints == []
    page.context.close()


def test_a_draft_is_shaped_on_a_phone(site: Site, axe_source: str) -> None:
    site.complaints.clear()
    page = site.logged_in("hr", width=390)
    begin_draft(page, "shaped")
    assert faults(page, axe_source) == []
    total = page.locator("[data-weight-total]")
    expect(total).to_have_text("100")
    weight = page.locator("input[name^=weight_]").first
    on_top = page.locator("input[name^=leads_]").first
    weight.fill("5")
    expect(total).to_have_text("105")
    on_top.check()
    expect(total).to_have_text("100")
    on_top.uncheck()
    weight.fill("0")
    page.locator("select[name^=role_]").first.select_option("bonus")
    page.fill("[name=bonus_cap]", "7")
    page.wait_for_load_state("networkidle")  # what it would change is answered first
    page.get_by_role("button", name="Save the draft").click()
    expect(page.locator(".alert-success")).to_be_visible()
    expect(page.locator("[name=bonus_cap]")).to_have_value("7")
    expect(page.locator("select[name^=role_]").first).to_have_value("bonus")
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Throw the draft away").click()
    page.wait_for_url("**/schemes/")
    assert site.complaints == []
    page.context.close()


def test_the_points_are_shown_without_a_script_too(site: Site) -> None:
    page = site.logged_in("hr", scripts=False)
    page.goto("/kpis/new/?measure=response_sla_rate")
    page.select_option("[name=form]", "ratio")
    page.fill("[name=target]", "95")
    page.click("button[name=preview]")
    expect(page.locator("#points")).to_contain_text("142.5")
    expect(page.locator("[name=target]")).to_have_value("95")
    page.context.close()
