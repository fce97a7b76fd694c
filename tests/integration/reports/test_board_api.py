"""REST over board, standing and search says what the pages say, to whom the pages say it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from appraisal.reviews.models import ReviewDay
from tests.integration.reports.lines import client_of
from tests.once import once_a_module
from tests.world import World, build_world

pytestmark = pytest.mark.django_db


@once_a_module
def built() -> World:
    return build_world()


def told(world: World, role: str, name: str, *args: Any, **query: str) -> Any:
    answer = client_of(world.users[role]).get(reverse(f"api:{name}", args=args), query)
    assert answer.status_code == 200
    return answer.json()


def seen(world: World, role: str, name: str, **query: str) -> Any:
    client = Client(headers={"accept-language": "en"})
    client.force_login(world.users[role])
    return client.get(reverse(name), query).context


def shown(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:.2f}"


def test_the_board_has_the_figures_of_the_page(world: World) -> None:
    board = told(world, "second level", "cycle-board-list", world.cycle.code, sort="name")
    page = seen(world, "second level", "team_board", sort="name")["board"]
    assert (board["count"], board["page"], board["pages"], board["earlier"]) == (2, 1, 1, None)
    assert [row["employee_no"] for row in board["rows"]] == ["E1", "E2"]
    assert [(band["grade"], band["lower"], band["tone"]) for band in board["bands"]] == [
        ("A", "85.00", "good"),
        ("B", "70.00", "plain"),
        ("D", "0.00", "poor"),
    ]
    for given, row in zip(board["rows"], page.rows, strict=True):
        assert (given["overall"], given["grade"]) == (shown(row.review.overall), row.review.grade)
        assert [(cell["line_id"], cell["points"], cell["tone"]) for cell in given["cells"]] == [
            (cell.line_id, shown(cell.points), cell.tone) for cell in row.cells
        ]
    assert board["rows"][0]["cells"][0] == {
        "kpi": "In time",
        "line_id": world.result.line_id,
        "points": "75.00",
        "tone": "plain",
        "change": None,
        "reason": "",
        "cases": 12,
    }


def test_the_board_filters_and_is_a_404_for_who_has_no_team_in_the_cycle(world: World) -> None:
    board = told(world, "second level", "cycle-board-list", world.cycle.code, q="E2")
    assert [row["name"] for row in board["rows"]] == ["Two"]
    for role in ("engineer", "HR"):
        address = reverse("api:cycle-board-list", args=[world.cycle.code])
        assert client_of(world.users[role]).get(address).status_code == 404


def test_how_one_stands_is_what_the_first_page_says(world: World) -> None:
    ReviewDay.objects.create(review=world.review, day="2026-03-01", overall="70", lines={"in_time": ["70", 11]})
    standing = told(world, "engineer", "standing-list")["standing"]
    assert standing["review"] == {"id": world.review.pk, "cycle": "2026-Q1"}
    assert (standing["overall"], standing["grade"], standing["next_grade"]) == ("75.00", "B", "A")
    assert (standing["rating_shown"], standing["last"], standing["change"], standing["moves"]) == (
        False,
        None,
        None,
        [],
    )
    assert standing["week"] == {
        "day": "2026-03-01",
        "before": "70.00",
        "change": "5.00",
        "moves": [
            {
                "line_id": world.result.line_id,
                "kpi": "In time",
                "before": "70.00",
                "points": "75.00",
                "effect": "5.00",
                "cases": 1,
            }
        ],
    }
    (lift,) = standing["lifts"]
    assert (lift["kpi"], lift["cases"], lift["value"], lift["needed"]) == ("In time", 8, "75.00", "85.00")
    assert told(world, "HR", "standing-list") == {"standing": None}


def test_search_finds_what_the_page_finds(world: World) -> None:
    found = told(world, "second level", "search-list", q="E1", kind="tickets")
    page = seen(world, "second level", "search", q="E1", kind="tickets")["found"]
    assert (found["kind"], found["people"], found["tickets"], found["is_cut"]) == ("tickets", 1, 12, False)
    assert [(hit["label"], hit["hint"], hit["path"]) for hit in found["hits"]] == [
        (hit.label, hit.hint, hit.address) for hit in page.page.object_list
    ]
    assert told(world, "other engineer", "search-list", q="E1")["hits"] == []
