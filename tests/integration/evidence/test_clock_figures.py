"""Clock figures of what is stored: after a target, a calendar, an event or a repair is known (SPEC E1 to E7)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from appraisal.calendars import actions as calendars
from appraisal.calendars.models import WorkCalendar
from appraisal.evidence.intake import derive
from appraisal.evidence.intake.recompute import (
    recompute_children,
    recompute_figures,
    recompute_reports,
    recompute_tickets,
    recompute_visits,
    recompute_worklogs,
)
from appraisal.evidence.models import ServiceReport, Target, Ticket, TicketEvent, Visit, WorkLog
from engineers.models import Engineer
from tests.factories import EngineerFactory, TeamFactory, TicketFactory, VisitFactory

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 4, 2, 8, 0, tzinfo=UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")
MINUTE = 60_000_000
SECOND = timedelta(seconds=1)


def at(text: str) -> datetime:
    """Return "03-02 09:00" of 2026 in Shanghai."""
    return datetime.strptime(f"2026-{text}", "%Y-%m-%d %H:%M").replace(tzinfo=SHANGHAI)


def stored(opened: str, resolved: str | None = None, **values: Any) -> Ticket:
    ticket: Ticket = TicketFactory(opened_at=at(opened), resolved_at=at(resolved) if resolved else None, **values)
    return ticket


def happened(ticket: Ticket, kind: str, moment: str, **values: Any) -> TicketEvent:
    return TicketEvent.objects.create(
        source="events", external_id=f"{ticket.pk}-{TicketEvent.objects.count()}", ticket=ticket, type=kind,
        at=at(moment), **values,
    )  # fmt: skip


def paused(ticket: Ticket, start: str, stop: str | None, **values: Any) -> None:
    happened(ticket, "paused", start, until=at(stop) if stop else None, **({"reason": "parts"} | values))


def computed(ticket: Ticket) -> Ticket:
    recompute_tickets([ticket.pk])
    ticket.refresh_from_db()
    return ticket


def promise(kind: str, minutes: int, **values: Any) -> Target:
    given = {"clock": "business", "from_date": date(2026, 1, 1)} | values
    return Target.objects.create(kind=kind, minutes=minutes, **given)


def test_e1_the_shipped_calendar_knows_the_make_up_saturday():
    ticket = computed(stored("02-13 17:30", "02-24 10:00"))

    assert ticket.resolution_business_us == 570 * MINUTE
    assert ticket.resolution_us == 15390 * MINUTE


def test_e2_pauses_that_arrive_later_change_duration_and_verdict():
    promise("resolution", 1500)
    ticket = computed(stored("09-20 16:00", "09-28 10:00"))
    assert ticket.resolution_business_us == 2100 * MINUTE
    paused(ticket, "09-21 10:00", "09-21 15:00")
    paused(ticket, "09-21 14:00", "09-22 09:30", reason="appointment")
    paused(ticket, "09-24 17:00", None, reason="waiting_customer")
    paused(ticket, "09-20 16:00", None, reason="lunch")
    paused(ticket, "09-20 16:00", None, exclusion="withdrawn")

    computed(ticket)

    assert (ticket.resolution_business_us, ticket.resolution_met) == (1530 * MINUTE, False)


def test_e3_a_reopened_case_is_measured_over_all_its_open_time():
    promise("resolution", 480)
    ticket = stored("03-02 09:00", "03-04 16:00")
    for kind, moment in (("resolved", "03-02 15:00"), ("reopened", "03-04 10:00"), ("resolved", "03-04 16:00")):
        happened(ticket, kind, moment)

    computed(ticket)

    assert (ticket.resolution_business_us, ticket.resolution_met) == (600 * MINUTE, False)
    assert (ticket.reopen_count, ticket.first_resolved_at) == (1, at("03-02 15:00"))
    assert ticket.resolution_decided_at == at("03-04 14:00")


def test_e5_a_promise_broken_before_the_quarter_ends_belongs_to_it():
    promise("response", 60)
    late = computed(stored("03-31 16:00", first_response_at=at("04-01 09:10")))

    assert (late.response_met, late.response_decided_at) == (False, at("03-31 17:00"))


def test_e6_the_shipped_promise_is_eight_business_hours_and_four_for_the_urgent():
    due = {"resolution_due_at": at("03-04 09:00")}
    plain = stored("02-25 09:00", "03-06 12:00", priority=3, **due)
    urgent = stored("02-25 09:00", "03-06 12:00", priority=2, **due)
    for ticket in (plain, urgent):
        happened(ticket, "updated", "03-06 09:00")
        computed(ticket)

    assert plain.followup_breach_at == at("03-04 18:00")
    assert urgent.followup_breach_at == at("03-04 14:00")


def test_a_transfer_changes_who_answers_for_the_response():
    promise("response", 60)
    one, two = EngineerFactory(), EngineerFactory()
    ticket = stored("03-02 09:00", first_response_at=at("03-02 10:30"), engineer=two)
    happened(ticket, "assigned", "03-02 09:00", engineer=one)
    happened(ticket, "assigned", "03-02 10:10", engineer=two)

    computed(ticket)

    assert (ticket.response_engineer, ticket.response_met) == (one, False)
    assert ticket.response_us == 90 * MINUTE


def test_a_calendar_of_a_region_counts_for_its_tickets_visits_and_reports():
    promise("arrival", 60)
    calendars.create_calendar(
        code="always", name_zh="全天", name_en="Always", time_zone="Asia/Shanghai",
        week=[[["00:00", "24:00"]]] * 7, regions=["North"], by=None, now=NOW,
    )  # fmt: skip
    ticket = stored("03-02 17:30", "03-02 18:30", region="NORTH")
    visit = VisitFactory(ticket=ticket, dispatched_at=at("03-02 17:30"), arrived_at=at("03-02 18:30"))
    report = ServiceReport.objects.create(
        source="test", external_id="R", ticket=ticket, service_ended_at=at("03-02 17:30"),
        submitted_at=at("03-02 18:30"),
    )  # fmt: skip
    elsewhere = stored("03-02 17:30", "03-02 18:30")

    assert recompute_figures() == 4

    for record in (ticket, visit, report, elsewhere):
        record.refresh_from_db()
    hour = 60 * MINUTE
    assert (ticket.resolution_business_us, elsewhere.resolution_business_us) == (hour, 30 * MINUTE)
    assert (visit.arrival_business_us, report.report_business_us) == (hour, hour)
    assert (visit.arrival_met, report.report_met) == (True, True)
    assert recompute_figures() == 0


def test_a_visit_follows_when_its_ticket_is_solved_without_a_check_in():
    ticket = stored("03-02 09:00")
    visit = VisitFactory(ticket=ticket, dispatched_at=at("03-02 09:30"))
    assert recompute_visits([visit.pk]) == 0
    Ticket.objects.filter(pk=ticket.pk).update(resolved_at=at("03-02 15:00"))
    recompute_tickets([ticket.pk])

    assert recompute_children([ticket.pk]) == 1

    visit.refresh_from_db()
    assert (visit.anomalies, visit.arrival_met, visit.arrival_decided_at) == (
        "no_check_in",
        False,
        at("03-02 15:00"),
    )
    Visit.objects.filter(pk=visit.pk).update(waived="arrival")
    assert recompute_visits([visit.pk]) == 1
    visit.refresh_from_db()
    assert (visit.anomalies, visit.arrival_met) == ("no_check_in", None)


def test_reports_keep_the_shipped_promise_of_24_business_hours():
    def told(submitted: str) -> bool | None:
        report = ServiceReport.objects.create(
            source="test", external_id=submitted, service_ended_at=at("02-13 17:00"), submitted_at=at(submitted)
        )
        recompute_reports([report.pk])
        report.refresh_from_db()
        return report.report_met

    # An hour on Friday, eight on the make-up Saturday, then the festival, and fifteen from Tuesday the 24th on.
    assert told("02-25 17:00") is True
    assert told("02-25 17:01") is False


def test_a_work_log_is_in_time_by_the_calendar_of_the_engineer_s_team():
    team = TeamFactory()
    calendars.create_calendar(
        code="always", name_zh="全天", name_en="Always", time_zone="Asia/Shanghai",
        week=[[["00:00", "24:00"]]] * 7, teams=[team], by=None, now=NOW,
    )  # fmt: skip
    logs = [
        WorkLog.objects.create(
            source="test", external_id=str(number), engineer=engineer, day=date(2026, 3, 6),
            logged_at=at("03-08 10:00"),
        )
        for number, engineer in enumerate([EngineerFactory(), EngineerFactory(team=team), None])
    ]  # fmt: skip

    assert recompute_worklogs([log.pk for log in logs]) == 3

    # Written on Sunday for Friday: until Monday in the office, too late where Saturday is a workday.
    assert list(WorkLog.objects.order_by("pk").values_list("logged_in_time", flat=True)) == [True, False, True]


def test_records_of_another_source_are_left_alone():
    ticket = stored("03-02 09:00", "03-02 10:00")

    assert recompute_figures(source="other") == 0
    assert recompute_figures(source="test") == 1
    ticket.refresh_from_db()
    assert ticket.resolution_us == 60 * MINUTE


def test_nothing_to_compute_asks_nothing():
    with CaptureQueriesContext(connection) as captured:
        assert recompute_tickets([]) == recompute_children([]) == derive.link_repeats([]) == 0
        assert derive.count_follow_ups("test", [""]) == 0
    assert len(captured) == 0


# E7: X/f is fixed by A, opened again exactly 30 days later and fixed by B, and so on.
def repair(number: str, opened: str, resolved: str | None, engineer: Engineer, **values: Any) -> Ticket:
    return stored(opened, resolved, external_id=number, engineer=engineer, **({"asset": "X", "fault": "f"} | values))


@pytest.fixture
def e7() -> dict[str, Ticket]:
    a, b = EngineerFactory(), EngineerFactory()
    return {
        "F1": repair("F1", "05-30 09:00", "06-01 10:00", a),
        "callback": repair("callback", "06-10 09:00", "06-10 10:00", a, no_fault_found=True),
        "preventive": repair("preventive", "06-20 09:00", "06-20 10:00", a, job_type="preventive"),
        "F2": repair("F2", "07-01 10:00", "07-02 12:00", b),
        "F3": repair("F3", "07-20 09:00", "07-21 12:00", b),
        "F4": repair("F4", "07-22 09:00", "07-22 12:00", a, fault="g"),
        "F5": repair("F5", "06-05 09:00", "06-05 12:00", a, asset="Y"),
        "no asset": repair("no asset", "06-05 09:00", "06-05 12:00", a, asset=""),
    }


def repeats() -> dict[str, Fraction]:
    """Return after how many days each fix was repaired again."""
    found = Ticket.objects.filter(repeat_after_us__isnull=False).values_list("external_id", "repeat_after_us")
    return {number: Fraction(after, 24 * 60 * MINUTE) for number, after in found}


def test_e7_a_fix_is_repeated_by_the_earliest_later_repair_of_the_same_asset_and_fault(e7: dict[str, Ticket]):
    assert derive.link_repeats([ticket.pk for ticket in e7.values()]) == 2

    assert repeats() == {"F1": 30, "F2": Fraction(17 * 24 + 21, 24)}
    assert derive.link_repeats([e7["F3"].pk]) == 0


def test_e7_one_second_later_it_is_more_than_30_days(e7: dict[str, Ticket]):
    Ticket.objects.filter(external_id="F2").update(opened_at=e7["F2"].opened_at + SECOND)

    derive.link_repeats([e7["F2"].pk])

    assert repeats()["F1"] == 30 + Fraction(1, 86400)


def test_a_repair_excluded_later_repeats_nothing(e7: dict[str, Ticket]):
    derive.link_repeats([e7["F1"].pk])
    Ticket.objects.filter(external_id="F2").update(exclusion="withdrawn")

    derive.link_repeats([e7["F2"].pk])

    assert set(repeats()) == {"F1"}
    assert repeats()["F1"] > 30


def test_a_ticket_that_turns_out_to_be_of_another_asset_leaves_its_former_one(e7: dict[str, Ticket]):
    derive.link_repeats([e7["F1"].pk])
    moved = [e7["F1"].pk, e7["F3"].pk]
    before = derive.repaired_by(moved)
    Ticket.objects.filter(pk=e7["F1"].pk).update(asset="")
    Ticket.objects.filter(pk=e7["F3"].pk).update(asset="Z")

    derive.link_repeats(moved, before=before)

    assert (before, repeats()) == ({("X", "f")}, {})


def test_a_repair_opened_at_the_very_instant_of_the_fix_is_no_repeat():
    engineer = EngineerFactory()
    first = repair("1", "06-01 09:00", "06-01 10:00", engineer)
    repair("2", "06-01 10:00", None, engineer)

    derive.link_repeats([first.pk])

    assert repeats() == {}


def test_linking_asks_as_often_however_many_repairs_there_are(e7: dict[str, Ticket]):
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            derive.link_repeats(list(Ticket.objects.values_list("pk", flat=True)))
        return len(captured)

    derive.link_repeats([e7["F1"].pk])
    before = queries()
    engineer = EngineerFactory()
    for number in range(20):
        repair(f"M{number}", "06-01 09:00", "06-01 10:00", engineer, asset=f"M{number}")
    assert queries() == before


def test_follow_up_orders_are_counted_on_the_primary_one():
    for number, primary, exclusion in (
        ("P", "", ""),
        ("Q", "", ""),
        ("1", "P", ""),
        ("2", "P", ""),
        ("3", "P", "duplicate"),
        ("4", "unknown", ""),
    ):
        stored("03-02 09:00", external_id=number, follow_up_of=primary, exclusion=exclusion)
    stored("03-02 09:00", external_id="P", source="other")
    Ticket.objects.filter(external_id="Q").update(follow_up_count=7)

    assert derive.count_follow_ups("test", ["P", "Q", "unknown", ""]) == 2

    counted = dict(Ticket.objects.filter(source="test").values_list("external_id", "follow_up_count"))
    assert (counted["P"], counted["Q"], counted["1"]) == (2, 0, 0)
    assert Ticket.objects.get(source="other").follow_up_count == 0
    assert derive.count_follow_ups("test", ["P", "Q"]) == 0


def test_the_default_calendar_is_the_truth_and_a_changed_one_changes_figures():
    ticket = computed(stored("03-02 09:00", "03-03 10:00"))
    assert ticket.resolution_business_us == 9 * 60 * MINUTE
    china = WorkCalendar.objects.get(code="cn")
    calendars.set_day(calendar=china, day=date(2026, 3, 2), type="holiday", by=None, now=NOW)

    assert recompute_figures() == 1

    ticket.refresh_from_db()
    assert ticket.resolution_business_us == 60 * MINUTE
