"""A single case an engineer objects to: found only where it counts in a line of the own review."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from appraisal.cycles.queries import get_schemes
from appraisal.kpis.cases import counted_cases, number_of, part_names
from appraisal.kpis.models import SchemeLine
from appraisal.kpis.questions import KpiQuestion
from appraisal.reviews.figures.left_out import left_out_of
from appraisal.reviews.figures.participants import window_of
from appraisal.reviews.models import Appeal, CycleSeal, Dispute, DisputeCause, Review
from appraisal.reviews.workflow import SHORTEST_REASON
from engineers.models import User


@dataclass(frozen=True, kw_only=True)
class Claim:
    """``part`` names the part of a composed measure; ``everywhere``: the case shall count in no KPI at all."""

    line_id: int
    record_id: int
    cause: str
    text: str
    part: str = ""
    segment: int = 0
    everywhere: bool = False


@dataclass(frozen=True)
class Case:
    line: SchemeLine
    evidence: str
    number: str


def find_case(review: Review, *, line_id: int, segment: int, part: str, record_id: int, as_of: datetime) -> Case:
    """Return a case that counts in a line. Raises ValidationError where the line or the case is not to be found."""
    line = find_line(review, line_id=line_id, segment=segment)
    if line.kpi_version.measure.is_computed:
        question = KpiQuestion.of(line.kpi_version)
        if part in part_names(question):
            first, last = _days(review, segment)
            records = counted_cases(
                question,
                part=part,
                window=window_of(review, first, last, as_of=as_of),
                engineer_id=review.engineer_id,
                left_out=left_out_of(review.cycle, [review.engineer_id]),
            )
            record = records.filter(pk=record_id).first()
            if record is not None:
                evidence = str(question.measure.cases[part].population.evidence)
                return Case(line, evidence, number_of(record)[:120])
    raise ValidationError(_("This case does not count in this line."), code="no_such_case")


def as_of_figures(review: Review, *, now: datetime) -> datetime:
    """Return the moment whose records count: that of the publication, else now."""
    seal = CycleSeal.objects.filter(cycle=review.cycle).first()
    return seal.as_of if seal else now


def find_line(review: Review, *, line_id: int, segment: int) -> SchemeLine:
    """Return a line of a review or of a part of it. Raises ValidationError when it has no such line."""
    place = review.segments.select_related("profile").filter(number=segment).first() if segment else review
    scheme = get_schemes(review.cycle).of(profile_id=place.profile_id, is_lead=place.is_lead) if place else None
    for line in scheme.lines if scheme else ():
        if line.pk == line_id:
            return line
    raise ValidationError(_("The review has no such line."), code="no_such_line")


def store_claim(
    review: Review, claim: Claim, *, as_of: datetime, decide_by: date, by: User, now: datetime, appeal: Appeal | None
) -> Dispute:
    """Store an engineer's claim; in the caller's transaction, the review locked.

    Raises ValidationError for a case that does not count there, one that is disputed already, an unknown cause, and
    a short text.
    """
    case = find_case(
        review,
        line_id=claim.line_id,
        segment=claim.segment,
        part=claim.part,
        record_id=claim.record_id,
        as_of=as_of,
    )
    if claim.cause not in DisputeCause.values:
        raise ValidationError({"cause": ValidationError(_("Choose what happened."), code="no_cause")})
    text = checked_text(claim.text, field="text")
    same = review.disputes.filter(
        line=case.line, segment=claim.segment, evidence=case.evidence, record_id=claim.record_id, outcome=""
    )
    if same.exists():
        raise ValidationError(_("This case is disputed already."), code="disputed")
    return Dispute.objects.create(
        review=review,
        appeal=appeal,
        segment=claim.segment,
        line=case.line,
        evidence=case.evidence,
        record_id=claim.record_id,
        number=case.number,
        everywhere=claim.everywhere,
        cause=claim.cause,
        text=text,
        raised_by=by,
        raised_at=now,
        decide_by=decide_by,
        rated_by_id=rater_of(review),
    )


def rater_of(review: Review) -> int | None:
    """Return who stands for the rating of a review: who handed it in, else its manager."""
    return review.submitted_by_id or review.manager_id


def checked_text(text: str, *, field: str) -> str:
    """Return a text without blanks around it. Raises ValidationError for a short one, beside its field."""
    text = text.strip()
    if len(text) < SHORTEST_REASON:
        raise ValidationError(
            {field: ValidationError(_("Give the reason in 20 characters at least."), code="too_short")}
        )
    return text


def _days(review: Review, segment: int) -> tuple[date, date]:
    part = review.segments.filter(number=segment).first() if segment else None
    return (part.first_date, part.last_date) if part else (review.cycle.start_date, review.cycle.end_date)
