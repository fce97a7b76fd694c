"""Exceptions: what is listed, what a decision does to the clock, and that the last decision counts."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from django.test import Client
from django.urls import reverse

from appraisal.evidence.exceptions import (
    EXCEPTIONS_PER_PAGE,
    count_open_exceptions,
    list_open_exceptions,
    page_open_exceptions,
)
from appraisal.evidence.intake.recompute import recompute_figures
from appraisal.evidence.models import Anomaly, Decision, Settlement, Target, Ticket, Visit
from appraisal.evidence.settlements import SettlementRefused, settle_exception
from engineers.models import AuditEntry, User
from tests.factories import EngineerFactory, TicketFactory, VisitFactory, auditor_user, hr_user

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 4, 2, 8, 0, tzinfo=UTC)


@pytest.fixture
def hr() -> User:
    return hr_user()


@pytest.fixture
def backwards() -> Ticket:
    """A ticket that was resolved, as its file says, before it was opened."""
    ticket: Ticket = TicketFactory(
        opened_at=datetime(2026, 3, 2, 1, 0, tzinfo=UTC), resolved_at=datetime(2026, 3, 1, 1, 0, tzinfo=UTC)
    )
    recompute_figures()
    ticket.refresh_from_db()
    return ticket


@pytest.fixture
def unseen() -> Visit:
    """A visit nobody checked in for, though its ticket was resolved; 240 minutes were promised."""
    Target.objects.create(kind="arrival", minutes=240, clock="calendar", from_date="2026-01-01")
    ticket = TicketFactory(
        opened_at=datetime(2026, 3, 2, 1, 0, tzinfo=UTC), resolved_at=datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    )
    visit: Visit = VisitFactory(
        ticket=ticket,
        ticket_number=ticket.external_id,
        engineer=ticket.engineer,
        dispatched_at=datetime(2026, 3, 2, 2, 0, tzinfo=UTC),
    )
    recompute_figures()
    visit.refresh_from_db()
    return visit


def settle(
    record: Ticket | Visit, anomaly: Anomaly, decision: Decision, hr: User, reason: str = "Seen on site"
) -> None:
    about = "ticket" if isinstance(record, Ticket) else "visit"
    settle_exception(
        about=about, record_id=record.pk, anomaly=anomaly, decision=decision, reason=reason, by=hr, now=NOW
    )
    record.refresh_from_db()


def anomalies_on_page(start: date | None = None, end: date | None = None) -> list[Anomaly]:
    return [each.anomaly for each in list_open_exceptions(page_open_exceptions(start, end))]


def test_a_visit_without_check_in_counts_as_late_until_it_is_excused_and_again_when_that_is_taken_back(
    unseen: Visit, hr: User
):
    assert (unseen.anomalies, unseen.arrival_met) == ("no_check_in", False)
    assert count_open_exceptions() == 1

    settle(unseen, Anomaly.NO_CHECK_IN, Decision.EXCUSED, hr)
    assert (unseen.waived, unseen.arrival_met, unseen.arrival_decided_at) == ("arrival", None, None)
    assert count_open_exceptions() == 0

    settle(unseen, Anomaly.NO_CHECK_IN, Decision.UPHELD, hr, "The customer saw nobody")
    assert (unseen.waived, unseen.arrival_met) == ("", False)
    assert count_open_exceptions() == 0
    assert [entry.decision for entry in Settlement.objects.order_by("pk")] == ["excused", "upheld"]


def test_a_decision_is_in_the_audit_trail_with_its_reason(unseen: Visit, hr: User):
    settle(unseen, Anomaly.NO_CHECK_IN, Decision.EXCUSED, hr, "Gate was locked")

    entry = AuditEntry.objects.get(action="evidence.exception_settled")
    assert (entry.actor, entry.reason, entry.target_id) == (hr, "Gate was locked", unseen.pk)
    assert entry.before == {"decision": None, "waived": ""}
    assert entry.after == {"anomaly": "no_check_in", "decision": "excused", "waived": "arrival"}


@pytest.mark.parametrize(
    ("anomaly", "reason", "code"),
    [
        (Anomaly.NO_CHECK_IN, "  ", "reason_missing"),
        (Anomaly.ARRIVED_BEFORE_DISPATCHED, "Seen", "no_such_exception"),
    ],
)
def test_a_decision_needs_a_reason_and_an_exception(anomaly: Anomaly, reason: str, code: str, unseen: Visit, hr: User):
    with pytest.raises(SettlementRefused) as refused:
        settle(unseen, anomaly, Decision.EXCUSED, hr, reason)

    assert refused.value.code == code
    assert Settlement.objects.count() == 0


def test_the_same_decision_twice_is_refused(unseen: Visit, hr: User):
    settle(unseen, Anomaly.NO_CHECK_IN, Decision.UPHELD, hr)

    with pytest.raises(SettlementRefused) as refused:
        settle(unseen, Anomaly.NO_CHECK_IN, Decision.UPHELD, hr)

    assert refused.value.code == "decided_so_already"


def test_open_exceptions_are_found_by_the_day_their_case_began_and_only_those_that_count(
    backwards: Ticket, unseen: Visit
):
    assert count_open_exceptions(date(2026, 3, 2), date(2026, 3, 3)) == 2
    assert count_open_exceptions(date(2026, 3, 3), date(2026, 4, 1)) == 0
    assert anomalies_on_page(date(2026, 3, 2), date(2026, 3, 3)) == [
        Anomaly.NO_CHECK_IN,
        Anomaly.RESOLVED_BEFORE_OPENED,
    ]
    Ticket.objects.filter(pk=backwards.pk).update(exclusion="withdrawn")
    assert count_open_exceptions() == 1


def test_a_record_with_two_exceptions_is_open_until_both_are_settled(hr: User):
    start = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
    ticket = TicketFactory(
        opened_at=start,
        first_response_at=datetime(2026, 3, 1, 1, 0, tzinfo=UTC),
        resolved_at=datetime(2026, 3, 1, 2, 0, tzinfo=UTC),
    )
    recompute_figures()
    ticket.refresh_from_db()

    settle(ticket, Anomaly.RESPONSE_BEFORE_OPENED, Decision.EXCUSED, hr)

    assert anomalies_on_page() == [Anomaly.RESOLVED_BEFORE_OPENED]
    settle(ticket, Anomaly.RESOLVED_BEFORE_OPENED, Decision.EXCUSED, hr)
    assert (ticket.waived, count_open_exceptions()) == ("resolution,response", 0)


def test_hr_settles_on_the_page_and_the_auditor_only_reads(unseen: Visit, hr: User):
    address = reverse("exception_settle", args=["visit", unseen.pk, "no_check_in"])
    auditor = Client()
    auditor.force_login(auditor_user())
    assert auditor.post(address, {"decision": "excused", "reason": "x"}).status_code == 404
    client = Client(headers={"accept-language": "en"})
    client.force_login(hr)

    before = client.get(reverse("exception_list")).content.decode()
    client.post(address, {"decision": "excused", "reason": "Gate was locked"})
    after = client.get(reverse("exception_list")).content.decode()

    assert "no_check_in" in before
    assert "No exception is open" in after
    assert "Gate was locked" in after


def test_a_decision_without_a_reason_on_the_page_changes_nothing(unseen: Visit, hr: User):
    client = Client(headers={"accept-language": "en"})
    client.force_login(hr)
    address = reverse("exception_settle", args=["visit", unseen.pk, "no_check_in"])

    answer = client.post(address, {"decision": "excused", "reason": ""})

    assert answer.status_code == 422
    assert "Say why." in answer.content.decode()
    assert Settlement.objects.count() == 0


def test_a_refused_decision_keeps_the_reason_and_stands_in_its_row(unseen: Visit, hr: User):
    settle(unseen, Anomaly.NO_CHECK_IN, Decision.UPHELD, hr)
    client = Client(headers={"accept-language": "en"})
    client.force_login(hr)
    address = reverse("exception_settle", args=["visit", unseen.pk, "no_check_in"])

    answer = client.post(address, {"decision": "upheld", "reason": "The customer saw nobody"})

    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'value="The customer saw nobody" aria-invalid="true"' in page
    assert f'id="reason-visit-{unseen.pk}-no_check_in-error" role="alert"' in page


def test_exceptions_page_and_a_decision_goes_back_to_the_same_page(backwards: Ticket, unseen: Visit, hr: User):
    for number in range(EXCEPTIONS_PER_PAGE):
        TicketFactory(
            opened_at=datetime(2026, 3, 3, 1, number, tzinfo=UTC), resolved_at=datetime(2026, 3, 1, 1, 0, tzinfo=UTC)
        )
    recompute_figures()
    client = Client(headers={"accept-language": "en"})
    client.force_login(hr)
    query = "?first=2026-03-02&page=2"

    page = client.get(reverse("exception_list") + query)

    assert [each.record for each in page.context["open"]] == [unseen, backwards]
    assert page.context["page"].paginator.count == EXCEPTIONS_PER_PAGE + 2
    address = reverse("exception_settle", args=["visit", unseen.pk, "no_check_in"]) + query
    assert f'action="{address.replace("&", "&amp;")}"' in page.content.decode()
    answer = client.post(address, {"decision": "excused", "reason": "Gate was locked"})
    assert answer.headers["Location"] == reverse("exception_list") + query


def test_what_was_excused_stays_excused_when_the_file_comes_again(unseen: Visit, hr: User):
    settle(unseen, Anomaly.NO_CHECK_IN, Decision.EXCUSED, hr)

    recompute_figures()

    unseen.refresh_from_db()
    assert (unseen.waived, unseen.arrival_met) == ("arrival", None)


def test_an_engineer_does_not_see_the_list_of_exceptions(unseen: Visit):
    client = Client()
    client.force_login(EngineerFactory(with_account=True).user)

    assert client.get(reverse("exception_list")).status_code == 404
