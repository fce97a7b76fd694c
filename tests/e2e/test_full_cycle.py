"""A whole cycle, played by everybody who takes part in it, each in a browser of their own.

Every figure on the way is compared with one that this file works out by itself from what it put in.
"""

from __future__ import annotations

import csv
import re
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Site
from tests.mailbox import Mailbox, mailbox
from tests.portals import Portal, wait_for

pytestmark = pytest.mark.browser

CODE, SOURCE, TARGET_MINUTES = "full", "full", 15
CASES = 12
IN_TIME = {"E1": 9, "E2": 12, "E3": 6, "E4": 11}  # Anna, Bo, Chen, Dai
CUSTOMER = "customer@example.org"
PEER_ANSWERS = {"bo": 5, "chen": 4, "dai": 3}
BASE = 3000
COEFFICIENTS = {"A": "1.2", "B": "1.0", "C": "0.8"}

STAFF = """employee_no,name,team,leads_team,username,role
,Hua,,,hua,hr
,Hong,,,hong,hr
,Director,Service,yes,director,
,Manager,Service/North,yes,manager,
E1,Anna,Service/North,,anna,
E2,Bo,Service/North,,bo,
E3,Chen,Service/North,,chen,
E4,Dai,Service/North,,dai,
"""

SCHEME = """
code: full
name: {zh: 完整, en: Full}
grade_bands: [[A, 85], [B, 70], [C, 60], [D, 0]]
dimensions:
  - code: response
    name: {zh: 响应, en: Response}
    kpis:
      - code: in_time
        name: {zh: 响应及时率, en: In time}
        measure: response_sla_rate
        weight: 60
        target: 95
        curve: [[0, 0], [100, 100]]
  - code: teamwork
    name: {zh: 协作, en: Teamwork}
    kpis:
      - code: cooperation
        name: {zh: 协作精神, en: Cooperation}
        measure: collaboration
        weight: 20
        curve: [[20, 20], [100, 100]]
        criteria: &criteria
          - code: own
            name: {zh: 总体, en: All in all}
            anchors:
              - {zh: 差, en: poor}
              - {zh: 弱, en: weak}
              - {zh: 可, en: fair}
              - {zh: 好, en: good}
              - {zh: 优, en: excellent}
      - code: talking
        name: {zh: 沟通, en: Talking}
        measure: communication
        weight: 20
        curve: [[20, 20], [100, 100]]
        criteria: *criteria
"""


@dataclass
class Cast:
    """Everybody's page; each has a browser context of its own."""

    site: Site
    mail: Mailbox
    hua: Page
    hong: Page
    director: Page
    manager: Page
    anna: Page
    bo: Page
    chen: Page
    dai: Page

    def of(self, name: str) -> Page:
        page: Page = getattr(self, name)
        return page

    def review(self, number: str) -> int:
        [(review,)] = self.site.portal.query(
            "SELECT r.id FROM reviews_review r JOIN engineers_engineer e ON e.id = r.engineer_id "
            f"WHERE e.employee_no = '{number}'"
        )
        return int(review)

    def engineer(self, number: str) -> int:
        [(engineer,)] = self.site.portal.query(f"SELECT id FROM engineers_engineer WHERE employee_no = '{number}'")
        return int(engineer)


@pytest.fixture
def cast(site: Site, tmp_path: Path) -> Iterator[Cast]:
    """A portal of its own, seen with the browser that is open already: a process has one playwright only."""
    with ExitStack() as stack:
        mail = stack.enter_context(mailbox())
        portal = Portal(tmp_path / "var")
        stack.callback(portal.stop)
        portal.environment |= {"EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": str(mail.port)}
        (tmp_path / "staff.csv").write_text(STAFF, encoding="utf-8")
        (tmp_path / "scheme.yaml").write_text(SCHEME, encoding="utf-8")
        portal.migrate()
        portal.manage("collectstatic", "--no-input", "--verbosity", "0")
        portal.manage("load_staff", str(tmp_path / "staff.csv"))
        portal.manage("load_scheme", str(tmp_path / "scheme.yaml"))
        portal.manage("shell", "--no-imports", "-c", GIVE_PASSWORDS)
        address = portal.start_web()
        portal.start_worker()
        portal.start_beat()
        own = Site(portal, address, site.browser)
        names = ("hua", "hong", "director", "manager", "anna", "bo", "chen", "dai")
        pages = {name: own.logged_in(name) for name in names}
        stack.callback(lambda: [page.context.close() for page in pages.values()])
        for page in pages.values():
            page.on("dialog", lambda dialog: dialog.accept())
        yield Cast(own, mail, **pages)


