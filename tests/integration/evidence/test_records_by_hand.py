"""Single records by hand: checked like a file, with all their consequences, withdrawn instead of deleted."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from appraisal.evidence.intake.recompute import recompute_tickets
from appraisal.evidence.kinds import KINDS
from appraisal.evidence.models import Metric, Survey, Ticket, TicketEvent, Visit
from appraisal.evidence.record_forms import RecordForm
from engineers.models import AuditEntry, Engineer
from tests.factories import (
    RECORD_FACTORIES,
    ComplaintFactory,
    EngineerFactory,
    MetricFactory,
    TicketEventFactory,
    TicketFactory,
    VisitFactory,
    hr_user,
)
from tests.integration.evidence.conftest import Run, Write
from tests.integration.evidence.records import OPENED, client_of, form_of, post

pytestmark = pytest.mark.django_db

AT_TEN = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)


@pytest.fixture
def hr() -> Client:
    return client_of(hr_user(username="hr"))


@pytest.fixture
def engineer() -> Engineer:
    made: Engineer = EngineerFactory(employee_no="E00001", name="Li Wei", with_account=True)
    return made


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


def shown_by(form: RecordForm) -> dict[str, Any]:
    """Return what a browser would send of a form that nobody touched."""
    values = {name: form.fields[name].prepare_value(form[name].value()) for name in form.fields}
    return {
        name: value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S+00:00") if isinstance(value, datetime) else value
        for name, value in values.items()
        if value is not None and value is not False
    }


@pytest.mark.parametrize("kind", KINDS)
def test_the_form_of_every_kind_saves_what_it_shows_without_changing_it(kind: str, hr: Client):
    record = RECORD_FACTORIES[kind]()
    page = hr.get(reverse("record_edit", args=[kind, record.pk]))

    answer = hr.post(reverse("record_edit", args=[kind, record.pk]), shown_by(page.context["form"]))

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


def test_a_withdrawn_event_leaves_what_the_source_said_of_its_ticket(hr: Client):
    ticket = TicketFactory(opened_at=OPENED, priority=3, reopen_count=2)
    told = [
        TicketEventFactory(ticket=ticket, type="priority", at=AT_TEN, old_priority=3, new_priority=1),
        TicketEventFactory(ticket=ticket, type="reopened", at=AT_TEN),
    ]

    def says() -> tuple[int, int, int, int]:
        ticket.refresh_from_db()
        return ticket.priority, ticket.source_priority, ticket.reopen_count, ticket.source_reopen_count

    recompute_tickets([ticket.pk])
    by_events = says()
    for event in told:
        hr.post(reverse("record_withdraw", args=["events", event.pk]), {"reason": "Not agreed"})

    assert (by_events, says()) == ((1, 3, 1, 2), (3, 3, 2, 2))


def test_the_form_of_a_ticket_changes_what_the_source_says_and_shows_what_is_in_force(hr: Client):
    ticket = TicketFactory(opened_at=OPENED, priority=3)
    TicketEventFactory(ticket=ticket, type="priority", at=AT_TEN, old_priority=3, new_priority=1)
    recompute_tickets([ticket.pk])
    form = hr.get(reverse("record_edit", args=["tickets", ticket.pk])).context["form"]
    assert form["priority"].value() == 3

    hr.post(reverse("record_edit", args=["tickets", ticket.pk]), shown_by(form) | {"priority": "4"})

    ticket.refresh_from_db()
    assert (ticket.source_priority, ticket.priority) == (4, 1)
    answer = hr.get(reverse("api:evidence-tickets-detail", args=[ticket.pk])).json()
    assert (answer["priority"], answer["priority_in_force"]) == (4, 1)


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
