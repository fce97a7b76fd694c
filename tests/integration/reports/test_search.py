"""The search box finds what begins with a text, of what one may see."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from appraisal.evidence.models import Ticket
from appraisal.reports import search as searching
from appraisal.reports.search import Found, search
from engineers.models import Engineer
from tests.factories import EngineerFactory
from tests.once import once_a_module
from tests.world import World, build_world

pytestmark = pytest.mark.django_db

TODAY = date(2026, 4, 2)


@once_a_module
def built() -> World:
    return build_world()


def found_by(world: World, role: str, text: str, *, kind: str = "", page: int = 1) -> Found:
    return search(viewer=world.users[role], text=text, kind=kind, page=page, on=TODAY)


def labels(found: Found) -> list[str]:
    return [hit.label for hit in found.page]


def test_people_are_found_by_the_beginning_of_number_or_name(world: World) -> None:
    assert labels(found_by(world, "HR", "E")) == ["One", "Two"]
    assert labels(found_by(world, "HR", "e2")) == ["Two"]
    assert labels(found_by(world, "HR", " tw ")) == ["Two"]
    (hit,) = found_by(world, "HR", "One").page
    assert hit.address == reverse("engineer_detail", args=[world.one.pk])
    # Not in the middle of a name.
    assert labels(found_by(world, "HR", "ne")) == []


def test_tickets_are_found_by_the_beginning_of_their_number(world: World) -> None:
    found = found_by(world, "HR", "E1-0", kind="tickets")
    assert labels(found) == [f"E1-0{number}" for number in range(10)]
    # Where nobody is called so, there is no need to ask for tickets.
    assert labels(found_by(world, "HR", "E1-11")) == ["E1-11"]
    assert (found.people, found.tickets) == (0, 10)


@pytest.mark.parametrize("text", ["%", "_", "\\", "E_", "%1", "'", '"'])
def test_signs_of_a_pattern_stand_for_themselves(world: World, text: str) -> None:
    found = found_by(world, "HR", text)
    assert (found.people, found.tickets) == (0, 0)
    person = EngineerFactory(employee_no=f"{text}7", name="Seven")
    assert labels(found_by(world, "HR", text)) == ["Seven"]
    person.delete()


def test_nobody_finds_what_they_may_not_see(world: World) -> None:
    assert labels(found_by(world, "manager", "E")) == ["One"]
    assert labels(found_by(world, "engineer", "E")) == ["One"]
    assert labels(found_by(world, "other manager", "E1", kind="tickets")) == []
    assert labels(found_by(world, "engineer", "E2-", kind="tickets")) == []
    assert labels(found_by(world, "second level", "E")) == ["One", "Two"]
    nothing = found_by(world, "administrator", "E")
    assert (nothing.people, nothing.tickets) == (0, 0)


def test_every_hit_leads_to_a_page_its_reader_may_open(world: World, client: Client) -> None:
    for role in ("HR", "auditor", "second level", "manager", "engineer"):
        client.force_login(world.users[role])
        for kind in ("people", "tickets"):
            for hit in list(found_by(world, role, "E1", kind=kind).page)[:1]:
                assert client.get(hit.address).status_code == 200, (role, hit)


def test_too_many_hits_are_cut_and_said_to_be(world: World, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "MOST", 5)
    monkeypatch.setattr(searching, "ROWS_PER_PAGE", 2)
    found = found_by(world, "HR", "E1-", kind="tickets", page=3)
    assert found.is_cut
    assert (found.tickets, found.page.paginator.num_pages, len(list(found.page))) == (5, 3, 1)
    client.force_login(world.users["HR"])
    page = client.get(reverse("search"), {"q": "E1-"}, headers={"accept-language": "en"}).content.decode()
    assert "5 are shown, there are more." in page
    assert 'rel="next"' in page


def test_the_same_number_of_queries_for_one_hit_and_for_many(world: World, client: Client) -> None:
    client.force_login(world.users["second level"])

    def queries(query: dict[str, str]) -> int:
        client.get(reverse("search"), query)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(reverse("search"), query).status_code == 200
        return len(captured)

    assert queries({"q": "E1"}) == queries({"q": "E"})
    assert queries({"q": "E1-01", "kind": "tickets"}) == queries({"q": "E1-", "kind": "tickets"})


@pytest.mark.parametrize(("model", "field"), [(Ticket, "external_id"), (Engineer, "name"), (Engineer, "employee_no")])
def test_an_index_answers_what_begins_with_a_text(model: type[Ticket | Engineer], field: str) -> None:
    rows = model._default_manager.filter(**{f"{field}__begins_with": "E1-0"}).order_by().values_list("pk")
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            # So few rows are read at once; the question is whether the index can answer at all.
            cursor.execute("SET LOCAL enable_seqscan = off")
        # The bounds of a prefix stand in the plan only where the index is used for it.
        assert "~>=~" in rows.explain()
    else:
        assert f"({field}>? AND {field}<?)" in rows.explain()


def test_the_box_stands_in_the_header_for_who_is_logged_in(world: World, client: Client) -> None:
    assert 'id="finder"' not in client.get(reverse("account_login")).content.decode()
    client.force_login(world.users["engineer"])
    assert 'id="finder"' in client.get(reverse("home")).content.decode()
