"""Imports of the real files give the figures computed from them without this project."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from statistics import mean, median
from typing import Any

import pytest
from django.db.models import Sum

from appraisal.evidence.models import Anomaly, Survey, Ticket, Visit
from tests.integration.evidence.conftest import Run

pytestmark = pytest.mark.django_db

US_PER_MINUTE = 60 * 1_000_000
US_PER_HOUR = 60 * US_PER_MINUTE


def reference(shared_data: Path, folder: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((shared_data / folder / "reference.json").read_text())
    return content


def share(part: int, whole: int) -> float:
    return round(100 * part / whole, 4)


def middle(values: Iterable[int | None], unit: int) -> float:
    return round(median(value for value in values if value is not None) / unit, 4)


def by_engineer(rows: Iterable[Any]) -> dict[str, list[Any]]:
    groups: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        groups[row.engineer.name if row.engineer else ""].append(row)
    return groups


def test_uci_incident_equals_the_reference_for_all_and_for_each_listed_resolver(shared_data: Path, run: Run):
    expected = reference(shared_data, "uci_incident")

    summary = run(shared_data / "uci_incident" / "incident_event_log.csv.zip", "uci_incident")

    assert (summary.rows, summary.created, summary.rejected) == (119998, 20769, 0)
    # The reference leaves out the ticket at which the file is cut off.
    tickets = list(Ticket.objects.exclude(external_id="INC0029233").select_related("engineer"))
    groups = by_engineer(tickets)
    assert len(groups.pop("")) == expected["by_resolved_by"]["unattributed_tickets"] == 89
    assert expected["by_resolved_by"]["engineers"] == 190
    assert len(groups) == 190
    cases = [(tickets, expected["overall"])]
    cases += [(groups[name], figures) for name, figures in expected["by_resolved_by"]["top"].items()]
    priorities = {"1 - Critical": 1, "2 - High": 2, "3 - Moderate": 3, "4 - Low": 4}
    cases += [
        ([t for t in tickets if t.priority == priorities[label]], figures)
        for label, figures in expected["by_priority"].items()
    ]
    for group, figures in cases:
        assert len(group) == figures["tickets"]
        assert sum(t.resolution_met is True for t in group) == figures["sla_met"]
        assert share(sum(bool(t.resolution_met) for t in group), len(group)) == figures["sla_pct"]
        reopened = sum(t.reopen_count > 0 for t in group)
        assert reopened == figures.get("reopened", reopened)
        assert share(reopened, len(group)) == figures["reopen_pct"]
        assert sum(t.resolved_at is None for t in group) == figures["resolved_at_missing"]
        assert middle((t.resolution_us for t in group), US_PER_HOUR) == figures["median_resolution_h"]
        early = [t for t in group if Anomaly.RESPONSE_BEFORE_OPENED.value in t.anomalies]
        assert len(early) == figures["first_response_before_open"]
        assert round(mean(t.reassignment_count for t in group), 4) == figures["mean_reassignments"]
        untouched = sum(t.reopen_count == 0 and t.reassignment_count == 0 for t in group)
        assert share(untouched, len(group)) == figures["one_touch_pct"]


def test_sf_fire_equals_the_reference_for_all_units_and_counts_arrivals_within_8_minutes(shared_data: Path, run: Run):
    expected = reference(shared_data, "sf_fire")

    summary = run(
        shared_data / "sf_fire" / "calls_for_service_2017w1.csv.gz",
        "sf_fire",
        time_zone="America/Los_Angeles",
    )

    assert (summary.rows, summary.created) == (7704, 7704)
    tickets = by_engineer(Ticket.objects.select_related("engineer"))
    visits = by_engineer(Visit.objects.select_related("engineer", "ticket"))
    assert len(tickets) == expected["units"]
    everything = [visit for group in visits.values() for visit in group]
    cases = [(everything, sum(map(len, tickets.values())), expected["overall"])]
    cases += [(visits[unit], len(tickets[unit]), figures) for unit, figures in expected["by_unit"].items()]
    for group, ticket_count, figures in cases:
        arrived = [v for v in group if v.arrived_at]
        assert ticket_count == figures["tickets"]
        assert len(arrived) == figures["arrived"]
        assert all(v.exclusion == ("" if v.arrived_at else "cancelled") for v in group)
        assert sum(v.arrival_met for v in arrived) == figures["within_8min"]
        assert middle((v.arrival_us for v in arrived), US_PER_MINUTE) == figures["median_received_to_arrival_min"]
        responses = (v.ticket.response_us for v in group)
        assert middle(responses, US_PER_MINUTE) == figures["median_received_to_enroute_min"]
    assert all(v.ticket.visit_count == (1 if v.arrived_at else 0) for v in everything)
    assert all(v.is_first == bool(v.arrived_at) for v in everything)


def test_tech_support_equals_the_reference_in_attainment_recomputed_from_due_times(shared_data: Path, run: Run):
    expected = reference(shared_data, "tech_support")

    summary = run(shared_data / "tech_support" / "technical_support.csv")

    assert (summary.rows, summary.created) == (2330, 2330)
    tickets = list(Ticket.objects.select_related("engineer"))
    groups = by_engineer(tickets)
    assert set(groups) == set(expected["by_agent"])
    cases = [(tickets, expected["overall"])]
    cases += [(groups[agent], figures) for agent, figures in expected["by_agent"].items()]
    for group, figures in cases:
        resolved = [t for t in group if t.resolved_at]
        assert len(resolved) == figures.get("resolved", len(resolved))
        met = sum(bool(t.resolution_met) for t in resolved)
        assert share(met, len(resolved)) == figures["recomputed_sla_resolution_pct"]
        assert middle((t.resolution_us for t in group), US_PER_HOUR) == figures["median_resolution_h"]
        labels = sum(bool(t.source_response_met) for t in group)
        assert share(labels, len(group)) == figures["label_sla_first_response_pct"]
        # The reference counts an answer given before the ticket existed as in time; here it is bad data.
        answered = [t for t in group if t.first_response_at]
        impossible = sum(Anomaly.RESPONSE_BEFORE_OPENED.value in t.anomalies for t in answered)
        # It also counts fractions of a second, which SPEC G4 does not: one answer is 0.427 s late.
        fraction = timedelta(seconds=1)
        hair = sum(t.response_due_at < t.first_response_at < t.response_due_at + fraction for t in answered)
        met = sum(bool(t.response_met) for t in answered)
        assert share(met + impossible - hair, len(answered)) == figures["recomputed_sla_first_response_pct"]
        # Unanswered and unresolved tickets have a due time too: they are breaches, not absent.
        assert all(t.resolution_met is False for t in group if not t.resolved_at and not t.closed_at)
    assert sum(Anomaly.RESPONSE_BEFORE_OPENED.value in t.anomalies for t in tickets) == 2


def test_tech_support_surveys_equal_the_reference(shared_data: Path, run: Run):
    expected = reference(shared_data, "tech_support")

    run(shared_data / "tech_support" / "technical_support.csv")

    surveys = Survey.objects.all()
    assert surveys.count() == expected["overall"]["surveys"] == 1173
    total = surveys.aggregate(total=Sum("score_hundredths"))["total"]
    assert round(total / 1173 / 100, 4) == expected["overall"]["mean_satisfaction"]
    assert share(surveys.filter(score_hundredths__gte=400).count(), 1173) == expected["overall"]["csat_4_5_pct"]
    groups = by_engineer(surveys.select_related("engineer"))
    for agent, figures in expected["by_agent"].items():
        scores = [survey.score_hundredths for survey in groups[agent]]
        assert len(scores) == figures["surveys"]
        assert round(sum(scores) / len(scores) / 100, 4) == figures["mean_satisfaction"]
    assert not surveys.filter(ticket=None).exists()


def test_italian_helpdesk_equals_the_reference_and_finds_152_reopened_cases(shared_data: Path, run: Run):
    expected = reference(shared_data, "italian_helpdesk")

    summary = run(shared_data / "italian_helpdesk" / "helpdesk.csv.gz", "italian_helpdesk")

    assert (summary.rows, summary.created) == (expected["events"], expected["cases"])
    tickets = list(Ticket.objects.select_related("engineer"))
    groups = by_engineer(tickets)
    assert len(groups.pop("")) == expected["unattributed"] == 11
    assert len(groups) == expected["engineers"]
    cases = [(tickets, expected["overall"])]
    cases += [(groups[name], figures) for name, figures in expected["by_engineer"].items()]
    for group, figures in cases:
        assert len(group) == figures["tickets"]
        assert sum(t.resolved_at is not None for t in group) == figures["resolved"]
        assert sum(t.closed_at is not None for t in group) == figures["closed"]
        assert sum(t.reopen_count > 0 for t in group) == figures["reopened"]
        assert middle((t.resolution_us for t in group), US_PER_HOUR) == figures["median_resolution_h"]
        assert middle((t.response_us for t in group), US_PER_MINUTE) == figures["median_first_response_min"]
        assert round(mean(t.reassignment_count for t in group), 4) == figures["mean_reassignments"]
    assert sum(t.reopen_count > 0 for t in tickets) == 152


def test_workorders_equal_the_reference_in_orders_completion_and_waiting_days(shared_data: Path, run: Run):
    expected = reference(shared_data, "workorders")

    summary = run(shared_data / "workorders" / "workorders.xlsx", "workorders")

    assert (summary.rows, summary.created) == (1000, 1000)
    tickets = list(Ticket.objects.select_related("engineer"))
    groups = by_engineer(tickets)
    cases = [(tickets, expected["overall"])]
    cases += [(groups[name], figures) for name, figures in expected["by_leadtech"].items()]
    day = timedelta(days=1)
    for group, figures in cases:
        waits = [(t.resolved_at - t.opened_at) // day for t in group if t.resolved_at]
        assert len(group) == figures["work_orders"]
        assert len(waits) == figures["completed"]
        assert median(waits) == figures["median_wait_days"]
        assert round(mean(waits), 4) == figures["mean_wait_days"]
        assert sum(t.priority == 2 for t in group) == figures["rush"]


@pytest.mark.parametrize(
    ("preset", "file", "kind"),
    [
        ("uci_incident", "uci_incident/incident_event_log.csv.zip", "tickets"),
        ("sf_fire", "sf_fire/calls_for_service_2017w1.csv.gz", "tickets"),
        ("sf_fire", "sf_fire/calls_for_service_2017w1.csv.gz", "visits"),
        ("tech_support", "tech_support/technical_support.csv", "surveys"),
        ("italian_helpdesk", "italian_helpdesk/helpdesk.csv.gz", "tickets"),
        ("workorders", "workorders/workorders.xlsx", "tickets"),
    ],
)
def test_a_file_imported_twice_changes_nothing(shared_data: Path, run: Run, preset: str, file: str, kind: str):
    first = run(shared_data / file, preset, kind)

    second = run(shared_data / file, preset, kind)

    assert (second.created, second.updated, second.unchanged) == (0, 0, first.created)
    assert first.created > 0
