"""The work log on a phone: by the keyboard alone, without a network, and by two people who share the device."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from appraisal.reports.demo.people import DEMO_PASSWORD
from tests.e2e.conftest import Site
from tests.e2e.faults import faults
from tests.languages import speak

pytestmark = pytest.mark.browser

SHANGHAI = ZoneInfo("Asia/Shanghai")
STORED = "SELECT external_id, work, wrench_minutes FROM evidence_worklog WHERE source = 'worklog' ORDER BY day"


def today() -> date:
    return datetime.now(SHANGHAI).date()


def open_days(page: Page) -> list[date]:
    """Return two days that are not logged and still in time: the demonstration leaves the last workday out."""
    days = page.request.get("/api/v1/worklog/").json()["days"]
    now = datetime.now(SHANGHAI)
    found = [day["day"] for day in days if not day["logs"] and datetime.fromisoformat(day["until"]) > now]
    return [date.fromisoformat(day) for day in found[-2:]]


def engineer(site: Site, username: str) -> Page:
    """Return a phone in Shanghai on which an engineer is logged in."""
    context = site.browser.new_context(
        base_url=site.address,
        viewport={"width": 390, "height": 800},
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
    )
    speak(context, address=site.address, locale="zh-CN")
    page = context.new_page()
    page.on("pageerror", lambda error: site.complaints.append(str(error)))
    log_in(page, username)
    return page


def log_in(page: Page, username: str) -> None:
    page.goto("/accounts/login/")
    page.fill("[name=login]", username)
    page.fill("[name=password]", DEMO_PASSWORD)
    page.click("main button")
    page.wait_for_url("**/")


def open_day(page: Page, day: date | None = None) -> None:
    page.goto(f"/worklog/{day}/" if day else "/worklog/")
    page.wait_for_selector("#kept[data-ready]", state="attached")


def write(page: Page, day: date, work: str, minutes: int) -> None:
    open_day(page, day)
    page.fill("[name=work]", work)
    page.fill("[name=wrench_minutes]", str(minutes))
    page.click("#day-form button")
    expect(page.locator("#kept-list li").filter(has_text=work)).to_be_visible()


def test_a_day_is_logged_on_a_phone_by_the_keyboard_alone(site: Site, axe_source: str) -> None:
    site.complaints.clear()
    page = engineer(site, "e00003")
    open_day(page)
    assert faults(page, axe_source) == []
    page.locator("#day-form textarea").first.focus()
    for text in ("更换液压泵", "缺少密封圈", "180", "45", "0", "T1, T2"):
        page.keyboard.type(text)
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/worklog/{today()}/")
    expect(page.locator("#day-state")).to_contain_text("按时填写")
    expect(page.locator("[name=problems]")).to_have_value("缺少密封圈")
    expect(page.locator("[name=travel_minutes]")).to_have_value("45")
    expect(page.locator("#kept")).to_be_hidden()
    assert faults(page, axe_source) == []
    assert site.complaints == []
    page.context.close()


def test_what_is_written_without_a_network_arrives_once_when_there_is_one(site: Site, axe_source: str) -> None:
    site.complaints.clear()
    page = engineer(site, "e00004")
    before, last = open_days(page)
    open_day(page)
    page.evaluate("navigator.serviceWorker.ready")
    page.context.set_offline(True)
    write(page, before, "第一天", 60)
    write(page, last, "第二天", 90)
    write(page, last, "第二天，改过", 95)
    expect(page.locator("#kept-list li")).to_have_count(2)
    assert faults(page, axe_source) == []
    page.reload()
    page.wait_for_selector("#kept[data-ready]", state="attached")
    expect(page.locator("[name=work]")).to_have_value("第二天，改过")
    expect(page.locator("#kept-status")).to_contain_text("当前没有网络")
    page.goto("/")  # also how the app on the phone starts
    expect(page.locator("#tasks")).to_be_visible()
    page.context.set_offline(False)
    open_day(page)
    expect(page.locator("#kept")).to_be_hidden()
    open_day(page, last)
    expect(page.locator("[name=work]")).to_have_value("第二天，改过")
    mine = [row[1:] for row in site.portal.query(STORED) if str(row[1]).startswith(("第一天", "第二天"))]
    assert mine == [("第一天", 60), ("第二天，改过", 95)]
    assert site.complaints == []
    page.context.close()


def test_tasks_and_work_log_open_without_a_network_for_who_only_saw_the_home_page(site: Site) -> None:
    site.complaints.clear()
    page = engineer(site, "e00008")
    page.wait_for_selector("[data-take-along][data-ready]", state="attached")
    page.evaluate("navigator.serviceWorker.ready")
    page.context.set_offline(True)
    page.goto("/")
    expect(page.locator("#tasks")).to_be_visible()
    expect(page.locator("#seen-days a").first).to_be_visible()
    open_day(page)
    expect(page.locator("#kept-status")).to_contain_text("当前没有网络")
    assert site.complaints == []
    page.context.close()


def test_a_newer_version_is_shown_and_the_person_decides(site: Site) -> None:
    phone, desk = engineer(site, "e00005"), engineer(site, "e00005")
    day = open_days(phone)[0]
    open_day(phone, day)
    phone.evaluate("navigator.serviceWorker.ready")
    phone.context.set_offline(True)
    write(phone, day, "手机上写的", 30)
    open_day(desk, day)
    desk.fill("[name=work]", "电脑上写的")
    desk.click("#day-form button")
    expect(desk.locator("#day-state")).to_contain_text("按时填写")
    phone.context.set_offline(False)
    open_day(phone)
    row = phone.locator("#kept-list li")
    expect(row).to_contain_text("已在别处修改")
    expect(row.locator(".stored")).to_contain_text("电脑上写的")
    row.locator(".kept-send").click()
    expect(phone.locator("#kept")).to_be_hidden()
    open_day(desk, day)
    expect(desk.locator("[name=work]")).to_have_value("手机上写的")
    for page in (phone, desk):
        page.context.close()


def test_nothing_of_one_person_stays_for_the_next_on_the_same_phone(site: Site) -> None:
    page = engineer(site, "e00006")
    day = open_days(page)[0]
    open_day(page)
    page.evaluate("navigator.serviceWorker.ready")
    page.context.set_offline(True)
    write(page, day, "只有我能看", 30)
    # The session has ended meanwhile: the entry stays and says so.
    page.context.clear_cookies()
    page.context.set_offline(False)
    page.goto("/worklog/offline/")
    expect(page.locator("#kept-status")).to_contain_text("重新登录")
    log_in(page, "e00007")
    expect(page.locator("#main .alert-warning")).to_contain_text("1")
    open_day(page, day)
    expect(page.locator("#kept")).to_be_hidden()
    expect(page.locator("[name=work]")).to_have_value("")
    # And logging out leaves nothing at all.
    page.get_by_role("button", name="退出登录").click()
    page.wait_for_url("**/accounts/login/")
    left = "async () => [(await indexedDB.databases()).length, (await caches.keys()).length, localStorage.length]"
    assert page.evaluate(left) == [0, 0, 0]
    assert not [row for row in site.portal.query(STORED) if row[1] == "只有我能看"]
    page.context.close()
