"""A dispute that starts from the ticket's own page: the lines are found there, action and access stay the same."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from appraisal.cycles.models import CycleState
from appraisal.evidence.models import Ticket
from appraisal.reviews.models import Appeal, Dispute
from tests.factories import SurveyFactory
from tests.once import once_a_module
from tests.world import IN_TIME, NOW, World, advance, build_world, score

pytestmark = pytest.mark.django_db

WHY = "The customer was not there, see the photo of the door"


@once_a_module
def built() -> World:
    return build_world()


@pytest.fixture
def ticket(world: World) -> Ticket:
    return Ticket.objects.get(external_id=f"E1-{IN_TIME:02}")


def client_of(world: World, role: str) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(world.users[role])
    return client


def places_of(world: World, ticket: Ticket) -> dict[str, dict[str, Any]]:
    told = client_of(world, "engineer").get(reverse("api:ticket-place-list", args=[ticket.pk])).json()
    return {place["kpi"]: place for place in told}


def key_of(place: dict[str, Any]) -> str:
    return "-".join(str(place[name]) for name in ("review", "segment", "line", "part", "record"))


def test_the_page_of_the_ticket_leads_its_engineer_to_the_dispute(world: World, ticket: Ticket) -> None:
    door = reverse("dispute_ticket", args=[ticket.pk])
    page = reverse("ticket_detail", args=[ticket.pk])
    assert door in client_of(world, "engineer").get(page).content.decode()
    for role in ("manager", "HR", "auditor"):
        assert door not in client_of(world, role).get(page).content.decode()
        assert client_of(world, role).get(door).status_code == 404
        assert client_of(world, role).get(reverse("api:ticket-place-list", args=[ticket.pk])).status_code == 404


def test_the_lines_in_which_the_ticket_counts_are_offered_and_no_others(world: World, ticket: Ticket) -> None:
    # Repeat repairs have a case only where an asset is named; cooperation is rated by people.
    found = places_of(world, ticket)
    assert set(found) == {"in_time", "volume"}
    assert list(found) == ["in_time", "volume"], "lines with weight first"
    assert found["in_time"]["record"] == ticket.pk
    page = client_of(world, "engineer").get(reverse("dispute_ticket", args=[ticket.pk])).content.decode()
    assert "In time (First quarter, tickets)" in page
    assert "Volume (First quarter, tickets; for information)" in page


def test_a_record_about_the_ticket_is_named_by_its_own_number(world: World, ticket: Ticket) -> None:
    SurveyFactory(engineer=world.one, ticket=ticket, external_id="S1")
    found = client_of(world, "engineer").get(reverse("api:ticket-place-list", args=[ticket.pk])).json()
    assert {place["evidence"] for place in found} == {"tickets"}, "the scheme of this cycle asks no survey"


def test_one_form_disputes_the_ticket_in_the_lines_that_are_chosen(world: World, ticket: Ticket) -> None:
    places, engineer = places_of(world, ticket), client_of(world, "engineer")
    door = reverse("dispute_ticket", args=[ticket.pk])
    nothing_chosen = engineer.post(door, {"cause": "other", "text": WHY})
    assert nothing_chosen.status_code == 422
    assert "Choose at least one line." in nothing_chosen.content.decode()
    chosen = [key_of(places["in_time"]), key_of(places["volume"])]
    assert engineer.post(door, {"places": chosen, "cause": "other", "text": "short"}).status_code == 422
    assert Dispute.objects.count() == 0
    answer = engineer.post(door, {"places": chosen, "cause": "other", "text": WHY})
    assert (answer.status_code, answer.url) == (302, reverse("dispute_queue"))
    disputes = Dispute.objects.order_by("pk")
    assert [each.line.kpi_version.kpi.code for each in disputes] == ["in_time", "volume"]
    assert {(each.record_id, each.number, each.cause, each.text) for each in disputes} == {
        (ticket.pk, f"E1-{IN_TIME:02}", "other", WHY)
    }
    assert places_of(world, ticket)["in_time"]["dispute"] == disputes[0].pk
    again = engineer.get(door).content.decode()
    assert reverse("dispute_detail", args=[world.review.pk, disputes[0].pk]) in again
    assert "Nothing to dispute here" in again


def test_one_line_leads_to_the_page_of_its_dispute(world: World, ticket: Ticket) -> None:
    sent = {"places": [key_of(places_of(world, ticket)["in_time"])], "cause": "other", "text": WHY}
    answer = client_of(world, "engineer").post(reverse("dispute_ticket", args=[ticket.pk]), sent)
    assert answer.url == reverse("dispute_detail", args=[world.review.pk, Dispute.objects.get().pk])


def test_a_place_that_was_not_offered_is_refused(world: World, ticket: Ticket) -> None:
    place = places_of(world, ticket)["in_time"] | {"record": Ticket.objects.get(external_id="E2-09").pk}
    sent = {"places": [key_of(place)], "cause": "other", "text": WHY}
    answer = client_of(world, "engineer").post(reverse("dispute_ticket", args=[ticket.pk]), sent)
    assert (answer.status_code, Dispute.objects.count()) == (422, 0)


def test_after_publication_the_ticket_becomes_part_of_the_appeal_while_there_is_time(
    world: World, ticket: Ticket, time_machine: Any
) -> None:
    score(world.cycle, now=NOW)
    advance(world.cycle, CycleState.PUBLISHED, by=world.users["HR"])
    time_machine.move_to(NOW, tick=False)
    places = places_of(world, ticket)
    sent = {"places": [key_of(places[name]) for name in ("in_time", "volume")], "cause": "other", "text": WHY}
    answer = client_of(world, "engineer").post(reverse("dispute_ticket", args=[ticket.pk]), sent)
    assert answer.url == reverse("review_appeal", args=[world.review.pk])
    assert Appeal.objects.get().disputes.count() == 2


def test_nothing_is_offered_once_the_time_to_appeal_is_over(world: World, ticket: Ticket, time_machine: Any) -> None:
    advance(world.cycle, CycleState.PUBLISHED, by=world.users["HR"])
    time_machine.move_to("2026-04-15T00:00:00Z", tick=False)
    assert places_of(world, ticket) == {}
    page = client_of(world, "engineer").get(reverse("dispute_ticket", args=[ticket.pk])).content.decode()
    assert "Nothing to dispute here" in page
