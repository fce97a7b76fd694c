"""What was taken of the time that was promised: one yardstick for easy and hard cases (SPEC 5)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.unit.evidence.frames import E2, E2_PAUSES, MINUTE, MONDAY, local, pause, target, ticket, visit

SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("taken", "minutes", "share"),
    [
        (60 * MINUTE, 120, 500_000),
        (120 * MINUTE, 120, 1_000_000),
        (180 * MINUTE, 120, 1_500_000),
        (0 * MINUTE, 120, 0),
        (20 * SECOND, 1, 333_333),
        (40 * SECOND, 1, 666_667),
        (timedelta(microseconds=30), 1, 1),  # half a millionth
        (timedelta(microseconds=29), 1, 0),
    ],
)
def test_a_share_is_in_millionths_half_up(taken: timedelta, minutes: int, share: int):
    answered = ticket(target(minutes, "response"), first_response_at=MONDAY + taken)
    solved = ticket(target(minutes), resolved_at=MONDAY + taken)
    arrived = visit(target(minutes, "arrival"), arrived_at=MONDAY + taken)

    assert answered["response_share"] == solved["resolution_share"] == arrived["arrival_share"] == share


def test_a_share_is_taken_on_the_clock_of_the_promise():
    assert ticket(target(1500, clock="business"), events=E2_PAUSES, **E2)["resolution_share"] == 1_020_000  # 1530 min
    held = [pause("03-02 09:30", "03-02 10:30")]
    assert ticket(target(60), events=held, resolved_at=local("03-02 10:30"))["resolution_share"] == 1_500_000


def test_the_due_instant_of_the_source_is_a_promise_too_but_its_bare_word_is_none():
    stop = MONDAY + 30 * MINUTE

    assert ticket(resolved_at=stop, resolution_due_at=MONDAY + 60 * MINUTE)["resolution_share"] == 500_000
    assert ticket(resolved_at=stop, source_resolution_met=True)["resolution_share"] is None


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"resolved_at": MONDAY - 60 * MINUTE},
        {"resolved_at": MONDAY + 5 * MINUTE, "waived": "resolution"},
        {"resolved_at": MONDAY + 5 * MINUTE, "resolution_due_at": MONDAY, "source": "no promise of ours"},
    ],
    ids=["open", "before it was opened", "excused", "nothing allowed"],
)
def test_what_cannot_be_timed_has_no_share(values: dict[str, Any]):
    assert ticket(target(60, source="s"), **values)["resolution_share"] is None
