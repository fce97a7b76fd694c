"""Clock figures: durations, due instants, met or not (SPEC G1, G4, G6, G10). All instants are UTC."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from appraisal.evidence.intake.figures import TargetRule
from appraisal.scoring.clock import OFFICE_WEEK, WorkingClock
from tests.unit.evidence.frames import HOUR, MINUTE, MONDAY, SECOND, SHANGHAI, US_PER_HOUR, target, ticket, visit


def resolution(figures: dict[str, Any]) -> tuple[bool | None, datetime | None]:
    return figures["resolution_met"], figures["resolution_decided_at"]


def test_durations_are_kept_as_calendar_and_as_working_time():
    # Monday 09:00 to Tuesday 10:00: 25 hours, of which 3 + 5 on Monday and 1 on Tuesday are worked.
    figures = ticket(resolved_at=MONDAY + 25 * HOUR)

    assert figures["resolution_us"] == 25 * US_PER_HOUR
    assert figures["resolution_business_us"] == 9 * US_PER_HOUR
    assert figures["completed_at"] == MONDAY + 25 * HOUR


def test_a_closing_completes_a_case_but_is_no_resolution_time():
    figures = ticket(closed_at=MONDAY + 2 * HOUR)

    assert figures["completed_at"] == MONDAY + 2 * HOUR
    assert figures["resolution_us"] is None


def test_a_target_is_met_at_its_last_second_and_missed_one_second_later():
    assert resolution(ticket(target(60), resolved_at=MONDAY + HOUR)) == (True, MONDAY + HOUR)
    late = ticket(target(60), resolved_at=MONDAY + HOUR + SECOND)
    assert resolution(late) == (False, MONDAY + HOUR)


def test_fractions_of_a_second_do_not_break_a_target():
    stop = MONDAY + HOUR + timedelta(milliseconds=999)

    assert resolution(ticket(target(60), resolved_at=stop)) == (True, MONDAY + HOUR)


def test_an_open_case_is_decided_as_missed_at_its_due_instant():
    assert resolution(ticket(target(60))) == (False, MONDAY + HOUR)


def test_a_case_closed_without_a_resolution_time_is_decided_at_its_closing():
    assert resolution(ticket(target(60), closed_at=MONDAY + 30 * MINUTE)) == (True, MONDAY + 30 * MINUTE)


def test_without_target_due_and_word_nothing_is_decided():
    assert resolution(ticket(resolved_at=MONDAY + HOUR)) == (None, None)


def test_the_due_instant_of_the_source_counts_where_no_target_of_ours_is_in_force():
    due = MONDAY + 2 * HOUR

    assert resolution(ticket(resolution_due_at=due, resolved_at=due)) == (True, due)
    assert resolution(ticket(resolution_due_at=due, resolved_at=due + SECOND)) == (False, due)
    assert resolution(ticket(target(60), resolution_due_at=due, resolved_at=due)) == (False, MONDAY + HOUR)


def test_the_word_of_the_source_counts_last_and_is_decided_at_the_stop():
    stop = MONDAY + 9 * HOUR
    assert resolution(ticket(source_resolution_met=True, resolved_at=stop)) == (True, stop)
    assert resolution(ticket(source_resolution_met=False, closed_at=stop)) == (False, stop)
    assert resolution(ticket(source_resolution_met=False)) == (None, None)
    due = MONDAY + HOUR
    assert resolution(ticket(source_resolution_met=True, resolution_due_at=due, resolved_at=stop)) == (
        False,
        due,
    )


def test_the_word_on_the_first_response_is_decided_at_the_response():
    answer = MONDAY + 5 * MINUTE

    figures = ticket(source_response_met=True, first_response_at=answer, resolved_at=MONDAY + HOUR)

    assert (figures["response_met"], figures["response_decided_at"]) == (True, answer)


def test_a_target_in_working_time_is_due_at_a_working_instant():
    # Opened Monday 17:00 with two working hours: due Tuesday 10:00.
    opened, due = MONDAY + 8 * HOUR, MONDAY + 25 * HOUR
    rule = target(120, clock="business")

    assert resolution(ticket(rule, opened_at=opened)) == (False, due)
    assert resolution(ticket(rule, opened_at=opened, resolved_at=due)) == (True, due)
    assert resolution(ticket(rule, opened_at=opened, resolved_at=due + SECOND)) == (False, due)


@pytest.mark.parametrize(
    ("rules", "minutes"),
    [
        ([target(1), target(2, priority=1), target(3, source="s"), target(4, source="s", priority=1)], 4),
        ([target(1), target(2, priority=1), target(3, source="s")], 3),
        ([target(1), target(2, priority=1)], 2),
        ([target(1), target(2, priority=2), target(3, source="other")], 1),
        ([target(1), target(2, from_date=date(2026, 3, 2)), target(3, from_date=date(2026, 3, 3))], 2),
        ([target(2, from_date=date(2026, 3, 2)), target(1)], 2),
    ],
)
def test_the_most_particular_and_then_the_latest_target_in_force_counts(rules: list[TargetRule], minutes: int):
    assert ticket(*rules, priority=1)["resolution_decided_at"] == MONDAY + minutes * MINUTE


def test_a_target_comes_into_force_at_local_midnight():
    before = datetime(2026, 3, 1, 15, 59, 59)  # 23:59:59 in Shanghai
    rule = target(60, from_date=date(2026, 3, 2))

    assert ticket(rule, opened_at=before)["resolution_met"] is None
    assert ticket(rule, opened_at=before + SECOND)["resolution_met"] is False


def test_clocks_that_differ_by_five_minutes_give_a_duration_of_nothing():
    figures = ticket(target(60), resolved_at=MONDAY - 5 * MINUTE)

    assert figures["resolution_us"] == figures["resolution_business_us"] == 0
    assert figures["resolution_met"] is True
    assert figures["anomalies"] == ""


def test_a_stop_earlier_than_that_is_bad_data_and_decides_nothing():
    early = MONDAY - 5 * MINUTE - SECOND

    figures = ticket(
        target(60),
        target(60, "response"),
        resolved_at=early,
        first_response_at=early,
        source_resolution_met=True,
        resolution_due_at=MONDAY + HOUR,
    )

    assert figures["anomalies"] == "response_before_opened,resolved_before_opened"
    for name in ("us", "business_us", "met", "decided_at"):
        assert figures[f"resolution_{name}"] is None
        assert figures[f"response_{name}"] is None


def test_arrivals_count_from_dispatch_and_their_target_may_depend_on_the_ticket_s_priority():
    rules = [target(30, "arrival"), target(10, "arrival", priority=1)]
    arrived = MONDAY + 20 * MINUTE

    plain, urgent = visit(*rules, arrived_at=arrived), visit(*rules, arrived_at=arrived, priority=1)

    assert plain["arrival_us"] == 20 * 60 * 1_000_000
    assert (plain["arrival_met"], urgent["arrival_met"]) == (True, False)
    assert urgent["arrival_decided_at"] == MONDAY + 10 * MINUTE


def test_an_arrival_before_the_dispatch_is_bad_data():
    figures = visit(arrived_at=MONDAY - HOUR, arrival_due_at=MONDAY + HOUR)

    assert figures["anomalies"] == "arrived_before_dispatched"
    assert (figures["arrival_us"], figures["arrival_met"], figures["arrival_decided_at"]) == (
        None,
        None,
        None,
    )


@pytest.mark.parametrize("start", [MONDAY, MONDAY + 90 * MINUTE, MONDAY + 3 * HOUR, MONDAY - 60 * HOUR])
@pytest.mark.parametrize("minutes", [0, 1, 180, 481, 2400])
def test_advancing_a_clock_is_the_inverse_of_reading_it(start: datetime, minutes: int):
    clock = WorkingClock(zone=SHANGHAI, week=OFFICE_WEEK, first_date=date(2026, 1, 1), last_date=date(2026, 12, 31))
    begins = start.replace(tzinfo=ZoneInfo("UTC"))
    length = minutes * 60_000_000

    reached = clock.advance(begins, length)

    assert clock.elapsed(begins, reached) == length
    assert minutes == 0 or clock.elapsed(begins, reached - SECOND) < length


def test_a_clock_does_not_advance_beyond_its_days():
    clock = WorkingClock(zone=SHANGHAI, week=OFFICE_WEEK, first_date=date(2026, 3, 2), last_date=date(2026, 3, 2))
    begins = MONDAY.replace(tzinfo=ZoneInfo("UTC"))

    assert clock.advance(begins, 8 * US_PER_HOUR) == begins + 9 * HOUR
    with pytest.raises(ValueError, match="beyond the days"):
        clock.advance(begins, 8 * US_PER_HOUR + 1)
    with pytest.raises(ValueError, match="negative"):
        clock.advance(begins, -1)
