"""Pauses, reopening and transfers of tickets (SPEC G1, G3, G8, G9)."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from appraisal.calendars.rules import CalendarRules
from appraisal.evidence.intake.figures import ticket_figures
from appraisal.scoring.clock import END_OF_DAY, WorkingWeek
from tests.unit.evidence.frames import (
    E2,
    E2_PAUSES,
    E3,
    E3_EVENTS,
    HOUR,
    US_PER_HOUR,
    US_PER_MINUTE,
    business_minutes,
    event,
    event_frame,
    local,
    pause,
    rules,
    target,
    ticket,
    ticket_frame,
)


def test_pauses_in_any_order_and_given_twice_are_the_same_pauses():
    assert ticket(events=[*E2_PAUSES[::-1], *E2_PAUSES], **E2) == ticket(events=E2_PAUSES, **E2)


def test_the_due_instant_moves_past_pauses():
    # 60 working minutes promised at 09:00; an hour's pause from 09:30 puts the end off to 11:00.
    promise = target(60, clock="business")

    figures = ticket(promise, events=[pause("03-02 09:30", "03-02 10:30")])

    assert figures["resolution_decided_at"] == figures["overdue_at"] == local("03-02 11:00")
    assert ticket(promise, events=[pause("03-02 10:00", "03-02 12:00")])["overdue_at"] == local("03-02 10:00")


def test_a_case_on_hold_without_an_end_is_not_decided_and_in_time_when_it_is_solved_so():
    promise, hold = target(60, clock="business"), [pause("03-02 09:30", None)]

    waiting = ticket(promise, events=hold)
    solved = ticket(promise, events=hold, resolved_at=local("03-05 10:00"))

    assert (waiting["resolution_met"], waiting["resolution_decided_at"], waiting["overdue_at"]) == (None, None, None)
    assert (solved["resolution_met"], solved["resolution_decided_at"]) == (True, local("03-05 10:00"))
    assert business_minutes(solved) == 30


def test_a_pause_does_not_stop_the_calendar_clock():
    figures = ticket(target(60), events=[pause("03-02 09:30", "03-02 10:30")], resolved_at=local("03-02 10:30"))

    assert (figures["resolution_us"], figures["resolution_met"]) == (90 * US_PER_MINUTE, False)


def test_a_pause_for_any_other_reason_stops_nothing():
    assert business_minutes(ticket(events=[pause("03-02 10:00", "03-02 11:00", "lunch")], **E3)) == 1320


def test_the_first_response_is_never_paused():
    promise = target(30, "response", clock="business")

    figures = ticket(promise, events=[pause("03-02 09:00", "03-02 12:00")], first_response_at=local("03-02 10:00"))

    assert (figures["response_met"], figures["response_business_us"]) == (False, US_PER_HOUR)


def test_a_calendar_target_resumes_as_well():
    assert ticket(target(720), events=E3_EVENTS, **E3)["resolution_met"] is True
    assert ticket(target(719), events=E3_EVENTS, **E3)["resolution_met"] is False


def test_a_case_opened_again_after_its_resolution_is_open():
    figures = ticket(
        target(480, clock="business"),
        events=E3_EVENTS[:2],
        opened_at=local("03-02 09:00"),
        resolved_at=local("03-02 15:00"),
    )

    assert (figures["completed_at"], figures["resolution_us"]) == (None, None)
    assert (figures["resolution_met"], figures["overdue_at"]) == (False, local("03-04 14:00"))


def test_events_go_before_the_number_of_reopenings_in_the_file():
    assert ticket(reopen_count=5)["reopen_count"] == 5
    assert ticket(reopen_count=5, events=[event("updated", "03-02 10:00")])["reopen_count"] == 5
    assert ticket(reopen_count=5, events=E3_EVENTS, **E3)["reopen_count"] == 1


# Transfers: 1 is the ticket's engineer in the file.
def assigned(at: str, engineer_id: int | None) -> dict[str, Any]:
    return event("assigned", at, engineer_id=engineer_id)


def test_without_a_history_the_ticket_s_engineer_is_the_responder():
    assert ticket(first_response_at=local("03-02 10:00"))["response_engineer_id"] == 1


def test_the_response_is_credited_to_whoever_held_the_ticket_when_it_was_decided():
    promise, moves = target(60, "response"), [assigned("03-02 09:10", 7), assigned("03-02 11:00", 8)]

    answered = ticket(promise, events=moves, first_response_at=local("03-02 09:30"))
    late = ticket(promise, events=moves, first_response_at=local("03-02 12:00"))
    unanswered = ticket(promise, events=moves)

    assert (answered["response_engineer_id"], answered["response_met"]) == (7, True)
    # Decided at its due instant, 10:00, when the first one held it.
    assert (late["response_engineer_id"], late["response_met"]) == (7, False)
    assert (unanswered["response_engineer_id"], unanswered["response_us"]) == (7, None)


def test_the_engineer_s_own_clock_starts_when_the_ticket_is_assigned_the_customer_s_when_it_is_opened():
    moves = [assigned("03-02 09:00", 7), assigned("03-02 11:50", 8)]

    figures = ticket(target(200, "response"), events=moves, first_response_at=local("03-02 13:10"))

    assert figures["response_engineer_id"] == 8
    assert figures["response_us"] == 80 * US_PER_MINUTE
    assert figures["response_business_us"] == 20 * US_PER_MINUTE
    assert figures["response_met"] is False


def test_being_assigned_what_one_holds_already_starts_no_new_clock():
    moves = [assigned("03-02 09:00", 7), assigned("03-02 09:55", 7)]

    assert ticket(events=moves, first_response_at=local("03-02 10:00"))["response_us"] == US_PER_HOUR


def test_before_anybody_is_assigned_the_ticket_s_engineer_answers_for_it():
    figures = ticket(target(60, "response"), events=[assigned("03-02 15:00", 7)])

    assert (figures["response_engineer_id"], figures["response_decided_at"]) == (1, local("03-02 10:00"))


@pytest.mark.parametrize("clock", ["response", "resolution", "followup"])
def test_a_waived_clock_gives_no_figure(clock: str):
    promises = [target(60, "response"), target(60), target(480, "followup", clock="business")]
    late = {"first_response_at": local("03-02 11:00"), "resolved_at": local("03-05 11:00")}

    figures, plain = ticket(*promises, waived=f"arrival,{clock}", **late), ticket(*promises, **late)

    names = {
        "response": ["response_us", "response_business_us", "response_met", "response_decided_at"],
        "resolution": ["resolution_us", "resolution_business_us", "resolution_met", "resolution_decided_at"],
        "followup": [],
    }[clock] + ([] if clock == "response" else ["overdue_at", "followup_breach_at"])
    assert all(plain[name] is not None for name in names)
    assert all(figures[name] is None for name in names)
    assert {name: value for name, value in figures.items() if name not in names} == {
        name: value for name, value in plain.items() if name not in names
    }


def test_each_ticket_has_its_own_events_and_the_calendar_of_its_region():
    rows = [
        {"external_id": "1", "region": " North", "resolved_at": local("03-02 10:00")},
        {"external_id": "2", "region": "south", "resolved_at": local("03-02 10:00")},
        {"external_id": "3", "region": "NORTH", "resolved_at": local("03-02 10:00")},
        {"external_id": "4", "region": None, "resolved_at": local("03-02 10:00")},
    ]
    late = CalendarRules(
        code="late",
        zone=ZoneInfo("Asia/Shanghai"),
        week=WorkingWeek(days=(((datetime.min.time().replace(hour=9, minute=45), END_OF_DAY),),) * 7),
    )
    events = event_frame(
        [
            pause("03-02 09:50", "03-02 09:55") | {"external_id": "3"},
            pause("03-02 09:00", "03-02 09:30") | {"external_id": "4"},
        ]
    )

    figures = ticket_figures(ticket_frame(rows), source="s", rules=rules(by_region={"north": late}), events=events)

    minutes = [value // US_PER_MINUTE for value in figures["resolution_business_us"]]
    assert minutes == [15, 60, 10, 30]


def test_a_long_promise_reaches_beyond_the_days_of_the_data():
    figures = ticket(target(480 * 600, clock="business"))

    assert figures["overdue_at"] > local("12-31 18:00") + 365 * 24 * HOUR