GIVE_PASSWORDS = """
from engineers.models import User
from appraisal.reports.demo.people import DEMO_PASSWORD
for user in User.objects.all():
    user.set_password(DEMO_PASSWORD)
    user.save()
"""


def test_everybody_plays_a_cycle_from_nomination_to_closing(cast: Cast, tmp_path: Path) -> None:
    set_up(cast, tmp_path)
    nominate(cast)
    look_at_oneself(cast)
    answer(cast)
    release(cast)
    rate_and_approve(cast)
    calibrate(cast)
    publish_and_talk(cast)
    appeal(cast)
    pay(cast)
    close(cast)
    # The customer's used link says 410; nothing else went wrong on any page.
    assert [text for text in cast.site.complaints if "410 (Gone)" not in text] == []


# The independent calculation.


def in_time_percent(number: str, *, without: int = 0) -> Fraction:
    return Fraction(100 * IN_TIME[number], CASES - without)


def feedback_percent() -> Fraction:
    """Colleagues alone are enough to be shown: three of them, nothing trimmed; the customer is only one."""
    return 100 * Fraction(sum(PEER_ANSWERS.values()), len(PEER_ANSWERS)) / 5


def overall(number: str, *, without: int = 0) -> Fraction:
    """Only about Anna somebody was asked; the others' teamwork hands its weight on."""
    response = in_time_percent(number, without=without)
    return (60 * response + 40 * feedback_percent()) / 100 if number == "E1" else response


def figure(value: Fraction) -> str:
    cents = Decimal(value.numerator) / Decimal(value.denominator)
    return str(cents.quantize(Decimal("0.01"), ROUND_HALF_UP))


def money(value: Fraction | int) -> str:
    return f"{Decimal(figure(Fraction(value))):,}"


def grade(value: Fraction) -> str:
    return next(name for name, lower in (("A", 85), ("B", 70), ("C", 60), ("D", 0)) if value >= lower)


# The acts.


def set_up(cast: Cast, tmp_path: Path) -> None:
    """HR promises a target, brings the records in, and opens a cycle with everybody in it."""
    hr = cast.hua
    hr.goto("/evidence/targets/")
    hr.select_option("[name=kind]", "response")
    hr.fill("[name=source]", SOURCE)
    hr.fill("[name=minutes]", str(TARGET_MINUTES))
    hr.fill("[name=from_date]", "2026-01-01")
    hr.click("form:has([name=minutes]) button")
    expect(hr.locator(".alert-success")).to_be_visible()
    records = tmp_path / "records.csv"
    write_records(records)
    hr.goto("/evidence/new/")
    hr.set_input_files("[name=file]", records)
    hr.select_option("[name=preset]", "portal")
    hr.select_option("[name=kind]", "tickets")
    hr.fill("[name=source]", SOURCE)
    hr.click("main form button.btn-primary")
    hr.click("form[action$=confirm\\/] button")
    expect(hr.locator("#import-state[data-state=done]")).to_be_visible(timeout=30_000)
    assert hr.locator("#created").inner_text() == str(CASES * len(IN_TIME))

    hr.goto("/cycles/new/")
    hr.check("[name=start][value=month]")
    hr.click("button[name=next]")
    hr.fill("[name=code]", CODE)
    hr.fill("[name=start_date]", "2026-02-01")
    hr.fill("[name=end_date]", "2026-02-28")
    hr.click("button[name=next]")
    hr.click("button[name=next]")
    hr.check("[name=asks_self_review]")
    hr.check("[name=asks_second_level]")
    hr.click("button[name=next]")
    for day in hr.locator("input[type=date]").all():
        day.fill("")
    hr.click("button[name=next]")
    hr.click("button[name=next]")
    step(hr, "open", "open")


