"""The whole story in a real browser: HR imports and scores, the manager rates, the engineer sees, HR exports."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

import openpyxl
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Site

pytestmark = pytest.mark.browser

ENGINEER = "E00002"
COLUMNS = [
    *("number", "engineer", "team", "customer", "product", "category", "priority", "job_type", "opened", "responded"),
    *("resolved", "closed", "reopened", "reassigned", "dispatched", "arrived", "left", "survey_sent"),
    *("survey_answered", "score", "attitude"),
]

SOURCE = "story"
TARGET_MINUTES = {"response": 15, "arrival": 180, "resolution": 480}
CASES = 20
LATE_RESPONSES, LATE_ARRIVALS, REOPENED, BAD_SCORES = 3, 2, 1, 4


def write_service_records(path: Path) -> None:
    """Twenty urgent repairs of one engineer in February 2026, some of them late, one reopened; and one bad row."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        for number in range(CASES):
            opened = datetime(2026, 2, 2, 9) + timedelta(hours=13 * number)
            responded = opened + timedelta(minutes=16 if number < LATE_RESPONSES else 15)
            dispatched = responded + timedelta(minutes=5)
            arrived = dispatched + timedelta(minutes=181 if number < LATE_ARRIVALS else 180)
            resolved = opened + timedelta(minutes=300 + number)
            times = {
                "opened": opened,
                "responded": responded,
                "dispatched": dispatched,
                "arrived": arrived,
                "left": resolved,
                "resolved": resolved,
                "closed": resolved,
                "survey_sent": resolved,
                "survey_answered": resolved + timedelta(hours=1),
            }
            writer.writerow(
                {name: f"{moment:%Y-%m-%d %H:%M:%S}" for name, moment in times.items()}
                | {
                    "number": f"S{number:03}",
                    "engineer": ENGINEER,
                    "priority": 1,
                    "job_type": "repair",
                    "reopened": 1 if number < REOPENED else 0,
                    "reassigned": 0,
                    "score": 3 if number < BAD_SCORES else 5,
                    "attitude": 4,
                }
            )
        writer.writerow({"number": "S999", "engineer": "nobody", "opened": "2026-02-03 10:00:00", "priority": 1})


def shown(page: Page, kpi: str) -> list[str]:
    """Return the figures of a scorecard's line: value, target, cases, points, weight, carries."""
    cells = page.locator(f"tr[data-kpi={kpi}] td.figure").all_inner_texts()
    return [cell.split()[0] for cell in cells]


def test_from_a_file_to_the_engineer_and_the_spreadsheet(site: Site, tmp_path: Path, downloads: Path) -> None:
    site.complaints.clear()
    records = tmp_path / "records.csv"
    write_service_records(records)
    hr = site.logged_in("hr")

    promise(hr)
    create_and_open_cycle(hr)
    import_records(hr, records)
    score(hr)
    rate(site)
    hr.on("dialog", lambda dialog: dialog.accept())
    go_on(hr, "start_calibration", "calibration")
    go_on(hr, "publish", "published")

    overall = read_scorecard(site)
    compare_spreadsheet(hr, downloads, overall)
    assert site.complaints == []


def promise(hr: Page) -> None:
    """HR puts the targets in force that the records are measured by."""
    for kind, minutes in TARGET_MINUTES.items():
        hr.goto("/evidence/targets/")
        hr.select_option("[name=kind]", kind)
        hr.fill("[name=source]", SOURCE)
        hr.fill("[name=minutes]", str(minutes))
        hr.fill("[name=from_date]", "2026-01-01")
        hr.click("form:has([name=minutes]) button")
        expect(hr.locator(".alert-success")).to_be_visible()


