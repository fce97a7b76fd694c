"""Single records by the API: checked like a file, with all their consequences, withdrawn instead of deleted."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from appraisal.evidence.kinds import KINDS
from appraisal.evidence.models import Complaint, Metric, Ticket, Visit
from engineers.models import AuditEntry, Engineer
from tests.factories import (
    RECORD_FACTORIES,
    EngineerFactory,
    MetricFactory,
    SurveyFactory,
    TicketFactory,
    auditor_user,
    hr_user,
)
from tests.integration.evidence.records import OPENED, client_of, post, problems

pytestmark = pytest.mark.django_db


@pytest.fixture
def hr() -> Client:
    return client_of(hr_user(username="hr"))


@pytest.fixture
def engineer() -> Engineer:
    made: Engineer = EngineerFactory(employee_no="E00001", name="Li Wei", with_account=True)
    return made


def test_rows_are_inserted_updated_or_left_alone_by_source_and_number(hr: Client, engineer: Engineer):
    row = {"external_id": "1", "engineer": "E00001", "code": "nps", "measured_on": "2026-03-02", "value_millionths": 5}

    first = post(hr, "metrics", [row, row | {"external_id": "2"}]).json()
    again = post(hr, "metrics", [row, row | {"external_id": "2", "value_millionths": 7}]).json()

    assert (first["created"], first["updated"], first["unchanged"]) == (2, 0, 0)
    assert (again["created"], again["updated"], again["unchanged"]) == (0, 1, 1)
    assert again["ids"] == [Metric.objects.get(external_id=number).pk for number in ("1", "2")]
    assert Metric.objects.get(external_id="1").source == "api"


def test_one_object_is_a_list_of_one(hr: Client, engineer: Engineer):
    row = {"source": "crm", "external_id": "C1", "engineer": "Li Wei", "received_at": "2026-03-02T09:00:00+08:00"}

    answer = post(hr, "complaints", row)

    assert answer.status_code == 200
    complaint = Complaint.objects.get()
    assert (complaint.source, complaint.engineer, complaint.severity, complaint.verdict) == (
        "crm",
        engineer,
        1,
        "pending",
    )
    assert complaint.received_at == OPENED


def test_every_problem_is_named_with_row_and_field_and_nothing_is_stored(hr: Client, engineer: Engineer):
    good = {"external_id": "1", "engineer": "E00001", "received_at": "2026-03-02T01:00:00Z"}
    rows = [
        good,
        good | {"external_id": "2", "severity": 2, "verdict": "guilty", "colour": "red"},
        good | {"external_id": "3", "received_at": "yesterday"},
        good | {"external_id": "4", "engineer": "Nobody"},
        good | {"external_id": None, "customer": {"name": "x"}},
    ]

    assert problems(post(hr, "complaints", rows)) == [
        (2, "colour", "unknown_field"),
        (2, "severity", "bad_choice"),
        (2, "verdict", "bad_choice"),
        (3, "received_at", "bad_datetime"),
        (4, "engineer", "unknown_engineer"),
        (5, "customer", "not_a_value"),
        (5, "external_id", "missing_required"),
    ]
    assert problems(post(hr, "complaints", [good, good])) == [(2, "external_id", "duplicate_id")]
    assert problems(post(hr, "complaints", [good | {"source": "x" * 61}])) == [(1, "source", "too_long")]
    assert Complaint.objects.count() == 0


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("[]", "Send one object"),
        ("[1]", "Send one object"),
        ('"x"', "Send one object"),
        ("{", "JSON parse error"),
        ("[" + "{}," * 500 + "{}]", "at most 500"),
    ],
)
def test_what_is_no_row_is_refused(body: str, said: str, hr: Client):
    answer = hr.post(reverse("api:evidence-metrics-list"), body, content_type="application/json")

    assert answer.status_code == 400
    assert said in answer.content.decode()


def test_half_a_character_and_a_number_with_decimals_are_problems_not_errors(hr: Client, engineer: Engineer):
    body = (
        '{"external_id": "\\ud800", "engineer": "E00001", "code": "a", "measured_on": "2026-03-02", '
        '"value_millionths": 1.5, "name": "a\\u0000b"}'
    )

    answer = hr.post(reverse("api:evidence-metrics-list"), body, content_type="application/json")

    assert {(field, reason) for _row, field, reason in problems(answer)} >= {
        ("external_id", "not_a_value"),
        ("value_millionths", "bad_number"),
        ("name", "nul_character"),
    }


def test_what_is_read_can_be_sent_again_and_changes_nothing(hr: Client):
    for kind, factory in RECORD_FACTORIES.items():
        record = factory()
        shown = hr.get(reverse(f"api:evidence-{kind}-detail", args=[record.pk])).json()
        row = {name: shown[name] for name in ("source", *KINDS[kind].fields)}

        answer = post(hr, kind, [row])

        assert answer.status_code == 200, (kind, answer.json())
        assert post(hr, kind, [row]).json()["unchanged"] == 1, kind


def test_a_visit_sent_before_its_ticket_moves_the_ticket_when_it_comes(hr: Client, engineer: Engineer):
    visit = {
        "external_id": "V1",
        "ticket": "T1",
        "dispatched_at": "2026-03-02T02:00:00Z",
        "arrived_at": "2026-03-02T03:00:00Z",
        "minutes": 45,
    }

    post(hr, "visits", visit)
    post(hr, "tickets", {"external_id": "T1", "engineer": "E00001", "opened_at": "2026-03-02T01:00:00Z"})

    ticket = Ticket.objects.get()
    assert (ticket.visit_count, ticket.visit_minutes) == (1, 45)
    assert (Visit.objects.get().ticket, Visit.objects.get().engineer) == (ticket, engineer)


def test_delete_withdraws_with_a_reason_and_keeps_the_record(hr: Client):
    ticket = TicketFactory()
    survey = SurveyFactory(ticket=ticket, ticket_number=ticket.external_id, score_hundredths=100)
    address = reverse("api:evidence-surveys-detail", args=[survey.pk])

    without = hr.delete(address)
    answer = hr.delete(address, {"reason": "Wrong customer"}, content_type="application/json")
    twice = hr.delete(f"{address}?reason=again")

    assert (without.status_code, answer.status_code, twice.status_code) == (400, 204, 400)
    survey.refresh_from_db()
    assert survey.exclusion == "withdrawn"
    entry = AuditEntry.objects.get(action="evidence.record_withdrawn")
    assert (entry.reason, entry.target_id, entry.actor.username) == ("Wrong customer", survey.pk, "hr")  # type: ignore[union-attr]


def test_a_change_by_the_api_is_in_the_audit_trail_with_what_changed(hr: Client, engineer: Engineer):
    row = {"external_id": "1", "engineer": "E00001", "code": "nps", "measured_on": "2026-03-02", "value_millionths": 5}
    post(hr, "metrics", row)

    post(hr, "metrics", row | {"value_millionths": 6})
    post(hr, "metrics", row | {"value_millionths": 6})

    entry = AuditEntry.objects.get(action="evidence.record_changed")
    assert (entry.before, entry.after) == ({"value_millionths": 5}, {"value_millionths": 6})
    assert AuditEntry.objects.get(action="evidence.record_created").after["code"] == "nps"


@pytest.mark.parametrize("kind", KINDS)
def test_only_hr_writes_and_only_readers_see_what_is_not_their_own(kind: str, hr: Client):
    record = RECORD_FACTORIES[kind]()
    stranger = client_of(EngineerFactory(with_account=True).user)
    auditor = client_of(auditor_user())
    address = reverse(f"api:evidence-{kind}-detail", args=[record.pk])

    for client in (stranger, auditor):
        assert post(client, kind, {}).status_code == 404
        assert client.delete(f"{address}?reason=x").status_code == 404
    assert (stranger.get(address).status_code, auditor.get(address).status_code) == (404, 200)
    assert stranger.get(reverse(f"api:evidence-{kind}-list")).json()["count"] == 0
    assert auditor.get(reverse(f"api:evidence-{kind}-list")).json()["count"] >= 1


def test_lists_are_narrowed_by_engineer_text_and_days_with_both_days_included(hr: Client, engineer: Engineer):
    MetricFactory(engineer=engineer, code="sales", measured_on="2026-03-01")
    MetricFactory(engineer=engineer, code="calls", measured_on="2026-03-02")
    MetricFactory(code="sales", measured_on="2026-03-03")
    address = reverse("api:evidence-metrics-list")

    def count(**query: str) -> int:
        number: int = hr.get(address, query).json()["count"]
        return number

    assert [count(engineer="li"), count(q="sale"), count(first="2026-03-02", last="2026-03-03")] == [2, 2, 2]
    assert count(engineer="00001", q="call", first="2026-03-02", last="2026-03-02") == 1
    assert hr.get(address, {"first": "soon"}).status_code == 400
