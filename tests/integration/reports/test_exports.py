"""The exports: their shape, their types, and that page, API, json, csv and xlsx say the same."""

from __future__ import annotations

import csv
import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from appraisal.reviews.rating import actions
from engineers.models import AuditEntry, Engineer, TeamMembership
from tests.factories import EngineerFactory, TeamFactory, UserFactory
from tests.integration.reports.lines import add_tickets, kpi, open_cycle, scored
from tests.world import NOW, World, build_world

pytestmark = pytest.mark.django_db

CYCLE_KEYS = ["code", "name", "start", "end", "state", "scheme", "scheme_version"]
REVIEW_KEYS = [
    "employee_no",
    "name",
    "team",
    "state",
    "grade",
    "overall",
    "dimensions",
    "lines",
    "band_grade",
    "calibration",
    "segments",
    "quarters",
]
LINE_KEYS = [
    *("kpi", "measure", "statistic", "clock", "value", "unit", "numerator", "denominator", "n", "points"),
    *("weight", "reason"),
    *("scored_value", "computed_points", "override_reason", "carries", "handed", "explanation"),
]
FORMULA = "=HYPERLINK(1)"


@pytest.fixture
def world() -> World:
    built = build_world()
    actions.save_rating(
        review_id=built.review.pk,
        version=built.review.version,
        scores=dict(zip(built.rating_keys, (5, 4), strict=True)),
        comment="",
        by=built.users["manager"],
        now=NOW,
    )
    Engineer.objects.filter(pk=built.two.pk).update(name=FORMULA)
    return built


def export(form: str, folder: Path) -> Path:
    path = folder / f"cycle.{form}"
    call_command("export_cycle", "2026-Q1", "--format", form, "--output", str(path))
    return path


