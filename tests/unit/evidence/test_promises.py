"""Which target holds for a record (SPEC 5), and visits, reports and work logs (SPEC G10, 1)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import polars as pl
import pytest

from appraisal.evidence.intake.figures import TargetRule, worklog_figures
from tests.unit.evidence.frames import (
    CHINA,
    HOUR,
    MINUTE,
    MONDAY,
    SECOND,
    US_PER_HOUR,
    local,
    report,
    rules,
    target,
    ticket,
    visit,
)

SOURCE = target(10, source="s")
REGION = target(20, region=" NORTH ")
NEAR = target(30, distance_to_km=50)
FAR = target(40, distance_from_km=50)
REPAIR = target(50, job_type="repair")
URGENT = target(60, priority=1)
LATER = target(70, from_date=date(2026, 2, 1))
ANY = target(80)
IN_ORDER = [SOURCE, REGION, NEAR, REPAIR, URGENT, LATER, ANY]


def due_after(*targets: TargetRule, **values: Any) -> int | None:
    due = ticket(*targets, **values)["overdue_at"]
    return None if due is None else (due - MONDAY) // MINUTE


@pytest.mark.parametrize("count", range(1, len(IN_ORDER) + 1))
def test_source_goes_before_region_distance_job_type_priority_and_date(count: int):
    remaining = IN_ORDER[-count:]

    found = due_after(*reversed(remaining), region="north", distance_km=10, priority=1)

    assert found == remaining[0].seconds // 60


def test_one_that_fits_more_narrowly_beats_one_that_fits_in_fewer_ways():
    both = target(5, region="north", priority=1)

    assert due_after(REGION, both, region="north", priority=1) == 5
    assert due_after(REGION, both, region="north", priority=2) == 20
    # A source of its own goes before everything that is not.
    assert due_after(SOURCE, both, region="north", priority=1) == 10


def test_a_distance_band_holds_from_its_first_kilometre_to_below_its_last():
    assert [due_after(NEAR, FAR, distance_km=km) for km in (0, 49, 50, 900)] == [30, 30, 40, 40]
    assert due_after(NEAR, FAR, ANY) == 80
    middle = target(35, distance_from_km=50, distance_to_km=200)
    assert [due_after(middle, distance_km=km) for km in (49, 50, 199, 200)] == [None, 35, 35, None]


def test_a_target_of_another_region_job_type_or_source_does_not_hold():
    others = [target(1, region="south"), target(1, job_type="training"), target(1, source="other")]

    assert due_after(*others, region="north") is None


APPOINTMENT = {"appointment_until_at": MONDAY + 3 * HOUR}


def arrival(figures: dict[str, Any]) -> tuple[bool | None, datetime | None]:
    return figures["arrival_met"], figures["arrival_decided_at"]


def test_an_appointment_later_than_the_due_instant_is_the_due_instant():
    promise = target(60, "arrival", clock="business")

    on_time = visit(promise, arrived_at=MONDAY + 3 * HOUR, **APPOINTMENT)
    late = visit(promise, arrived_at=MONDAY + 3 * HOUR + SECOND, **APPOINTMENT)
    early = visit(target(300, "arrival"), arrived_at=MONDAY + 4 * HOUR, **APPOINTMENT)

    assert arrival(on_time) == (True, MONDAY + 3 * HOUR)
    assert arrival(late) == (False, MONDAY + 3 * HOUR)
    assert arrival(early) == (True, MONDAY + 4 * HOUR)


def test_an_appointment_puts_off_what_the_source_promised_and_promises_nothing_by_itself():
    assert arrival(visit(arrival_due_at=MONDAY + HOUR, arrived_at=MONDAY + 2 * HOUR, **APPOINTMENT)) == (
        True,
        MONDAY + 2 * HOUR,
    )
    assert arrival(visit(arrived_at=MONDAY + 9 * HOUR, **APPOINTMENT)) == (None, None)


def test_who_solves_a_case_without_checking_in_has_not_arrived_in_time():
    promise = target(60, "arrival")

    soon = visit(promise, ticket_completed_at=MONDAY + 30 * MINUTE)
    later = visit(promise, ticket_completed_at=MONDAY + 2 * HOUR)
    without_promise = visit(ticket_completed_at=MONDAY + 2 * HOUR)

    assert soon["anomalies"] == later["anomalies"] == "no_check_in"
    assert arrival(soon) == (False, MONDAY + 30 * MINUTE)
    assert arrival(later) == (False, MONDAY + HOUR)
    assert arrival(without_promise) == (False, MONDAY + 2 * HOUR)


@pytest.mark.parametrize(
    "values",
    [
        {"ticket_completed_at": None},
        {"ticket_completed_at": MONDAY + HOUR, "arrived_at": MONDAY},
        {"ticket_completed_at": MONDAY + HOUR, "exclusion": "cancelled"},
        {"ticket_completed_at": MONDAY - HOUR},
    ],
)
def test_nobody_need_check_in_for_a_trip_not_made_or_a_case_not_solved(values: dict[str, Any]):
    figures = visit(**values)

    assert (figures["anomalies"], figures["arrival_met"] is False) == ("", False)


def test_an_excused_visit_gives_no_figure_and_still_shows_what_was_wrong():
    figures = visit(target(60, "arrival"), ticket_completed_at=MONDAY + HOUR, waived="arrival")

    assert (arrival(figures), figures["anomalies"]) == ((None, None), "no_check_in")


DAY = target(1440, "report", clock="business")


def test_a_report_is_due_within_three_working_days_of_eight_hours():
    submitted = local("03-04 18:00")

    assert report(DAY, submitted_at=submitted)["report_met"] is True
    assert report(DAY, submitted_at=submitted)["report_business_us"] == 24 * US_PER_HOUR
    # The end of a working day and the beginning of the next are the same working instant.
    assert report(DAY, submitted_at=local("03-05 09:00"))["report_met"] is True
    assert report(DAY, submitted_at=local("03-05 09:01"))["report_met"] is False
    never = report(DAY)
    assert (never["report_met"], never["report_decided_at"]) == (False, local("03-04 18:00"))


def test_a_device_that_claims_to_have_sent_later_than_it_was_received_has_a_wrong_clock():
    def elapsed(**values: Any) -> int:
        return report(**values)["report_us"] // 60_000_000

    received = MONDAY + HOUR
    assert elapsed(submitted_at=received + 6 * MINUTE, received_at=received) == 60
    assert elapsed(submitted_at=received + 5 * MINUTE, received_at=received) == 65
    assert elapsed(submitted_at=MONDAY, received_at=received) == 0
    assert elapsed(received_at=received) == 60


def test_a_report_from_before_the_service_ended_is_bad_data():
    figures = report(DAY, submitted_at=MONDAY - HOUR)

    assert figures["anomalies"] == "report_before_service"
    assert (figures["report_us"], figures["report_met"], figures["report_decided_at"]) == (None, None, None)
    assert report(DAY, waived="report")["report_met"] is None


def in_time(day: date, logged_at: datetime | None, calendar: str = "cn") -> bool | None:
    frame = pl.DataFrame(
        [{"day": day, "logged_at": logged_at, "calendar": calendar}],
        schema={"day": pl.Date, "logged_at": pl.Datetime("us"), "calendar": pl.String},
    )
    return worklog_figures(frame, rules=rules(default=CHINA))["logged_in_time"][0]


def test_a_day_is_logged_in_time_until_the_end_of_the_next_workday():
    # The Sunday 2026-09-20 is worked, so Friday's log may wait until it is over, and no longer.
    assert in_time(date(2026, 9, 18), local("09-20 23:59")) is True
    assert in_time(date(2026, 9, 18), local("09-21 00:00")) is False
    # Before the Mid-Autumn holidays the next workday is the Monday after.
    assert in_time(date(2026, 9, 24), local("09-28 20:00"), calendar="unknown") is True
    assert in_time(date(2026, 9, 24), None) is None
    # What is written before its day tells of no work that was done.
    assert in_time(date(2026, 9, 18), local("09-18 00:00")) is True
    assert in_time(date(2026, 9, 18), local("09-17 23:59")) is False