def write_records(path: Path) -> None:
    columns = ["number", "engineer", "priority", "job_type", "opened", "responded", "resolved", "closed"]
    more = ["team", "customer", "product", "category", "reopened", "reassigned", "dispatched", "arrived", "left"]
    survey = ["survey_sent", "survey_answered", "score", "attitude"]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [*columns, *more, *survey])
        writer.writeheader()
        for number, in_time in IN_TIME.items():
            for case in range(CASES):
                opened = datetime(2026, 2, 2, 9) + timedelta(hours=7 * case)
                late = case >= in_time
                resolved = f"{opened + timedelta(hours=2):%Y-%m-%d %H:%M:%S}"
                row = {"number": f"{number}-{case:02}", "engineer": number, "priority": 1, "job_type": "repair"}
                row["opened"] = f"{opened:%Y-%m-%d %H:%M:%S}"
                row["responded"] = f"{opened + timedelta(minutes=16 if late else 15):%Y-%m-%d %H:%M:%S}"
                writer.writerow(row | {"resolved": resolved, "closed": resolved, "reopened": 0, "reassigned": 0})


def step(hr: Page, name: str, state: str, *, reason: str = "The four of this cycle know about it") -> None:
    """Take a step of the cycle; where somebody is still open, with a reason."""
    hr.goto(f"/cycles/{CODE}/")
    field = hr.locator(f"form:has(button[value={name}]) [name=reason]")
    if field.count():
        field.fill(reason)
    hr.click(f"button[value={name}]")
    expect(hr.locator(".page-title")).to_contain_text(state, timeout=30_000)


def nominate(cast: Cast) -> None:
    """Anna proposes colleagues, the manager approves them and adds one; HR asks a customer and the manager."""
    plan(cast.hua, opens=timedelta(days=-1), closes=timedelta(days=7))
    page = f"/cycles/{CODE}/feedback/people/{cast.engineer('E1')}/"
    for name in ("bo", "chen"):
        propose(cast.anna, page, "peer", name)
    cast.manager.goto(page)
    for _name in ("bo", "chen"):
        cast.manager.click("button[value=approve] >> nth=0")
        expect(cast.manager.locator(".alert-success")).to_be_visible()
    propose(cast.manager, page, "peer", "dai")
    propose(cast.hua, page, "manager", "manager")
    cast.hua.goto(f"/cycles/{CODE}/feedback/customers/")
    cast.hua.fill("[name=employee_no]", "E1")
    cast.hua.fill("[name=name]", "Customer")
    cast.hua.fill("[name=address]", CUSTOMER)
    cast.hua.select_option("select[name=language]", "en")
    cast.hua.click("form:has([name=address]) button.btn-primary")
    expect(cast.hua.locator("td:has-text('Customer')").first).to_be_visible()


def plan(hr: Page, *, opens: timedelta, closes: timedelta) -> None:
    hr.goto(f"/cycles/{CODE}/feedback/")
    for name, moment in (("opens_at", opens), ("closes_at", closes)):
        hr.fill(f"[name={name}]", f"{datetime.now() + moment:%Y-%m-%dT%H:%M}")  # noqa: DTZ005 - as one types it
    hr.click("form:has([name=opens_at]) button.btn-primary")
    expect(hr.locator(".alert-success")).to_be_visible()


def propose(page: Page, address: str, group: str, name: str) -> None:
    page.goto(address)
    page.select_option("[name=group]", group)
    page.fill("[name=rater]", name)
    page.click("form:has([name=rater]) button.btn-primary")
    expect(page.locator(".alert-success")).to_be_visible()


