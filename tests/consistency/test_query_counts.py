"""Every list asks the same number of questions of the database, however long it is."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from appraisal.calendars.models import WorkCalendar
from appraisal.cycles.manual import enter_value
from appraisal.evidence.kinds import KINDS
from appraisal.evidence.models import AuditSample, EvidenceImport, ReportAudit, SavedPreset, Settlement, Target, Ticket
from appraisal.jobs.models import Job
from appraisal.kpis.actions import draft_scheme
from appraisal.kpis.models import Kpi
from appraisal.kpis.suggestions import write_suggestion
from appraisal.notices.models import Notice
from appraisal.outcomes.models import BonusPlan, ImprovementPlan
from appraisal.reviews.claims import Claim
from appraisal.reviews.disputes import raise_dispute
from appraisal.reviews.vetoes import propose_veto
from engineers.models import Leave
from tests.factories import (
    RECORD_FACTORIES,
    EngineerFactory,
    KpiVersionFactory,
    SchemeVersionFactory,
    TeamFactory,
    UserFactory,
    VisitFactory,
)
from tests.integration.feedback.asking import add_feedback
from tests.integration.outcomes.using import add_outcomes
from tests.integration.reviews.calibrating import decided
from tests.world import CASES, NOW, World, add_ticket, build_world, score

pytestmark = pytest.mark.django_db

PAGES = {
    "home": "HR",
    "api:home-list": "manager",
    "cycle_list": "HR",
    "import_list": "HR",
    "preset_list": "HR",
    "api:import-preset-list": "HR",
    "import_new": "HR",
    "target_list": "HR",
    "record_overview": "HR",
    "exception_list": "HR",
    "sample_list": "HR",
    "audit_queue": "other manager",
    "calendar_list": "HR",
    "api:workcalendar-list": "HR",
    "engineer_list": "HR",
    "team_tree": "HR",
    "kpi_list": "HR",
    "scheme_list": "HR",
    "search": "second level",
    "team_board": "second level",
    "api:cycle-list": "HR",
    "api:review-list": "HR",
    "api:evidenceimport-list": "HR",
    "job_list": "HR",
    "api:job-list": "HR",
    "notice_list": "HR",
    "api:notice-list": "HR",
    "notice_settings": "HR",
    "audit_list": "HR",
    "feedback_tasks": "other engineer",
    "api:feedback-task-list": "other engineer",
    "api:auditentry-list": "HR",
    "suggestion_list": "HR",
    "api:suggestion-list": "HR",
    "my_bonuses": "engineer",
    "commendations": "HR",
    "api:commendation-list": "HR",
    "post_changes": "HR",
    "api:post-change-list": "HR",
    "training_needs": "HR",
    "api:training-need-list": "HR",
    "courses": "HR",
    "api:course-list": "HR",
    "improvement_plans": "HR",
    "api:improvement-plan-list": "HR",
    "payroll_presets": "HR",
    "api:bonus-plan-list": "HR",
    "api:bonus-list": "HR",
    "api:payroll-preset-list": "HR",
}


def queries(world: World, role: str, address: str) -> int:
    client = Client()
    client.force_login(world.users[role])
    client.get(address)  # what is read once per process is not counted
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


def add_records(world: World, number: int) -> None:
    """Add a record of every kind, an open and a settled exception, a sample, and an audit in the first sample."""
    made = {}
    for kind, make in RECORD_FACTORIES.items():
        about = {"ticket": world.ticket} if KINDS[kind].refers_to_ticket else {}
        engineer = EngineerFactory(employee_no=f"R{number}{kind}")
        made[kind] = make(external_id=f"seen {number}", engineer=engineer, **about)
    VisitFactory(ticket=world.ticket, anomalies="no_check_in")
    Settlement.objects.create(
        visit=made["visits"], anomaly="no_check_in", decision="upheld", decided_by=world.users["HR"], decided_at=NOW
    )
    sample = AuditSample.objects.create(
        seed=number, first_date="2026-01-01", last_date="2026-03-31", per_engineer=1, drawn_at=NOW
    )
    report, auditor = made["reports"], world.users["other manager"]
    for each in {sample, AuditSample.objects.order_by("pk")[0]}:
        ReportAudit.objects.create(sample=each, report=report, engineer=report.engineer, auditor=auditor)


def add_decisions(world: World, number: int) -> None:
    """Add a leave, a value entered by hand and a proposed veto."""
    kpi, evidence = Kpi.objects.get(code="in_time"), "Seen by two colleagues on site"
    day = date(2026, 1, 5) + timedelta(days=number)
    Leave.objects.create(engineer=world.one, start_date=day, end_date=day)
    given = {"cycle": world.cycle, "engineer": world.one, "kpi": kpi, "value": Decimal(90), "n": 10}
    enter_value(**given, evidence=evidence, by=world.users["HR"], now=NOW)
    event = {"cause": "safety_accident", "effect": "zero_kpi", "kpi": kpi, "happened_on": day}
    propose_veto(review_id=world.review.pk, **event, evidence=evidence, by=world.users["manager"], now=NOW)
    record_id = Ticket.objects.get(external_id=f"E1-{number:02}").pk
    claim = Claim(line_id=world.result.line_id, record_id=record_id, cause="other", text=evidence)
    raise_dispute(review_id=world.review.pk, claim=claim, by=world.users["engineer"], now=NOW)


def add_calibration(world: World) -> None:
    """Add a calibrated grade that was taken back, to be read beside the others of a review."""
    ended = {"ended_by": world.users["second level"], "ended_at": NOW}
    decided(world.review, proposed_by=world.users["HR"], **ended).save()


def add_work(world: World, number: int) -> None:
    """Add a job, a notice and suggestions."""
    moments = dict.fromkeys(("requested_at", "announced_at", "progressed_at"), NOW)
    Job.objects.create(kind="seen", subject=str(number), requested_by=world.users["HR"], **moments)
    Notice.objects.create(user=world.users["HR"], topic="seen", path=f"/{number}/", at=NOW)
    by = UserFactory()
    TeamFactory(manager=by)
    write_suggestion(kpi="in_time", text="Leave jobs in the mountains out", by=by, now=NOW)
    fields = {"external_id": {"column": "No"}, "opened_at": {"column": "At", "parser": "date"}}
    content = {"code": f"p{number}", "title": {"en": "P", "zh-hans": "P"}, "date_formats": ["%Y-%m-%d"]}
    content["tickets"] = {"fields": fields}
    SavedPreset.objects.create(code=f"p{number}", name=f"P {number}", content=content, saved_at=NOW)
    write_suggestion(scheme="small", text="Weigh the customers more", by=by, now=NOW)


def grow(world: World) -> None:
    """Add to everything that is listed anywhere."""
    for number in range(3):
        add_records(world, number + 1)
        add_decisions(world, number + 1)
        add_calibration(world)
        add_work(world, number + 1)
        add_feedback(world, number + 1)
        add_outcomes(world, number + 1)
        engineer = EngineerFactory(employee_no=f"X{number}", team=world.team)
        for case in range(CASES):
            add_ticket(engineer, 100 + case, in_time=True)
        KpiVersionFactory()
        scheme_version = SchemeVersionFactory()
        draft_scheme(scheme=scheme_version.scheme, by=None, now=NOW)
        Target.objects.create(kind="arrival", source=f"s{number}", minutes=5, from_date="2026-01-01")
        WorkCalendar.objects.create(code=f"c{number}", time_zone="Asia/Shanghai", week=[[["09:00", "18:00"]]] * 7)
        job = EvidenceImport.objects.get(pk=world.evidence_import.pk)
        job.pk = None
        job.save()
    score(world.cycle, now=NOW)


def test_the_number_of_queries_does_not_grow_with_the_rows() -> None:
    world = build_world()
    addresses = {name: (role, reverse(name)) for name, role in PAGES.items()}
    addresses["cycle_results"] = ("HR", reverse("cycle_results", args=["2026-Q1"]))
    addresses["cycle_detail"] = ("HR", reverse("cycle_detail", args=["2026-Q1"]))
    addresses["cycle_kpi_review"] = ("HR", reverse("cycle_kpi_review", args=["2026-Q1"]))
    addresses["scheme_try"] = ("HR", reverse("scheme_try", args=["small", 1]))
    addresses["cycle_quality"] = ("HR", reverse("cycle_quality", args=["2026-Q1"]))
    addresses["scorecard_detail"] = ("manager", reverse("scorecard_detail", args=[world.review.pk]))
    addresses["line_cases"] = ("manager", reverse("line_cases", args=[world.review.pk, world.result.line_id]))
    addresses["rate_review"] = ("manager", reverse("rate_review", args=[world.review.pk]))
    addresses["calendar_detail"] = ("HR", reverse("calendar_detail", args=["cn"]))
    addresses["cycle_values"] = ("HR", reverse("cycle_values", args=["2026-Q1"]))
    addresses["api values"] = ("HR", reverse("api:cycle-value-list", args=["2026-Q1"]))
    addresses["review_vetoes"] = ("HR", reverse("review_vetoes", args=[world.review.pk]))
    addresses["cycle_calibration"] = ("HR", reverse("cycle_calibration", args=["2026-Q1"]))
    addresses["review_calibration"] = ("HR", reverse("review_calibration", args=[world.review.pk]))
    addresses["api calibrations"] = ("HR", reverse("api:cycle-calibration-list", args=["2026-Q1"]))
    addresses["api pools"] = ("HR", reverse("api:cycle-calibration-pool-list", args=["2026-Q1"]))
    addresses["api calibrations of one"] = (
        "HR",
        reverse("api:review-calibration-list", args=[world.review.pk]),
    )
    addresses["api vetoes"] = ("HR", reverse("api:veto-list", args=[world.review.pk]))
    for name in ("review_appeal", "interview", "api:dispute-list", "api:appeal-list"):
        addresses[name] = ("HR", reverse(name, args=[world.review.pk]))
    for name in ("dispute_queue", "api:queue-list"):
        addresses[name] = ("HR", reverse(name))
    addresses["cycle_interviews"] = ("HR", reverse("cycle_interviews", args=["2026-Q1"]))
    addresses["self_review"] = ("engineer", reverse("self_review", args=[world.review.pk]))
    addresses["api steps"] = ("HR", reverse("api:cycle-transition-list", args=["2026-Q1"]))
    addresses["api overrides"] = ("HR", reverse("api:review-override-list", args=[world.review.pk]))
    addresses["leave_list"] = ("HR", reverse("leave_list", args=[world.one.pk]))
    addresses["engineer_detail"] = ("HR", reverse("engineer_detail", args=[world.one.pk]))
    addresses["scheme_version"] = ("HR", reverse("scheme_version", args=["small", 1]))
    for kind in KINDS:
        addresses[f"record_list {kind}"] = ("HR", reverse("record_list", args=[kind]))
        addresses[f"api {kind}"] = ("HR", reverse(f"api:evidence-{kind}-list"))
    addresses["ticket_detail"] = ("HR", reverse("ticket_detail", args=[world.ticket.pk]))
    add_records(world, 0)
    add_decisions(world, 0)
    add_calibration(world)
    add_work(world, 0)
    add_feedback(world)
    add_outcomes(world)
    addresses["improvement_plan"] = ("HR", reverse("improvement_plan", args=[ImprovementPlan.objects.get().pk]))
    addresses["bonus_plans"] = ("HR", reverse("bonus_plans", args=["2026-Q1"]))
    addresses["bonus_plan"] = ("HR", reverse("bonus_plan", args=[BonusPlan.objects.get().pk]))
    addresses["api bonus rows"] = ("HR", reverse("api:bonus-plan-rows", args=[BonusPlan.objects.get().pk]))
    for name in ("round", "requests", "customers", "results", "team"):
        role = "manager" if name == "team" else "HR"
        addresses[f"feedback_{name}"] = (role, reverse(f"feedback_{name}", args=["2026-Q1"]))
    addresses["feedback_raters"] = ("HR", reverse("feedback_raters", args=["2026-Q1", world.one.pk]))
    addresses["api raters"] = ("HR", reverse("api:feedback-round-raters", args=["2026-Q1", world.one.pk]))
    addresses["sample_detail"] = ("HR", reverse("sample_detail", args=[AuditSample.objects.get().pk]))
    before = {name: queries(world, role, address) for name, (role, address) in addresses.items()}
    grow(world)
    after = {name: queries(world, role, address) for name, (role, address) in addresses.items()}
    assert after == before
