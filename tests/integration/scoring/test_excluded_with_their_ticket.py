"""What is excluded counts nowhere, and neither does what is about it (SPEC G7)."""

from __future__ import annotations

from typing import Any

import pytest

from appraisal.cycles.models import StaleFigures
from appraisal.evidence.models import AuditSample, Exclusion, ReportAudit, Ticket
from appraisal.evidence.records import withdraw_record
from appraisal.kpis.measures import Facts
from engineers.models import Engineer
from tests.factories import (
    ComplaintFactory,
    CycleFactory,
    EngineerFactory,
    ServiceReportFactory,
    SurveyFactory,
    TicketFactory,
    VisitFactory,
    hr_user,
)
from tests.integration.scoring.asking import HOUR, INSIDE, ask, left_out
from tests.world import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def ticket(engineer: Engineer) -> Ticket:
    """A case with a visit, a survey, a complaint and a report that was audited."""
    made: Ticket = TicketFactory(engineer=engineer, completed_at=INSIDE)
    about: dict[str, Any] = {"ticket": made, "ticket_number": made.external_id, "engineer": engineer}
    VisitFactory(
        **about, dispatched_at=INSIDE, arrived_at=INSIDE, arrival_decided_at=INSIDE, arrival_met=False, arrival_us=HOUR
    )
    SurveyFactory(**about, delivered_at=INSIDE, responded_at=INSIDE, score_hundredths=100)
    ComplaintFactory(**about, received_at=INSIDE, verdict="justified", decided_at=INSIDE)
    report = ServiceReportFactory(
        **about, service_ended_at=INSIDE, submitted_at=INSIDE, report_decided_at=INSIDE, report_met=False
    )
    sample = AuditSample.objects.create(
        seed=1, first_date="2026-01-01", last_date="2026-03-31", per_engineer=1, drawn_at=NOW
    )
    ReportAudit.objects.create(
        sample=sample,
        report=report,
        engineer=engineer,
        audited_at=INSIDE,
        items={},
        items_sum=0,
        items_count=6,
        diagnosis_correct=False,
    )
    return made


MEASURES = ("arrival_sla_rate", "csat_top2", "report_timeliness", "diagnosis_accuracy")


def test_all_of_it_counts_before(engineer: Engineer, ticket: Ticket) -> None:
    assert [ask(engineer, measure).n for measure in MEASURES] == [1, 1, 1, 1]


@pytest.mark.parametrize("exclusion", [Exclusion.CANCELLED, Exclusion.DUPLICATE, Exclusion.WITHDRAWN])
def test_what_is_about_an_excluded_ticket_counts_nowhere_and_says_why(
    engineer: Engineer, ticket: Ticket, exclusion: str
) -> None:
    Ticket.objects.filter(pk=ticket.pk).update(exclusion=exclusion)
    for measure in MEASURES:
        assert ask(engineer, measure) == Facts(), measure
        assert left_out(engineer, measure) == ["about_excluded"], measure


def test_the_audit_of_a_withdrawn_report_no_longer_counts(engineer: Engineer, ticket: Ticket) -> None:
    report = ticket.reports.get()
    withdraw_record(kind="reports", record_id=report.pk, reason="No such service", by=hr_user(), now=NOW)
    assert ask(engineer, "diagnosis_accuracy") == Facts()
    assert left_out(engineer, "diagnosis_accuracy") == ["about_excluded"]


def test_whoever_is_in_what_is_about_a_withdrawn_ticket_is_figured_anew(ticket: Ticket) -> None:
    other = EngineerFactory()
    ComplaintFactory(ticket=ticket, ticket_number=ticket.external_id, engineer=other, received_at=INSIDE)
    CycleFactory(state="open")
    StaleFigures.objects.all().delete()
    withdraw_record(kind="tickets", record_id=ticket.pk, reason="Entered twice", by=hr_user(), now=NOW)
    assert other.pk in set(StaleFigures.objects.values_list("engineer_id", flat=True))
