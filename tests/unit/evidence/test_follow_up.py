"""Follow-up of overdue tickets: was the customer told often enough until the case was solved? Source: SPEC 1, E6."""

from __future__ import annotations

from typing import Any

from tests.unit.evidence.frames import local, pause, target, ticket, updates

# The promise is 8 business hours; cases are overdue because the source says so.
KEPT = target(480, "followup", clock="business")


def followed_up(due: str, resolved: str | None, events: list[dict[str, Any]], **values: Any) -> dict[str, Any]:
    given = {"opened_at": local("02-25 09:00"), "resolution_due_at": local(due)}
    return ticket(KEPT, events=events, resolved_at=local(resolved) if resolved else None, **given, **values)


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


def test_a_message_to_many_cases_at_once_or_without_content_is_none():
    robot = updates("03-02 17:00", is_automatic=True)

    assert followed_up("03-02 10:00", None, robot)["followup_breach_at"] == local("03-03 10:00")


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


def test_the_promise_breaks_at_the_first_gap_that_is_too_long():
    # In any order; what was told before the due instant or after the resolution does not count.
    told = updates("03-05 17:00", "03-02 17:00", "03-01 09:00", "03-07 10:00")

    assert followed_up("03-02 10:00", "03-06 10:00", told)["followup_breach_at"] == local("03-03 17:00")
    later = followed_up("03-02 10:00", "03-06 10:00", updates("03-03 09:00", "03-03 17:00"))
    assert later["followup_breach_at"] == local("03-04 17:00")


def test_an_update_at_the_due_instant_or_at_the_resolution_makes_no_gap():
    at_both_ends = updates("03-02 10:00", "03-03 10:00")

    assert followed_up("03-02 10:00", "03-03 10:00", at_both_ends)["followup_breach_at"] is None
    # The resolution a minute later is too late, whatever was told at the due instant.
    late = followed_up("03-02 10:00", "03-03 10:01", updates("03-02 10:00"))
    assert late["followup_breach_at"] == local("03-03 10:00")


def test_a_pause_moves_the_end_of_what_is_allowed():
    paused = [pause("03-02 11:00", "03-04 11:00")]

    assert followed_up("03-02 10:00", "03-05 10:00", paused)["followup_breach_at"] is None
    assert followed_up("03-02 10:00", "03-05 10:01", paused)["followup_breach_at"] == local("03-05 10:00")
    assert followed_up("03-02 10:00", None, paused)["followup_breach_at"] == local("03-05 10:00")


def test_only_a_case_paused_all_the_working_time_is_exempt():
    paused = [pause("03-02 10:00", "03-02 15:00")]

    assert followed_up("03-02 10:00", "03-02 15:00", paused)["overdue_at"] is None
    assert followed_up("03-02 10:00", "03-02 15:01", paused)["overdue_at"] == local("03-02 10:00")
    assert followed_up("03-02 10:00", "03-02 15:00", [])["overdue_at"] == local("03-02 10:00")
    # A pause in a night takes nothing from anybody.
    night = followed_up("03-02 18:00", "03-02 19:00", [pause("03-02 18:00", "03-02 19:00")])
    assert night["overdue_at"] == local("03-02 18:00")
