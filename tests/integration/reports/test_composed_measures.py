"""Composed measures: the parts, the formula with its numbers, and what ``n`` counts."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from appraisal.evidence.models import AuditSample, HandoverType, JobType, ReportAudit
from appraisal.kpis.measures import MEASURES
from appraisal.reports.formulas import COUNTED_PARTS
from engineers.models import Engineer, Leave
from tests.factories import (
    ArticleFactory,
    ArticleUseFactory,
    CertificateFactory,
    ComplaintFactory,
    EngineerFactory,
    ExamFactory,
    HandoverFactory,
    MetricFactory,
    ServiceReportFactory,
    SurveyFactory,
    TrainingFactory,
    WorkLogFactory,
)
from tests.integration.reports.lines import (
    INSIDE,
    add_tickets,
    calculations,
    kpi,
    listed,
    open_cycle,
    page_of,
    results,
    scored,
    told,
)

pytestmark = pytest.mark.django_db

WORKDAYS = 59  # of the first quarter of 2026 in China (SPEC E15)


@pytest.fixture
def engineer() -> Engineer:
    made: Engineer = EngineerFactory()
    return made


def explained(engineer: Engineer, measure: str, **settings: Any) -> tuple[dict[str, Any], Any]:
    """Score one measure; return the line and the cycle, having seen that the steps end in the stored value."""
    settings = {"curve": [], "weight": 0} | settings
    cycle = scored(open_cycle(kpi(measure, **settings), kpi("response_sla_rate")))
    line = told(cycle, engineer, measure)
    assert line["explanation"]["value_steps"][-1]["result"] == line["value"]
    assert line["explanation"]["is_current"] is True
    return line, cycle


def test_every_composed_measure_says_what_n_counts() -> None:
    composed = {measure.id: measure for measure in MEASURES.values() if measure.formula}
    assert composed.keys() == COUNTED_PARTS.keys()
    for measure_id, parts in COUNTED_PARTS.items():
        assert set(parts) <= composed[measure_id].parts.keys()


def test_complaints_per_hundred_closed_cases(engineer: Engineer) -> None:
    """SPEC 6, E8: 48 closed; justified general and serious, one pending, one unjustified."""
    add_tickets(engineer, 48)
    for severity, verdict in ((1, "justified"), (3, "justified"), (5, "pending"), (1, "unjustified")):
        ComplaintFactory(engineer=engineer, received_at=INSIDE, severity=severity, verdict=verdict)
    line, cycle = explained(engineer, "complaint_index")
    why = line["explanation"]
    assert results(why["value_steps"]) == {
        "complaints": "2",
        "severity": "4",
        "closed cases": "48",
        "Value": "8.333333",
    }
    assert calculations(why["value_steps"]) == ["100 × 4 ÷ 48"]
    assert why["n_sentence"] == "n = 48: closed cases."
    assert why["sentences"][0] == "From its parts: 100 × 4 ÷ 48 = 8.33 per 100 cases."
    assert [part["name"] for part in line["parts"]] == ["complaints", "severity", "closed"]
    severity = listed(cycle, engineer, "complaint_index", "?part=severity")
    assert [case["amount"] for case in severity["cases"]] == ["1.00", "3.00"]
    assert {rule["rule"]: rule["count"] for rule in severity["rules"]} == {"pending": 1, "unjustified": 1}
    closed = listed(cycle, engineer, "complaint_index", "?part=closed")
    assert (closed["count"], closed["counted"]) == (48, 48)
    page = page_of(cycle, engineer, "complaint_index", "?part=severity&show=left_out")
    assert "complaints not decided yet: 1" in page


def test_net_promoters(engineer: Engineer) -> None:
    """SPEC 6, E19: 10, 9, 9, 8, 7, 6, 3."""
    for answer in (10, 9, 9, 8, 7, 6, 3):
        SurveyFactory(engineer=engineer, responded_at=INSIDE, recommend=answer)
    line, cycle = explained(engineer, "nps")
    assert results(line["explanation"]["value_steps"]) == {
        "answers": "7",
        "promoters": "3",
        "detractors": "2",
        "Difference": "1",
        "Value": "14.285714",
    }
    promoters = listed(cycle, engineer, "nps", "?part=promoters")
    assert [case["met"] for case in promoters["cases"]] == [True, True, True, False, False, False, False]


def test_work_logs_name_the_missing_days_and_the_days_away(engineer: Engineer) -> None:
    Leave.objects.create(engineer=engineer, start_date=date(2026, 3, 2), end_date=date(2026, 3, 3))
    WorkLogFactory(engineer=engineer, day=date(2026, 1, 5), logged_in_time=True)
    WorkLogFactory(engineer=engineer, day=date(2026, 1, 6), logged_in_time=False)
    line, cycle = explained(engineer, "worklog_rate", empty_policy="zero")
    steps = line["explanation"]["value_steps"]
    assert results(steps)["scheduled workdays"] == str(WORKDAYS - 2)
    assert calculations(steps) == [f"100 × 1 ÷ {WORKDAYS - 2}"]
    roster = listed(cycle, engineer, "worklog_rate", "?part=scheduled")["roster"]
    assert roster["away"] == ["2026-03-02", "2026-03-03"]
    assert len(roster["expected"]) == WORKDAYS - 2
    assert len(roster["missing"]) == WORKDAYS - 3
    assert "2026-01-06" in roster["missing"]
    assert "2026-01-05" not in roster["missing"]
    logged = listed(cycle, engineer, "worklog_rate", "?show=left_out")
    assert [(case["rule"], case["rule_label"]) for case in logged["cases"]] == [("late", "days logged too late")]
    assert 'id="roster"' in page_of(cycle, engineer, "worklog_rate", "?part=scheduled")


def test_hours_and_courses_of_new_technology(engineer: Engineer) -> None:
    for passed in (True, False):
        TrainingFactory(
            engineer=engineer, assigned_at=INSIDE, completed_at=INSIDE, hours_hundredths=400, passed=passed
        )
    line, _cycle = explained(engineer, "new_tech_learning")
    steps = line["explanation"]["value_steps"]
    assert results(steps) | {} == {
        "courses assigned": "2",
        "courses passed": "1",
        "hours": "8",
        "scheduled workdays": str(WORKDAYS),
        "workdays of the cycle": str(WORKDAYS),
        "Target hours, for the days present": "16",
        "Half for the hours, at most 50": "25",
        "Half for the courses passed": "25",
        "Value": "50",
    }
    assert calculations(steps)[-3:] == ["50 × 8 ÷ 16", "50 × 1 ÷ 2", "25 + 25"]


def test_exams_and_certificates_title_by_title(engineer: Engineer) -> None:
    offered = datetime(2026, 1, 10, tzinfo=UTC)
    for title, score in (("Drives", 9000), ("Pumps", None)):
        ExamFactory(
            engineer=engineer,
            type="practical",
            title=title,
            offered_at=offered,
            taken_at=INSIDE if score else None,
            score_hundredths=score,
        )
    CertificateFactory(engineer=engineer, title="Electrician", expires_on=date(2027, 1, 1))
    line, cycle = explained(engineer, "repair_skill")
    assert results(line["explanation"]["value_steps"]) == {
        "practical tests": "2",
        "certificates": "1",
        "Drives": "90",
        "Pumps": "0",
        "Electrician": "100",
        "Value": "63.333333",
    }
    cases = listed(cycle, engineer, "repair_skill")["cases"]
    assert [[fact["value"] for fact in case["facts"]][2] for case in cases] == ["90", None]


def test_shared_knowledge_is_counted_in_units(engineer: Engineer) -> None:
    article = ArticleFactory(engineer=engineer, approved_at=INSIDE)
    ArticleUseFactory(article=article, used_at=INSIDE)
    ArticleUseFactory(article=article, used_at=INSIDE, engineer=engineer)  # one's own
    line, cycle = explained(engineer, "knowledge_sharing")
    assert calculations(line["explanation"]["value_steps"]) == ["1 × 1 + 1 × 2"]
    assert (line["value"], line["explanation"]["n_sentence"]) == (
        "3",
        "n = 2: approved articles + uses by others.",
    )
    uses = listed(cycle, engineer, "knowledge_sharing", "?part=reused&show=left_out")
    assert [case["rule"] for case in uses["cases"]] == ["own_use"]


def test_shared_knowledge_is_told_for_the_days_present(engineer: Engineer) -> None:
    # Seven of 59 workdays are left.
    Leave.objects.create(engineer=engineer, start_date=date(2026, 1, 1), end_date=date(2026, 3, 21))
    ArticleFactory(engineer=engineer, approved_at=INSIDE)
    line, _cycle = explained(engineer, "knowledge_sharing")
    assert calculations(line["explanation"]["value_steps"]) == ["(1 × 1 + 0 × 2) × 59 ÷ 7"]
    assert line["value"] == "8.428571"


def test_outputs_are_the_mean_of_those_there_were(engineer: Engineer) -> None:
    for reopened in (0, 0, 0, 1):
        add_tickets(engineer, 1, job_type=JobType.INSTALLATION, reopen_count=reopened)
    for accepted in (True, False):
        HandoverFactory(
            engineer=engineer,
            type=HandoverType.HANDOVER,
            raised_at=INSIDE,
            decided_at=INSIDE,
            due_at=INSIDE + timedelta(days=1),
            accepted=accepted,
        )
    ticket = add_tickets(engineer, 1, job_type=JobType.TRAINING).get()
    SurveyFactory(engineer=engineer, ticket=ticket, responded_at=INSIDE, score_hundredths=400)
    line, _cycle = explained(engineer, "role_outputs")
    assert calculations(line["explanation"]["value_steps"]) == [
        "100 × 3 ÷ 4",
        "100 × 1 ÷ 2",
        "20 × 4 ÷ 1",
        "205 ÷ 3",
    ]
    assert line["n"] == 7


def test_utilisation_divides_hours(engineer: Engineer) -> None:
    WorkLogFactory(engineer=engineer, day=date(2026, 1, 5), wrench_minutes=300, travel_minutes=180)
    line, _cycle = explained(engineer, "utilisation")
    assert calculations(line["explanation"]["value_steps"]) == [
        "(300 + 180) ÷ 60",
        f"{WORKDAYS} × 8",
        f"100 × 8 ÷ {8 * WORKDAYS}",
    ]


def test_audited_reports_are_listed_one_by_one(engineer: Engineer) -> None:
    sample = AuditSample.objects.create(
        seed=1, first_date=date(2026, 1, 1), last_date=date(2026, 3, 31), per_engineer=5, drawn_at=INSIDE
    )
    for items_sum, items in ((400, 4), (150, 3)):
        report = ServiceReportFactory(engineer=engineer)
        ReportAudit.objects.create(
            sample=sample,
            report=report,
            engineer=engineer,
            items_sum=items_sum,
            items_count=items,
            audited_at=INSIDE,
        )
    line, cycle = explained(engineer, "report_completeness")
    assert calculations(line["explanation"]["value_steps"]) == ["400 ÷ 4", "150 ÷ 3", "150 ÷ 2"]
    cases = listed(cycle, engineer, "report_completeness")["cases"]
    assert [(case["kind"], [fact["value"] for fact in case["facts"]][1:3]) for case in cases] == [
        ("reports", [400, 4]),
        ("reports", [150, 3]),
    ]
    assert "/evidence/records/reports/" in page_of(cycle, engineer, "report_completeness")


def test_metrics_of_other_systems_are_weighed(engineer: Engineer) -> None:
    for value, weight in ((80, 1), (95, 2)):
        MetricFactory(
            engineer=engineer,
            measured_on=INSIDE.date(),
            value_millionths=value * 10**6,
            weight_millionths=weight * 10**6,
        )
    line, _cycle = explained(engineer, "metric", filters={"code": ["sales"]})
    assert results(line["explanation"]["value_steps"]) == {
        "metrics": "2",
        "Sum of value × weight": "270",
        "Sum of the weights": "3",
        "Value": "90",
    }
