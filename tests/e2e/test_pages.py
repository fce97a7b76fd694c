"""Every page of every role, on phone, tablet and desk, light and dark, in both languages: no overflow, no complaint.

axe looks at the English pages in test_every_page, and at the Chinese ones here with ``make axe``.
"""

from __future__ import annotations

from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Site
from tests.e2e.faults import axe_findings, faults, is_too_wide
from tests.e2e.looking import EVERY_ROLE
from tests.e2e.places import begin_draft, places

pytestmark = pytest.mark.browser

READER_PAGES = [
    "/",
    "/cycles/",
    "/cycles/{open}/",
    "/cycles/{open}/quality/",
    "/cycles/{open}/results/",
    "/cycles/{open}/results/?q=nobody-at-all",
    "/evidence/",
    "/evidence/{import}/",
    "/evidence/targets/",
    "/evidence/records/",
    "/evidence/records/visits/",
    "/evidence/records/visits/?q=nothing-at-all",
    "/evidence/records/tickets/{ticket}/",
    "/evidence/exceptions/",
    "/evidence/audits/",
    "/evidence/audits/mine/",
    "/calendars/",
    "/calendars/cn/?month=2026-02",
    "/calendars/cn/?month=2027-01",
    "/kpis/",
    "/kpis/?q=nothing-at-all",
    "/kpis/measures/",
    "/kpis/measures/?q=time",
    "/kpis/measures/?q=nothing-at-all",
    "/kpis/measures/response_sla_rate/",
    "/kpis/response_sla_rate/",
    "/kpis/collaboration/",
    "/cycles/{open}/values/",
    "/reviews/{review}/vetoes/",
    "/reviews/{review}/worklog/",
    "/reviews/{review}/worklog/?show=problems",
    "/reviews/{review}/reports/",
    "/cycles/{open}/calibration/",
    "/reviews/{review}/calibration/",
    "/people/{engineer}/leave/",
    "/schemes/",
    "/schemes/standard/",
    "/schemes/standard/v1/",
    "/people/",
    "/people/teams/",
    "/jobs/",
    "/feedback/",
    "/cycles/{open}/feedback/",
    "/notices/",
    "/notices/settings/",
    "/audit/",
    "/audit/?actor=nobody-at-all",
    "/reviews/{review}/",
    "/reviews/{review}/lines/{line}/",
    "/reviews/{review}/lines/{line}/?show=left_out",
    "/tickets/{ticket}/",
    "/cycles/{published}/bonus/",
    "/cycles/{published}/promotion/",
    "/plans/",
    "/training/",
    "/courses/",
    "/commendations/",
    "/post-changes/",
    "/outcome-rules/",
    "/reviews/{done}/",
    "/reviews/{done}/appeal/",
    "/reviews/{done}/interview/",
    "/reviews/{done}/calibration/",
    "/cycles/{published}/kpi-review/",
    "/cycles/{published}/interviews/",
    "/schemes/standard/v1/try/",
    "/suggestions/",
    "/disputes/",
    "/guide/",
    "/guide/hr-evidence/",
    "/this/is/nowhere/",
]
SETUP_STEPS = ("start", "period", "schemes", "people", "deadlines", "check")
PAGES = {
    "hr": [
        *READER_PAGES,
        "/evidence/new/",
        "/evidence/presets/",
        "/evidence/records/tickets/{ticket}/edit/",
        "/evidence/records/complaints/new/",
        "/kpis/new/",
        "/kpis/new/?measure=resolution_sla_rate",
        "/kpis/new/?measure=complaint_index",
        "/people/import/",
        "/cycles/new/",
        *(f"/cycles/new/{{setup}}/{step}/" for step in SETUP_STEPS),
        "/schemes/drafted/draft/",
        "/calendars/cn/edit/",
        "/calendars/cn/days/2026-02-14/",
        "/cycles/{open}/schemes/",
        "/cycles/{open}/stages/",
        "/cycles/{published}/prints/",
        "/cycles/{published}/appeal-terms/",
        "/bonus/columns/",
        "/plans/?show=proposed",
    ],
    "auditor": READER_PAGES,
    "manager1": [
        "/",
        "/team/",
        "/reviews/{review}/rate/",
        "/guide/manager/",
        "/guide/feedback/",
        "/reviews/{review}/",
        "/reviews/{review}/lines/{line}/",
        "/reviews/{review}/worklog/",
        "/reviews/{review}/reports/",
        "/reviews/{done}/interview/",
        "/training/",
        "/commendations/",
    ],
    "director": ["/", "/team/"],
    "e00001": [
        "/",
        "/guide/",
        "/guide/engineer/",
        "/reviews/{own}/",
        "/reviews/{own}/self/",
        "/reviews/{own}/vetoes/",
        "/worklog/",
        "/worklog/2026-01-05/",
        "/reviews/{own}/worklog/",
        "/reviews/{done}/",
        "/reviews/{done}/appeal/",
        "/reviews/{done}/interview/",
        "/reviews/{done}/lines/{line}/",
        "/suggestions/",
        "/plans/",
        "/training/",
        "/commendations/",
        "/people/{engineer}/leave/",
        "/reviews/{own}/lines/{line}/",
        "/tickets/{ticket}/",
        "/tickets/{ticket}/dispute/",
        "/evidence/records/",
        "/evidence/records/tickets/",
        "/evidence/records/tickets/{ticket}/",
        "/accounts/password/change/",
        "/bonus/",
    ],
}
NOT_FOUND = "/this/is/nowhere/"


