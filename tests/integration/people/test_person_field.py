"""A person is named by searching on the server: who may be found by whom, and what happens without script."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from appraisal.evidence.models import Certificate
from engineers.models import Engineer, User
from engineers.people import OFFERED
from tests.factories import EngineerFactory, TeamFactory, auditor_user, hr_user
from tests.integration.evidence.records import client_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def hr() -> User:
    made: User = hr_user(username="hr")
    return made


def engineer(number: str, name: str, **more: object) -> Engineer:
    made: Engineer = EngineerFactory(employee_no=number, name=name, **more)
    return made


def suggested(user: User | None, text: str) -> list[str]:
    assert user is not None
    answer = client_of(user).get(reverse("people_suggest"), {"q": text})
    assert answer.status_code == 200
    return [each["value"] for each in answer.json()["people"]]


def test_a_part_of_number_or_name_finds_and_what_begins_so_comes_first(hr: User) -> None:
    for number, name in (("E1", "Wang Li"), ("E2", "Li Wei"), ("E3", "Zhao Qi"), ("LI9", "Sun An")):
        engineer(number, name)

    assert suggested(hr, "li") == ["E2", "LI9", "E1"]
    assert suggested(hr, "e3") == ["E3"]
    assert suggested(hr, "") == suggested(hr, "nobody") == []


def test_a_suggestion_names_the_team_and_says_that_there_are_more(hr: User) -> None:
    team = TeamFactory(name="North")
    for number in range(OFFERED + 1):
        engineer(f"E{number}", "Li Wei", team=team)

    answer = client_of(hr).get(reverse("people_suggest"), {"q": "Li"}).json()

    assert answer["more"] is True
    assert len(answer["people"]) == OFFERED
    assert answer["people"][0] == {"value": "E0", "name": "Li Wei", "team": "North"}


def test_one_finds_those_one_may_see_and_the_colleagues_of_the_own_team(hr: User) -> None:
    head, lead = EngineerFactory(with_account=True).user, EngineerFactory(with_account=True).user
    north = TeamFactory(name="North", manager=lead, parent=TeamFactory(manager=head))
    own = engineer("P1", "Own One", team=north, with_account=True)
    engineer("P2", "Mate Two", team=north)
    engineer("P3", "Far Three", team=TeamFactory(name="South"))

    assert suggested(own.user, "p") == ["P1", "P2"]
    assert suggested(lead, "p") == suggested(head, "p") == ["P1", "P2"]
    assert suggested(hr, "p") == suggested(auditor_user(username="aud"), "p") == ["P1", "P2", "P3"]


def test_a_stranger_is_told_nothing() -> None:
    engineer("P1", "Own One")

    assert Client().get(reverse("people_suggest"), {"q": "p"}).status_code == 302


def test_a_name_that_several_bear_is_offered_beside_the_field_and_chosen_without_script(hr: User) -> None:
    engineer("E1", "Li Wei")
    meant = engineer("E2", "Li Wei")
    client = client_of(hr)
    address = reverse("record_new", args=["certificates"])
    sent = {"source": "manual", "external_id": "C1", "title": "Licence", "issued_on": "2026-03-02"}

    page = client.post(address, sent | {"engineer": "Li Wei"})
    text = page.content.decode()
    assert "Several engineers have this name; type the number: E1, E2." in text
    assert '<input class="form-check-input" type="radio" name="engineer" value="E2">' in text
    # What is chosen comes after what was typed.
    done = client.post(address, sent | {"engineer": ["Li Wei", "E2"]})

    assert done.status_code == 302
    assert Certificate.objects.get().engineer == meant


def test_a_part_of_a_name_offers_who_comes_close(hr: User) -> None:
    engineer("E1", "Li Wei")

    page = client_of(hr).post(reverse("record_new", args=["certificates"]), {"engineer": "wei"}).content.decode()

    assert "No engineer has this number or name. Do you mean Li Wei (E1)?" in page
    assert 'type="radio" name="engineer" value="E1"' in page


def test_a_manager_is_not_offered_people_of_other_teams_by_a_wrong_name() -> None:
    lead = EngineerFactory(with_account=True).user
    TeamFactory(manager=lead)
    engineer("P3", "Far Three", team=TeamFactory(name="South"))

    page = client_of(lead).post(reverse("commendations"), {"engineer": "Far"}).content.decode()

    assert "No engineer has this employee number or name." in page
    assert "Far Three" not in page


@pytest.mark.parametrize("name", ["record_new", "audit_list", "commendations", "post_changes"])
def test_no_page_with_a_field_for_a_person_carries_the_people(hr: User, name: str) -> None:
    for number in range(3):
        engineer(f"Q{number}", f"Listed {number}")

    page = client_of(hr).get(reverse(name, args=["certificates"] if name == "record_new" else [])).content.decode()

    assert f'data-people="{reverse("people_suggest")}"' in page
    assert "Listed" not in page
