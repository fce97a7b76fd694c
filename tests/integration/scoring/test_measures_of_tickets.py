"""Each measure against cases counted by hand: time, promises and arrival; who is a member, whose figure it is."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

import pytest

from appraisal.evidence.models import Exclusion
from appraisal.kpis.measures import MEASURES
from engineers.models import Engineer
from tests.factories import EngineerFactory, TicketFactory, VisitFactory
from tests.integration.scoring.asking import END, HOUR, INSIDE, MOMENT, START, ask, completed, left_out

pytestmark = pytest.mark.django_db


def test_response_rate_counts_decided_cases_by_the_date_of_decision(engineer: Engineer) -> None:
    for met in (True, True, False):
        TicketFactory(engineer=engineer, response_decided_at=INSIDE, response_met=met)
    TicketFactory(engineer=engineer, response_decided_at=START - timedelta(microseconds=1), response_met=True)
    TicketFactory(engineer=engineer, response_decided_at=END, response_met=True)
    TicketFactory(engineer=engineer, response_decided_at=None, response_met=None)
    facts = ask(engineer, "response_sla_rate")
    assert (facts.numerator, facts.denominator, facts.value) == (2, 3, Fraction(200, 3))


def test_the_first_and_the_last_instant_of_a_cycle(engineer: Engineer) -> None:
    TicketFactory(engineer=engineer, response_decided_at=START, response_met=True)
    TicketFactory(engineer=engineer, response_decided_at=END - timedelta(microseconds=1), response_met=True)
    assert ask(engineer, "response_sla_rate").n == 2


def test_an_overdue_open_case_is_a_breach_on_its_due_date(engineer: Engineer) -> None:
    TicketFactory(engineer=engineer, resolution_decided_at=INSIDE, resolution_met=False, completed_at=None)
    facts = ask(engineer, "resolution_sla_rate")
    assert (facts.numerator, facts.denominator) == (0, 1)


def test_problem_resolution_counts_what_is_overdue_and_unresolved(engineer: Engineer) -> None:
    completed(engineer, resolution_decided_at=INSIDE)
    TicketFactory(engineer=engineer, resolution_decided_at=INSIDE, resolution_met=False)  # overdue, still open
    TicketFactory(engineer=engineer, resolution_decided_at=INSIDE, completed_at=END)  # resolved after the cycle
    TicketFactory(engineer=engineer, resolution_decided_at=END)  # not yet due
    facts = ask(engineer, "problem_resolution_rate")
    assert (facts.numerator, facts.denominator) == (1, 3)


def test_major_issues_are_those_of_the_highest_priority(engineer: Engineer) -> None:
    for priority, met in ((1, True), (1, False), (2, True), (None, True)):
        TicketFactory(engineer=engineer, resolution_decided_at=INSIDE, resolution_met=met, priority=priority)
    assert ask(engineer, "major_issue_resolution_rate").value == 50


def test_reopened_share_and_volume_are_of_completed_cases(engineer: Engineer) -> None:
    completed(engineer, reopen_count=2)
    completed(engineer)
    completed(engineer, at=END)
    assert ask(engineer, "reopen_rate").value == 50
    assert ask(engineer, "resolved_volume", "count").value == 2


@pytest.mark.parametrize(
    ("statistic", "expected"), [("median", Fraction(9, 2)), ("p90", Fraction(192, 10)), ("mean", Fraction(158, 10))]
)
def test_durations_are_exact(engineer: Engineer, statistic: str, expected: Fraction) -> None:
    for hours in (1, 2, 2, 3, 4, 5, 6, 7, 8, 120):
        completed(engineer, resolution_us=hours * HOUR, resolution_business_us=0)
    assert ask(engineer, "resolution_time", statistic, "calendar").value == expected
    assert ask(engineer, "resolution_time", statistic, "business").value == 0


def test_times_against_the_promise_are_taken_from_cases_that_have_one(engineer: Engineer) -> None:
    for share in (500_000, 1_200_000, 1_300_001):
        completed(engineer, response_share=share, resolution_share=share)
        VisitFactory(engineer=engineer, arrived_at=INSIDE, arrival_share=share)
    completed(engineer)
    VisitFactory(engineer=engineer, arrived_at=INSIDE)
    VisitFactory(engineer=engineer, arrived_at=INSIDE, arrival_share=9, is_first=False)
    completed(engineer, response_share=100_000, resolution_share=9, job_type="preventive")

    found = [
        ask(engineer, "response_time_share", "median", ""),
        ask(engineer, "resolution_time_share", "median", ""),
        ask(engineer, "arrival_time_share", "mean", ""),
    ]

    assert [facts.n for facts in found] == [4, 3, 3]
    assert [facts.value for facts in found] == [85, 120, Fraction(3_000_001, 30_000)]


def test_a_median_between_two_odd_microseconds_is_not_rounded(engineer: Engineer) -> None:
    completed(engineer, resolution_us=1)
    completed(engineer, resolution_us=2)
    assert ask(engineer, "resolution_time", "median", "calendar").value == Fraction(3, 2 * HOUR)


def test_durations_of_first_responses_are_dated_by_completion(engineer: Engineer) -> None:
    completed(engineer, response_us=60_000_000)
    completed(engineer, response_us=180_000_000)
    TicketFactory(engineer=engineer, response_us=999_000_000)  # answered, not completed
    assert ask(engineer, "first_response_time", "mean", "calendar").value == 2


def test_only_first_visits_that_were_not_cancelled_count_for_arrival(engineer: Engineer) -> None:
    shared = {"engineer": engineer, "arrived_at": INSIDE, "arrival_decided_at": INSIDE, "arrival_us": 600_000_000}
    VisitFactory(**shared, arrival_met=True)
    VisitFactory(**shared, arrival_met=False)
    VisitFactory(**shared, arrival_met=True, is_first=False)
    VisitFactory(**shared, arrival_met=True, exclusion=Exclusion.CANCELLED)
    assert ask(engineer, "arrival_sla_rate").value == 50
    assert ask(engineer, "arrival_time", "median", "calendar").value == 10


def test_each_ticket_measure_has_one_date_of_membership_with_the_end_left_out(engineer: Engineer) -> None:
    dates = {
        "response_sla_rate": {"response_met": True},
        "resolution_sla_rate": {"resolution_met": True},
        "major_issue_resolution_rate": {"resolution_met": True, "priority": 1},
        "followup_continuity": {},
        "first_time_fix_rate": {},
        "independent_resolution_rate": {"is_hard": True},
        "reopen_rate": {},
        "problem_resolution_rate": {},
    }
    columns = {
        "response_sla_rate": "response_decided_at",
        "resolution_sla_rate": "resolution_decided_at",
        "major_issue_resolution_rate": "resolution_decided_at",
        "followup_continuity": "overdue_at",
        "independent_resolution_rate": "resolved_at",
    }
    for measure, fields in dates.items():
        column = columns.get(measure, "completed_at")
        for at in (START - MOMENT, START, END - MOMENT, END):
            TicketFactory(engineer=engineer, source=measure, **{column: at}, **fields)
        assert ask(engineer, measure, filters={"source": [measure]}).n == 2, measure


def test_follow_up_fails_when_the_promise_was_broken_before_the_cycle_ended(engineer: Engineer) -> None:
    TicketFactory(engineer=engineer, overdue_at=INSIDE, followup_breach_at=None)
    TicketFactory(engineer=engineer, overdue_at=INSIDE, followup_breach_at=INSIDE)
    TicketFactory(engineer=engineer, overdue_at=INSIDE, followup_breach_at=END - MOMENT)
    TicketFactory(engineer=engineer, overdue_at=INSIDE, followup_breach_at=END)  # the cycle was over by then
    TicketFactory(engineer=engineer, overdue_at=None)
    facts = ask(engineer, "followup_continuity")
    assert (facts.numerator, facts.denominator) == (2, 4)


def test_a_hard_case_is_resolved_alone_without_escalation_and_without_help(engineer: Engineer) -> None:
    for fields in (
        {},
        {"escalated": True},
        {"assisted": True},
        {"escalated": True, "is_safety": True},  # nobody shall hesitate
        {"assisted": True, "is_safety": True},
        {"is_hard": False},
    ):
        completed(engineer, **{"is_hard": True} | fields)
    facts = ask(engineer, "independent_resolution_rate")
    assert (facts.numerator, facts.denominator) == (1, 4)
    assert left_out(engineer, "independent_resolution_rate") == ["not_hard", "safety"]


def test_the_response_is_credited_to_who_held_the_case_then(engineer: Engineer) -> None:
    resolver, owner = EngineerFactory(), EngineerFactory()
    TicketFactory(
        engineer=resolver,
        response_engineer=engineer,
        owner=owner,
        response_decided_at=INSIDE,
        response_met=True,
        completed_at=INSIDE,
        response_us=HOUR,
    )
    for measure, statistic, clock in (
        ("response_sla_rate", "rate", ""),
        ("first_response_time", "median", "calendar"),
    ):
        credited = {
            credit: [ask(who, measure, statistic, clock, credit=credit).n for who in (engineer, resolver, owner)]
            for credit in ("", "holder", "resolver", "owner")
        }
        assert credited == {"": [1, 0, 0], "holder": [1, 0, 0], "resolver": [0, 1, 0], "owner": [0, 0, 1]}, measure


def test_the_resolution_is_credited_to_the_last_resolver_or_as_the_kpi_says_to_the_owner(engineer: Engineer) -> None:
    owner = EngineerFactory()
    completed(engineer, owner=owner, resolution_us=HOUR)
    assert [ask(who, "resolution_time", "median", "calendar").n for who in (engineer, owner)] == [1, 0]
    assert [ask(who, "resolution_time", "median", "calendar", credit="owner").n for who in (engineer, owner)] == [0, 1]


def test_arrival_is_dated_by_its_decision_and_its_duration_by_the_arrival(engineer: Engineer) -> None:
    for at in (START - MOMENT, START, END - MOMENT, END):
        VisitFactory(engineer=engineer, arrival_decided_at=at, arrival_met=True, source="rate")
        VisitFactory(engineer=engineer, arrived_at=at, arrival_us=HOUR, arrival_business_us=0, source="time")
    VisitFactory(engineer=engineer, arrival_decided_at=INSIDE, source="rate")  # no target in force
    VisitFactory(engineer=engineer, arrived_at=INSIDE, source="time")  # cannot be timed
    assert ask(engineer, "arrival_sla_rate", filters={"source": ["rate"]}).n == 2
    timed = ask(engineer, "arrival_time", "p90", "business", filters={"source": ["time"]})
    assert (timed.n, timed.value) == (2, 0)
    rules = left_out(engineer, "arrival_sla_rate", filters={"source": ["rate"]})
    assert rules.count("undecided") == 1


@pytest.mark.parametrize(
    ("kilometres", "band"),
    [(None, ""), (0, "0–50 km"), (49, "0–50 km"), (50, "50–200 km"), (199, "50–200 km"), (200, "200+ km")],
)
def test_case_mix_knows_three_bands_of_distance(engineer: Engineer, kilometres: int | None, band: str) -> None:
    ticket = TicketFactory(engineer=engineer, distance_km=kilometres)
    ticket.refresh_from_db()
    assert ticket.distance_band == band
    assert "distance_band" in MEASURES["response_sla_rate"].strata
    assert "ticket__distance_band" in MEASURES["arrival_sla_rate"].strata
