"""Each measure against cases counted by hand: what customers answered and complained of."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from appraisal.cycles.points import Circumstances, score_facts
from appraisal.evidence.models import Cause, Complaint, Exclusion, Severity, Verdict
from appraisal.kpis.measures import Facts
from appraisal.kpis.models import KpiVersion
from appraisal.kpis.points import rule_of
from engineers.models import Engineer
from tests.factories import SurveyFactory
from tests.integration.scoring.asking import END, INSIDE, MOMENT, START, ask, completed, left_out

pytestmark = pytest.mark.django_db


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
