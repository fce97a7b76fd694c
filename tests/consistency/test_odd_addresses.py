"""No address, however odd, ends in an error of the server."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from tests.once import once_a_module
from tests.world import World, build_world

pytestmark = pytest.mark.django_db

HUGE = 99999999999999999999999999
LISTS = [
    "home",
    "cycle_list",
    "import_list",
    "target_list",
    "engineer_list",
    "team_tree",
    "kpi_list",
    "scheme_list",
    "measure_list",
]
QUERIES = [
    "?page=0",
    "?page=-1",
    f"?page={HUGE}",
    "?page=x",
    "?q=" + "y" * 3000,
    "?q=%25_%27%22%5C",
    f"?team={HUGE}",
    "?team=-1",
    "?team=%C2%B2",
    "?team=%C2%B2&page=%C2%B2",
    "?sort=--overall",
    "?sort=evil",
    "?cycle=nowhere",
    f"?measure={HUGE}",
    "?engineer=%C2%B2&first=x&last=9999-12-31",
    "?first=0001-01-01&last=0001-01-01",
]


@once_a_module
def built() -> World:
    return build_world()


@pytest.mark.parametrize("role", ["HR", "second level"])
def test_odd_queries_are_answered(world: World, role: str) -> None:
    client = Client()
    client.force_login(world.users[role])
    addresses = [reverse(name) for name in [*LISTS, "kpi_new", "team_board", "search"]]
    addresses += [reverse(name) for name in ("record_overview", "exception_list", "sample_list", "audit_queue")]
    addresses += [reverse("record_list", args=["visits"]), reverse("api:evidence-visits-list")]
    addresses += [reverse(name) for name in ("job_list", "notice_list", "audit_list", "api:auditentry-list")]
    addresses.append(reverse("cycle_results", args=["2026-Q1"]))
    addresses.append(reverse("line_cases", args=[world.review.pk, world.result.line_id]))
    addresses += [reverse("dispute_queue"), reverse("api:queue-list")]
    addresses += [reverse(f"api:{name}-list") for name in ("cycle", "review", "evidenceimport")]
    wrong = [
        f"{address}{query[:40]}: {status}"
        for address in addresses
        for query in QUERIES
        if (status := client.get(address + query).status_code) not in (200, 400, 404)
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("scorecard_detail", [HUGE]),
        ("rate_review", [HUGE]),
        ("line_cases", [HUGE, HUGE]),
        ("ticket_detail", [HUGE]),
        ("import_detail", [HUGE]),
        ("engineer_detail", [HUGE]),
        ("record_detail", ["visits", HUGE]),
        ("sample_detail", [HUGE]),
        ("leave_list", [HUGE]),
        ("job_detail", [HUGE]),
        ("feedback_answer", [HUGE]),
        ("feedback_raters", ["2026-Q1", HUGE]),
        ("api:job-detail", [10**17]),
        ("audit_detail", [HUGE]),
        ("api:auditentry-detail", [10**17]),
        ("review_vetoes", [HUGE]),
        ("review_calibration", [HUGE]),
        ("review_appeal", [HUGE]),
        ("interview", [HUGE]),
        ("dispute_detail", [HUGE, HUGE]),
        ("audit_judge", [HUGE]),
        ("api:evidence-visits-detail", [HUGE]),
        ("api:review-detail", [HUGE]),
        ("api:evidenceimport-detail", [HUGE]),
        ("scheme_version", ["small", HUGE]),
    ],
)
def test_numbers_no_database_holds_are_a_404(world: World, name: str, arguments: list[object]) -> None:
    client = Client()
    client.force_login(world.users["HR"])
    assert client.get(reverse(name, args=arguments)).status_code == 404


def test_a_line_no_database_holds_is_a_404(world: World) -> None:
    client = Client()
    client.force_login(world.users["HR"])
    for number in (HUGE, 2**63):
        assert client.get(reverse("line_cases", args=[world.review.pk, number])).status_code == 404
        assert client.get(reverse("api:review-cases", args=[world.review.pk, number])).status_code == 404


def test_a_nul_character_in_an_address_is_refused() -> None:
    assert Client().get("/people/?q=%00").status_code == 400


def test_the_api_schema_is_valid_and_complete(tmp_path: object) -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", f"{tmp_path}/schema.yaml")
