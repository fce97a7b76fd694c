"""Each measure against cases counted by hand: the first fix, repeats, credit shared by minutes on site."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from random import Random
from typing import Any

import pytest

from appraisal.evidence.models import JobType, Ticket
from appraisal.kpis.cases import counted_cases
from appraisal.kpis.measures import Facts, Window
from appraisal.kpis.models import KpiVersion
from appraisal.kpis.questions import KpiQuestion
from engineers.models import Engineer
from tests.examples import case
from tests.factories import EngineerFactory, TicketFactory
from tests.integration.scoring.asking import (
    END,
    HOUR,
    MOMENT,
    START,
    ask,
    completed,
    enter,
    left_out,
)
from tests.property.oracles import Repair, repeat_delays

pytestmark = pytest.mark.django_db


def local(at: str) -> str:
    """Read ``06-01 10:00`` or ``06-01 10:00:01`` as a time of 2026 in Shanghai."""
    seconds = "" if at.count(":") == 2 else ":00"
    return f"2026-{at.replace(' ', 'T')}{seconds}+08:00"


def test_first_time_fix_fails_with_a_reopening_or_a_second_visit(engineer: Engineer) -> None:
    completed(engineer, reopen_count=0, visit_count=1)
    completed(engineer, reopen_count=0, visit_count=0)
    completed(engineer, reopen_count=1, visit_count=1)
    completed(engineer, reopen_count=0, visit_count=2)
    assert ask(engineer, "first_time_fix_rate").value == 50


@pytest.mark.parametrize(
    "left_out",
    [
        {"job_type": JobType.INSTALLATION},
        {"job_type": JobType.PREVENTIVE},
        {"job_type": JobType.TRAINING},
        {"no_fault_found": True},
    ],
)
def test_break_fix_measures_leave_out_other_jobs_and_faults_not_found(
    engineer: Engineer, left_out: dict[str, Any]
) -> None:
    completed(engineer, resolution_us=HOUR, **left_out)
    assert ask(engineer, "first_time_fix_rate") == Facts()
    assert ask(engineer, "resolution_time", "median", "calendar") == Facts()
    assert ask(engineer, "resolved_volume", "count").n == 1


def test_a_follow_up_order_fails_the_first_fix(engineer: Engineer) -> None:
    completed(engineer, follow_up_count=0)
    completed(engineer, follow_up_count=1)
    assert ask(engineer, "first_time_fix_rate").value == 50


def test_shared_credit_divides_numerator_and_denominator_by_minutes_on_site(engineer: Engineer) -> None:
    other = EngineerFactory()
    enter(
        "tickets",
        ticket_row("T1", engineer, "02-02 09:00", "02-02 17:00"),
        ticket_row("T2", engineer, "02-03 09:00", "02-03 17:00", reopen_count=1),
    )
    enter("visits", visit_row("V1", "T1", engineer, 30), visit_row("V2", "T1", other, 90, is_assisting=True))
    # Nobody was on site for T2: it is its resolver's alone.
    mine, theirs = (ask(who, "reopen_rate", credit="share") for who in (engineer, other))
    assert (mine.numerator, mine.denominator) == (1, Fraction(5, 4))
    assert (theirs.numerator, theirs.denominator) == (0, Fraction(3, 4))
    assert ask(engineer, "resolved_volume", "count", credit="share").value == Fraction(5, 4)


def ticket_row(
    number: str, engineer: Engineer | None, opened: str, resolved: str | None = None, **fields: Any
) -> dict[str, Any]:
    return {
        "external_id": number,
        "engineer": engineer.employee_no if engineer else None,
        "opened_at": local(opened),
        "resolved_at": local(resolved) if resolved else None,
    } | fields


def visit_row(number: str, ticket: str, engineer: Engineer, minutes: int, **fields: Any) -> dict[str, Any]:
    return {
        "external_id": number,
        "ticket": ticket,
        "engineer": engineer.employee_no,
        "dispatched_at": local("07-20 09:00"),
        "minutes": minutes,
    } | fields


@pytest.mark.parametrize(
    ("again", "met"), [("07-01 10:00", 1), ("07-01 10:00:01", 0)], ids=["30 days", "a second more"]
)
def test_e7_repeat_repairs_are_charged_to_the_original_fixer(again: str, met: int) -> None:
    a, b, c = (EngineerFactory(name=name) for name in "ABC")
    fault = {"asset": "X", "fault": "f"}
    enter(
        "tickets",
        ticket_row("F1", a, "06-01 08:00", "06-01 10:00", **fault),
        ticket_row("F2", b, again, "07-02 12:00", **fault),
        ticket_row("F3", b, "07-20 09:00", "07-20 16:00", **fault),
        ticket_row("F4", a, "07-22 09:00", "07-22 16:00", asset="X", fault="g"),
        ticket_row("F5", a, "06-05 09:00", "06-05 16:00", asset="Y", fault="f"),
        ticket_row("N1", a, "06-10 09:00", "06-10 16:00", asset="Y", fault="f", no_fault_found=True),
        ticket_row("P1", a, "06-20 09:00", "06-20 16:00", asset="Y", fault="f", job_type="preventive"),
        ticket_row("U1", a, "06-20 09:00", "06-20 16:00", fault="f"),  # no asset: never matched
    )
    enter("visits", visit_row("V1", "F3", b, 120), visit_row("V2", "F3", c, 60, is_assisting=True))
    # What was fixed from 1 June to 1 August had its 30 days by 31 August.
    cut_off = Window(
        start=datetime(2026, 7, 1, tzinfo=UTC),
        end=datetime(2026, 9, 1, tzinfo=UTC),
        first_date=date(2026, 7, 1),
        last_date=date(2026, 8, 31),
    )
    rates = [ask(who, "repeat_repair_rate", credit="share", window=cut_off) for who in (a, b, c)]
    assert [(facts.numerator, facts.denominator) for facts in rates] == [
        (met, 3),
        (1, Fraction(5, 3)),
        (0, Fraction(1, 3)),
    ]
    assert [facts.value for facts in rates] == [Fraction(100 * met, 3), 60, 0]
    team = 100 * sum(facts.numerator or 0 for facts in rates) / sum(facts.denominator or 0 for facts in rates)
    assert team == (40 if met else 20)
    hits = "repeated_fixes" if met else "window_minus_1s_hits"
    assert came_back(a, b, c, window=cut_off) == case("E7", hits)
    resolver = [ask(who, "repeat_repair_rate", window=cut_off).denominator for who in (a, b, c)]
    assert resolver == [3, 2, None], "without sharing a repair is its resolver's alone"


def came_back(*engineers: Engineer, window: Window) -> list[str]:
    """Return the numbers of the fixes that count as repeated, as the list behind the figure shows them."""
    question = KpiQuestion.of(
        KpiVersion(measure_id="repeat_repair_rate", statistic="rate", filters={}, credit="share")
    )
    behind = [counted_cases(question, part="", window=window, engineer_id=who.pk) for who in engineers]
    return sorted({each.external_id for cases in behind for each in cases if each.counts})


def test_of_many_repairs_each_is_linked_to_its_earliest_follow_up(engineer: Engineer) -> None:
    """Two hundred cases of a few assets at a few moments, against the rule for one case."""
    chance, begin = Random(7), datetime(2026, 1, 5, tzinfo=UTC)
    repairs, rows = [], []
    for number in range(200):
        opened = begin + timedelta(hours=chance.randrange(400))
        repair = Repair(
            asset=chance.choice(["X", "Y", ""]),
            fault=chance.choice(["f", "g", ""]),
            opened_at=opened,
            fixed_at=chance.choice([None, opened, opened + timedelta(hours=chance.randrange(1, 90))]),
            counts=chance.random() < 0.8,
        )
        repairs.append(repair)
        rows.append(
            {
                "external_id": f"{number:03}",
                "engineer": engineer.employee_no,
                "asset": repair.asset,
                "fault": repair.fault,
                "opened_at": repair.opened_at.isoformat(),
                "resolved_at": repair.fixed_at.isoformat() if repair.fixed_at else None,
                "job_type": "repair" if repair.counts else "preventive",
            }
        )
    # In parts and in any order, as they come in.
    chance.shuffle(rows)
    for start in range(0, len(rows), 40):
        enter("tickets", *rows[start : start + 40])
    stored = Ticket.objects.order_by("external_id").values_list("repeat_after_us", flat=True)
    expected = [delay and delay // MOMENT for delay in repeat_delays(repairs)]
    assert list(stored) == expected
    assert sum(each is not None for each in expected) > 30


def test_a_repair_counts_once_it_had_the_days_to_fail(engineer: Engineer) -> None:
    window = timedelta(days=30)
    for at in (START - window - MOMENT, START - window, END - window - MOMENT, END - window):
        TicketFactory(engineer=engineer, resolved_at=at, completed_at=at, asset="X", fault="f")
    assert ask(engineer, "repeat_repair_rate").n == 2
    shorter = ask(engineer, "repeat_repair_rate", parameters={"window_days": 7})
    assert shorter.n == 2, "with 7 days the cohort lies later"
    assert left_out(engineer, "repeat_repair_rate") == ["undated"]


def test_the_window_of_a_repeat_is_a_number_of_the_kpi(engineer: Engineer) -> None:
    for days in (7, 8, 31):
        at = START + timedelta(days=1)
        repeat = days * 24 * HOUR
        completed(engineer, at=at, asset="X", fault=str(days), repeat_after_us=repeat)
    assert ask(engineer, "repeat_repair_rate").numerator == 2
    assert ask(engineer, "repeat_repair_rate", parameters={"window_days": 7}).numerator == 1
