"""Every list asks the same number of questions of the database, however long it is."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from appraisal.evidence.models import EvidenceImport, Target
from appraisal.kpis.actions import draft_scheme
from tests.factories import EngineerFactory, KpiVersionFactory, SchemeVersionFactory
from tests.world import CASES, NOW, World, add_ticket, build_world, score

pytestmark = pytest.mark.django_db

PAGES = {
    "home": "HR",
    "cycle_list": "HR",
    "import_list": "HR",
    "target_list": "HR",
    "engineer_list": "HR",
    "team_tree": "HR",
    "kpi_list": "HR",
    "scheme_list": "HR",
    "team_board": "second level",
    "api:cycle-list": "HR",
    "api:review-list": "HR",
    "api:evidenceimport-list": "HR",
}


def queries(world: World, role: str, address: str) -> int:
    client = Client()
    client.force_login(world.users[role])
    client.get(address)  # what is read once per process is not counted
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


def grow(world: World) -> None:
    """Add to everything that is listed anywhere."""
    for number in range(3):
        engineer = EngineerFactory(employee_no=f"X{number}", team=world.team)
        for case in range(CASES):
            add_ticket(engineer, 100 + case, in_time=True)
        KpiVersionFactory()
        scheme_version = SchemeVersionFactory()
        draft_scheme(scheme=scheme_version.scheme, by=None, now=NOW)
        Target.objects.create(kind="arrival", source=f"s{number}", minutes=5, from_date="2026-01-01")
        job = EvidenceImport.objects.get(pk=world.evidence_import.pk)
        job.pk = None
        job.save()
    score(world.cycle, now=NOW)


def test_the_number_of_queries_does_not_grow_with_the_rows() -> None:
    world = build_world()
    addresses = {name: (role, reverse(name)) for name, role in PAGES.items()}
    addresses["cycle_results"] = ("HR", reverse("cycle_results", args=["2026-Q1"]))
    addresses["cycle_detail"] = ("HR", reverse("cycle_detail", args=["2026-Q1"]))
    addresses["scorecard_detail"] = ("manager", reverse("scorecard_detail", args=[world.review.pk]))
    addresses["line_cases"] = ("manager", reverse("line_cases", args=[world.review.pk, world.result.line_id]))
    addresses["rate_review"] = ("manager", reverse("rate_review", args=[world.review.pk]))
    addresses["scheme_version"] = ("HR", reverse("scheme_version", args=["small", 1]))
    before = {name: queries(world, role, address) for name, (role, address) in addresses.items()}
    grow(world)
    after = {name: queries(world, role, address) for name, (role, address) in addresses.items()}
    assert after == before