@pytest.fixture(scope="module", autouse=True)
def begun(site: Site) -> None:
    """Begin a draft of a scheme and a cycle that is being set up, as HR does."""
    hr = site.logged_in("hr")
    begin_draft(hr, "drafted")
    hr.goto("/cycles/new/")
    hr.click("button[name=next]")
    hr.wait_for_url("**/period/")
    hr.context.close()


def widths_that_overflow(page: Page, first: int) -> list[str]:
    """Turn the window through every width, from its own ``first`` and back to it."""
    found = []
    for width in sorted(WIDTHS, key=lambda width: abs(width - first)):
        page.set_viewport_size({"width": width, "height": 900})
        if is_too_wide(page):
            found.append(f"wider than the window of {width}")
    page.set_viewport_size({"width": first, "height": 900})
    return found


WIDTHS = (390, 768, 1280)
LOOKS: dict[str, tuple[int, Literal["light", "dark"]]] = {"zh-CN": (390, "light"), "en-US": (768, "dark")}


@pytest.mark.parametrize("locale", sorted(LOOKS))
@pytest.mark.parametrize("role", sorted(PAGES))
def test_pages_fit_and_are_accessible(site: Site, axe_source: str, role: str, locale: str) -> None:
    site.complaints.clear()
    width, look = LOOKS[locale]
    page = site.logged_in(role, width=width, locale=locale, look=look)
    parts = places(site)
    wrong = []
    for template in PAGES[role]:
        answer = page.goto(template.format(**parts))
        expected = 404 if template == NOT_FOUND else 200
        if answer is None or answer.status != expected:
            wrong.append(f"{template}: {answer and answer.status}")
        found = widths_that_overflow(page, width)
        found += axe_findings(page, axe_source) if EVERY_ROLE and locale == "zh-CN" else []
        wrong += [f"{template}: {fault}" for fault in found]
    page.context.close()
    not_found = [text for text in site.complaints if NOT_FOUND not in text]
    assert wrong + not_found == []


@pytest.mark.parametrize("locale", ["zh-CN", "en-US"])
def test_the_log_in_page_fits_and_says_what_is_wrong(site: Site, axe_source: str, locale: str) -> None:
    page = site.visitor(width=390, locale=locale)
    page.goto("/accounts/login/")
    assert faults(page, axe_source) == []
    page.fill("[name=login]", "hr")
    page.fill("[name=password]", "wrong")
    page.click("main button")
    expect(page.locator(".alert-danger")).to_have_count(1)
    assert faults(page, axe_source) == []
    page.context.close()


