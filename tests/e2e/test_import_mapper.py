"""HR maps an unknown file and names a person, by keyboard, on a phone and without a script."""

from __future__ import annotations

import pytest
from playwright.sync_api import FilePayload, Page, expect

from tests.e2e.conftest import Site
from tests.e2e.faults import faults

pytestmark = pytest.mark.browser

TABLE = """工单号;处理人;报修时间;优先级
A-1;E00001;02/03/2026 09:00;高
A-2;E00001;04/05/2026 10:00;随便
"""


def named(table: str) -> FilePayload:
    return {"name": "acme-2026.csv", "mimeType": "text/csv", "buffer": table.encode()}


def send_file(page: Page) -> None:
    page.goto("/evidence/new/")
    page.set_input_files("[name=file]", named(TABLE))
    page.get_by_role("button", name="Show how it is read").click()
    page.wait_for_url("**/mapping/")


def test_an_unknown_file_is_mapped_on_a_phone(site: Site, axe_source: str) -> None:
    site.complaints.clear()
    page = site.logged_in("hr", width=390)
    send_file(page)
    assert faults(page, axe_source) == []
    expect(page.locator("[name='tickets.external_id']")).to_have_value("工单号")
    page.select_option("[name=datetime_format]", "%d/%m/%Y %H:%M")
    page.get_by_role("button", name="Show how it is read").click()
    expect(page.locator("#preview")).to_contain_text("2026-03-02 09:00:00")
    expect(page.locator("#preview .invalid-feedback")).to_have_text("The preset does not know this value.")
    assert faults(page, axe_source) == []
    page.get_by_label("随便").select_option("5")
    page.get_by_role("button", name="Show how it is read").click()
    expect(page.locator("#preview .invalid-feedback")).to_have_count(0)
    page.fill("[name=name]", "Acme e2e")
    page.get_by_role("button", name="Save as a preset").click()
    expect(page.locator(".alert-success")).to_be_visible()
    assert faults(page, axe_source) == []
    assert site.complaints == []
    page.context.close()


def test_a_file_is_mapped_without_a_script(site: Site) -> None:
    page = site.logged_in("hr", scripts=False)
    page.goto("/evidence/new/")
    page.set_input_files("[name=file]", named(TABLE.replace("工单号", "单号")))
    page.get_by_role("button", name="Show how it is read").click()
    page.select_option("[name=datetime_format]", "%m/%d/%Y %H:%M")
    page.get_by_role("button", name="Show how it is read").click()
    expect(page.locator("#preview")).to_contain_text("2026-02-03 09:00:00")
    page.context.close()


def test_a_person_is_found_and_chosen_by_keyboard(site: Site, axe_source: str) -> None:
    site.complaints.clear()
    page = site.logged_in("hr", width=390)
    page.goto("/evidence/records/certificates/new/")
    box = page.get_by_role("combobox", name="Engineer")
    box.press_sequentially("E0000")
    options = page.get_by_role("option")
    expect(options.first).to_be_visible()
    expect(box).to_have_attribute("aria-expanded", "true")
    assert faults(page, axe_source) == []
    box.press("ArrowDown")
    box.press("ArrowDown")
    second = options.nth(1)
    expect(second).to_have_attribute("aria-selected", "true")
    chosen = second.get_attribute("data-value")
    assert box.get_attribute("aria-activedescendant") == second.get_attribute("id")
    box.press("Enter")
    expect(box).to_have_value(str(chosen))
    expect(box).to_have_attribute("aria-expanded", "false")
    box.press("ArrowDown")
    expect(options.first).to_be_visible()
    box.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    assert site.complaints == []
    page.context.close()
