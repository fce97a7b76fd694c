"""What new tickets say of each other and bring along is told as they are stored, exactly as if they came singly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from appraisal.evidence import actions
from appraisal.evidence.intake import following
from appraisal.evidence.models import Survey, Ticket, TicketEvent, Visit
from engineers.models import Engineer
from tests.integration.evidence.conftest import Run, Write

pytestmark = pytest.mark.django_db

DAY_US = 86_400_000_000
BEGIN = datetime(2026, 3, 2, 9, 0)
MINUTE = timedelta(minutes=1)
COLUMNS = (
    *("number", "engineer", "team", "customer", "product", "category", "priority", "job_type", "opened", "responded"),
    *("resolved", "closed", "reopened", "reassigned", "dispatched", "arrived", "left", "survey_sent"),
    *("survey_answered", "score", "attitude", "asset", "fault", "no_fault_found", "excluded"),
)

Row = dict[str, str]


@pytest.fixture(autouse=True)
def engineer() -> Engineer:
    return Engineer.objects.create(employee_no="E1", name="Li Wei")


def row(number: object, **values: str) -> Row:
    """Return a row of the portal's own form."""
    empty = dict.fromkeys(COLUMNS, "")
    return empty | {"number": str(number), "engineer": "E1", "opened": "2026-03-02 09:00:00"} | values


def bring(run: Run, write_rows: Write, *rows: Row, source: str = "one") -> actions.ImportSummary:
    summary = run(write_rows(rows), "portal", "tickets", create_engineers=False, source=source)
    assert (summary.state, summary.rejected) == ("done", 0)
    return summary


def drawn(chance: Random, number: int) -> Row:
    """Return a repair of few machines at few moments: many at the same one, some fixed before they were opened."""
    opened = BEGIN + chance.randrange(12) * MINUTE
    fixed = opened + chance.randrange(-2, 6) * MINUTE
    return row(
        number,
        opened=str(opened),
        resolved=chance.choice([str(fixed), str(fixed), ""]),
        asset=chance.choice(["X", "X", "Y", "Y", ""]),
        fault=chance.choice(["f", "f", "f", "g", ""]),
        job_type=chance.choice(["repair"] * 5 + ["preventive"]),
        no_fault_found=chance.choice([""] * 5 + ["yes"]),
        excluded=chance.choice([""] * 5 + ["test"]),
    )


def repeats_of(rows: Mapping[tuple[str, str], Row]) -> dict[tuple[str, str], int | None]:
    """Return after how many microseconds each fix was repaired again, case by case. Source: SPEC E7."""

    def repairs(one: Row) -> bool:
        named = bool(one["asset"]) and bool(one["fault"])
        return named and (one["job_type"], one["no_fault_found"], one["excluded"]) == ("repair", "", "")

    def after(key: tuple[str, str], fixed: Row) -> int | None:
        if not (repairs(fixed) and fixed["resolved"]):
            return None
        at = datetime.fromisoformat(fixed["resolved"])
        later = [
            datetime.fromisoformat(other["opened"]) - at
            for number, other in rows.items()
            if number != key
            and repairs(other)
            and (other["asset"], other["fault"]) == (fixed["asset"], fixed["fault"])
            and datetime.fromisoformat(other["opened"]) > at
        ]
        return min(later) // timedelta(microseconds=1) if later else None

    return {key: after(key, each) for key, each in rows.items()}


def stored_repeats() -> dict[tuple[str, str], int | None]:
    return {
        (source, number): after
        for source, number, after in Ticket.objects.values_list("source", "external_id", "repeat_after_us")
    }