def look_at_oneself(cast: Cast) -> None:
    """Anna rates herself; until she hands it in, her manager sees nothing of it."""
    step(cast.hua, "start_self_review", "self-review")
    review = cast.review("E1")
    cast.anna.goto(f"/reviews/{review}/self/")
    for group in cast.anna.locator("fieldset.criterion").all():
        with cast.anna.expect_response(lambda response: "self/save" in response.url):
            group.locator("input[value='5']").check()
    cast.manager.goto(f"/reviews/{review}/rate/")
    assert cast.manager.locator("[data-own]").count() == 0
    cast.anna.click("button[name=submit]")
    expect(cast.anna.locator(".alert-success")).to_be_visible()
    cast.manager.reload()
    assert cast.manager.locator("[data-own]").count() == 2


def answer(cast: Cast) -> None:
    """Three colleagues and the manager answer; the customer does on a phone, by the link in the letter, once."""
    for name, score in PEER_ANSWERS.items():
        answer_task(cast.of(name), score)
    answer_task(cast.manager, 4)
    cast.hua.goto(f"/cycles/{CODE}/feedback/")
    cast.hua.click("form[action$=invite\\/] button")
    wait_for(lambda: bool(cast.mail.to(CUSTOMER)), seconds=30, what="the letter to the customer")
    [letter] = cast.mail.to(CUSTOMER)
    [link] = re.findall(r"https?://\S+/f/\S+", letter.get_content())
    phone = cast.site.visitor(width=390)
    phone.goto(re.sub(r"^https?://[^/]+", cast.site.address, link))
    fill_questions(phone, 5)
    expect(phone.locator("main")).to_contain_text("Thank you")
    phone.goto(re.sub(r"^https?://[^/]+", cast.site.address, link))
    expect(phone.locator("main")).to_contain_text("used already")
    phone.context.close()


def answer_task(page: Page, score: int) -> None:
    page.goto("/feedback/")
    page.click("tbody a:has-text('Anna')")
    fill_questions(page, score)
    expect(page.locator(".alert-success")).to_be_visible()


def fill_questions(page: Page, score: int) -> None:
    for question in page.locator("fieldset.criterion").all():
        question.locator(f"input[value='{score}']").check()
    page.click("form:has(fieldset.criterion) button.btn-primary")


def release(cast: Cast) -> None:
    """HR ends the round; the customer alone is too few to be shown, the colleagues are enough."""
    plan(cast.hua, opens=timedelta(days=-2), closes=timedelta(minutes=-1))
    cast.hua.goto(f"/cycles/{CODE}/feedback/")
    cast.hua.click("form[action$=release\\/] button")
    query = cast.site.portal.query
    wait_for(
        lambda: query("SELECT count(*) FROM feedback_feedbackround WHERE released_at IS NOT NULL") == [(1,)],
        seconds=60,
        what="the release",
    )
    wait_for(
        lambda: (
            query("SELECT count(*) FROM cycles_scoringrun WHERE state = 'done'") >= [(1,)]
            and query("SELECT count(*) FROM cycles_scoringrun WHERE state = 'running'") == [(0,)]
        ),
        seconds=60,
        what="the scoring after the release",
    )
    cast.hua.goto(f"/cycles/{CODE}/feedback/people/{cast.engineer('E1')}/result/")
    customers = cast.hua.locator("main section, main .card").filter(has_text="Customers")
    expect(customers.first).to_contain_text("Too few answers: not shown, and part of no figure.")


def rate_and_approve(cast: Cast) -> None:
    """The manager writes four reviews, the director returns one and approves all; figures as worked out above."""
    step(cast.hua, "start_manager_review", "manager review")
    for number in IN_TIME:
        hand_in(cast.manager, cast.review(number), comment=f"Comment for {number}")
    returned = cast.review("E3")
    cast.director.goto(f"/reviews/{returned}/rate/")
    cast.director.fill("form:has(button[value=return]) [name=reason]", "Please say more about the late responses")
    cast.director.click("button[value=return]")
    expect(cast.director.locator(".alert-success")).to_be_visible()
    hand_in(cast.manager, returned, comment="Half of the first responses were late; we agreed on a plan.")
    for number in IN_TIME:
        cast.director.goto(f"/reviews/{cast.review(number)}/rate/")
        cast.director.click("button[value=approve]")
        expect(cast.director.locator(".alert-success")).to_be_visible()
    cast.hua.goto(f"/cycles/{CODE}/results/")
    for number in IN_TIME:
        row = cast.hua.locator(f"tr[data-engineer={number}]")
        expect(row).to_contain_text(figure(overall(number)))
        expect(row.locator(".grade")).to_have_text(grade(overall(number)))