def test_pages_work_without_javascript(site: Site) -> None:
    context = site.browser.new_context(base_url=site.address, java_script_enabled=False, locale="en-US")
    page = context.new_page()
    page.goto("/accounts/login/")
    page.fill("[name=login]", "manager1")
    page.fill("[name=password]", "demo-2026")
    page.click("main button")
    page.goto("/team/?state=awaiting_manager")
    page.click("tbody tr:last-child a")
    page.locator("fieldset.criterion input[value='3']").first.check()
    page.fill("[name=comment]", "Without a script.")
    page.click("button[name=save]")
    assert page.locator(".alert-success").count() == 1
    assert page.locator("[name=comment]").input_value() == "Without a script."
    assert page.locator("fieldset.criterion input[value='3']").first.is_checked()
    context.close()


def test_two_managers_on_one_review(site: Site) -> None:
    """The second one is told, sees both entries, and decides; nothing is lost."""
    first = site.logged_in("manager2")
    first.goto("/team/?state=awaiting_manager")
    first.click("tbody tr:first-child a")
    second = site.logged_in("director")
    second.goto(first.url)
    with first.expect_response(lambda response: "rate/save" in response.url):
        first.fill("[name=comment]", "from the manager")
    with second.expect_response(lambda response: "rate/save" in response.url) as answer:
        second.fill("[name=comment]", "from the director")
    assert answer.value.status == 409
    second.wait_for_selector(".conflict")
    assert "from the manager" in second.locator(".conflict").inner_text()
    assert second.locator("#id_comment").input_value() == "from the director"
    second.click(".conflict button")
    second.wait_for_load_state()
    first.reload()
    assert first.locator("#id_comment").input_value() == "from the director"
    first.context.close()
    second.context.close()


@pytest.mark.parametrize("name", ["report.csv", "empty.csv", "other.csv"])
def test_a_wrong_file_is_refused_with_a_clear_sentence(site: Site, name: str, tmp_path: object) -> None:
    contents = {
        "report.csv": b"%PDF-1.7\n" + bytes(range(256)) * 20,
        "empty.csv": b"",
        "other.csv": b"WO,District,LeadTech,ReqDate,WorkDate\n1,North,Ling,2020-09-01,2020-09-02\n",
    }
    [(before,)] = site.portal.query("SELECT count(*) FROM evidence_ticket")
    hr = site.logged_in("hr")
    hr.goto("/evidence/new/")
    hr.set_input_files("[name=file]", [{"name": name, "mimeType": "text/csv", "buffer": contents[name]}])
    hr.select_option("[name=preset]", "uci_incident")
    hr.click("main form button.btn-primary")
    refusal = hr.locator("#refusal").inner_text()
    assert len(refusal) > 40
    assert "Nothing has been stored." in refusal
    assert hr.locator("form[action$=confirm\\/]").count() == 0
    assert site.portal.query("SELECT count(*) FROM evidence_ticket") == [(before,)]
    hr.context.close()


def test_charts_are_drawn_and_have_their_table_behind_them(site: Site) -> None:
    page = site.logged_in("hr")
    page.goto("/cycles/{open}/results/".format(**places(site)))
    page.wait_for_selector("[data-chart=grades] canvas")
    page.click("[data-chart=grades] summary")
    shown = page.locator("[data-chart=grades] tbody td:nth-child(2)").all_inner_texts()
    [(reviews,)] = site.portal.query(
        "SELECT count(*) FROM reviews_review r JOIN cycles_cycle c ON c.id = r.cycle_id "
        "WHERE c.state = 'manager_review' AND r.grade <> ''"
    )
    assert sum(int(number) for number in shown) == reviews
    page.context.close()
