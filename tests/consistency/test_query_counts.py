"""Every page asks the same number of questions of the database, however much it lists, whoever reads it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection, reset_queries, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoDbBlocker

from appraisal.calendars.models import WorkCalendar
from appraisal.cycles.manual import enter_value
from appraisal.evidence.kinds import KINDS
from appraisal.evidence.models import (
    AuditSample,
    EvidenceImport,
    ImportReject,
    ReportAudit,
    SavedPreset,
    Settlement,
    Target,
    Ticket,
)
from appraisal.feedback.models import FeedbackRound, Group
from appraisal.jobs.models import Job
from appraisal.kpis.actions import draft_scheme
from appraisal.kpis.models import Kpi
from appraisal.kpis.suggestions import write_suggestion
from appraisal.notices.models import Notice
from appraisal.reviews.appeals.claims import Claim
from appraisal.reviews.appeals.disputes import raise_dispute
from appraisal.reviews.vetoes.actions import propose_veto
from engineers.models import Leave
from tests.consistency.addresses import READS, SIGNED_IN
from tests.consistency.furnished import address, client_of, furnished_world
from tests.factories import (
    RECORD_FACTORIES,
    ComplaintFactory,
    CycleFactory,
    EngineerFactory,
    KpiVersionFactory,
    SchemeVersionFactory,
    TeamFactory,
    UserFactory,
    VisitFactory,
)
from tests.integration.feedback.asking import add_feedback, ask
from tests.integration.outcomes.using import add_outcomes
from tests.integration.reviews.calibrating import decided
from tests.world import CASES, NOW, World, add_ticket, score

pytestmark = [pytest.mark.django_db, pytest.mark.once]

# Addresses that show one thing, a form or a text: nothing on them grows with the organisation.
SINGLE = {
    "api-docs",
    "api-schema",
    "api:appeal-terms-list",
    "api:auditentry-detail",
    "api:auditsample-detail",
    "api:bonus-detail",
    "api:commendation-detail",
    "api:cycle-calibration-pool-list",
    "api:cycle-detail",
    "api:cycle-stage-list",
    "api:evidenceimport-detail",
    "api:feedback-round-detail",
    "api:feedback-round-results",
    "api:feedback-task-detail",
    "api:import-preset-detail",
    "api:job-detail",
    "api:kpi-detail",
    "api:notice-settings",
    "api:outcome-rule-list",
    "api:post-change-detail",
    "api:reportaudit-detail",
    "api:review-interview-list",
    "api:review-line",
    "api:review-rating",
    "api:review-self-list",
    "api:review-transition-list",
    "api:scheme-detail",
    "api:scheme-draft",
    "api:scheme-version",
    "api:standing-list",
    "api:suggestion-detail",
    "api:ticket-place-list",
    "api:training-need-detail",
    "api:workcalendar-days",
    "api:workcalendar-detail",
    "api:worklog-detail",
    "appeal_terms",
    "audit_detail",
    "audit_judge",
    "bonus_detail",
    "calendar_day",
    "calendar_detail",
    "choose_time_zone",
    "commendation",
    "cycle_stages",
    "dispute_detail",
    "dispute_ticket",
    "feedback_answer",
    "feedback_results",
    "guide",
    "guide_chapter",
    "import_mapping",
    "import_sample",
    "interview",
    "job_detail",
    "job_progress",
    "kpi_new",
    "measure_detail",
    "notice_settings",
    "outcome_rules",
    "post_change",
    "preset_detail",
    "record_detail",
    "record_edit",
    "record_new",
    "review_appeal",
    "scheme_detail",
    "scheme_dump",
    "scheme_version",
    "self_review",
    "staff_import",
    "worklog_day",
    *(f"api:evidence-{kind}-detail" for kind in KINDS),
}
# The length of a packed file tells nothing.
FILES = {"scorecard_pdf", "api:review-pdf", "line_cases_file"}
# Lists of one person, review or cycle that this world does not make longer: counted with the rows they have.
STAY_SHORT = {
    "api:feedback-round-leniency",  # nothing before the release
    "api:appeal-list",
    "api:bonus-plan-list",
    "api:cycle-print-list",
    "api:cycle-reopening-list",
    "api:improvement-plan-proposed",
    "api:promotion-list",
    "api:review-override-list",
    "api:worklog-list",
    "bonus_plans",
    "my_bonuses",
    "promotions",
    "review_worklog",
    "worklog",
}

# Each kind of evidence has a list of its own.
LISTS = {f"record_list {kind}": ("record_list", {"kind": kind}, SIGNED_IN) for kind in KINDS}
PAGES = {name: (name, arguments, allowed) for name, (arguments, allowed) in READS.items()} | LISTS
# What lists nothing until something is looked for.
ASKED = {"search": "?q=E", "api:search-list": "?q=E", "people_suggest": "?q=E"}

# Each role once; of two engineers and two managers the second comes where the first may not.
VISITORS = ("HR", "auditor", "administrator", "second level", "manager", "engineer", "other manager", "other engineer")

Visits = dict[tuple[str, str], tuple[int, int]]


def visit_all(world: World, *, only_once: bool = False) -> Visits:
    """Return queries and length of every page there is, as each role that may read it."""
    visits = {}
    for role in VISITORS:
        client = client_of(world, role)
        for page, (name, arguments, allowed) in PAGES.items():
            if role in visitors_of(page, allowed, only_once=only_once):
                visits[page, role] = visit(client, address(world, name, arguments) + ASKED.get(name, ""))
    return visits


def visitors_of(page: str, allowed: frozenset[str], *, only_once: bool) -> list[str]:
    """Return who visits a page; what shows one thing is visited by one of those who may."""
    found = [role for role in VISITORS if role in allowed and not (role.startswith("other ") and role[6:] in allowed)]
    return found[:1] if only_once or page in SINGLE else found


def visit(client: Client, path: str) -> tuple[int, int]:
    reset_queries()  # all visits share one transaction, and the log of its queries has an end
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(path)
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    assert answer.status_code == 200, path
    # What stands above the content, such as the number of notices, is not the page's own.
    return len(captured), len(body[max(body.find(b"<main"), 0) :])


def add_records(world: World, number: int) -> None:
    """Add a record of every kind, an open and a settled exception, a sample, and an audit in the first sample."""
    made = {}
    for kind, make in RECORD_FACTORIES.items():
        about = {"ticket": world.ticket} if KINDS[kind].refers_to_ticket else {}
        engineer = EngineerFactory(employee_no=f"R{number}{kind}")
        made[kind] = make(external_id=f"seen {number}", engineer=engineer, **about)
    VisitFactory(ticket=world.ticket, anomalies="no_check_in")
    ComplaintFactory(external_id=f"justified {number}", verdict="justified")
    Settlement.objects.create(
        visit=made["visits"], anomaly="no_check_in", decision="upheld", decided_by=world.users["HR"], decided_at=NOW
    )
    sample = AuditSample.objects.create(
        seed=number, first_date="2026-01-01", last_date="2026-03-31", per_engineer=1, drawn_at=NOW
    )
    report, auditor = made["reports"], world.users["manager"]
    for each in {sample, AuditSample.objects.order_by("pk")[0]}:
        ReportAudit.objects.create(sample=each, report=report, engineer=report.engineer, auditor=auditor)
    for kind in ("reports", "worklogs"):
        RECORD_FACTORIES[kind](external_id=f"own {number}", engineer=world.one)


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
    write_suggestion(scheme="small", text="Weigh the customers more", by=by, now=NOW)


def add_asked(world: World) -> None:
    """Ask One about one more colleague."""
    feedback = FeedbackRound.objects.get(cycle=world.cycle)
    ask(feedback, EngineerFactory(), Group.PEER, by=world.users["HR"], rater=world.users["engineer"])


def add_rows(world: World, number: int) -> None:
    add_records(world, number)
    add_decisions(world, number)
    add_calibration(world)
    add_work(world, number)
    add_asked(world)


def grow(world: World) -> None:
    """Add to everything that is listed anywhere."""
    for number in range(3):
        add_rows(world, number + 1)
        add_feedback(world, number + 1)
        add_outcomes(world, number + 1)
        engineer = EngineerFactory(employee_no=f"EX{number}", team=world.team)
        for case in range(CASES):
            add_ticket(engineer, 100 + case, in_time=True)
            add_ticket(world.one, 200 + CASES * number + case, in_time=True)
        CycleFactory()
        ImportReject.objects.create(
            evidence_import=world.evidence_import, row_number=9 + number, reason="bad_datetime"
        )
        KpiVersionFactory()
        scheme_version = SchemeVersionFactory()
        draft_scheme(scheme=scheme_version.scheme, by=None, now=NOW)
        Target.objects.create(kind="arrival", source=f"s{number}", minutes=5, from_date="2026-01-01")
        WorkCalendar.objects.create(code=f"c{number}", time_zone="Asia/Shanghai", week=[[["09:00", "18:00"]]] * 7)
        content = SavedPreset.objects.get(code="acme").content | {"code": f"p{number}"}
        SavedPreset.objects.create(code=f"p{number}", name=f"Preset {number}", content=content, saved_at=NOW)
        job = EvidenceImport.objects.get(pk=world.evidence_import.pk)
        job.pk = None
        job.save()
    score(world.cycle, now=NOW)


@pytest.fixture(scope="module")
def visits(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[tuple[Visits, Visits]]:
    """Visit everything with one row and with several; undone afterwards."""
    with django_db_blocker.unblock(), transaction.atomic():
        world = furnished_world()
        add_rows(world, 4)
        visit_all(world, only_once=True)  # what is read once per process is not counted
        before = visit_all(world)
        grow(world)
        yield before, visit_all(world)
        transaction.set_rollback(True)


def test_every_page_asks_as_much_with_one_row_as_with_several_whoever_reads_it(visits: tuple[Visits, Visits]) -> None:
    before, after = visits
    grown = {page: (number, after[page][0]) for page, (number, _length) in before.items() if after[page][0] != number}
    assert grown == {}


def test_every_page_that_is_not_said_to_show_one_thing_had_rows_added(visits: tuple[Visits, Visits]) -> None:
    """A new address fails here until rows are made for it above, or it is listed as one without."""
    before, after = visits
    longer = {page for (page, role), (_number, length) in before.items() if after[page, role][1] > length}
    readable = {page for page, _role in before} - FILES
    assert readable - longer == SINGLE | STAY_SHORT
