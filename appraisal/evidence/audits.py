"""Audits of service reports: a random sample, spread over auditors who do not see whose report they judge.

Source: SPEC 1, report_completeness and diagnosis_accuracy.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import groupby
from operator import itemgetter
from random import Random

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from appraisal.evidence.intake.errors import Sentence
from appraisal.evidence.models import AuditItem, AuditSample, Exclusion, ReportAudit, ServiceReport
from appraisal.evidence.queries import midnight
from engineers.access import teams_managed_by
from engineers.audit import record as audit
from engineers.models import Engineer, TeamMembership, User

MARKS = (0, 50, 100)
HIDDEN = "●●●"
DEFAULT_REPORTS = 5  # SPEC 1: n of at least 5
LARGEST_SEED = 2**53 - 1  # every program writes it without loss

REFUSALS: dict[str, Sentence] = {
    "no_auditors": _("Name at least one auditor."),
    "period_backwards": _("The last day lies before the first."),
    "no_reports": _("No report was handed in for services of this period."),
    "no_neutral_auditor": _("All the auditors are, or manage, these engineers: %(engineers)s. Name another auditor."),
    "marks_missing": _("Every item needs one of the marks 0, 50 or 100."),
}


class AuditRefused(Exception):
    """A sample or a judgement that breaks a rule; ``code`` says which."""

    def __init__(self, code: str, **data: str) -> None:
        self.code, self.data = code, data
        super().__init__(code, data)

    def __str__(self) -> str:
        return str(REFUSALS[self.code]) % self.data


@transaction.atomic
def draw_sample(
    *,
    first_date: date,
    last_date: date,
    per_engineer: int,
    auditors: Sequence[User],
    seed: int | None = None,
    by: User,
    now: datetime,
) -> AuditSample:
    """Draw at most so many reports of each engineer for services of these days, and give each to an auditor.

    The same seed draws the same reports from the same stock. Raises AuditRefused.
    """
    if not auditors:
        raise AuditRefused("no_auditors")
    if last_date < first_date:
        raise AuditRefused("period_backwards")
    seed = secrets.randbelow(LARGEST_SEED) if seed is None else seed
    drawn = _draw(_stock(first_date, last_date), per_engineer, seed)
    if not drawn:
        raise AuditRefused("no_reports")
    sample = AuditSample.objects.create(
        seed=seed, first_date=first_date, last_date=last_date, per_engineer=per_engineer, drawn_at=now, drawn_by=by
    )
    given = _spread(drawn, auditors, first_date, now.date())
    ReportAudit.objects.bulk_create(
        [
            ReportAudit(sample=sample, report_id=report_id, engineer_id=engineer_id, auditor=auditor)
            for (engineer_id, report_id), auditor in zip(drawn, given, strict=True)
        ],
        batch_size=1000,
    )
    audit(
        action="evidence.sample_drawn",
        target=sample,
        by=by,
        now=now,
        after={
            "seed": seed,
            "first_date": first_date,
            "last_date": last_date,
            "per_engineer": per_engineer,
            "reports": len(drawn),
            "auditors": [auditor.username for auditor in auditors],
        },
    )
    return sample


@transaction.atomic
def judge_report(
    *, audit_id: int, marks: Mapping[str, int], diagnosis_correct: bool | None, note: str, by: User, now: datetime
) -> None:
    """Write down what the auditor found; saving the same again changes nothing. Raises AuditRefused."""
    if set(marks) != set(AuditItem.values) or not set(marks.values()) <= set(MARKS):
        raise AuditRefused("marks_missing")
    judged = ReportAudit.objects.select_for_update().get(pk=audit_id, auditor=by)
    before = _judgement(judged)
    judged.items = dict(marks)
    judged.items_sum, judged.items_count = sum(marks.values()), len(marks)
    judged.diagnosis_correct, judged.note = diagnosis_correct, note
    if judged.audited_at is not None and _judgement(judged) == before:
        return
    judged.audited_at = judged.audited_at or now
    judged.save()
    audit(action="evidence.report_audited", target=judged, by=by, now=now, before=before, after=_judgement(judged))


def _judgement(judged: ReportAudit) -> dict[str, object]:
    return {"items": judged.items, "diagnosis_correct": judged.diagnosis_correct, "note": judged.note}


def blind_text(judged: ReportAudit) -> dict[str, str]:
    """Return what the report says, without the names by which the auditor could tell whose it is."""
    report, engineer, ticket = judged.report, judged.engineer, judged.report.ticket
    named = [engineer.name, engineer.employee_no]
    named += [ticket.customer, ticket.team_label] if ticket else []
    telling = re.compile("|".join(re.escape(name) for name in named if len(name) > 1) or r"(?!)", re.IGNORECASE)
    fields = ("problem", "solution", "result", "first_diagnosis", "final_cause")
    return {name: telling.sub(HIDDEN, getattr(report, name)) for name in fields}


Stock = Iterable[tuple[int, str, str, str, int]]  # engineer, employee number, source and number of a report, its key


def _stock(first_date: date, last_date: date) -> Stock:
    """Return the reports that were handed in, engineer by engineer."""
    reports = ServiceReport.objects.filter(
        exclusion=Exclusion.NONE,
        engineer__isnull=False,
        service_ended_at__gte=midnight(first_date),
        service_ended_at__lt=midnight(last_date + timedelta(days=1)),
    ).exclude(submitted_at=None, received_at=None)
    names = ("engineer_id", "engineer__employee_no", "source", "external_id", "pk")
    return reports.order_by("engineer_id").values_list(*names).iterator(chunk_size=10_000)


def _draw(stock: Stock, per_engineer: int, seed: int) -> list[tuple[int, int]]:
    """Return (engineer, report) of those drawn, by employee number.

    Each engineer has a generator of the own, and reports are sorted here: neither the database's order nor what
    others wrote moves the draw.
    """
    drawn: list[tuple[str, int, int]] = []
    for engineer_id, rows in groupby(stock, key=itemgetter(0)):
        own = sorted(rows, key=itemgetter(2, 3))
        number = own[0][1]
        chosen = Random(f"{seed}/{number}").sample(own, min(per_engineer, len(own)))  # noqa: S311 -- repeatable
        drawn += [(number, engineer_id, row[4]) for row in chosen]
    return [(engineer_id, report_id) for _number, engineer_id, report_id in sorted(drawn, key=itemgetter(0))]


def _spread(drawn: Sequence[tuple[int, int]], auditors: Sequence[User], first_date: date, today: date) -> list[User]:
    """Give each report to the next auditor who neither is nor manages its engineer. Raises AuditRefused."""
    barred = {auditor.pk: _engineers_of(auditor, first_date, today) for auditor in auditors}
    queue = list(auditors)
    given: list[User] = []
    stuck: set[int] = set()
    for engineer_id, _report_id in drawn:
        auditor = next((each for each in queue if engineer_id not in barred[each.pk]), None)
        if auditor is None:
            stuck.add(engineer_id)
            continue
        queue.remove(auditor)
        queue.append(auditor)
        given.append(auditor)
    if stuck:
        names = Engineer.objects.filter(pk__in=stuck).order_by("employee_no")[:10]
        raise AuditRefused("no_neutral_auditor", engineers=", ".join(str(each) for each in names))
    return given


def _engineers_of(auditor: User, first_date: date, today: date) -> set[int]:
    """Return oneself and whoever was in the teams below at any time since the first day."""
    members = TeamMembership.objects.overlapping(first_date, max(first_date, today))
    below = members.filter(team__in=teams_managed_by(auditor)).values_list("engineer_id", flat=True)
    own = Engineer.objects.filter(user=auditor).values_list("pk", flat=True)
    return {*below, *own}
