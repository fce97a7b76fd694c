"""Each measure against cases counted by hand: who is a member, what counts, what is left out.

Here tickets, visits, surveys and complaints; the other kinds of evidence in ``test_measures_of_work.py``.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from appraisal.cycles.points import Circumstances, score_facts
from appraisal.evidence.models import Cause, Complaint, Exclusion, JobType, Severity, Verdict
from appraisal.kpis.facts import collect_facts
from appraisal.kpis.measures import MEASURES, Facts, Statistic, Window
from appraisal.kpis.models import KpiVersion
from appraisal.kpis.points import rule_of
from appraisal.kpis.questions import KpiQuestion
from engineers.models import Engineer
from tests.factories import EngineerFactory, SurveyFactory, TicketFactory, VisitFactory
from tests.integration.scoring.asking import END, INSIDE, QUARTER, START, ask, enter, left_out

pytestmark = pytest.mark.django_db

HOUR = 3_600_000_000
MOMENT = timedelta(microseconds=1)


@pytest.fixture
def engineer() -> Engineer:
    made: Engineer = EngineerFactory()
    return made


def completed(engineer: Engineer, at: datetime = INSIDE, **fields: Any) -> None:
    TicketFactory(engineer=engineer, resolved_at=at, completed_at=at, **fields)


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


@pytest.mark.parametrize("exclusion", [Exclusion.CANCELLED, Exclusion.DUPLICATE, Exclusion.TEST])
def test_cancelled_duplicate_and_test_records_count_nowhere(engineer: Engineer, exclusion: str) -> None:
    completed(engineer, exclusion=exclusion, resolution_us=HOUR, resolution_decided_at=INSIDE, resolution_met=True)
    for measure in ("resolution_sla_rate", "problem_resolution_rate", "first_time_fix_rate", "reopen_rate"):
        assert ask(engineer, measure) == Facts(), measure


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


def test_satisfaction_of_seven_answers(engineer: Engineer) -> None:
    for score in (5, 5, 4, 4, 3, 2, 1):
        SurveyFactory(
            engineer=engineer,
            delivered_at=INSIDE,
            responded_at=INSIDE,
            score_hundredths=100 * score,
            attitude_hundredths=400,
        )
    for _ in range(13):
        SurveyFactory(engineer=engineer, delivered_at=INSIDE)
    assert ask(engineer, "csat_avg", "mean").value == Fraction(24, 7)
    assert ask(engineer, "csat_top2").value == Fraction(400, 7)
    assert ask(engineer, "survey_response_rate").value == 35
    assert ask(engineer, "service_attitude", "score").value == 80


def test_a_survey_counts_in_the_cycle_of_its_answer(engineer: Engineer) -> None:
    SurveyFactory(engineer=engineer, delivered_at=INSIDE, responded_at=END, score_hundredths=500)
    assert ask(engineer, "csat_avg", "mean") == Facts()
    facts = ask(engineer, "survey_response_rate")
    assert (facts.numerator, facts.denominator) == (0, 1)


def test_a_filter_narrows_the_members(engineer: Engineer) -> None:
    for priority, source in ((1, "a"), (2, "a"), (2, "b")):
        completed(engineer, priority=priority, source=source)
    assert ask(engineer, "resolved_volume", "count", filters={"priority": [2]}).n == 2
    assert ask(engineer, "resolved_volume", "count", filters={"priority": [2], "source": ["b"]}).n == 1


def test_cases_of_other_engineers_and_of_nobody_do_not_count(engineer: Engineer) -> None:
    completed(EngineerFactory())
    TicketFactory(engineer=None, completed_at=INSIDE)
    assert ask(engineer, "resolved_volume", "count") == Facts()


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


def test_a_follow_up_order_fails_the_first_fix(engineer: Engineer) -> None:
    completed(engineer, follow_up_count=0)
    completed(engineer, follow_up_count=1)
    assert ask(engineer, "first_time_fix_rate").value == 50


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


@pytest.mark.parametrize(
    ("measure", "fields", "rule"),
    [
        ("response_sla_rate", {"response_decided_at": INSIDE}, "undecided"),
        ("resolution_sla_rate", {"resolution_decided_at": INSIDE}, "undecided"),
        ("major_issue_resolution_rate", {"resolution_decided_at": INSIDE, "resolution_met": True}, "priority"),
        ("first_time_fix_rate", {"completed_at": INSIDE, "job_type": JobType.REQUEST}, "job_type"),
        ("first_time_fix_rate", {"completed_at": INSIDE, "no_fault_found": True}, "no_fault_found"),
        ("resolution_time", {"resolved_at": INSIDE}, "no_duration"),
        ("first_response_time", {"completed_at": INSIDE}, "no_response"),
        ("reopen_rate", {"opened_at": INSIDE}, "undated"),
        ("resolved_volume", {"completed_at": INSIDE, "exclusion": Exclusion.DUPLICATE}, "excluded"),
        ("followup_continuity", {"completed_at": INSIDE}, "undated"),
        ("problem_resolution_rate", {"opened_at": INSIDE}, "undated"),
    ],
)
def test_a_case_left_out_names_the_first_rule_that_says_so(
    engineer: Engineer, measure: str, fields: dict[str, Any], rule: str
) -> None:
    TicketFactory(engineer=engineer, **fields)
    statistic = MEASURES[measure].statistics[0].value
    clock = "calendar" if MEASURES[measure].clocks else ""
    assert ask(engineer, measure, statistic, clock).n == 0
    assert left_out(engineer, measure, statistic=statistic, clock=clock) == [rule]


def test_a_case_outside_the_filters_of_the_kpi_is_left_out_by_them(engineer: Engineer) -> None:
    completed(engineer, priority=3)
    assert left_out(engineer, "reopen_rate", filters={"priority": [1]}) == ["filtered"]


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


def local(at: str) -> str:
    """Read ``06-01 10:00`` or ``06-01 10:00:01`` as a time of 2026 in Shanghai."""
    seconds = "" if at.count(":") == 2 else ":00"
    return f"2026-{at.replace(' ', 'T')}{seconds}+08:00"


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
    resolver = [ask(who, "repeat_repair_rate", window=cut_off).denominator for who in (a, b, c)]
    assert resolver == [3, 2, None], "without sharing a repair is its resolver's alone"


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


def test_e19_of_seven_answers_and_twenty_surveys(engineer: Engineer) -> None:
    scores, recommendations = (5, 5, 4, 4, 3, 2, 1), (10, 9, 9, 8, 7, 6, 3)
    for score, recommend in zip(scores, recommendations, strict=True):
        SurveyFactory(
            engineer=engineer,
            delivered_at=INSIDE,
            responded_at=INSIDE,
            score_hundredths=100 * score,
            recommend=recommend,
        )
    for _ in range(13):
        SurveyFactory(engineer=engineer, delivered_at=INSIDE)
    assert ask(engineer, "csat_avg", "mean").value == Fraction(24, 7)  # 3.43
    assert ask(engineer, "csat_top2").value == Fraction(400, 7)  # 57.14
    assert ask(engineer, "survey_response_rate").value == 35
    facts = ask(engineer, "nps", "score")
    assert (facts.n, facts.numerator, facts.value) == (7, 1, Fraction(100, 7))  # 14.29


def test_without_an_answer_there_is_no_promoter_score(engineer: Engineer) -> None:
    SurveyFactory(engineer=engineer, delivered_at=INSIDE, responded_at=INSIDE, score_hundredths=500)
    assert ask(engineer, "nps", "score") == Facts()
    assert ask(engineer, "service_attitude", "score") == Facts()


def test_one_answer_counts_for_a_case_and_each_score_of_its_own(engineer: Engineer) -> None:
    answered = {"engineer": engineer, "delivered_at": INSIDE, "responded_at": INSIDE}
    SurveyFactory(**answered, score_hundredths=500, attitude_hundredths=450)
    SurveyFactory(**answered, score_hundredths=100, attitude_hundredths=100, is_latest=False)
    SurveyFactory(**answered, attitude_hundredths=350)
    assert ask(engineer, "csat_avg", "mean").value == 5
    assert ask(engineer, "service_attitude", "score").value == 80
    assert left_out(engineer, "csat_top2") == ["no_score", "superseded"]


def test_a_survey_answered_at_the_end_of_the_cycle_belongs_to_the_next(engineer: Engineer) -> None:
    for at in (START, END - MOMENT, END):
        SurveyFactory(engineer=engineer, delivered_at=at, responded_at=at, score_hundredths=400, recommend=9)
    assert ask(engineer, "csat_top2").n == 2
    assert ask(engineer, "nps", "score").n == 2
    assert ask(engineer, "survey_response_rate").n == 2


def complain(engineer: Engineer, **fields: Any) -> Complaint:
    given = {"received_at": INSIDE, "verdict": Verdict.JUSTIFIED, "source": "test"} | fields
    made: Complaint = Complaint.objects.create(engineer=engineer, external_id=f"C{Complaint.objects.count()}", **given)
    return made


def test_e8_complaints_for_each_hundred_closed_cases(engineer: Engineer) -> None:
    for _ in range(48):
        completed(engineer)
    complain(engineer, severity=Severity.GENERAL)
    complain(engineer, severity=Severity.SERIOUS)
    complain(engineer, severity=Severity.MAJOR, verdict=Verdict.PENDING)
    complain(engineer, severity=Severity.MAJOR, verdict=Verdict.UNJUSTIFIED)
    weighted = ask(engineer, "complaint_index", "score")
    assert (weighted.n, weighted.numerator, weighted.value) == (48, 4, Fraction(25, 3))  # 8.33
    counted = ask(engineer, "complaint_index", "score", parameters={"weighted": 0})
    assert (counted.numerator, counted.value) == (2, Fraction(25, 6))  # 4.17


def test_a_complaint_is_charged_only_to_who_caused_it(engineer: Engineer) -> None:
    completed(engineer)
    for cause in (Cause.PRODUCT, Cause.LOGISTICS, Cause.PROCESS, Cause.CUSTOMER, Cause.OTHER):
        complain(engineer, cause=cause)
    complain(engineer, is_anonymous=True)
    complain(engineer, exclusion=Exclusion.DUPLICATE)
    complain(engineer, received_at=START - MOMENT)
    complain(engineer, received_at=END)
    assert ask(engineer, "complaint_index", "score").numerator == 0
    rules = left_out(engineer, "complaint_index", "complaints", statistic="score")
    assert rules == ["anonymous", "excluded", *["other_cause"] * 5]
    complain(engineer, cause=Cause.ENGINEER, is_anonymous=True, has_evidence=True)
    complain(engineer, cause=Cause.UNKNOWN, received_at=START)
    assert ask(engineer, "complaint_index", "score").numerator == 2


def test_without_a_closed_case_there_is_no_complaint_index(engineer: Engineer) -> None:
    assert ask(engineer, "complaint_index", "score") == Facts()
    complain(engineer, severity=Severity.MAJOR)
    facts = ask(engineer, "complaint_index", "score")
    assert (facts.n, facts.value, facts.numerator) == (0, None, 5)


def test_a_complaint_without_a_closed_case_is_not_freedom_from_complaints(engineer: Engineer) -> None:
    complain(engineer)
    version = KpiVersion(measure_id="complaint_index", direction="down", empty_policy="full", form="bands")
    version.anchors = [["0", "100"], ["5", "60"]]
    charged, free = ask(engineer, "complaint_index", "score"), Facts()
    points = [
        score_facts(facts, version, rule_of(version), circumstances=Circumstances()).points
        for facts in (free, charged)
    ]
    assert points == [100, None]


def test_all_measures_of_a_table_take_one_query(engineer: Engineer, django_assert_num_queries: Any) -> None:
    versions = [
        KpiVersion(measure_id=measure.id, statistic=statistic, clock=clock)
        for measure in MEASURES.values()
        if measure.is_computed
        for statistic in measure.statistics
        for clock in (measure.clocks or [""])
    ]
    questions = {number: KpiQuestion.of(version) for number, version in enumerate(versions)}
    # Fourteen tables; tickets once more for who held them; employment, leave, and four for calendars.
    with django_assert_num_queries(21):
        collect_facts(questions, window=QUARTER, engineer_ids=[engineer.pk])


@pytest.mark.parametrize(
    "measure", [measure for measure in MEASURES.values() if measure.is_computed], ids=lambda m: m.id
)
def test_every_computed_measure_says_what_it_means(measure: Any) -> None:
    assert (measure.population is None) == bool(measure.formula)
    assert str(measure.name)
    assert str(measure.meaning).endswith((".", "。"))
    if measure.population:
        assert (measure.success is not None) == (Statistic.RATE in measure.statistics)


def test_every_computed_measure_is_asked_in_these_files() -> None:
    """A measure without a case counted by hand fails here."""
    texts = [file.read_text(encoding="utf-8") for file in sorted(Path(__file__).parent.glob("test_measures*.py"))]
    asked = {name for name in MEASURES for text in texts if f', "{name}"' in text}
    assert asked == {name for name, measure in MEASURES.items() if measure.is_computed}
