"""A ticket's course: the stretches of its clocks add up to its figures, and the chart and its table say the same."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse

from appraisal.evidence.intake.recompute import course_of, recompute_tickets
from appraisal.evidence.models import Target, Ticket, TicketEvent
from engineers.charts import Chart
from engineers.models import Role
from tests.factories import TicketFactory, UserFactory, VisitFactory

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 4, 2, 8, 0, tzinfo=UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")
MINUTE = 60_000_000


def at(text: str) -> datetime:
    """Return "03-02 09:00" of 2026 in Shanghai."""
    return datetime.strptime(f"2026-{text}", "%Y-%m-%d %H:%M").replace(tzinfo=SHANGHAI)


def stored(opened: str, resolved: str | None, *events: tuple[str, str, dict[str, Any]], **values: Any) -> Ticket:
    ticket: Ticket = TicketFactory(opened_at=at(opened), resolved_at=at(resolved) if resolved else None, **values)
    for number, (kind, moment, more) in enumerate(events):
        TicketEvent.objects.create(
            source="events", external_id=f"{ticket.pk}-{number}", ticket=ticket, type=kind, at=at(moment), **more
        )
    recompute_tickets([ticket.pk])
    ticket.refresh_from_db()
    return ticket


def told(ticket: Ticket) -> list[tuple[str, str, str, tuple[str, ...], float, float]]:
    """Return (from, to, state, reasons, minutes of calendar time, minutes of business time) of each stretch."""
    course = course_of(ticket, now=NOW)
    assert course is not None
    return [
        (
            stretch.start.astimezone(SHANGHAI).strftime("%m-%d %H:%M"),
            stretch.stop.astimezone(SHANGHAI).strftime("%m-%d %H:%M"),
            stretch.state.value,
            stretch.reasons,
            stretch.calendar_us / MINUTE,
            stretch.business_us / MINUTE,
        )
        for stretch in course.stretches
    ]


def seen(ticket: Ticket) -> tuple[Chart, str]:
    client = Client(headers={"accept-language": "en"})
    client.force_login(UserFactory(roles=[Role.HR]))
    answer = client.get(reverse("ticket_detail", args=[ticket.pk]))
    return answer.context["chart"], answer.content.decode()


def test_stretches_are_cut_at_midnight_pauses_and_reopenings_and_add_up_to_both_figures():
    ticket = stored(
        "03-02 16:00",
        "03-04 15:00",
        ("paused", "03-03 10:00", {"until": at("03-03 14:00"), "reason": "parts"}),
        ("resolved", "03-03 16:00", {}),
        ("reopened", "03-04 11:00", {}),
        ("resolved", "03-04 15:00", {}),
    )
    # Worked from 9 to 12 and from 13 to 18.
    assert told(ticket) == [
        ("03-02 16:00", "03-03 00:00", "running", (), 480, 120),
        ("03-03 00:00", "03-03 10:00", "running", (), 600, 60),
        ("03-03 10:00", "03-03 14:00", "paused", ("parts",), 240, 0),
        ("03-03 14:00", "03-03 16:00", "running", (), 120, 120),
        ("03-03 16:00", "03-04 00:00", "resolved", (), 0, 0),
        ("03-04 00:00", "03-04 11:00", "resolved", (), 0, 0),
        ("03-04 11:00", "03-04 15:00", "running", (), 240, 180),
    ]
    assert (ticket.resolution_us, ticket.resolution_business_us) == (1680 * MINUTE, 480 * MINUTE)


def test_the_course_of_an_open_ticket_goes_until_now():
    ticket = stored("04-01 17:00", None)
    assert told(ticket) == [
        ("04-01 17:00", "04-02 00:00", "running", (), 420, 60),
        ("04-02 00:00", "04-02 16:00", "running", (), 960, 360),
    ]


def test_a_course_of_more_than_a_month_is_told_by_its_stretches():
    ticket = stored("02-02 09:00", "03-27 18:00")
    (only,) = told(ticket)
    assert only[:4] == ("02-02 09:00", "03-27 18:00", "running", ())
    assert only[5] * MINUTE == ticket.resolution_business_us


def test_a_ticket_that_ends_before_it_began_has_no_course():
    ticket = stored("03-03 10:00", "03-02 10:00")
    assert course_of(ticket, now=NOW) is None
    assert 'id="course"' not in seen(ticket)[1]


def test_it_is_due_when_the_clock_that_was_promised_has_run_so_long():
    for kind, minutes in (("response", 30), ("resolution", 300)):
        Target.objects.create(kind=kind, minutes=minutes, clock="business", from_date=date(2026, 1, 1))
    pause = ("paused", "03-03 10:00", {"until": at("03-03 14:00"), "reason": "waiting_customer"})
    course = course_of(stored("03-02 16:00", None, pause), now=NOW)
    assert course is not None
    assert (course.response_due_at, course.resolution_due_at) == (at("03-02 16:30"), at("03-03 16:00"))
    told_by_source = stored("03-02 16:00", None, resolution_due_at=at("03-05 12:00"))
    Target.objects.all().delete()
    course = course_of(told_by_source, now=NOW)
    assert course is not None
    assert (course.response_due_at, course.resolution_due_at) == (None, at("03-05 12:00"))


def test_chart_and_table_say_the_same():
    Target.objects.create(kind="resolution", minutes=300, clock="business", from_date=date(2026, 1, 1))
    ticket = stored(
        "03-02 10:00",
        "03-02 17:00",
        ("assigned", "03-02 10:05", {}),
        ("paused", "03-02 14:00", {"until": at("03-02 15:00"), "reason": "parts"}),
        first_response_at=at("03-02 10:20"),
    )
    VisitFactory(
        ticket=ticket, dispatched_at=at("03-02 11:00"), arrived_at=at("03-02 15:00"), left_at=at("03-02 16:30")
    )
    chart, page = seen(ticket)
    assert chart.rows == (
        ("2026-03-02 10:00 – 2026-03-02 14:00 · running", "4 h 00 min", "3 h 00 min"),
        ("2026-03-02 14:00 – 2026-03-02 15:00 · paused (approved wait for parts)", "1 h 00 min", "0 min 00 s"),
        ("2026-03-02 15:00 – 2026-03-02 17:00 · running", "2 h 00 min", "2 h 00 min"),
        ("Sum", "7 h 00 min", "5 h 00 min"),
    )
    assert [(span["from"][11:16], span["to"][11:16], span["state"]) for span in chart.data["spans"]] == [
        ("10:00", "14:00", "running"),
        ("14:00", "15:00", "paused"),
        ("15:00", "17:00", "running"),
        ("15:00", "16:30", "visit"),
    ]
    assert [(mark["at"][11:16], mark["name"]) for mark in chart.data["marks"]] == [
        ("10:00", "Opened"),
        ("10:20", "First response"),
        ("17:00", "Resolved"),
        ("10:05", "assigned"),
    ]
    assert chart.data["dues"] == [{"at": "2026-03-02T17:00:00", "name": "resolution due"}]
    assert "done after 5 h 00 min of business time" in page
    assert page.count("2026-03-02 17:00</time>") == 3, "resolved, due, and in the course of events"


def test_whether_it_was_in_time_is_one_word_in_chinese_too():
    ticket = stored("03-02 10:00", "03-02 17:00", first_response_at=at("03-02 10:20"))
    Ticket.objects.filter(pk=ticket.pk).update(response_met=True, resolution_met=False)
    client = Client(headers={"accept-language": "zh-hans"})
    client.force_login(UserFactory(roles=[Role.HR]))
    page = client.get(reverse("ticket_detail", args=[ticket.pk])).content.decode()
    assert re.findall(r'data-label="是否及时">([^<]*)</td>', page) == ["–", "是", "否", "–"]
