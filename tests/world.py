"""A small organisation with a scored, open cycle, and an account for every role."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.core.files.base import ContentFile

from appraisal.cycles.actions import request_run
from appraisal.cycles.models import Cycle, CycleState, KpiResult
from appraisal.evidence.models import EvidenceImport, ImportReject, ImportState, Target, Ticket
from appraisal.kpis.actions import draft_scheme
from appraisal.kpis.files import load_scheme
from appraisal.kpis.models import SchemeVersion
from appraisal.reviews.figures.runs import score_now
from appraisal.reviews.models import Review
from appraisal.reviews.rating import actions
from appraisal.reviews.steps.moves import move_cycle
from appraisal.reviews.workflow import possible_cycle_steps
from engineers.models import Engineer, Role, Team, User
from tests.factories import CycleFactory, EngineerFactory, TeamFactory, TicketFactory, UserFactory

NOW = datetime(2026, 4, 2, 8, 0, tzinfo=UTC)
CASES, IN_TIME = 12, 9

SCHEME = """
code: small
name: {zh: 小方案, en: Small}
grade_bands: [[A, 85], [B, 70], [D, 0]]
dimensions:
  - code: response
    name: {zh: 响应, en: Response}
    kpis:
      - code: in_time
        name: {zh: 响应及时率, en: In time}
        measure: response_sla_rate
        weight: 70
        target: 95
        curve: [[0, 0], [100, 100]]
      - {code: volume, name: {zh: 数量, en: Volume}, measure: resolved_volume}
      - code: repeat
        name: {zh: 重复维修率, en: Repeat repairs}
        measure: repeat_repair_rate
        weight: 10
        curve: [[0, 100], [10, 0]]
  - code: teamwork
    name: {zh: 协作, en: Teamwork}
    kpis:
      - code: cooperation
        name: {zh: 协作精神, en: Cooperation}
        measure: collaboration
        weight: 20
        curve: [[20, 20], [100, 100]]
        criteria:
          - code: colleagues
            name: {zh: 与同事配合, en: With colleagues}
            anchors: &anchors
              - {zh: 差, en: poor}
              - {zh: 弱, en: weak}
              - {zh: 可, en: fair}
              - {zh: 好, en: good}
              - {zh: 优, en: excellent}
          - code: others
            name: {zh: 与他人配合, en: With others}
            anchors: *anchors
"""


@dataclass(frozen=True, kw_only=True)
class World:
    """``one`` and ``two`` are engineers of different teams; ``manager`` answers for the team of ``one``."""

    users: dict[str, User]
    one: Engineer
    two: Engineer
    team: Team
    cycle: Cycle
    version: SchemeVersion
    review: Review
    other_review: Review
    ticket: Ticket
    result: KpiResult
    evidence_import: EvidenceImport
    preview: EvidenceImport
    target: Target

    @property
    def rating_keys(self) -> list[tuple[int, str]]:
        return actions.criteria_of(self.review)


def build_world() -> World:
    users = {
        "engineer": UserFactory(username="one"),
        "other engineer": UserFactory(username="two"),
        "manager": UserFactory(username="manager"),
        "other manager": UserFactory(username="other-manager"),
        "second level": UserFactory(username="director"),
        "HR": UserFactory(username="hr", roles=[Role.HR]),
        "auditor": UserFactory(username="auditor", roles=[Role.AUDITOR]),
        "administrator": UserFactory(
            username="administrator", roles=[Role.ADMINISTRATOR], is_staff=True, is_superuser=True
        ),
    }
    root = TeamFactory(code="ROOT", manager=users["second level"])
    team = TeamFactory(code="ONE", parent=root, manager=users["manager"])
    other_team = TeamFactory(code="TWO", parent=root, manager=users["other manager"])
    one = EngineerFactory(employee_no="E1", name="One", user=users["engineer"], team=team)
    two = EngineerFactory(employee_no="E2", name="Two", user=users["other engineer"], team=other_team)
    tickets = [
        add_ticket(engineer, number, in_time=number < IN_TIME) for engineer in (one, two) for number in range(CASES)
    ]
    version = load_scheme(text=SCHEME, by=None, now=NOW)
    draft_scheme(scheme=version.scheme, by=None, now=NOW)
    cycle = CycleFactory(code="2026-Q1", name="First quarter", scheme=version)
    advance(cycle, CycleState.MANAGER_REVIEW)
    score(cycle, now=NOW)
    cycle.refresh_from_db()
    done = EvidenceImport(state=ImportState.DONE, file_name="done.csv", rows=3, records=2, created=2, rejected=1)
    preview = EvidenceImport(state=ImportState.PREVIEW, file_name="preview.csv")
    for job in (done, preview):
        job.kind, job.preset, job.source, job.time_zone, job.requested_at = (
            "tickets",
            "portal",
            "test",
            "Asia/Shanghai",
            NOW,
        )
        job.file.save(job.file_name, ContentFile(b"not,a,fitting,header\n1,2,3,4\n"), save=False)
        job.save()
    ImportReject.objects.create(
        evidence_import=done, row_number=3, column="opened", value="=1+1", reason="bad_datetime"
    )
    review = Review.objects.get(cycle=cycle, engineer=one)
    return World(
        users=users,
        one=one,
        two=two,
        team=team,
        cycle=cycle,
        version=version,
        review=review,
        other_review=Review.objects.get(cycle=cycle, engineer=two),
        ticket=tickets[0],
        result=KpiResult.objects.get(cycle=cycle, engineer=one, line__kpi_version__kpi__code="in_time"),
        evidence_import=done,
        preview=preview,
        target=Target.objects.create(kind="response", source="nowhere", minutes=5, from_date="2026-01-01"),
    )


def add_ticket(engineer: Engineer, number: int, *, in_time: bool) -> Ticket:
    """Add a completed case of February 2026 with its clock figures."""
    opened = datetime(2026, 2, 2, 2, 0, tzinfo=UTC) + timedelta(hours=number)
    ticket: Ticket = TicketFactory(
        engineer=engineer,
        external_id=f"{engineer.employee_no}-{number:02}",
        opened_at=opened,
        first_response_at=opened + timedelta(minutes=10),
        resolved_at=opened + timedelta(hours=2),
        completed_at=opened + timedelta(hours=2),
        response_us=600_000_000,
        response_business_us=600_000_000,
        response_decided_at=opened + timedelta(minutes=10),
        response_met=in_time,
        resolution_us=7_200_000_000,
        resolution_business_us=7_200_000_000,
    )
    return ticket


def advance(cycle: Cycle, to: str, *, by: User | None = None, now: datetime = NOW) -> Cycle:
    """Take a cycle forward step by step, whatever is open; ``cycle`` itself is brought up to date."""
    forward = list(CycleState)
    cycle.refresh_from_db()
    while cycle.state != to:
        step = next(
            step
            for step in possible_cycle_steps(cycle)
            if forward.index(CycleState(step.target)) > forward.index(CycleState(cycle.state))
        )
        move_cycle(cycle_id=cycle.pk, transition=step.name, by=by, now=now, reason="As this test needs the cycle")
        cycle.refresh_from_db()
    return cycle


def score(cycle: Cycle, *, now: datetime) -> None:
    """Score a cycle here and now."""
    run = request_run(cycle_id=cycle.pk, by=None, now=now)
    score_now(run, now=now)
