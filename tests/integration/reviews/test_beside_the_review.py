"""Beside the review: the engineer's days of the cycle with what became of them, and the reports with their audits."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from appraisal.evidence.models import AuditSample, Exclusion, ReportAudit, ServiceReport, WorkLog, WorkLogEntry
from appraisal.reviews.worklogs import queries as worklogs
from engineers.models import Leave
from tests.factories import ServiceReportFactory, WorkLogFactory
from tests.once import once_a_module
from tests.world import NOW, World, build_world

pytestmark = pytest.mark.django_db

# Of the first quarter of 2026 the calendar works 59 days (E15).
QUARTER = 59


@once_a_module
def built() -> World:
    return build_world()


def client_of(world: World, role: str) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(world.users[role])
    return client


def log(world: World, day: date, **values: Any) -> WorkLog:
    made: WorkLog = WorkLogFactory(engineer=world.one, day=day, **({"logged_in_time": True} | values))
    return made


def fill(world: World) -> None:
    """Leave for one week, three days in time, one late, one of unknown time; one on a day off, one that counts not."""
    Leave.objects.create(engineer=world.one, start_date=date(2026, 3, 9), end_date=date(2026, 3, 15))
    log(world, date(2026, 2, 14), wrench_minutes=300, travel_minutes=45)  # a make-up Saturday
    log(world, date(2026, 3, 2), wrench_minutes=100, problems="No spare part")
    log(world, date(2026, 3, 3), other_minutes=20)
    log(world, date(2026, 3, 4), logged_in_time=False, wrench_minutes=7)
    log(world, date(2026, 3, 5), logged_in_time=None)
    log(world, date(2026, 3, 7), wrench_minutes=13)  # an ordinary Saturday: scheduled for nobody
    log(world, date(2026, 3, 6), exclusion=Exclusion.TEST, wrench_minutes=999)


def test_days_are_counted_as_the_measure_counts_them(world: World) -> None:
    fill(world)
    summary = worklogs.sum_up(worklogs.list_log_days(world.review, now=NOW))
    assert (summary.scheduled, summary.in_time, summary.late) == (QUARTER - 5, 3, 2)
    # The last day of the quarter, a Tuesday, may be logged until the end of Wednesday: Thursday it is missing.
    assert (summary.missing, summary.still_open) == (QUARTER - 5 - 3 - 2, 0)
    assert (summary.leave, summary.problems) == (5, 1)  # the days off within a leave are none of it
    assert (summary.wrench_minutes, summary.travel_minutes, summary.other_minutes) == (420, 45, 20)
    assert [str(hours) for hours in summary.hours.values()] == ["7.00", "0.75", "0.33"]


def test_days_to_come_are_not_shown(world: World) -> None:
    now = datetime(2026, 1, 6, 8, 0, tzinfo=UTC)
    days = worklogs.list_log_days(world.review, now=now)
    assert [day.day.day for day in days] == [6, 5, 4, 3, 2, 1]
    summary = worklogs.sum_up(days)
    # New Year's holidays last to the 3rd; Sunday the 4th is worked for them.
    assert (summary.scheduled, summary.missing, summary.still_open) == (3, 1, 2)
    assert worklogs.list_log_days(world.review, now=datetime(2025, 12, 31, 8, 0, tzinfo=UTC)) == []


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        ("late", [(3, 5), (3, 4)]),
        ("problems", [(3, 2)]),
        ("logged", [(3, 7), (3, 5), (3, 4), (3, 3), (3, 2), (2, 14)]),
    ],
)
def test_the_list_is_narrowed(world: World, shown: str, expected: list[tuple[int, int]]) -> None:
    fill(world)
    address = reverse("review_worklog", args=[world.review.pk])
    with time_machine.travel(NOW, tick=False):
        page = client_of(world, "manager").get(address, {"show": shown})
    assert [(day.day.month, day.day.day) for day in page.context["page"]] == expected


def test_the_page_shows_words_problems_and_what_was_written_without_a_network(world: World) -> None:
    made = log(world, date(2026, 3, 30), work="Pump replaced", problems="No spare part", tickets="T1, T2")
    WorkLogEntry.objects.create(key=uuid4(), log=made, device_at=NOW, received_at=NOW, from_device=True)
    with time_machine.travel(NOW, tick=False):
        page = client_of(world, "manager").get(reverse("review_worklog", args=[world.review.pk])).content.decode()
        sent = client_of(world, "auditor").get(reverse("api:review-worklog-list", args=[world.review.pk])).json()
    for words in ("Pump replaced", "No spare part", "T1, T2", "written without a network"):
        assert words in page
    assert (sent["summary"]["in_time"], len(sent["days"])) == (1, 90)
    day = next(day for day in sent["days"] if day["day"] == "2026-03-30")
    assert (day["state"], day["logs"][0]["work"]) == ("in_time", "Pump replaced")


def report(world: World, number: int, **values: Any) -> ServiceReport:
    ended = datetime(2026, 3, 2, 8, tzinfo=UTC) + timedelta(days=number)
    made: ServiceReport = ServiceReportFactory(
        engineer=world.one, external_id=f"R{number}", ticket=world.ticket, service_ended_at=ended, **values
    )
    return made


def test_reports_are_listed_with_what_auditors_found(world: World) -> None:
    good, bad = report(world, 1, report_met=True), report(world, 2, report_met=False)
    report(world, 3, report_met=None)
    report(world, 4, report_met=True, exclusion=Exclusion.CANCELLED)
    report(world, 30, report_met=True)  # 1 April: another quarter
    dates = {"first_date": date(2026, 1, 1), "last_date": date(2026, 3, 31)}
    sample = AuditSample.objects.create(seed=1, per_engineer=1, drawn_at=NOW, **dates)
    judged = {"items_sum": 350, "items_count": 5, "audited_at": NOW, "items": {}, "diagnosis_correct": False}
    ReportAudit.objects.create(sample=sample, report=bad, engineer=world.one, note="No parts listed", **judged)
    ReportAudit.objects.create(sample=sample, report=good, engineer=world.one)  # not judged yet
    page = client_of(world, "engineer").get(reverse("review_reports", args=[world.review.pk]))
    assert page.context["summary"] == worklogs.ReportSummary(reports=3, in_time=1, late=1, undecided=1, audited=1)
    rows = [
        (row.external_id, [str(completeness) for _audit, completeness in audits])
        for row, audits in page.context["rows"]
    ]
    assert rows == [("R3", []), ("R2", ["70.00"]), ("R1", [])]
    assert "No parts listed" in page.content.decode()
    found = client_of(world, "manager").get(reverse("api:review-report-list", args=[world.review.pk])).json()
    assert [(row["external_id"], len(row["audits"])) for row in found["results"]] == [("R3", 0), ("R2", 1), ("R1", 0)]
    assert found["results"][1]["audits"][0]["completeness"] == "70.00"
    assert "auditor" not in found["results"][1]["audits"][0]


@pytest.mark.parametrize(
    "name", ["review_worklog", "review_reports", "api:review-worklog-list", "api:review-report-list"]
)
def test_the_pages_ask_the_same_number_of_questions_however_much_there_is(world: World, name: str) -> None:
    sample = AuditSample.objects.create(
        seed=1, first_date=date(2026, 1, 1), last_date=date(2026, 3, 31), per_engineer=1, drawn_at=NOW
    )
    judged = {"items_sum": 350, "items_count": 5, "audited_at": NOW}

    def add(number: int) -> None:
        made = log(world, date(2026, 3, number))
        WorkLogEntry.objects.create(key=uuid4(), log=made, received_at=NOW, from_device=False)
        ReportAudit.objects.create(sample=sample, report=report(world, number), engineer=world.one, **judged)

    client, address, counts = client_of(world, "manager"), reverse(name, args=[world.review.pk]), []
    add(2)
    client.get(address)
    for number in (2, 4):
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address).status_code == 200
        counts.append(len(captured))
        if number == 2:
            add(3)
            add(4)
    assert counts[0] == counts[1]


@pytest.mark.parametrize("page", ["rate_review", "scorecard_detail"])
def test_the_review_leads_to_both(world: World, page: str) -> None:
    shown = client_of(world, "manager").get(reverse(page, args=[world.review.pk])).content.decode()
    for name in ("review_worklog", "review_reports"):
        assert reverse(name, args=[world.review.pk]) in shown
