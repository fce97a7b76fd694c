"""A draft tried as it is being edited: the same figures as once it is saved, and nothing stored."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from appraisal.cycles.models import Cycle, CycleState
from appraisal.kpis.actions import draft_scheme
from appraisal.kpis.models import KpiVersion, Scheme, SchemeLine, SchemeVersion
from appraisal.reports.tryouts.figures import TryOut
from appraisal.reviews.models import CycleSeal
from engineers.models import Engineer
from tests.factories import auditor_user, hr_user
from tests.integration.kpis.pages import draft_page, shown
from tests.integration.reports.crowd import make_crowd
from tests.integration.reports.lines import client_of
from tests.world import NOW, advance, build_world

pytestmark = pytest.mark.django_db

DRAFT = reverse("scheme_draft", args=["tried"])
WHAT_IF = reverse("scheme_what_if", args=["tried"])


@pytest.fixture
def crowd() -> Cycle:
    return make_crowd()


@pytest.fixture
def hr() -> Client:
    return client_of()


def draft() -> SchemeVersion:
    return draft_scheme(scheme=Scheme.objects.get(code="tried"), by=None, now=NOW)


def edits(client: Client, draft: SchemeVersion) -> dict[str, Any]:
    """Return the page of a draft with other weights, roles, bands and limits typed into it."""
    lines = {
        line.kpi_version.kpi.code: line.pk
        for line in SchemeLine.objects.filter(dimension__version=draft).select_related("kpi_version__kpi")
    }
    return draft_page(client, "tried") | {
        f"weight_{lines['response_sla_rate']}": "15.5",
        f"weight_{lines['resolution_sla_rate']}": "54.5",
        f"weight_{lines['worklog_rate']}": "0",
        f"role_{lines['worklog_rate']}": "bonus",
        "grade_0": "S",
        "lower_0": "80",
        "grade_1": "A",
        "lower_1": "60",
        "bonus_cap": "2",
        "ceiling": "110",
        "rated_from_percent": "50",
    }


def tried(client: Client, number: int) -> TryOut:
    outcome: TryOut = client.get(reverse("scheme_try", args=["tried", number])).context["outcome"]
    return outcome


@pytest.mark.parametrize("state", [CycleState.OPEN, CycleState.PUBLISHED])
def test_unsaved_edits_give_exactly_what_the_saved_draft_gives(crowd: Cycle, hr: Client, state: str) -> None:
    if state != CycleState.OPEN:
        advance(crowd, state)
    version = draft()
    untouched = hr.post(WHAT_IF, draft_page(hr, "tried")).context["what_if"].outcome
    assert untouched == tried(hr, version.number)
    typed = edits(hr, version)
    unsaved = hr.post(WHAT_IF, typed).context["what_if"].outcome
    assert tried(hr, version.number) == untouched, "nothing was saved"
    assert hr.post(DRAFT, typed | {"save": "1"}).status_code == 302
    assert unsaved == tried(hr, version.number)
    assert unsaved.moved > 0
    assert unsaved != untouched


def test_nothing_is_stored_and_the_page_keeps_what_was_typed(crowd: Cycle, hr: Client) -> None:
    typed = edits(hr, draft())
    with CaptureQueriesContext(connection) as captured:
        page = hr.post(WHAT_IF, typed)
    assert [query["sql"] for query in captured if query["sql"].startswith(("INSERT", "UPDATE", "DELETE"))] == []
    assert page.status_code == 200
    assert 'value="15.5"' in page.content.decode()
    assert "Who moves grade" in page.content.decode()
    part = hr.post(WHAT_IF, typed, headers={"hx-request": "true"})
    assert part.content.decode().lstrip().startswith('<section id="what-if"')


def test_entries_that_cannot_be_read_are_said_and_nothing_is_tried(crowd: Cycle, hr: Client) -> None:
    typed = edits(hr, draft()) | {"lower_1": "99"}
    page = hr.post(WHAT_IF, typed)
    assert page.status_code == 422
    assert page.context["what_if"] is None
    assert "must fall from the best grade" in page.content.decode()


def test_only_hr_tries_a_draft(crowd: Cycle) -> None:
    draft()
    assert client_of(auditor_user()).post(WHAT_IF, {}).status_code == 404
    assert client_of().get(WHAT_IF).status_code == 405


def test_without_a_cycle_the_page_says_so(hr: Client) -> None:
    world = build_world()
    Cycle.objects.filter(pk=world.cycle.pk).update(state=CycleState.DRAFT)
    address = reverse("scheme_what_if", args=["small"])
    page = hr.post(address, draft_page(hr, "small"))
    assert page.context["what_if"] is None
    assert "There is no cycle yet to try it on" in page.content.decode()


def test_a_published_cycle_is_read_once_and_names_are_those_of_today(crowd: Cycle, hr: Client) -> None:
    advance(crowd, CycleState.PUBLISHED)
    typed = edits(hr, draft())
    hr.post(WHAT_IF, typed)
    Engineer.objects.filter(employee_no="A").update(name="Renamed")
    with CaptureQueriesContext(connection) as captured:
        outcome = hr.post(WHAT_IF, typed).context["what_if"].outcome
    assert [query["sql"] for query in captured if 'FROM "cycles_kpiresult"' in query["sql"]] == []
    assert {person.name for person in outcome.people if person.employee_no == "A"} == {"Renamed"}


def test_a_cycle_published_anew_is_read_anew(crowd: Cycle, hr: Client) -> None:
    advance(crowd, CycleState.PUBLISHED)
    typed = edits(hr, draft())
    first = hr.post(WHAT_IF, typed).context["what_if"].outcome
    # As a reopening does: the seal goes, figures change, and the cycle is sealed again.
    crowd.seal.delete()
    crowd.reviews.filter(engineer__employee_no="D").update(overall="12.34", exact_overall="617/50", grade="D")
    CycleSeal.objects.create(cycle=crowd, as_of=NOW, sealed_at=NOW, rules_digest="r", reviews_digest="other")
    second = hr.post(WHAT_IF, typed).context["what_if"].outcome
    assert first != second
    assert {str(person.old_overall) for person in second.people if person.employee_no == "D"} == {"12.34"}


def test_the_bar_says_in_words_what_is_missing_and_what_is_too_much(crowd: Cycle) -> None:
    client = client_of(hr_user())
    version = draft()
    page = client.get(DRAFT).content.decode()
    assert '<strong class="weight-words is-full" data-weight-words role="status">full</strong>' in page
    line = SchemeLine.objects.get(dimension__version=version, kpi_version__kpi__code="worklog_rate")
    for weight, said in (("2.5", "2.5 still to be given"), ("7", "2 too many")):
        page = client.post(DRAFT, draft_page(client, "tried") | {f"weight_{line.pk}": weight, "activate": "1"})
        assert page.status_code == 422
        assert said in page.content.decode()
        bar = page.context["form"].bar
        assert (bar.is_full, bar.total) == (False, sum(part.weight for part in bar.parts))


def test_an_unsaved_curve_gives_what_it_gives_once_saved(crowd: Cycle, hr: Client) -> None:
    page = reverse("kpi_edit", args=["response_sla_rate"])
    typed = shown(hr.get(page)) | {"measure": "response_sla_rate", "curve_value_0": "40", "curve_value_1": "90"}
    unsaved = hr.post(page, typed | {"what_if": "1"}).context["what_if"].outcome
    assert KpiVersion.objects.filter(kpi__code="response_sla_rate").count() == 1, "nothing was saved"
    assert unsaved.after != unsaved.before
    version = draft()
    assert hr.post(page, typed).status_code == 302
    assert unsaved == tried(hr, version.number)
    part = hr.post(page, typed | {"what_if": "1", "preview": "1"}, headers={"hx-request": "true"})
    assert part.content.decode().lstrip().startswith('<section id="what-if"')
    broken = hr.post(page, typed | {"what_if": "1", "curve_points_1": ""})
    assert broken.context["what_if"] is None