def create_and_open_cycle(hr: Page) -> None:
    hr.goto("/cycles/new/")
    hr.check("[name=start][value=month]")
    hr.click("button[name=next]")
    hr.fill("[name=code]", "story")
    hr.fill("[name=name]", "Story")
    hr.fill("[name=start_date]", "2026-02-01")
    hr.fill("[name=end_date]", "2026-02-28")
    hr.click("button[name=next]")
    hr.select_option("[name=scheme]", "standard")
    while not hr.url.endswith("/check/"):
        with hr.expect_navigation():
            hr.click("button[name=next]")
    with hr.expect_navigation():
        hr.click("button[name=next]")
    go_on(hr, "open", "open")
    go_on(hr, "start_manager_review", "manager review")


def go_on(hr: Page, step: str, state: str) -> None:
    """Take a step of the cycle; where somebody is still open, with a reason."""
    hr.goto("/cycles/story/")
    reason = hr.locator(f"form:has(button[value={step}]) [name=reason]")
    if reason.count():
        reason.fill("This story rates one engineer only")
    hr.click(f"button[value={step}]")
    expect(hr.locator(".page-title")).to_contain_text(state)


def import_records(hr: Page, records: Path) -> None:
    hr.goto("/evidence/new/")
    hr.set_input_files("[name=file]", records)
    hr.select_option("[name=preset]", "portal")
    hr.select_option("[name=kind]", "tickets")
    hr.fill("[name=source]", SOURCE)
    hr.click("main form button.btn-primary")
    expect(hr.locator("main")).to_contain_text("S000")
    hr.click("form[action$=confirm\\/] button")
    expect(hr.locator("#import-state[data-state=done]")).to_be_visible(timeout=30_000)
    assert hr.locator("#created").inner_text() == str(CASES)
    assert hr.locator("#rejected").inner_text() == "1"
    expect(hr.locator("main")).to_contain_text("nobody")


def score(hr: Page) -> None:
    hr.goto("/cycles/story/")
    hr.click("form[action$=score\\/] button")
    expect(hr.locator("#run-state[data-state=done]")).to_be_visible(timeout=30_000)


def rate(site: Site) -> None:
    manager = site.logged_in("manager1")
    manager.goto("/team/?cycle=story")
    manager.click(f"tr[data-engineer={ENGINEER}] a")
    groups = manager.locator("fieldset.criterion")
    for position in range(groups.count()):
        with manager.expect_response(lambda response: "rate/save" in response.url) as answer:
            groups.nth(position).locator("input[value='4']").check()
        assert answer.value.status == 200
    with manager.expect_response(lambda response: "rate/save" in response.url):
        manager.fill("[name=comment]", "Reliable; arrives in time.")
    expect(manager.locator("#saved")).to_contain_text("Saved")
    live_total = manager.locator("#overall").inner_text()
    manager.reload()
    assert manager.locator("#overall").inner_text() == live_total, "what autosave showed is what is stored"
    assert manager.locator("[name=comment]").input_value() == "Reliable; arrives in time."
    manager.click("button[name=submit]")
    expect(manager.locator(".alert-success")).to_be_visible()


def read_scorecard(site: Site) -> str:
    """The engineer reads the own scorecard down to the single ticket; figures as counted by hand."""
    engineer = site.logged_in(ENGINEER.lower())
    engineer.click("a:has-text('Story')")
    assert shown(engineer, "response_sla_rate")[:3] == ["85.00", "95", "20"]  # 17 of 20
    assert shown(engineer, "arrival_sla_rate")[:3] == ["90.00", "95", "20"]  # 18 of 20
    assert shown(engineer, "resolution_sla_rate")[0] == "100.00"
    assert shown(engineer, "first_time_fix_rate")[0] == "95.00"  # 19 of 20
    assert shown(engineer, "csat_top2")[0] == "80.00"  # 16 of 20
    assert shown(engineer, "collaboration")[:1] == ["80.00"]  # 4 of 5
    # 80 % → 60 points, 95 % → 100: 85 % gives 60 + 5 × 40 ÷ 15.
    assert shown(engineer, "response_sla_rate")[3] == "73.33"
    engineer.click("tr[data-kpi=response_sla_rate] a")
    expect(engineer.locator("#value-sentence")).to_contain_text("17 ÷ 20")
    assert engineer.locator("#cases tbody tr").count() == CASES
    engineer.click("#cases tbody tr:first-child a")
    expect(engineer.locator("h1")).to_have_text("S000")
    engineer.go_back()
    engineer.go_back()
    overall = engineer.locator("#overall").inner_text()
    assert overall == expected_overall()
    return overall


