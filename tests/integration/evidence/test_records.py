"""Single records, by hand and by the API: checked like a file, with its consequences, withdrawn instead of deleted."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from appraisal.evidence.kinds import KINDS
from appraisal.evidence.models import Complaint, Metric, Survey, Ticket, TicketEvent, Visit
from engineers.models import AuditEntry, Engineer, User
from tests.factories import (
    RECORD_FACTORIES,
    ArticleUseFactory,
    ComplaintFactory,
    EngineerFactory,
    MetricFactory,
    SurveyFactory,
    TeamFactory,
    TicketEventFactory,
    TicketFactory,
    UserFactory,
    VisitFactory,
    auditor_user,
    hr_user,
)
from tests.integration.evidence.conftest import Run, Write

pytestmark = pytest.mark.django_db

OPENED = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def client_of(user: User) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    return client


@pytest.fixture
def hr() -> Client:
    return client_of(hr_user(username="hr"))


@pytest.fixture
def engineer() -> Engineer:
    made: Engineer = EngineerFactory(employee_no="E00001", name="Li Wei", with_account=True)
    return made


def post(client: Client, kind: str, rows: Any) -> Any:
    return client.post(reverse(f"api:evidence-{kind}-list"), rows, content_type="application/json")


def problems(answer: Any) -> list[tuple[int, str, str]]:
    assert answer.status_code == 400
    return [(each["row"], each["field"], each["reason"]) for each in answer.json()["problems"]]


# By the API


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


# By hand


def form_of(kind: str, **values: str) -> dict[str, str]:
    return {"source": "manual", "exclusion": ""} | values


def test_a_record_entered_by_hand_has_all_the_consequences_of_an_imported_one(hr: Client, engineer: Engineer):
    ticket = TicketFactory(engineer=engineer, source="manual", external_id="T1", opened_at=OPENED)
    values = form_of(
        "visits",
        external_id="V1",
        ticket="T1",
        engineer="Li Wei",
        dispatched_at="2026-03-02T10:00:00",
        arrived_at="2026-03-02T11:30:00",
        minutes="90",
    )

    answer = hr.post(reverse("record_new", args=["visits"]), values)

    visit = Visit.objects.get()
    ticket.refresh_from_db()
    assert answer.url == reverse("record_detail", args=["visits", visit.pk])
    assert (visit.engineer, visit.ticket, visit.arrival_us) == (engineer, ticket, 90 * 60_000_000)
    assert (ticket.visit_count, ticket.visit_minutes) == (1, 90)


def test_decimals_on_the_page_are_stored_as_whole_hundredths_and_shown_as_typed(hr: Client, engineer: Engineer):
    values = form_of("surveys", external_id="S1", engineer="E00001", score_hundredths="4.25", recommend="10")

    hr.post(reverse("record_new", args=["surveys"]), values)

    survey = Survey.objects.get()
    assert (survey.score_hundredths, survey.recommend, survey.attitude_hundredths) == (425, 10, None)
    edit = hr.get(reverse("record_edit", args=["surveys", survey.pk])).content.decode()
    assert 'value="4.25"' in edit
    assert "4.25" in hr.get(reverse("record_detail", args=["surveys", survey.pk])).content.decode()


@pytest.mark.parametrize("kind", KINDS)
def test_the_form_of_every_kind_saves_what_it_shows_without_changing_it(kind: str, hr: Client):
    record = RECORD_FACTORIES[kind]()
    page = hr.get(reverse("record_edit", args=[kind, record.pk]))
    form = page.context["form"]
    values = {name: form[name].value() for name in form.fields}
    sent = {
        name: value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S+00:00") if isinstance(value, datetime) else value
        for name, value in ((name, form.fields[name].prepare_value(value)) for name, value in values.items())
        if value is not None and value is not False
    }

    answer = hr.post(reverse("record_edit", args=[kind, record.pk]), sent)

    assert answer.status_code == 302, answer.context["form"].errors
    assert AuditEntry.objects.filter(action="evidence.record_changed").count() == 0


@pytest.mark.parametrize(
    ("values", "field", "said"),
    [
        ({"external_id": ""}, "external_id", "required"),
        ({"engineer": "Li"}, "engineer", "Do you mean Li Wei (E00001)?"),
        ({"engineer": "Twin"}, "engineer", "Several engineers have this name; type the number: T1, T2."),
        ({"engineer": "Nobody"}, "engineer", "No engineer has this employee number or name."),
        ({"value_millionths": "1.1234567"}, "value_millionths", "6 decimal"),
        ({"code": "two words"}, "code", "valid"),
        ({"measured_on": "1850-01-01"}, "measured_on", "too long ago"),
        ({"external_id": "taken"}, "external_id", "has a record with this number already"),
    ],
)
def test_a_wrong_field_is_marked_and_nothing_is_stored(
    values: dict[str, str], field: str, said: str, hr: Client, engineer: Engineer
):
    EngineerFactory(employee_no="T1", name="Twin")
    EngineerFactory(employee_no="T2", name="Twin")
    MetricFactory(source="manual", external_id="taken")
    right = form_of(
        "metrics", external_id="M1", engineer="E00001", code="nps", measured_on="2026-03-02", value_millionths="1"
    )

    answer = hr.post(reverse("record_new", args=["metrics"]), right | values)

    assert any(said in error for error in answer.context["form"].errors[field]), answer.context["form"].errors
    assert Metric.objects.count() == 1


def test_a_withdrawn_visit_leaves_the_figures_of_its_ticket_and_comes_back_with_it(hr: Client):
    ticket = TicketFactory(opened_at=OPENED, visit_count=1, visit_minutes=30)
    visit = VisitFactory(ticket=ticket, ticket_number=ticket.external_id, minutes=30)

    hr.post(reverse("record_withdraw", args=["visits", visit.pk]), {"reason": "Booked twice"})
    ticket.refresh_from_db()
    assert (ticket.visit_count, ticket.visit_minutes) == (0, 0)

    hr.post(reverse("record_restore", args=["visits", visit.pk]), {"reason": "It was not"})
    ticket.refresh_from_db()
    assert (ticket.visit_count, ticket.visit_minutes) == (1, 30)
    reasons = AuditEntry.objects.filter(target_id=visit.pk).order_by("pk").values_list("action", "reason")
    assert list(reasons) == [
        ("evidence.record_withdrawn", "Booked twice"),
        ("evidence.record_restored", "It was not"),
    ]


def test_a_withdrawn_event_leaves_the_clock_of_its_ticket(hr: Client):
    ticket = TicketFactory(opened_at=OPENED, resolved_at=datetime(2026, 3, 2, 3, 0, tzinfo=UTC))
    event = TicketEventFactory(
        ticket=ticket,
        type="paused",
        reason="parts",
        at=datetime(2026, 3, 2, 1, 30, tzinfo=UTC),
        until=datetime(2026, 3, 2, 2, 0, tzinfo=UTC),
    )

    def minutes() -> int:
        ticket.refresh_from_db()
        return int(ticket.resolution_business_us or 0) // 60_000_000

    hr.post(reverse("record_withdraw", args=["events", event.pk]), {"reason": "Not agreed"})
    without = minutes()
    hr.post(reverse("record_restore", args=["events", event.pk]), {"reason": "Agreed after all"})

    assert (without, minutes()) == (120, 90)


def test_a_withdrawn_ticket_is_no_repeat_repair_and_an_import_does_not_bring_it_back(
    hr: Client, run: Run, write_rows: Write, engineer: Engineer
):
    rows = [
        {
            "external_id": "1",
            "engineer": "E00001",
            "opened_at": "2026-03-02T01:00:00Z",
            "resolved_at": "2026-03-02T02:00:00Z",
        },
        {"external_id": "2", "engineer": "E00001", "opened_at": "2026-03-03T02:00:00Z"},
    ]
    rows = [row | {"asset": "X", "fault": "f"} for row in rows]
    post(hr, "tickets", rows)
    first, second = Ticket.objects.order_by("external_id")
    assert first.repeat_after_us == 86_400_000_000

    hr.post(reverse("record_withdraw", args=["tickets", second.pk]), {"reason": "Typed in twice"})
    again = post(hr, "tickets", rows).json()

    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.repeat_after_us, second.exclusion) == (None, "withdrawn")
    assert again["unchanged"] == 2


def test_withdrawing_needs_a_reason_and_a_record_that_counts(hr: Client):
    event = TicketEventFactory(exclusion="duplicate")
    good = TicketEventFactory()

    refused = hr.post(reverse("record_withdraw", args=["events", event.pk]), {"reason": "x"}, follow=True)
    unreasoned = hr.post(reverse("record_withdraw", args=["events", good.pk]), {"reason": " "}, follow=True)
    unneeded = hr.post(reverse("record_restore", args=["events", good.pk]), {"reason": "x"}, follow=True)

    assert "counts nowhere already" in refused.content.decode()
    assert "Say why." in unreasoned.content.decode()
    assert "is not withdrawn" in unneeded.content.decode()
    assert set(TicketEvent.objects.values_list("exclusion", flat=True)) == {"duplicate", ""}


def test_the_history_tells_who_changed_what_and_why(hr: Client):
    complaint = ComplaintFactory(verdict="pending")
    page = hr.get(reverse("record_edit", args=["complaints", complaint.pk]))
    values = {name: page.context["form"].fields[name].initial for name in ("type", "severity")}
    sent = values | {"exclusion": "", "cause": "", "received_at": "2026-01-20T10:00:00", "verdict": "justified"}

    hr.post(
        reverse("record_edit", args=["complaints", complaint.pk]), sent | {"engineer": complaint.engineer.employee_no}
    )
    hr.post(reverse("record_withdraw", args=["complaints", complaint.pk]), {"reason": "Taken back by the customer"})

    page_text = hr.get(reverse("record_detail", args=["complaints", complaint.pk])).content.decode()
    assert "pending → justified" in page_text
    assert "Taken back by the customer" in page_text


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


def test_engineers_are_offered_as_they_are_typed(hr: Client, engineer: Engineer):
    answer = hr.get(reverse("engineer_options"), {"engineer": "li w"}).content.decode()

    assert '<option value="E00001">Li Wei</option>' in answer
    assert hr.get(reverse("engineer_options")).content.decode().strip() == ""
    assert client_of(engineer.user).get(reverse("engineer_options")).status_code == 404  # type: ignore[arg-type]


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