def hand_in(manager: Page, review: int, *, comment: str) -> None:
    manager.goto(f"/reviews/{review}/rate/")
    with manager.expect_response(lambda response: "rate/save" in response.url):
        manager.fill("[name=comment]", comment)
    expect(manager.locator("#saved")).to_contain_text("Saved")
    manager.click("button[name=submit]")
    expect(manager.locator(".alert-success")).to_be_visible()


def calibrate(cast: Cast) -> None:
    """One grade up is decided by one person; two grades down need a second one, who refuses."""
    step(cast.hua, "start_calibration", "calibration")
    change_grade(cast.hua, cast.review("E3"), "C")
    expect(cast.hua.locator("main")).to_contain_text(REASON)
    change_grade(cast.hua, cast.review("E4"), "C")
    cast.hua.goto(f"/cycles/{CODE}/")
    expect(cast.hua.locator("#workflow")).to_contain_text("waits for a second person")
    cast.hong.goto(f"/reviews/{cast.review('E4')}/calibration/")
    cast.hong.fill("form:has(button[value=refuse]) [name=reason]", "Eleven of twelve in time are no C")
    cast.hong.click("button[value=refuse]")
    expect(cast.hong.locator(".alert-success")).to_be_visible()
    cast.hua.goto(f"/cycles/{CODE}/results/")
    for number in IN_TIME:
        expect(cast.hua.locator(f"tr[data-engineer={number}] .grade")).to_have_text(final_grade(number))


REASON = "Took the hardest sites of the region"


def change_grade(hr: Page, review: int, wanted: str) -> None:
    hr.goto(f"/reviews/{review}/calibration/")
    hr.select_option(f"#grade_{review}", wanted)
    hr.fill(f"#reason_{review}", REASON)
    hr.click("button[value=calibrate]")
    expect(hr.locator(".alert-success")).to_be_visible()


def final_grade(number: str) -> str:
    """Chen was lifted by one grade in the calibration."""
    return "C" if number == "E3" else grade(overall(number))


def publish_and_talk(cast: Cast) -> None:
    """Results are out; Anna and her manager agree on the minutes of their talk, Bo acknowledges."""
    before = f"/reviews/{cast.review('E1')}/"
    cast.anna.goto(before)
    assert cast.anna.locator("#overall").inner_text() == figure(in_time_percent("E1")), "without what others said"
    step(cast.hua, "publish", "published")
    cast.anna.goto(before)
    assert cast.anna.locator("#overall").inner_text() == figure(overall("E1"))
    cast.chen.goto(f"/reviews/{cast.review('E3')}/")
    expect(cast.chen.locator("main")).to_contain_text(REASON)
    cast.bo.goto(f"/reviews/{cast.review('E2')}/")
    cast.bo.click("button[value=acknowledge]")
    expect(cast.bo.locator(".alert-success")).to_be_visible()
    talk = f"/reviews/{cast.review('E1')}/interview/"
    cast.manager.goto(talk)
    cast.manager.fill("[name=held_on]", "2026-03-05")
    cast.manager.fill("[name=strengths]", "Calm with customers")
    cast.manager.fill("[name=goals]", "Call before driving")
    cast.manager.click("form:has([name=strengths]) button.btn-primary")
    for page in (cast.manager, cast.anna):
        page.goto(talk)
        page.click("form[action$=confirm\\/] button")
        expect(page.locator(".alert-success")).to_be_visible()


