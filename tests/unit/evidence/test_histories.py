"""Pauses, reopening, transfers and follow-up of tickets (SPEC G1, G3, G8, G9; E1, E2, E3, E6)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from appraisal.calendars.rules import CalendarRules
from appraisal.evidence.intake.figures import ticket_figures
from appraisal.scoring.clock import END_OF_DAY, WorkingWeek
from tests.unit.evidence.frames import (
    CHINA,
    HOUR,
    US_PER_HOUR,
    US_PER_MINUTE,
    event_frame,
    local,
    rules,
    target,
    ticket,
    ticket_frame,
)


def event(kind: str, at: str, **values: Any) -> dict[str, Any]:
    return {"type": kind, "at": local(at)} | values


def pause(start: str, stop: str | None, reason: str = "waiting_customer") -> dict[str, Any]:
    return event("paused", start, until=local(stop) if stop else None, reason=reason)


def business_minutes(figures: dict[str, Any]) -> int:
    return figures["resolution_business_us"] // US_PER_MINUTE


def test_e1_a_make_up_saturday_counts_and_the_spring_festival_does_not():
    figures = ticket(calendar=CHINA, opened_at=local("02-13 17:30"), resolved_at=local("02-24 10:00"))

    assert business_minutes(figures) == 570
    assert figures["resolution_us"] == 15390 * US_PER_MINUTE


E2 = {"opened_at": local("09-20 16:00"), "resolved_at": local("09-28 10:00"), "calendar": CHINA}
E2_PAUSES = [pause("09-21 10:00", "09-21 15:00"), pause("09-21 14:00", "09-22 09:30"), pause("09-24 17:00", None)]


def test_e2_the_union_of_pauses_is_left_out_and_the_last_one_runs_until_the_resolution():
    promise = target(1500, clock="business")

    figures = ticket(promise, events=E2_PAUSES, **E2)

    assert business_minutes(ticket(**E2)) == 2100
    assert business_minutes(figures) == 1530
    assert figures["resolution_met"] is False
    assert ticket(target(1530, clock="business"), events=E2_PAUSES, **E2)["resolution_met"] is True
    assert figures["resolution_us"] == (local("09-28 10:00") - local("09-20 16:00")) // timedelta(microseconds=1)


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


E3 = {"opened_at": local("03-02 09:00"), "resolved_at": local("03-04 16:00")}
E3_EVENTS = [event("resolved", "03-02 15:00"), event("reopened", "03-04 10:00"), event("resolved", "03-04 16:00")]


def test_e3_a_reopened_case_goes_on_where_it_stopped():
    figures = ticket(target(480, clock="business"), events=E3_EVENTS, **E3)

    assert business_minutes(ticket(**E3)) == 1320
    assert business_minutes(figures) == 600
    assert figures["resolution_us"] == 12 * US_PER_HOUR
    assert figures["resolution_met"] is False
    assert figures["resolution_decided_at"] == local("03-04 14:00")
    assert (figures["reopen_count"], figures["first_resolved_at"]) == (1, local("03-02 15:00"))
    assert figures["completed_at"] == local("03-04 16:00")


def test_e3_up_to_its_first_resolution_the_case_met_the_target():
    first = ticket(target(480, clock="business"), opened_at=local("03-02 09:00"), resolved_at=local("03-02 15:00"))

    assert (business_minutes(first), first["resolution_met"]) == (300, True)


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


def test_the_window_of_a_night_that_loses_an_hour_has_five(berlin_night: CalendarRules):
    night = {"opened_at": datetime(2026, 3, 28, 12), "resolved_at": datetime(2026, 3, 29, 12)}

    assert ticket(calendar=berlin_night, **night)["resolution_business_us"] == 5 * US_PER_HOUR


def test_e4_around_the_clock_a_night_lasts_as_long_as_it_does():
    always = CalendarRules(
        code="always",
        zone=ZoneInfo("Europe/Berlin"),
        week=WorkingWeek(days=(((datetime.min.time(), END_OF_DAY),),) * 7),
    )
    spring = {"opened_at": datetime(2026, 3, 28, 21), "resolved_at": datetime(2026, 3, 29, 4)}
    autumn = {"opened_at": datetime(2026, 10, 24, 20), "resolved_at": datetime(2026, 10, 25, 5)}

    assert business_minutes(ticket(calendar=always, **spring)) == 420
    assert business_minutes(ticket(calendar=always, **autumn)) == 540


@pytest.fixture
def berlin_night() -> CalendarRules:
    night = ((datetime.min.time(), datetime.min.time().replace(hour=6)),)
    return CalendarRules(code="berlin", zone=ZoneInfo("Europe/Berlin"), week=WorkingWeek(days=(night,) * 7))


# Follow-up: the promise is 8 business hours; cases are overdue because the source says so.
KEPT = target(480, "followup", clock="business")


def updates(*moments: str, **values: Any) -> list[dict[str, Any]]:
    return [event("updated", moment, **values) for moment in moments]


def followed_up(due: str, resolved: str | None, events: list[dict[str, Any]], **values: Any) -> dict[str, Any]:
    given = {"opened_at": local("02-25 09:00"), "resolution_due_at": local(due)}
    return ticket(KEPT, events=events, resolved_at=local(resolved) if resolved else None, **given, **values)


def test_e6_no_gap_may_be_longer_than_promised():
    a = followed_up("03-02 10:00", "03-03 18:00", updates("03-02 17:00", "03-03 11:00"))
    b = followed_up("03-04 09:00", "03-06 12:00", updates("03-06 09:00"))
    c = followed_up("03-05 16:00", "03-06 10:00", [])
    d = followed_up("03-02 10:00", "03-06 10:00", [pause("03-02 10:00", "03-06 10:00")])

    assert (a["overdue_at"], a["followup_breach_at"]) == (local("03-02 10:00"), None)
    assert (b["overdue_at"], b["followup_breach_at"]) == (local("03-04 09:00"), local("03-04 18:00"))
    assert (c["overdue_at"], c["followup_breach_at"]) == (local("03-05 16:00"), None)
    assert (d["overdue_at"], d["followup_breach_at"]) == (None, None)


def test_of_an_open_case_the_promise_breaks_unless_somebody_reports():
    assert followed_up("03-02 10:00", None, [])["followup_breach_at"] == local("03-03 10:00")
    told = followed_up("03-02 10:00", None, updates("03-02 17:00"))
    assert told["followup_breach_at"] == local("03-03 17:00")


def test_a_gap_of_exactly_the_promised_hours_keeps_the_promise():
    assert followed_up("03-02 10:00", "03-03 10:00", [])["followup_breach_at"] is None
    assert followed_up("03-02 10:00", "03-03 10:01", [])["followup_breach_at"] == local("03-03 10:00")


def test_an_update_the_customer_did_not_see_is_none():
    hidden = updates("03-02 17:00", is_public=False)

    assert followed_up("03-02 10:00", None, hidden)["followup_breach_at"] == local("03-03 10:00")


def test_paused_time_is_exempt_from_follow_up():
    paused = [pause("03-02 11:00", "03-02 18:00")]

    # One hour on Monday before the pause, seven on Tuesday.
    assert followed_up("03-02 10:00", None, paused)["followup_breach_at"] == local("03-03 17:00")
    assert followed_up("03-02 10:00", None, [pause("03-02 09:00", None)])["overdue_at"] is None
    held_later = followed_up("03-02 10:00", None, [pause("03-02 11:00", None)])
    assert (held_later["overdue_at"], held_later["followup_breach_at"]) == (local("03-02 10:00"), None)


def test_a_case_that_kept_its_target_is_not_overdue():
    figures = followed_up("03-02 10:00", "03-02 09:30", [])

    assert (figures["overdue_at"], figures["followup_breach_at"]) == (None, None)


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
    promises = [target(60, "response"), target(60), KEPT]
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