def exported_json(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(export("json", folder).read_text(encoding="utf-8"))
    return content


def test_json_has_the_agreed_shape(world: World, tmp_path: Path) -> None:
    content = exported_json(tmp_path)
    assert list(content) == ["cycle", "reviews"]
    assert list(content["cycle"]) == CYCLE_KEYS
    assert content["cycle"] == {
        "code": "2026-Q1",
        "name": "First quarter",
        "start": "2026-01-01",
        "end": "2026-03-31",
        "state": "manager_review",
        "scheme": "small",
        "scheme_version": 1,
    }
    one, two = content["reviews"]
    assert list(one) == REVIEW_KEYS
    assert all(list(line) == LINE_KEYS for line in one["lines"])
    assert (one["overall"], one["grade"], two["overall"]) == ("78", "B", "75")
    explained = [line.pop("explanation") for line in one["lines"]]
    assert all(explained[:1])
    assert one["lines"] == [
        {
            "kpi": "in_time",
            "measure": "response_sla_rate",
            "statistic": "rate",
            "clock": None,
            "value": "75",
            "unit": "percent",
            "numerator": "9",
            "denominator": "12",
            "n": 12,
            "points": "75",
            "weight": "70",
            "reason": None,
            "scored_value": None,
            "computed_points": None,
            "override_reason": None,
            "carries": "80",
            "handed": [],
        },
        {
            "kpi": "volume",
            "measure": "resolved_volume",
            "statistic": "count",
            "clock": None,
            "value": "12",
            "unit": "cases",
            "numerator": "12",
            "denominator": None,
            "n": 12,
            "points": None,
            "weight": "0",
            "reason": None,
            "scored_value": None,
            "computed_points": None,
            "override_reason": None,
            "carries": None,
            "handed": [],
        },
        {
            "kpi": "repeat",
            "measure": "repeat_repair_rate",
            "statistic": "rate",
            "clock": None,
            "value": None,
            "unit": "percent",
            "numerator": None,
            "denominator": None,
            "n": 0,
            "points": None,
            "weight": "10",
            "reason": "no_data",
            "scored_value": None,
            "computed_points": None,
            "override_reason": None,
            "carries": None,
            "handed": [{"kpi": "in_time", "percent": "10"}],
        },
        {
            "kpi": "cooperation",
            "measure": "collaboration",
            "statistic": "score",
            "clock": None,
            "value": "90",
            "unit": "points",
            "numerator": "180",
            "denominator": "2",
            "n": 2,
            "points": "90",
            "weight": "20",
            "reason": None,
            "scored_value": None,
            "computed_points": None,
            "override_reason": None,
            "carries": "20",
            "handed": [],
        },
    ]


def test_the_api_gives_the_review_of_the_json_export_and_the_ids_of_its_lines(world: World, tmp_path: Path) -> None:
    client = Client()
    client.force_login(world.users["HR"])
    answer = client.get(reverse("api:review-detail", args=[world.review.pk])).json()
    ids = [line.pop("id") for line in answer["lines"]]
    assert ids[0] == world.result.line_id
    assert answer == exported_json(tmp_path)["reviews"][0]


def test_csv_numbers_are_those_of_the_json_and_no_cell_is_a_formula(world: World, tmp_path: Path) -> None:
    path = export("csv", tmp_path)
    assert path.read_bytes().startswith(b"\xef\xbb\xbf"), "spreadsheet programs need the mark to read UTF-8"
    with path.open(encoding="utf-8-sig", newline="") as file:
        _head, *rows = list(csv.reader(file))
    lines = [line for review in exported_json(tmp_path)["reviews"] for line in review["lines"]]
    assert [(row[8], row[12], row[17]) for row in rows] == [
        (line["kpi"], line["value"] or "", line["points"] or "") for line in lines
    ]
    assert {row[1] for row in rows} == {"One", f"'{FORMULA}"}


def test_xlsx_has_a_sheet_a_level_with_typed_cells_and_no_formula(world: World, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(export("xlsx", tmp_path))
    reviews, dimensions, lines, _parts = book.worksheets
    assert [sheet.max_row for sheet in book.worksheets] == [1 + 2, 1 + 2 * 2, 1 + 2 * 4, 1]
    assert all(sheet.freeze_panes == "A2" for sheet in book.worksheets)
    assert reviews["F2"].value == 78
    assert reviews["F2"].data_type == "n"
    assert (reviews["B3"].value, reviews["B3"].data_type) == (FORMULA, "s")
    assert all(cell.data_type != "f" for sheet in book.worksheets for row in sheet.iter_rows() for cell in row)
    assert dimensions["E2"].value == 75
    assert lines["I2"].value == 75


def test_the_spreadsheets_say_each_line_in_words_and_what_the_overall_is_made_of(world: World, tmp_path: Path) -> None:
    with export("csv", tmp_path).open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    reviews, dimensions, lines, _parts = openpyxl.load_workbook(export("xlsx", tmp_path)).worksheets
    titles = [cell.value for cell in lines[1]]
    from_csv = {row[titles[4]]: row for row in rows if row[titles[0]] == "E1"}
    from_xlsx = {row[4]: row for row in lines.iter_rows(min_row=2, values_only=True) if row[0] == "E1"}
    for code, row in from_csv.items():
        assert row[titles[-2]] == from_xlsx[code][-2], code
    assert "9 ÷ 12 = 75" in from_csv["in_time"][titles[-2]]
    told = {line["kpi"]: line["explanation"] for line in exported_json(tmp_path)["reviews"][0]["lines"]}
    assert told == {code: row[titles[-2]] for code, row in from_csv.items()}
    assert from_csv["in_time"][titles[-5]] == "10"
    assert from_csv["repeat"][titles[-4]].endswith(": 10")
    assert [cell.value for cell in reviews[2]][7:12] == [78, 0, 0, 59, 59]
    assert [[cell.value for cell in row][6:8] for row in dimensions.iter_rows(min_row=2, max_row=3)] == [
        [80, 60],
        [20, 18],
    ]


def test_the_parts_of_a_cycle_are_exported_with_lines_that_add_up_to_the_overall(tmp_path: Path) -> None:
    north, south = (TeamFactory(manager=UserFactory()) for _ in range(2))
    engineer = EngineerFactory(team=north, team__end_date=date(2026, 2, 15))
    TeamMembership.objects.create(engineer=engineer, team=south, start_date=date(2026, 2, 16))
    add_tickets(engineer, 4, met=3)  # on 2 February
    scored(open_cycle(kpi("response_sla_rate")))
    [review] = exported_json(tmp_path)["reviews"]
    first, second = review["segments"]
    assert [(part["first_date"], part["last_date"]) for part in (first, second)] == [
        ("2026-01-01", "2026-02-15"),
        ("2026-02-16", "2026-03-31"),
    ]
    assert (first["lines"][0]["value"], first["overall"], first["counts"]) == ("75", "75", True)
    assert (second["lines"][0]["reason"], second["overall"], second["counts"]) == ("no_data", None, False)
    assert (review["overall"], review["quarters"]) == ("75", [])
    with export("csv", tmp_path).open(encoding="utf-8-sig", newline="") as file:
        _titles, *rows = csv.reader(file)
    names = ["", "2026-01-01 – 2026-02-15", "2026-02-16 – 2026-03-31"]
    assert [row[-1] for row in rows] == names
    _reviews, dimensions, lines, parts = openpyxl.load_workbook(export("xlsx", tmp_path)).worksheets
    assert [cell.value or "" for cell in list(lines.columns)[-1]][1:] == names
    assert [cell.value or "" for cell in list(dimensions.columns)[-1]][1:] == names
    assert [row[3] for row in parts.iter_rows(min_row=2, values_only=True)] == names[1:]


def test_the_page_shows_the_numbers_of_the_export(world: World, tmp_path: Path) -> None:
    client = Client(headers={"accept-language": "en"})
    client.force_login(world.users["HR"])
    page = client.get(reverse("cycle_results", args=["2026-Q1"])).content.decode()
    for review in exported_json(tmp_path)["reviews"]:
        assert f'data-label="Overall">{Decimal(review["overall"]):.2f}</td>' in page


def test_every_export_is_in_the_audit_trail(world: World, tmp_path: Path) -> None:
    client = Client()
    client.force_login(world.users["HR"])
    answer = client.post(reverse("cycle_export", args=["2026-Q1", "json"]))
    content = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    assert content == export("json", tmp_path).read_bytes()
    by = list(
        AuditEntry.objects.filter(action="cycle.exported").order_by("pk").values_list("actor__username", flat=True)
    )
    assert by == ["hr", None]


def test_the_page_exports_what_it_shows_filtered_and_in_its_order(world: World) -> None:
    client = Client()
    client.force_login(world.users["HR"])
    shown = client.get(reverse("cycle_results", args=["2026-Q1"]) + "?q=e2&sort=overall").content.decode()
    address = reverse("cycle_export", args=["2026-Q1", "json"]) + "?q=e2&amp;sort=overall"
    assert f'action="{address}"' in shown
    for query, numbers in (("?q=e2", ["E2"]), ("?sort=-number", ["E2", "E1"]), ("?grade=A", [])):
        answer = client.post(reverse("cycle_export", args=["2026-Q1", "json"]) + query)
        reviews = json.loads(b"".join(answer.streaming_content))["reviews"]  # type: ignore[attr-defined]
        assert [review["employee_no"] for review in reviews] == numbers
    assert AuditEntry.objects.filter(action="cycle.exported").latest("pk").after == {"format": "json", "reviews": 0}


@pytest.mark.parametrize("form", ["json", "csv", "xlsx"])
def test_a_file_that_cannot_be_written_is_said_in_a_sentence(world: World, tmp_path: Path, form: str) -> None:
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("export_cycle", "2026-Q1", "--format", form, "--output", str(tmp_path / "no" / "folder"))


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("", ["E1", "E2"]),
        ("?sort=-number", ["E2", "E1"]),
        ("?sort=overall", ["E2", "E1"]),
        ("?sort=-overall", ["E1", "E2"]),
        ("?q=e2", ["E2"]),
        ("?q=nobody", []),
        ("?grade=B&state=awaiting_manager", ["E1", "E2"]),
        ("?state=published", []),
        ("?sort=evil&team=x&page=999999999999999999999", ["E1", "E2"]),
        ("?team=99999999999999999999999999", ["E1", "E2"]),
        ("?team=999999999", []),
    ],
)
def test_the_results_table_filters_and_sorts(world: World, query: str, numbers: list[str]) -> None:
    client = Client()
    client.force_login(world.users["HR"])
    answer = client.get(reverse("cycle_results", args=["2026-Q1"]) + query)
    assert answer.status_code == 200
    assert [review.engineer.employee_no for review in answer.context["page"]] == numbers