def appeal(cast: Cast) -> None:
    """Anna appeals against one late case; who did not rate upholds it: nine of eleven, and nobody else moves."""
    others = sealed(cast, without="E1")
    review = cast.review("E1")
    cast.anna.goto(f"/reviews/{review}/")
    cast.anna.click("tr[data-kpi=in_time] a")
    late = f"E1-{IN_TIME['E1']:02}"
    cast.anna.locator(f"#cases tr:has-text('{late}')").get_by_text("Dispute", exact=True).click()
    cast.anna.select_option("[name=cause]", index=0)
    cast.anna.fill("[name=text]", "The customer was not there, the guard can tell.")
    cast.anna.click("form:has([name=cause]) button.btn-primary")
    expect(cast.anna.locator(".alert-success")).to_be_visible()
    assert cast.manager.goto(f"/reviews/{review}/appeal/") is not None
    assert cast.manager.locator("[name=outcome]").count() == 0, "who rated does not decide"
    cast.hong.goto(f"/reviews/{review}/appeal/")
    cast.hong.check("[name=outcome][value=upheld]")
    cast.hong.check("[name^=case_][value=yes]")
    cast.hong.fill("form:has([name=outcome]) [name=reason]", "The guard confirmed it by telephone")
    cast.hong.click("form:has([name=outcome]) button.btn-primary")
    expect(cast.hong.locator(".alert-success")).to_be_visible()
    decision = cast.hong.locator("#decision")
    expect(decision).to_contain_text(figure(overall("E1")))
    expect(decision).to_contain_text(figure(overall("E1", without=1)))
    cast.anna.goto(f"/reviews/{review}/")
    assert cast.anna.locator("#overall").inner_text() == figure(overall("E1", without=1))
    assert sealed(cast, without="E1") == others
    cast.anna.click("tr[data-kpi=in_time] a")
    expect(cast.anna.locator("#value-sentence")).to_contain_text(f"{IN_TIME['E1']} ÷ {CASES - 1}")


def sealed(cast: Cast, *, without: str) -> list[tuple[object, ...]]:
    return cast.site.portal.query(
        "SELECT s.review_id, s.content, s.digest FROM reviews_reviewseal s "
        "JOIN reviews_review r ON r.id = s.review_id JOIN engineers_engineer e ON e.id = r.engineer_id "
        f"WHERE e.employee_no <> '{without}' ORDER BY s.review_id"
    )


def pay(cast: Cast) -> None:
    """A bonus of base times coefficient, drafted by one person of HR and approved by another one."""
    cast.hua.goto(f"/cycles/{CODE}/bonus/")
    cast.hua.click("main button.btn-primary")
    cast.hua.fill("[name=profile_rest]", str(BASE))
    cast.hua.click("form[action*=profiles] button.btn-primary")
    expect(cast.hua.locator(".alert-success")).to_be_visible()
    plan = cast.hua.url
    cast.hua.click("form[action*=compute] button")
    wait_for(
        lambda: bool(cast.site.portal.query("SELECT 1 FROM outcomes_bonusplan WHERE computed_at IS NOT NULL")),
        seconds=60,
        what="the amounts",
    )
    grades = {number: final_grade(number) for number in IN_TIME} | {"E1": grade(overall("E1", without=1))}
    expected = {number: BASE * Fraction(COEFFICIENTS[name]) for number, name in grades.items()}
    cast.hong.goto(plan)
    assert cast.hong.locator("#sum").inner_text() == money(sum(expected.values()))
    cast.hong.click("form[action*=approve] button")
    expect(cast.hong.locator(".alert-success")).to_be_visible()
    for number, amount in expected.items():
        expect(cast.hong.locator(f"tr:has-text('{number}')").first).to_contain_text(money(amount))


def close(cast: Cast) -> None:
    """Two of four have not acknowledged: it is told and stops nobody. What is closed matches its seal."""
    step(cast.hua, "close", "closed")
    told = cast.site.portal.manage("verify_cycle", CODE)
    assert "4" in told
    cast.manager.goto(f"/reviews/{cast.review('E2')}/rate/")
    assert cast.manager.locator("button[name=submit], button[name=save]").count() == 0
    with pytest.raises(sqlite3.IntegrityError):
        cast.site.portal.query(f"UPDATE reviews_review SET overall = 1 WHERE id = {cast.review('E2')}")
