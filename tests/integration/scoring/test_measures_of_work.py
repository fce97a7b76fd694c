"""Each measure against cases counted by hand: reports, work logs, handovers, metrics of other systems."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest

from appraisal.evidence.models import (
    AuditSample,
    Exclusion,
    Handover,
    HandoverType,
    JobType,
    Metric,
    ReportAudit,
    ServiceReport,
    WorkLog,
)
from appraisal.kpis.measures import Facts, Window
from engineers.models import Employment, Engineer, Leave
from tests.factories import SurveyFactory, TicketFactory
from tests.integration.scoring.asking import END, INSIDE, MOMENT, QUARTER, START, WORKDAYS, add, ask, left_out

pytestmark = pytest.mark.django_db


def days(first: date, number: int) -> Iterable[date]:
    return (first + timedelta(days=offset) for offset in range(number))


# Service reports and their audit


def add_audit(engineer: Engineer, *, at: datetime = INSIDE, scores: tuple[int, ...] = (100,), **fields: Any) -> None:
    sample = AuditSample.objects.create(
        seed=1, first_date=QUARTER.first_date, last_date=QUARTER.last_date, per_engineer=5, drawn_at=INSIDE
    )
    report = add(ServiceReport, engineer, service_ended_at=INSIDE)
    ReportAudit.objects.create(
        sample=sample,
        report=report,
        engineer=engineer,
        audited_at=at,
        items_sum=sum(scores),
        items_count=len(scores),
        **fields,
    )


def test_reports_in_time_are_those_of_the_reports_that_were_due(engineer: Engineer) -> None:
    for at, met in (
        (START, True),
        (INSIDE, True),
        (END - MOMENT, False),  # overdue, whether submitted or not
        (START - MOMENT, True),
        (END, True),
    ):
        add(ServiceReport, engineer, service_ended_at=at, report_decided_at=at, report_met=met)
    add(ServiceReport, engineer, service_ended_at=INSIDE)  # not yet due
    add(ServiceReport, engineer, service_ended_at=INSIDE, report_decided_at=INSIDE)  # no target in force
    facts = ask(engineer, "report_timeliness")
    assert (facts.numerator, facts.denominator) == (2, 3)
    # That of the last instant before the end of the year before was looked through in the cycle before.
    assert left_out(engineer, "report_timeliness") == ["undated", "undecided"]


def test_each_audited_report_weighs_the_same_however_many_items_apply(engineer: Engineer) -> None:
    add_audit(engineer, scores=(100, 100, 50, 0))
    add_audit(engineer, scores=(100,))
    add_audit(engineer, at=END)
    facts = ask(engineer, "report_completeness", "score")
    assert (facts.n, facts.value) == (2, Fraction(325, 4))  # (62.5 + 100) ÷ 2


def test_the_first_diagnosis_is_judged_only_where_there_is_one(engineer: Engineer) -> None:
    add_audit(engineer, diagnosis_correct=True)
    add_audit(engineer, diagnosis_correct=False)
    add_audit(engineer, at=START, diagnosis_correct=True)
    add_audit(engineer, diagnosis_correct=None)
    add_audit(engineer, at=END, diagnosis_correct=True)
    facts = ask(engineer, "diagnosis_accuracy")
    assert (facts.numerator, facts.denominator) == (2, 3)
    assert left_out(engineer, "diagnosis_accuracy") == ["undiagnosed"]


# Work logs


def test_every_scheduled_workday_is_due_a_log(engineer: Engineer) -> None:
    facts = ask(engineer, "worklog_rate")
    assert (facts.n, facts.value) == (WORKDAYS, 0)


def test_a_make_up_workday_counts_and_a_holiday_makes_up_for_nothing(engineer: Engineer) -> None:
    add(WorkLog, engineer, day=date(2026, 2, 14), logged_in_time=True)  # a Saturday worked for the spring festival
    add(WorkLog, engineer, day=date(2026, 2, 17), logged_in_time=True)  # the festival itself
    add(WorkLog, engineer, day=date(2026, 2, 21), logged_in_time=True)  # an ordinary Saturday
    add(WorkLog, engineer, day=date(2026, 3, 2), logged_in_time=True)
    add(WorkLog, engineer, day=date(2026, 3, 3), logged_in_time=False)
    add(WorkLog, engineer, day=date(2026, 3, 4), logged_in_time=True, exclusion=Exclusion.TEST)
    add(WorkLog, engineer, day=date(2026, 4, 1), logged_in_time=True)
    facts = ask(engineer, "worklog_rate")
    assert (facts.numerator, facts.denominator) == (2, WORKDAYS)
    assert left_out(engineer, "worklog_rate", "logged") == ["excluded", "late"]


def test_two_logs_of_a_day_are_one_day(engineer: Engineer) -> None:
    for _ in range(2):
        add(WorkLog, engineer, day=date(2026, 3, 2), logged_in_time=True)
    assert ask(engineer, "worklog_rate").numerator == 1


def test_leave_takes_days_out_of_what_is_due(engineer: Engineer) -> None:
    # Saturday to Sunday of the next week: five workdays.
    Leave.objects.create(engineer=engineer, start_date=date(2026, 3, 7), end_date=date(2026, 3, 15))
    for day in days(date(2026, 3, 9), 1):
        add(WorkLog, engineer, day=day, logged_in_time=True)  # logged while on leave
    facts = ask(engineer, "worklog_rate")
    assert (facts.numerator, facts.denominator) == (0, WORKDAYS - 5)


def test_only_days_of_employment_are_due(engineer: Engineer) -> None:
    Employment.objects.filter(engineer=engineer).update(start_date=date(2026, 3, 30))
    assert ask(engineer, "worklog_rate").denominator == 2
    Employment.objects.filter(engineer=engineer).update(start_date=None, end_date=date(2025, 12, 31))
    assert ask(engineer, "worklog_rate") == Facts()


def test_what_lies_after_the_moment_of_scoring_is_not_due_yet(engineer: Engineer) -> None:
    so_far = Window(start=START, end=INSIDE, first_date=date(2026, 1, 1), last_date=date(2026, 1, 9))
    # 4 January is a make-up Sunday; 5 to 9 a week.
    assert ask(engineer, "worklog_rate", window=so_far).denominator == 6


def test_utilisation_is_work_and_travel_of_the_hours_available(engineer: Engineer) -> None:
    Leave.objects.create(engineer=engineer, start_date=date(2026, 1, 1), end_date=date(2026, 3, 21))
    # 23 to 31 March: seven workdays are left, 56 hours.
    assert ask(engineer, "utilisation").n == 7
    add(WorkLog, engineer, day=date(2026, 3, 23), wrench_minutes=1260, travel_minutes=420, other_minutes=999)
    add(WorkLog, engineer, day=date(2026, 4, 1), wrench_minutes=600)
    facts = ask(engineer, "utilisation")
    assert (facts.numerator, facts.denominator, facts.value) == (28, 56, 50)
    assert ask(engineer, "utilisation", parameters={"with_travel": 0}).value == Fraction(75, 2)
    assert ask(engineer, "utilisation", parameters={"hours_a_day": 7}).denominator == 49


# Outputs of the role


def test_role_outputs_are_the_mean_of_what_there_was_a_chance_for(engineer: Engineer) -> None:
    assert ask(engineer, "role_outputs", "score") == Facts()
    job = {"engineer": engineer, "job_type": JobType.INSTALLATION, "completed_at": INSIDE}
    TicketFactory(**job, visit_count=1)
    TicketFactory(**job, visit_count=2)
    TicketFactory(**job, reopen_count=1)
    TicketFactory(**job, follow_up_count=1)
    assert ask(engineer, "role_outputs", "score").value == 25
    given = {"raised_at": START, "decided_at": INSIDE, "accepted": True}
    add(Handover, engineer, **given, due_at=INSIDE)
    add(Handover, engineer, **given, due_at=INSIDE - MOMENT)  # too late
    add(Handover, engineer, **given)
    add(Handover, engineer, **given | {"accepted": False})
    add(Handover, engineer, **given | {"decided_at": END})
    assert ask(engineer, "role_outputs", "score").value == Fraction(75, 2)  # (25 + 50) ÷ 2
    for kind, accepted in ((HandoverType.PRODUCT_FEEDBACK, True), (HandoverType.IMPROVEMENT, True)):
        add(Handover, engineer, **given | {"accepted": accepted, "type": kind})
    assert ask(engineer, "role_outputs", "score").value == Fraction(175, 3)  # (25 + 50 + 100) ÷ 3


def test_customer_training_is_rated_by_those_who_were_trained(engineer: Engineer) -> None:
    for job_type, score in ((JobType.TRAINING, 500), (JobType.TRAINING, 400), (JobType.REPAIR, 100)):
        ticket = TicketFactory(engineer=engineer, job_type=job_type)
        SurveyFactory(engineer=engineer, ticket=ticket, responded_at=INSIDE, score_hundredths=score)
    facts = ask(engineer, "role_outputs", "score")
    assert (facts.n, facts.value) == (2, 90)
    assert left_out(engineer, "role_outputs", "trained", statistic="score") == ["not_training"]


# Metrics of other systems


def add_metric(engineer: Engineer, value: str, *, weight: str = "1", day: date = date(2026, 2, 1), **f: Any) -> None:
    add(
        Metric,
        engineer,
        **{"code": "audit_score", "measured_on": day} | f,
        value_millionths=int(Fraction(value) * 10**6),
        weight_millionths=int(Fraction(weight) * 10**6),
    )


def test_a_metric_is_the_weighted_mean_of_what_was_delivered(engineer: Engineer) -> None:
    add_metric(engineer, "80", day=date(2026, 1, 1))
    add_metric(engineer, "95.5", weight="3", day=date(2026, 3, 31))
    add_metric(engineer, "1", day=date(2025, 12, 31))
    add_metric(engineer, "1", day=date(2026, 4, 1))
    add_metric(engineer, "1", code="other")
    facts = ask(engineer, "metric", "mean", filters={"code": ["audit_score"]})
    assert (facts.n, facts.denominator, facts.value) == (2, 4, Fraction(733, 8))  # (80 + 3 × 95.5) ÷ 4


def test_a_metric_may_be_below_0_and_one_that_weighs_nothing_is_none(engineer: Engineer) -> None:
    add_metric(engineer, "-0.000001", code="drift")
    assert ask(engineer, "metric", "mean", filters={"code": ["drift"]}).value == Fraction(-1, 10**6)
    add_metric(engineer, "5", code="idle", weight="0")
    assert ask(engineer, "metric", "mean", filters={"code": ["idle"]}) == Facts()
