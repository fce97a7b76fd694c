"""Points a manager gives a computed line in place of the computed ones, with a reason; both figures are kept."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404
from django.utils.translation import gettext_lazy as _

from appraisal.cycles.queries import get_schemes
from appraisal.kpis.models import SchemeLine
from appraisal.kpis.points import most_points
from appraisal.reviews import access
from appraisal.reviews.criteria import get_scheme
from appraisal.reviews.figures.runs import roll_up_reviews
from appraisal.reviews.models import LineOverride, Review, ReviewSegment
from appraisal.reviews.rating.actions import get_part, refuse_unless_ratable
from appraisal.reviews.steps.moves import ReviewConflict
from appraisal.reviews.workflow import SHORTEST_REASON
from engineers.audit import record
from engineers.models import User


@transaction.atomic
def override_line(
    *,
    review_id: int,
    line_id: int,
    points: Decimal,
    reason: str,
    by: User,
    now: datetime,
    segment: int = 0,
    version: int | None = None,
) -> LineOverride:
    """Give a computed line other points; what a run computes stays beside them and is never overwritten.

    Raises Http404, ReviewConflict, and ValidationError for a line that is not computed or carries no weight, points
    out of its range, a short reason, and when the review is not being rated.
    """
    review, part = _review(review_id, segment, by, version)
    line = _line(review, part, line_id)
    most = most_points(line.kpi_version)
    if not 0 <= Fraction(points) <= most:
        raise ValidationError(
            {
                "points": ValidationError(
                    _("Points of this line go from 0 to %(most)s."), params={"most": int(most)}, code="out_of_range"
                )
            }
        )
    reason = reason.strip()
    if len(reason) < SHORTEST_REASON:
        raise ValidationError(
            {"reason": ValidationError(_("Give the reason in 20 characters at least."), code="too_short")}
        )
    replaced = review.overrides.filter(segment=segment, line=line, withdrawn_at__isnull=True).first()
    if replaced and (replaced.points, replaced.reason) == (points, reason):
        return replaced
    if replaced:
        replaced.withdrawn_at = now
        replaced.save(update_fields=["withdrawn_at"])
    entered = LineOverride(
        review=review, segment=segment, line=line, points=points, reason=reason, entered_by=by, entered_at=now
    )
    entered.full_clean(validate_constraints=False, exclude=["withdrawn_at"])
    entered.save()
    _add_up(
        review,
        action="review.line_overridden",
        by=by,
        now=now,
        before={"kpi": line.kpi_version.kpi.code, "points": replaced.points if replaced else None},
        after={"kpi": line.kpi_version.kpi.code, "points": points, "segment": segment},
        reason=reason,
    )
    return entered


@transaction.atomic
def withdraw_override(
    *, review_id: int, override_id: int, by: User, now: datetime, version: int | None = None
) -> Review:
    """Let the computed points count again. Raises as ``override_line`` does."""
    found = LineOverride.objects.filter(review=review_id, pk=override_id).select_related("line__kpi_version__kpi")
    entered = found.first()
    if entered is None:
        raise Http404
    review, _part = _review(review_id, entered.segment, by, version)
    entered.refresh_from_db(fields=["withdrawn_at"])
    if entered.withdrawn_at is not None:
        raise ValidationError(_("The computed points count already."), code="withdrawn")
    entered.withdrawn_at = now
    entered.save(update_fields=["withdrawn_at"])
    _add_up(
        review,
        action="review.override_withdrawn",
        by=by,
        now=now,
        before={"kpi": entered.line.kpi_version.kpi.code, "points": entered.points},
        after={},
        reason="",
    )
    return review


def _review(review_id: int, segment: int, by: User, version: int | None) -> tuple[Review, ReviewSegment | None]:
    review = access.get_review_to_rate(viewer=by, review_id=review_id, lock=True)
    part = get_part(review, segment, by)
    refuse_unless_ratable(review, part)
    if version is not None and review.version != version:
        raise ReviewConflict(review)
    return review, part


def _line(review: Review, part: ReviewSegment | None, line_id: int) -> SchemeLine:
    scheme = get_scheme(review, part)
    for line in scheme.lines if scheme else ():
        if line.pk == line_id and line.weight > 0 and line.kpi_version.measure.is_computed:
            return line
    raise ValidationError(_("Only computed lines that carry weight can be given other points."), code="no_such_line")


def _add_up(
    review: Review,
    *,
    action: str,
    by: User,
    now: datetime,
    before: dict[str, object],
    after: dict[str, object],
    reason: str,
) -> None:
    was = review.overall
    review.version += 1
    review.changed_by, review.changed_at = by, now
    review.save(update_fields=["version", "changed_by", "changed_at"])
    roll_up_reviews([review], get_schemes(review.cycle))
    record(
        action=action,
        target=review,
        by=by,
        now=now,
        before=before | {"overall": was},
        after=after | {"overall": review.overall},
        reason=reason,
    )
