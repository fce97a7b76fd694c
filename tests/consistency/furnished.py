"""A world with something behind every address."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django.test import Client
from django.urls import reverse

from appraisal.cycles.manual import enter_value
from appraisal.cycles.models import CycleDraft, ManualValue, Reopening
from appraisal.evidence.kinds import KINDS
from appraisal.evidence.models import AuditSample, ReportAudit, SavedPreset, ServiceReport, Target
from appraisal.feedback.models import FeedbackRequest
from appraisal.jobs.models import Job
from appraisal.kpis.actions import create_scheme
from appraisal.kpis.models import Dimension, Kpi, SchemeLine, Suggestion
from appraisal.kpis.suggestions import write_suggestion
from appraisal.notices.models import Notice
from appraisal.outcomes.models import (
    BonusPlan,
    BonusRow,
    Commendation,
    Course,
    ImprovementPlan,
    PayrollPreset,
    PlanCheck,
    PostChange,
    TrainingNeed,
)
from appraisal.reviews.appeals.claims import Claim
from appraisal.reviews.appeals.disputes import raise_dispute
from appraisal.reviews.models import Calibration, Dispute, Interview, LineOverride, VetoEvent
from appraisal.reviews.rating.overrides import override_line
from appraisal.reviews.vetoes.actions import propose_veto
from engineers.models import AuditEntry, Leave
from tests.consistency.addresses import SEEN, STRANGER
from tests.factories import RECORD_FACTORIES
from tests.integration.feedback.asking import add_feedback
from tests.integration.outcomes.using import add_outcomes
from tests.integration.reviews.calibrating import decided
from tests.world import NOW, World, build_world


def furnished_world() -> World:
    """Return a world with something behind every address."""
    made = build_world()
    for code, make in RECORD_FACTORIES.items():
        make(external_id=SEEN, engineer=made.one, **({"ticket": made.ticket} if code == "events" else {}))
    sample = AuditSample.objects.create(
        seed=1, first_date="2026-01-01", last_date="2026-03-31", per_engineer=1, drawn_at=NOW
    )
    report = ServiceReport.objects.get(external_id=SEEN)
    ReportAudit.objects.create(sample=sample, report=report, engineer=made.one, auditor=made.users["other manager"])
    add_decisions(made)
    content = {"tickets": {"fields": {"external_id": {"column": "No"}, "opened_at": {"column": "At"}}}}
    content |= {"code": "acme", "title": {"en": "Acme", "zh-hans": "Acme"}, "datetime_formats": ["%Y-%m-%d %H:%M"]}
    SavedPreset.objects.create(code="acme", name="Acme", content=content, saved_by=made.users["HR"], saved_at=NOW)
    moments = dict.fromkeys(("requested_at", "announced_at", "progressed_at"), NOW)
    Job.objects.create(kind="seen", subject=SEEN, requested_by=made.users["manager"], **moments)
    Notice.objects.create(user=made.users["engineer"], topic=SEEN, at=NOW)
    add_feedback(made)
    write_suggestion(kpi="in_time", text="Leave jobs in the mountains out", by=made.users["engineer"], now=NOW)
    add_outcomes(made)
    return made


def add_decisions(world: World) -> None:
    """Add a leave, a value entered by hand, a veto, a dispute and a reopening that wait, and an interview."""
    Leave.objects.create(engineer=world.one, start_date="2026-03-02", end_date="2026-03-06")
    evidence, by = "Seen by two colleagues on site", world.users
    kpi = Kpi.objects.get(code="in_time")
    given = {"cycle": world.cycle, "engineer": world.one, "kpi": kpi, "value": Decimal(90), "n": 10}
    enter_value(**given, evidence=evidence, by=by["HR"], now=NOW)
    event = {"cause": "safety_accident", "effect": "grade_cap", "grade": "D", "happened_on": date(2026, 3, 1)}
    propose_veto(review_id=world.review.pk, **event, evidence=evidence, by=by["manager"], now=NOW)
    line = {"review_id": world.review.pk, "line_id": world.result.line_id, "points": Decimal(80)}
    override_line(**line, reason=evidence, by=by["manager"], now=NOW)
    claim = Claim(line_id=world.result.line_id, record_id=world.ticket.pk, cause="other", text=evidence)
    raise_dispute(review_id=world.review.pk, claim=claim, by=by["engineer"], now=NOW)
    talk = {"review": world.review, "interviewer": by["manager"], "changed_by": by["manager"]}
    Interview.objects.create(**talk, changed_at=NOW)
    asked = {"cycle": world.cycle, "transition": "reopen_calibration", "requested_by": by["auditor"]}
    Reopening.objects.create(**asked, reason=evidence, requested_at=NOW)
    decided(world.review, proposed_by=by["other manager"], steps=2).save()
    create_scheme(code="drafted", name_zh="草", name_en="Drafted", source=world.version, by=None, now=NOW)
    CycleDraft.objects.create(started_by=by["HR"], started_at=NOW, changed_at=NOW)


FIRST = {
    "leave": Leave.objects.all(),
    "value": ManualValue.objects.all(),
    "override": LineOverride.objects.all(),
    "reopening": Reopening.objects.all(),
    "calibration": Calibration.objects.all(),
    "veto": VetoEvent.objects.all(),
    "suggestion": Suggestion.objects.all(),
    "dispute": Dispute.objects.all(),
    "setup": CycleDraft.objects.all(),
    "sample": AuditSample.objects.all(),
    "draft line": SchemeLine.objects.filter(dimension__version__scheme__code="drafted"),
    "draft dimension": Dimension.objects.filter(version__scheme__code="drafted"),
    "shipped target": Target.objects.order_by("pk"),
    "audit": ReportAudit.objects.all(),
    "job": Job.objects.filter(subject=SEEN),
    "notice": Notice.objects.filter(topic=SEEN),
    "entry": AuditEntry.objects.all(),
    "bonus plan": BonusPlan.objects.all(),
    "bonus row": BonusRow.objects.all(),
    "preset": PayrollPreset.objects.all(),
    "improvement plan": ImprovementPlan.objects.all(),
    "check": PlanCheck.objects.all(),
    "need": TrainingNeed.objects.all(),
    "praise": Commendation.objects.all(),
    "post change": PostChange.objects.all(),
    "course": Course.objects.all(),
    "asked": FeedbackRequest.objects.filter(group="peer", state="approved"),
    "proposed": FeedbackRequest.objects.filter(state="nominated"),
    "customer": FeedbackRequest.objects.filter(group="customer"),
}


def record_key(value: object) -> object:
    """Return the key of what "record visits" and the like stand for."""
    match str(value).split():
        case ["record", kind]:
            return KINDS[kind].model._default_manager.get(external_id=SEEN).pk
        case _ if value in FIRST:
            return FIRST[str(value)].order_by("pk")[0].pk
        case _:
            return value


def address(world: World, name: str, arguments: dict[str, Any]) -> str:
    objects = {
        "one": world.one.pk,
        "review": world.review.pk,
        "line": world.result.line_id,
        "ticket": world.ticket.pk,
        "evidence_import": world.evidence_import.pk,
        "preview": world.preview.pk,
        "target": world.target.pk,
    }
    return reverse(name, kwargs={key: objects.get(value, record_key(value)) for key, value in arguments.items()})


def client_of(world: World, role: str) -> Client:
    client = Client(headers={"accept-language": "en"})
    if role != STRANGER:
        client.force_login(world.users[role])
    return client
