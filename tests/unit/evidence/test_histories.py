"""Pauses, reopening and transfers of tickets (SPEC G1, G3, G8, G9)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
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


MOMENT = timedelta(microseconds=1)
RESOLVED, AGAIN = local("03-02 15:00"), local("03-09 15:00")
OPENED = {"opened_at": local("03-02 09:00")}


def test_a_case_is_reopened_seven_days_after_its_resolution_and_not_a_moment_later():
    resolved = event("resolved", "03-02 15:00")
    within = ticket(events=[resolved, event("reopened", "03-09 15:00")], **OPENED)
    after = ticket(events=[resolved, event("reopened", "03-09 15:00") | {"at": AGAIN + MOMENT}], **OPENED)

    assert (within["completed_at"], within["reopen_count"]) == (None, 1)
    assert (after["completed_at"], after["reopen_count"]) == (RESOLVED, 0)
    assert (after["resolution_us"], business_minutes(after)) == (6 * US_PER_HOUR, 300)


def test_the_window_of_reopening_is_a_promise_of_ours_that_differs_by_priority_and_date():
    events = [event("resolved", "03-02 15:00"), event("reopened", "03-05 15:00")]
    two_days = target(2 * 24 * 60, "reopening", priority=1)
    later = target(2 * 24 * 60, "reopening", from_date=date(2026, 3, 3))

    assert ticket(two_days, events=events, **OPENED, priority=1)["completed_at"] == RESOLVED
    assert ticket(two_days, events=events, **OPENED, priority=2)["completed_at"] is None
    assert ticket(later, events=events, **OPENED)["completed_at"] is None, "opened before it was in force"


def test_what_follows_a_late_reopening_is_another_case():
    # The file names the last resolution; its number of reopenings is that of the source.
    events = [event("resolved", "03-02 15:00"), event("reopened", "03-20 09:00"), event("resolved", "03-20 11:00")]
    given = OPENED | {"resolved_at": local("03-20 11:00"), "closed_at": local("03-21 09:00"), "reopen_count": 1}

    figures = ticket(events=events, **given)

    assert (figures["completed_at"], figures["reopen_count"]) == (RESOLVED, 0)
    assert figures["first_resolved_at"] == RESOLVED


def test_a_late_reopening_is_measured_from_the_last_resolution_of_a_chain():
    events = [
        event("resolved", "03-02 15:00"),
        event("reopened", "03-06 09:00"),
        event("resolved", "03-06 15:00"),
        event("reopened", "03-13 15:00"),
        event("resolved", "03-13 16:00"),
        event("reopened", "03-30 09:00"),
    ]

    figures = ticket(events=events, **OPENED)

    assert (figures["completed_at"], figures["reopen_count"]) == (local("03-13 16:00"), 2)


def test_without_an_event_of_the_resolution_that_of_the_file_counts():
    figures = ticket(events=[event("reopened", "03-20 09:00")], **OPENED, resolved_at=RESOLVED)

    assert (figures["completed_at"], figures["reopen_count"]) == (RESOLVED, 0)


def test_events_go_before_the_number_of_reopenings_in_the_file():
    assert ticket(reopen_count=5)["reopen_count"] == 5
    assert ticket(reopen_count=5, events=[event("updated", "03-02 10:00")])["reopen_count"] == 5
    assert ticket(reopen_count=5, events=E3_EVENTS, **E3)["reopen_count"] == 1


def test_an_automatic_reply_is_no_answer():
    robot = event("updated", "03-02 09:00", is_automatic=True)
    person = event("updated", "03-02 09:40")
    promise = target(30, "response")

    fooled = ticket(promise, events=[robot, person], first_response_at=local("03-02 09:00"))
    unanswered = ticket(promise, events=[robot], first_response_at=local("03-02 09:00"))
    hidden = ticket(promise, events=[robot, event("updated", "03-02 09:10", is_public=False)])

    assert (fooled["answered_at"], fooled["response_us"]) == (local("03-02 09:40"), 40 * US_PER_MINUTE)
    assert fooled["response_met"] is False
    for nobody in (unanswered, hidden):
        assert (nobody["answered_at"], nobody["response_us"]) == (None, None)
        assert (nobody["response_met"], nobody["response_decided_at"]) == (False, local("03-02 09:30"))


def test_what_a_file_does_not_say_the_first_message_of_a_person_does():
    messages = [event("updated", "03-02 09:20"), event("updated", "03-02 09:10"), event("assigned", "03-02 09:01")]

    assert ticket(events=messages)["answered_at"] == local("03-02 09:10")
    told = ticket(events=messages, first_response_at=local("03-02 09:15"))
    assert told["answered_at"] == local("03-02 09:15")


# SPEC G5: the target of the priority in force at the stop, from the original start; a downgrade needs approval.
def turned(at: str, old: int | None, new: int, **values: Any) -> dict[str, Any]:
    return event("priority", at, old_priority=old, new_priority=new, **values)


URGENT, LAZY = target(60, priority=1), target(600, priority=4)


def test_a_case_made_less_urgent_keeps_its_target_until_somebody_approves():
    answered = {"resolved_at": local("03-02 12:00"), "priority": 4}

    quiet = ticket(URGENT, LAZY, events=[turned("03-02 09:30", 1, 4)], **answered)
    agreed = ticket(URGENT, LAZY, events=[turned("03-02 09:30", 1, 4, is_approved=True)], **answered)

    assert (quiet["priority"], quiet["resolution_met"]) == (1, False)
    assert quiet["resolution_decided_at"] == local("03-02 10:00")
    assert (agreed["priority"], agreed["resolution_met"]) == (4, True)


def test_a_case_made_more_urgent_has_the_shorter_target_from_its_opening():
    figures = ticket(URGENT, LAZY, events=[turned("03-02 11:00", 4, 1)], resolved_at=local("03-02 12:00"), priority=4)

    assert (figures["priority"], figures["resolution_met"]) == (1, False)
    assert figures["resolution_decided_at"] == local("03-02 10:00")


def test_the_response_has_the_target_of_the_priority_it_was_given_under():
    answered = {"first_response_at": local("03-02 09:20"), "resolved_at": local("03-02 12:00")}
    targets = target(15, "response", priority=1), target(60, "response", priority=4)

    figures = ticket(*targets, events=[turned("03-02 09:30", 4, 1)], priority=1, **answered)

    assert (figures["priority"], figures["response_met"]) == (1, True)


def test_what_changes_after_the_stop_changes_nothing():
    late = [turned("03-02 09:10", 4, 3), turned("03-02 12:00", 3, 1)]

    assert ticket(URGENT, LAZY, events=late, resolved_at=local("03-02 12:00"), priority=1)["priority"] == 3


def test_of_several_changes_each_downgrade_asks_for_its_own_approval():
    steps = [turned("03-02 09:10", 3, 1), turned("03-02 09:20", 1, 2), turned("03-02 09:30", 2, 4, is_approved=True)]

    assert ticket(events=steps[:2])["priority"] == 1
    assert ticket(events=steps)["priority"] == 4
    assert ticket(events=[turned("03-02 09:10", None, 2)], priority=4)["priority"] == 2


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


CLOCKED = ("us", "business_us", "met", "decided_at", "share")


@pytest.mark.parametrize("clock", ["response", "resolution", "followup"])
def test_a_waived_clock_gives_no_figure(clock: str):
    promises = [target(60, "response"), target(60), target(480, "followup", clock="business")]
    late = {"first_response_at": local("03-02 11:00"), "resolved_at": local("03-05 11:00")}

    figures, plain = ticket(*promises, waived=f"arrival,{clock}", **late), ticket(*promises, **late)

    names = {
        "response": [f"response_{each}" for each in CLOCKED],
        "resolution": [f"resolution_{each}" for each in CLOCKED],
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