@pytest.mark.parametrize("seed", range(4))
def test_repeats_are_exact_whatever_comes_in_which_file_and_is_corrected(
    seed: int, run: Run, write_rows: Write, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(actions, "batch_size", lambda: 7)
    chance = Random(seed)
    known: dict[tuple[str, str], Row] = {}
    # New tickets, then half of them corrected among more new ones, then others of a second source.
    for source, numbers in (("one", range(40)), ("one", range(20, 60)), ("two", range(40))):
        rows = [drawn(chance, number) for number in numbers]
        chance.shuffle(rows)
        known |= {(source, each["number"]): each for each in rows}

        bring(run, write_rows, *rows, source=source)

        expected = repeats_of(known)
        assert stored_repeats() == expected
    assert sum(each is not None for each in expected.values()) > 10


def written(captured: Sequence[Mapping[str, str]]) -> list[str]:
    return [each["sql"] for each in captured if each["sql"].startswith('UPDATE "evidence_ticket"')]


def test_new_tickets_are_written_once_and_of_the_stored_ones_only_those_that_are_repeated(run: Run, write_rows: Write):
    machines = [{"asset": asset, "fault": "f"} for asset in ("X", "Y")]
    first = [row(f"1{each['asset']}", resolved="2026-03-02 10:00:00", **each) for each in machines]
    again = [row(f"2{each['asset']}", opened="2026-03-03 10:00:00", **each) for each in machines]
    with CaptureQueriesContext(connection) as captured:
        bring(run, write_rows, *first, *again)
    assert written(captured.captured_queries) == []
    assert list(Ticket.objects.order_by("external_id").values_list("repeat_after_us", flat=True)) == [
        *(DAY_US, DAY_US),
        *(None, None),
    ]

    with CaptureQueriesContext(connection) as captured:
        bring(run, write_rows, row("3", opened="2026-03-02 11:00:00", asset="X", fault="f"))
        bring(run, write_rows, row("4", opened="2026-03-09 11:00:00", asset="X", fault="f"))

    # The fix of X is repeated sooner; nothing of what the last one follows was ever fixed.
    assert len(written(captured.captured_queries)) == 1
    assert stored_repeats() == {
        ("one", "1X"): DAY_US // 24,
        ("one", "1Y"): DAY_US,
        **dict.fromkeys([("one", "2X"), ("one", "2Y"), ("one", "3"), ("one", "4")]),
    }


def test_tickets_that_somebody_else_stores_meanwhile_are_told_as_well(
    run: Run, write_rows: Write, monkeypatch: pytest.MonkeyPatch
):
    fixed = row("1", resolved="2026-03-02 10:00:00", asset="X", fault="f")
    bring(run, write_rows, fixed)
    ask = following.belongings

    def before_the_other(kind: str, source: str, numbers: Sequence[str]) -> following.Belongings:
        return following.Belongings(nothing=True) if kind == "tickets" else ask(kind, source, numbers)

    monkeypatch.setattr(following, "belongings", before_the_other)

    summary = bring(run, write_rows, fixed, row("2", opened="2026-03-03 10:00:00", asset="X", fault="f"))

    assert (summary.created, summary.updated, summary.unchanged) == (1, 0, 1)
    assert stored_repeats() == {("one", "1"): DAY_US, ("one", "2"): None}


WITH_ALL = {
    "resolved": "2026-03-02 15:00:00",
    "dispatched": "2026-03-02 10:00:00",
    "arrived": "2026-03-02 11:00:00",
    "left": "2026-03-02 15:00:00",
    "survey_sent": "2026-03-02 16:00:00",
    "score": "5",
}


def test_visits_and_surveys_that_come_with_new_tickets_are_told_without_reading_them_again(
    run: Run, write_rows: Write, engineer: Engineer
):
    rows = [
        row("in time", **WITH_ALL, survey_answered="2026-03-16 15:00:00"),
        row("late", **WITH_ALL, survey_answered="2026-03-16 15:00:01"),
        row("silent", **WITH_ALL | {"score": ""}),
        row("open", **WITH_ALL | {"resolved": ""}, survey_answered="2026-09-01 09:00:00"),
    ]
    with CaptureQueriesContext(connection) as captured:
        bring(run, write_rows, *rows)

    asked = [each["sql"] for each in captured.captured_queries if each["sql"].startswith("SELECT")]
    assert not [sql for sql in asked if '"is_latest"' in sql or '"is_first"' in sql]
    latest = dict(Survey.objects.values_list("external_id", "is_latest"))
    assert latest == {"in time": True, "late": False, "silent": True, "open": True}
    assert set(Visit.objects.values_list("is_first", "engineer", "ticket__visit_count")) == {(True, engineer.pk, 1)}
    assert {each.ticket.external_id == each.external_id for each in Visit.objects.all()} == {True}


def test_what_is_stored_of_a_ticket_already_counts_beside_what_a_file_brings(run: Run, write_rows: Write):
    bring(run, write_rows, row("1", **WITH_ALL, survey_answered="2026-03-03 09:00:00"))
    other = Visit.objects.get()
    other.pk, other.external_id = None, "earlier"
    other.dispatched_at -= timedelta(hours=1)
    other.save()
    Survey.objects.all().delete()

    # The visit differs and the survey is new, of a ticket that is not.
    changed = WITH_ALL | {"left": "2026-03-02 14:00:00", "survey_answered": "2026-04-01 09:00:00"}
    bring(run, write_rows, row("1", **changed))

    assert dict(Visit.objects.values_list("external_id", "is_first")) == {"1": False, "earlier": True}
    assert Ticket.objects.get().visit_count == 2
    assert Survey.objects.get().is_latest is False


def test_an_event_that_waited_for_its_new_ticket_moves_the_figures_of_the_visit_beside_it(
    run: Run, write_rows: Write, engineer: Engineer
):
    TicketEvent.objects.create(
        source="one", external_id="E", ticket_number="1", type="resolved", at=datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
    )

    bring(run, write_rows, row("1", **WITH_ALL | {"resolved": "", "arrived": ""}))

    assert (Visit.objects.get().anomalies, Visit.objects.get().engineer) == ("no_check_in", engineer)
