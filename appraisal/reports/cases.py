"""The cases behind one line of a scorecard, each with what it contributes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.core.paginator import Page, Paginator
from django.http import Http404
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from appraisal.cycles.models import KpiResult, RunState
from appraisal.evidence.models import Survey, Ticket, Visit
from appraisal.kpis.facts import Facts, KpiQuestion, cases_behind
from appraisal.kpis.measures import Statistic, Unit
from appraisal.kpis.models import SchemeLine
from appraisal.reports.explanations import points_sentence, value_sentence
from appraisal.reviews import access
from appraisal.reviews.models import Review
from appraisal.scoring.numbers import read_fraction, round_half_up
from engineers.models import User
from engineers.requests import number_in

CASES_PER_PAGE = 50


@dataclass(frozen=True, kw_only=True)
class CaseView:
    """One record behind a figure. ``amount`` is its duration or score, ``met`` its share of the numerator."""

    number: str
    ticket_id: int | None
    subject: str
    priority: int | None
    began_at: datetime
    ended_at: datetime | None
    met: bool | None
    amount: Decimal | None


@dataclass(frozen=True, kw_only=True)
class LineCases:
    review: Review
    line: SchemeLine
    kpi_name: str
    unit_label: str | Promise
    value_sentence: str
    points_sentence: str
    meaning: str | Promise
    left_out: tuple[str | Promise, ...]
    is_share: bool
    began_label: str | Promise
    ended_label: str | Promise
    page: Page
    cases: tuple[CaseView, ...]


def get_line_cases(*, viewer: User, review_id: int, line_id: int, page: int) -> LineCases:
    """Return one page of the cases behind a computed line. Raises Http404."""
    review = access.get_review(viewer=viewer, review_id=review_id)
    if number_in(str(line_id)) is None:
        raise Http404
    result = (
        KpiResult.objects.filter(cycle=review.cycle, engineer=review.engineer, line_id=line_id)
        .select_related("line__kpi_version__kpi", "line__dimension")
        .first()
    )
    if result is None:
        raise Http404
    version = result.line.kpi_version
    question = KpiQuestion.of(version)
    run = review.cycle.runs.filter(state=RunState.DONE).order_by("-id").first()
    window = review.cycle.window(as_of=run.as_of if run else timezone.now())
    records = cases_behind(question, window=window, engineer_id=review.engineer_id).order_by("pk")
    if not issubclass(records.model, Ticket):
        records = records.select_related("ticket")
    paged = Paginator(records, CASES_PER_PAGE).get_page(page)
    measure = version.measure
    is_share = version.statistic in (Statistic.RATE, Statistic.COUNT)
    facts = Facts(
        n=result.n,
        value=read_fraction(result.value),
        numerator=read_fraction(result.numerator),
        denominator=read_fraction(result.denominator),
    )
    began, ended = _LABELS[records.model]
    return LineCases(
        review=review,
        line=result.line,
        kpi_name=version.name,
        unit_label=Unit(measure.unit).label,
        value_sentence=value_sentence(facts, version),
        points_sentence=points_sentence(facts.value, read_fraction(result.points), version, result.reason),
        meaning=measure.meaning,
        left_out=tuple(measure.left_out),
        is_share=is_share,
        began_label=began,
        ended_label=ended,
        page=paged,
        cases=tuple(_case(record, is_share=is_share, scale=measure.scale) for record in paged),
    )


_LABELS: dict[Any, tuple[str | Promise, str | Promise]] = {
    Ticket: (_("opened"), _("completed")),
    Visit: (_("dispatched"), _("arrived")),
    Survey: (_("delivered"), _("answered")),
}


def _case(record: Any, *, is_share: bool, scale: Fraction) -> CaseView:
    counts = record.counts
    met = bool(counts) if is_share else None
    amount = None if is_share or counts is None else round_half_up(counts * scale)
    if isinstance(record, Ticket):
        return CaseView(
            number=record.external_id,
            ticket_id=record.pk,
            subject=" · ".join(part for part in (record.category, record.product) if part),
            priority=record.priority,
            began_at=record.opened_at,
            ended_at=record.completed_at,
            met=met,
            amount=amount,
        )
    ticket = record.ticket
    began_at, ended_at = (
        (record.dispatched_at, record.arrived_at)
        if isinstance(record, Visit)
        else (record.delivered_at or record.responded_at, record.responded_at)
    )
    return CaseView(
        number=ticket.external_id if ticket else record.external_id,
        ticket_id=ticket.pk if ticket else None,
        subject=ticket.category if ticket else "",
        priority=ticket.priority if ticket else None,
        began_at=began_at,
        ended_at=ended_at,
        met=met,
        amount=amount,
    )
