"""Where one ticket counts: the lines of one's own reviews in which it, or a record about it, can be disputed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Model, Q
from django.utils.translation import gettext as _

from appraisal.cycles.models import CycleState
from appraisal.cycles.queries import CycleSchemes, get_schemes
from appraisal.cycles.workflow import UNDER_WAY
from appraisal.evidence.models import Ticket
from appraisal.kpis.cases import counted_cases, part_names
from appraisal.kpis.left_out import LeftOut
from appraisal.kpis.measures import Evidence, Window
from appraisal.kpis.models import SchemeLine
from appraisal.kpis.questions import TABLES, KpiQuestion
from appraisal.reviews import access
from appraisal.reviews.appeals.claims import as_of_figures
from appraisal.reviews.figures.left_out import left_out_of
from appraisal.reviews.figures.participants import window_of
from appraisal.reviews.models import Dispute, Review, ReviewSegment, ReviewState
from appraisal.reviews.terms import appeal_until, today_of
from engineers.models import User


@dataclass(frozen=True, kw_only=True)
class CasePlace:
    """A line of a review in which a record about the ticket counts; ``record_id`` is that of the record counted.

    ``dispute`` is the open dispute about it; only one without can be disputed.
    """

    review: Review
    line: SchemeLine
    segment: int
    part: str
    evidence: str
    record_id: int
    dispute: Dispute | None

    @property
    def label(self) -> str:
        """Name the line, the cycle, and what of the ticket counts there."""
        words = {"kpi": self.line.kpi_version.name, "cycle": self.review.cycle.name}
        words["evidence"] = str(Evidence(self.evidence).label)
        if self.line.weight:
            return _("%(kpi)s (%(cycle)s, %(evidence)s)") % words
        return _("%(kpi)s (%(cycle)s, %(evidence)s; for information)") % words

    @property
    def key(self) -> str:
        """Return what a form sends for it."""
        return f"{self.review.pk}-{self.segment}-{self.line.pk}-{self.part}-{self.record_id}"


@dataclass(frozen=True, kw_only=True)
class _Part:
    """A stretch of a review with its scheme: the whole cycle, or a segment of it."""

    number: int
    lines: Sequence[SchemeLine]
    first_date: date
    last_date: date


def get_places(*, viewer: User, ticket: Ticket, now: datetime) -> list[CasePlace]:
    """Return where a ticket counts in the viewer's own reviews that still take disputes or appeals.

    Lines with weight first. Two queries a line whose measure knows tickets, whatever the number of tickets.
    """
    found = [place for review in _open_reviews(viewer, now=now) for place in _in_review(review, ticket, now=now)]
    return sorted(found, key=lambda place: not place.line.weight)


def _open_reviews(viewer: User, *, now: datetime) -> list[Review]:
    """Return one's reviews of cycles that run, and published ones while the time to appeal or to add lasts.

    A year is made of its quarters and counts no cases itself.
    """
    states = (*UNDER_WAY, CycleState.PUBLISHED)
    own = Review.objects.filter(engineer__user=viewer, cycle__state__in=states, cycle__parts__isnull=True)
    reviews = own.select_related("cycle", "engineer", "profile").order_by("-cycle__start_date", "pk")
    return [review for review in reviews if access.may_dispute(viewer, review) and _in_time(review, now=now)]


def _in_time(review: Review, *, now: datetime) -> bool:
    if review.cycle.state != CycleState.PUBLISHED:
        return True
    if review.state == ReviewState.APPEALED:
        until = review.appeals.filter(outcome="").values_list("supplement_until", flat=True).first()
    else:
        until = appeal_until(cycle=review.cycle, engineer_id=review.engineer_id)
    return until is not None and today_of(engineer_id=review.engineer_id, now=now) <= until


def _in_review(review: Review, ticket: Ticket, *, now: datetime) -> Iterator[CasePlace]:
    as_of = as_of_figures(review, now=now)
    left_out = left_out_of(review.cycle, [review.engineer_id])
    disputed = {
        (each.segment, each.line_id, each.evidence, each.record_id): each
        for each in review.disputes.filter(outcome="")
    }
    for part in _parts(review, get_schemes(review.cycle)):
        window = window_of(review, part.first_date, part.last_date, as_of=as_of)
        for line in part.lines:
            for name, evidence, record_id in _records(line, ticket, review, window=window, left_out=left_out):
                yield CasePlace(
                    review=review,
                    line=line,
                    segment=part.number,
                    part=name,
                    evidence=evidence,
                    record_id=record_id,
                    dispute=disputed.get((part.number, line.pk, evidence, record_id)),
                )


def _parts(review: Review, schemes: CycleSchemes) -> list[_Part]:
    """Return the segments where there are any, for those add up to the result, else the whole cycle."""
    cycle = review.cycle
    segments = list(review.segments.select_related("profile"))
    stretches: list[tuple[int, Review | ReviewSegment, date, date]] = [
        (each.number, each, each.first_date, each.last_date) for each in segments
    ] or [(0, review, cycle.start_date, cycle.end_date)]
    parts = []
    for number, who, first, last in stretches:
        scheme = schemes.of(profile_id=who.profile_id, is_lead=who.is_lead)
        if scheme is not None:
            parts.append(_Part(number=number, lines=list(scheme.lines), first_date=first, last_date=last))
    return parts


def _records(
    line: SchemeLine, ticket: Ticket, review: Review, *, window: Window, left_out: LeftOut
) -> Iterator[tuple[str, str, int]]:
    """Yield (part, evidence, id) of the records about a ticket that count in a line."""
    if not line.kpi_version.measure.is_computed:
        return
    question = KpiQuestion.of(line.kpi_version)
    for name in part_names(question):
        evidence = question.measure.cases[name].population.evidence
        about = _about(TABLES[evidence], ticket)
        if about is None:
            continue
        counted = counted_cases(question, part=name, window=window, engineer_id=review.engineer_id, left_out=left_out)
        for record_id in counted.filter(about).order_by("pk").values_list("pk", flat=True):
            yield name, str(evidence), record_id


def _about(model: type[Model], ticket: Ticket) -> Q | None:
    """Return the condition of a table's records about a ticket; None for tables that know no tickets."""
    if model is Ticket:
        return Q(pk=ticket.pk)
    names = {field.name for field in model._meta.fields}
    if "ticket" in names:
        return Q(ticket=ticket)
    return Q(report__ticket=ticket) if "report" in names else None
