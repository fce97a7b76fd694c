"""Targets: what is shipped, what HR adds and removes, and the figures that follow."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from appraisal.evidence import targets
from appraisal.evidence.intake.rules import current_rules
from appraisal.evidence.models import FigureUpdate, Target, Ticket
from engineers.models import AuditEntry
from tests.factories import TicketFactory, hr_user

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 4, 2, 8, 0, tzinfo=UTC)
OPENED = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # a Monday, 09:00 in Shanghai
SENT = {"kind": "arrival", "minutes": "120", "clock": "calendar", "from_date": "2026-01-01", "priority": "0"}


@pytest.fixture
def hr() -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(hr_user())
    return client


def test_reports_follow_up_and_the_window_of_reopening_are_promised_from_the_start():
    shipped = Target.objects.values_list("kind", "priority", "minutes", "clock", "from_date")

    assert set(shipped) == {
        ("report", 0, 1440, "business", date(2000, 1, 1)),
        ("followup", 0, 480, "business", date(2000, 1, 1)),
        ("followup", 1, 240, "business", date(2000, 1, 1)),
        ("followup", 2, 240, "business", date(2000, 1, 1)),
        ("reopening", 0, 10_080, "calendar", date(2000, 1, 1)),
    }


def test_reopening_counts_in_calendar_time_alone(hr: Client):
    answer = hr.post(reverse("target_list"), SENT | {"kind": "reopening", "clock": "business"})

    assert answer.status_code == 200, "the form again"
    assert "reopened within days, not within working hours" in answer.content.decode()
    assert hr.post(reverse("target_list"), SENT | {"kind": "reopening", "clock": "calendar"}).status_code == 302


def test_the_rules_hold_all_that_a_target_says():
    Target.objects.create(
        kind="arrival", source="s", priority=2, region="North", distance_from_km=50, distance_to_km=200,
        job_type="repair", minutes=360, clock="business", from_date="2026-01-01",
    )  # fmt: skip

    [rule] = [rule for rule in current_rules().targets if rule.kind == "arrival"]

    assert (rule.source, rule.priority, rule.region, rule.job_type) == ("s", 2, "North", "repair")
    assert (rule.distance_from_km, rule.distance_to_km) == (50, 200)
    assert (rule.seconds, rule.clock, rule.from_date) == (21_600, "business", date(2026, 1, 1))


def test_hr_promises_arrival_by_region_and_distance(hr: Client):
    sent = SENT | {"region": "North", "distance_from_km": "50", "distance_to_km": "200", "job_type": "repair"}

    assert hr.post(reverse("target_list"), sent).status_code == 302

    page = hr.get(reverse("target_list")).content.decode()
    assert "region North" in page
    assert "50 to below 200 km" in page
    entry = AuditEntry.objects.get(action="target.added")
    assert (entry.after["region"], entry.after["distance_to_km"], entry.after["job_type"]) == ("North", 200, "repair")
    assert FigureUpdate.objects.get().source == ""


@pytest.mark.parametrize(
    "wrong",
    [
        {"distance_from_km": "50", "distance_to_km": "50"},
        {"minutes": "0"},
        {"priority": "6"},
        {"distance_from_km": "-1"},
        {"kind": "coffee"},
    ],
)
def test_a_target_that_cannot_be_is_told_and_not_stored(hr: Client, wrong: dict[str, str]):
    answer = hr.post(reverse("target_list"), SENT | wrong)

    assert answer.status_code == 200
    assert not Target.objects.filter(kind="arrival").exists()


def test_the_same_promise_cannot_be_given_twice_for_the_same_scope_and_date(hr: Client):
    for _time in range(2):
        answer = hr.post(reverse("target_list"), SENT)

    assert answer.status_code == 200
    assert Target.objects.filter(kind="arrival").count() == 1
    with pytest.raises(IntegrityError), transaction.atomic():
        Target.objects.create(kind="arrival", minutes=5, from_date="2026-01-01")
    with pytest.raises(ValidationError):
        targets.add_target(target=Target(kind="arrival", minutes=5, from_date=date(2026, 1, 1)), by=hr_user(), now=NOW)


def test_figures_follow_a_target_that_comes_and_goes(hr: Client):
    def met() -> Any:
        targets.update_figures(update_id=FigureUpdate.objects.latest("pk").pk)
        return Ticket.objects.get().resolution_met

    TicketFactory(opened_at=OPENED, resolved_at=OPENED.replace(hour=4), region="north", distance_km=60)
    sent = SENT | {"kind": "resolution", "region": "North", "distance_from_km": "50"}

    hr.post(reverse("target_list"), sent)
    assert met() is False
    target = Target.objects.get(region="North")
    hr.post(reverse("target_remove", args=[target.pk]))
    assert met() is None
    assert AuditEntry.objects.get(action="target.removed").before["distance_from_km"] == 50
