"""Who sees which records, and what the pages tell of them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.test import Client
from django.urls import reverse

from appraisal.evidence.kinds import KINDS
from engineers.models import Engineer
from tests.factories import (
    RECORD_FACTORIES,
    ArticleUseFactory,
    ComplaintFactory,
    EngineerFactory,
    MetricFactory,
    TeamFactory,
    TicketEventFactory,
    TicketFactory,
    UserFactory,
    VisitFactory,
    hr_user,
)
from tests.integration.evidence.records import OPENED, client_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def hr() -> Client:
    return client_of(hr_user(username="hr"))


@pytest.fixture
def engineer() -> Engineer:
    made: Engineer = EngineerFactory(employee_no="E00001", name="Li Wei", with_account=True)
    return made


@pytest.mark.parametrize("kind", KINDS)
def test_engineers_and_their_managers_see_their_records_only(kind: str):
    manager = UserFactory()
    team = TeamFactory(manager=manager, parent=TeamFactory())
    engineer = EngineerFactory(with_account=True, team=team)
    own = RECORD_FACTORIES[kind](engineer=engineer)
    other = RECORD_FACTORIES[kind]() if kind != "events" else TicketEventFactory()

    for user in (engineer.user, manager):
        client = client_of(user)
        listed = client.get(reverse("record_list", args=[kind])).content.decode()
        assert reverse("record_detail", args=[kind, own.pk]) in listed
        assert reverse("record_detail", args=[kind, other.pk]) not in listed
        assert client.get(reverse("record_detail", args=[kind, own.pk])).status_code == 200
        assert client.get(reverse("record_detail", args=[kind, other.pk])).status_code == 404
        assert client.get(reverse("record_edit", args=[kind, own.pk])).status_code == 404


def test_the_author_of_an_article_sees_who_used_it():
    use = ArticleUseFactory(article__engineer=EngineerFactory(with_account=True))

    assert client_of(use.author.user).get(reverse("record_detail", args=["article_uses", use.pk])).status_code == 200


def test_who_complains_without_a_name_is_not_named_to_the_engineer(hr: Client, engineer: Engineer):
    complaint = ComplaintFactory(engineer=engineer, is_anonymous=True, customer="Acme Hospital")
    page = reverse("record_detail", args=["complaints", complaint.pk])
    api = reverse("api:evidence-complaints-detail", args=[complaint.pk])
    own = client_of(engineer.user)  # type: ignore[arg-type]

    assert "Acme" not in own.get(page).content.decode()
    assert own.get(api).json()["customer"] == ""
    assert "Acme" in hr.get(page).content.decode()
    assert hr.get(api).json()["customer"] == "Acme Hospital"


def test_what_happened_to_a_ticket_is_told_in_the_order_of_time(hr: Client, engineer: Engineer):
    ticket = TicketFactory(engineer=engineer, opened_at=OPENED, closed_at=datetime(2026, 3, 4, 1, 0, tzinfo=UTC))
    TicketEventFactory(
        ticket=ticket, type="paused", reason="parts", note="Seal ordered", at=datetime(2026, 3, 3, 1, 0, tzinfo=UTC)
    )
    VisitFactory(
        ticket=ticket,
        minutes=75,
        is_assisting=True,
        dispatched_at=OPENED,
        arrived_at=datetime(2026, 3, 2, 5, 0, tzinfo=UTC),
    )
    ComplaintFactory(ticket=ticket, received_at=datetime(2026, 3, 5, 1, 0, tzinfo=UTC), severity=5)

    page = hr.get(reverse("ticket_detail", args=[ticket.pk]))

    told = [(line.what, line.detail) for line in page.context["timeline"]]
    assert told == [
        ("Opened", ""),
        ("Visit", "assisting; 75 min on site"),
        ("paused", "approved wait for parts; Seal ordered"),
        ("Closed", ""),
        ("Complaint", "other, major, decision pending"),
    ]


def test_an_unknown_kind_is_a_404(hr: Client):
    assert hr.get(reverse("record_list", args=["gossip"])).status_code == 404
    assert hr.get(reverse("record_new", args=["gossip"])).status_code == 404


def test_the_overview_counts_what_one_may_see(hr: Client, engineer: Engineer):
    MetricFactory(engineer=engineer)
    MetricFactory()

    def metrics(client: Client) -> int:
        kinds = client.get(reverse("record_overview")).context["kinds"]
        return next(each.count for each in kinds if each.kind.code == "metrics")

    assert (metrics(hr), metrics(client_of(engineer.user))) == (2, 1)  # type: ignore[arg-type]


def test_the_example_file_of_a_preset_is_offered_to_hr(hr: Client):
    answer = hr.get(reverse("import_sample", args=["portal_visits"]))

    assert answer.content.decode().startswith("\ufeffnumber,ticket,engineer,dispatched,arrived")
    assert reverse("import_sample", args=["portal_visits"]) in hr.get(reverse("import_new")).content.decode()
    assert hr.get(reverse("import_sample", args=["nothing"])).status_code == 404
