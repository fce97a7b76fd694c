"""Each measure against cases counted by hand: who is a member, what counts, what is left out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest

from appraisal.evidence.models import Exclusion, JobType
from appraisal.kpis.facts import Facts, KpiQuestion, cases_behind, collect_facts
from appraisal.kpis.measures import MEASURES, Statistic, Window
from appraisal.kpis.models import KpiVersion
from engineers.models import Engineer
from tests.factories import EngineerFactory, SurveyFactory, TicketFactory, VisitFactory

pytestmark = pytest.mark.django_db

START, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)
WINDOW = Window(start=START, end=END)
INSIDE = datetime(2026, 2, 1, tzinfo=UTC)
HOUR = 3_600_000_000


@pytest.fixture
def engineer() -> Engineer:
    made: Engineer = EngineerFactory()
    return made


def ask(
    engineer: Engineer, measure: str, statistic: str = "rate", clock: str = "", filters: dict[str, Any] | None = None
) -> Facts:
    """Answer one KPI for one engineer; and check that the cases behind it add up to the same figure."""
    question = KpiQuestion.of(KpiVersion(measure_id=measure, statistic=statistic, clock=clock, filters=filters or {}))
    answers = collect_facts({1: question}, window=WINDOW, first_engineer_id=engineer.pk, last_engineer_id=engineer.pk)
    facts = answers.get(engineer.pk, {}).get(1, Facts())
    behind = list(cases_behind(question, window=WINDOW, engineer_id=engineer.pk))
    assert len(behind) == facts.n, "the cases listed are the cases counted"
    if statistic == Statistic.RATE and facts.n:
        assert sum(bool(case.counts) for case in behind) == facts.numerator
    return facts


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


def test_all_measures_of_a_table_take_one_query(engineer: Engineer, django_assert_num_queries: Any) -> None:
    versions = [
        KpiVersion(measure_id=measure.id, statistic=statistic, clock=clock)
        for measure in MEASURES.values()
        if measure.is_computed
        for statistic in measure.statistics
        for clock in (measure.clocks or [""])
    ]
    questions = {number: KpiQuestion.of(version) for number, version in enumerate(versions)}
    with django_assert_num_queries(3):  # tickets, visits, surveys
        collect_facts(questions, window=WINDOW, first_engineer_id=1, last_engineer_id=engineer.pk)


@pytest.mark.parametrize(
    "measure", [measure for measure in MEASURES.values() if measure.is_computed], ids=lambda m: m.id
)
def test_every_computed_measure_says_what_it_means(measure: Any) -> None:
    assert measure.population is not None
    assert str(measure.name)
    assert str(measure.meaning).endswith((".", "。"))
    assert (measure.success is not None) == (Statistic.RATE in measure.statistics)
