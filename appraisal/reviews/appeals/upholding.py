"""What an upheld appeal does: cases left out and points given, as far as it lowers nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from appraisal.cycles.queries import get_schemes
from appraisal.kpis.points import most_points
from appraisal.reviews.appeals.claims import as_of_figures
from appraisal.reviews.appeals.disputes import figures_of
from appraisal.reviews.appeals.remedies import Place, Standing, lines_that_count, sheet_of, strike, unless_worse
from appraisal.reviews.figures.left_out import left_out_of, with_disputes
from appraisal.reviews.figures.lines import ReviewLine
from appraisal.reviews.figures.sheet import Sheet
from appraisal.reviews.models import Appeal, AppealLine, Dispute, LineOverride, Review
from appraisal.scoring.numbers import round_half_up
from engineers.models import User


def check_points(published: Sheet, given: Mapping[Place, Decimal]) -> None:
    """Refuse points for lines that carry none, below the published ones, or above what the line can give."""
    known = lines_that_count(published)
    for (segment, line_id), value in given.items():
        line = known.get((segment, line_id))
        if line is None:
            raise ValidationError(_("The review has no such line."), code="no_such_line")
        least, most = shown_points(line) or Decimal(0), most_points(line.kpi)
        if not least <= value <= most:
            raise ValidationError(
                {
                    "points": ValidationError(
                        _("“%(kpi)s”: points from %(least)s to %(most)s; an appeal lowers nothing."),
                        params={"kpi": line.kpi.name, "least": least, "most": int(most)},
                        code="out_of_range",
                    )
                }
            )


def uphold(
    review: Review,
    appeal: Appeal,
    before: Standing,
    *,
    struck: Sequence[Dispute],
    given: Mapping[Place, Decimal],
    by: User,
    now: datetime,
) -> Standing | None:
    """Leave out the cases ``struck`` and give the points ``given``, as far as it lowers nothing.

    All of it together if that is not worse than what was published; else the points, and then each case by itself,
    kept unless it is worse than what is reached by then. Returns where the review stands then; None when nothing of
    it was done.
    """

    def leave_out(cases: Sequence[Dispute]) -> None:
        _leave_out(review, cases, now=now)

    def give() -> None:
        if given:
            _give_points(review, appeal, given, by=by, now=now)

    def everything() -> None:
        leave_out(struck)
        give()

    if struck:
        after = unless_worse(review, before, everything)
        if after is not None or (len(struck) == 1 and not given):
            return after
    reached = unless_worse(review, before, give) if given else None
    for case in struck:
        after = unless_worse(review, reached or before, lambda case=case: leave_out([case]))  # type: ignore[misc]  # bound at once
        reached = after or reached
    return reached


def _leave_out(review: Review, cases: Sequence[Dispute], *, now: datetime) -> None:
    known = left_out_of(review.cycle, [review.engineer_id])
    strike(review, before=known, after=with_disputes(known, cases), as_of=as_of_figures(review, now=now))
    Dispute.objects.filter(pk__in=[case.pk for case in cases]).update(is_left_out=True)


def _give_points(review: Review, appeal: Appeal, given: Mapping[Place, Decimal], *, by: User, now: datetime) -> None:
    known = lines_that_count(sheet_of(review, get_schemes(review.cycle)))
    for (segment, line_id), value in given.items():
        review.overrides.filter(segment=segment, line=line_id, withdrawn_at__isnull=True).update(withdrawn_at=now)
        LineOverride.objects.create(
            review=review,
            segment=segment,
            line_id=line_id,
            points=value,
            reason=appeal.reason,
            entered_by=by,
            entered_at=now,
        )
        row, _made = AppealLine.objects.get_or_create(
            appeal=appeal,
            segment=segment,
            line_id=line_id,
            defaults={"is_claimed": False, "points_before": shown_points(known.get((segment, line_id)))},
        )
        row.points = value
        row.save(update_fields=["points"])


def tell_cases(published: Sheet, now: Sheet, disputes: Sequence[Dispute]) -> None:
    """Write beside each case what its line was and is."""
    for dispute in disputes:
        dispute.refresh_from_db(fields=["is_left_out"])
        dispute.before, dispute.after = figures_of(published, dispute), figures_of(now, dispute)
        dispute.save(update_fields=["before", "after"])


def shown_points(line: ReviewLine | None) -> Decimal | None:
    return None if line is None or line.points is None else round_half_up(line.points)