def expected_overall() -> str:
    """Add the scorecard up again, without the product: points by the published curves, weights handed on."""
    from decimal import ROUND_HALF_UP, Decimal
    from fractions import Fraction

    def between(value: int, x1: int, p1: int, x2: int, p2: int) -> Fraction:
        return p1 + Fraction((p2 - p1) * (value - x1), x2 - x1)

    # Nobody else has cases in these months, so there is no family to lean on. No case was overdue: full points.
    response = [(8, between(85, 80, 60, 95, 100)), (10, between(90, 80, 60, 95, 100)), (7, 100)]
    quality = [(8, 110), (3, 105), (5, 105), (8, 110)]
    # No complaint over twenty cases; a valid certificate; neither articles, nor reports, nor logs delivered.
    customer = [(8, 60), (5, between(80, 70, 60, 90, 100)), (7, 110)]
    skill = [(4, 110)]
    teamwork = [(3, 0), (4, 80), (3, 80)]
    records = [(2, 0), (1, 0)]
    dimensions = [(25, response), (30, quality), (20, customer), (10, skill), (10, teamwork), (5, records)]

    def mean(parts: Iterable[tuple[int, Fraction | int]]) -> Fraction:
        weighted = list(parts)
        return Fraction(sum(weight * Fraction(score) for weight, score in weighted)) / sum(w for w, _s in weighted)

    total = mean((weight, mean(lines)) for weight, lines in dimensions)
    assert total < 100
    cents = Decimal(total.numerator) / Decimal(total.denominator)
    return str(cents.quantize(Decimal("0.01"), ROUND_HALF_UP))


def compare_spreadsheet(hr: Page, downloads: Path, overall: str) -> None:
    hr.goto(f"/cycles/story/results/?q={ENGINEER}")
    row = hr.locator(f"tr[data-engineer={ENGINEER}]")
    expect(row).to_contain_text(overall)
    with hr.expect_download() as download:
        hr.click("button:has-text('Export xlsx')")
    path = downloads / "story.xlsx"
    download.value.save_as(path)
    book = openpyxl.load_workbook(path)
    reviews, dimensions, lines, _parts = book.worksheets
    assert all(sheet.freeze_panes == "A2" for sheet in book.worksheets)
    head = [cell.value for cell in reviews[1]]
    entry = next(r for r in reviews.iter_rows(min_row=2, values_only=True) if r[0] == ENGINEER)
    assert entry[head.index("Overall")] == float(overall)
    assert dimensions.max_row > 1
    # Every number of every line on the page is the number in the file.
    hr.click(f"tr[data-engineer={ENGINEER}] a")
    hr.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
    titles = [cell.value for cell in lines[1]]
    own = [r for r in lines.iter_rows(min_row=2, values_only=True) if r[0] == ENGINEER]
    assert len(own) == hr.locator("tr[data-kpi]").count()
    for line in own:
        entry_of = dict(zip(titles, line, strict=True))
        value, _target, cases, points, _weight, carries = shown(hr, entry_of["KPI"])
        assert same(value, entry_of["Value"]), entry_of["KPI"]
        assert cases == str(entry_of["Cases"])
        assert same(points, entry_of["Points"])
        assert same(carries, entry_of["Carries of 100"])


def same(text: str, number: float | None) -> bool:
    return text == "–" if number is None else text.replace(",", "") == f"{number + 1e-9:.2f}"
