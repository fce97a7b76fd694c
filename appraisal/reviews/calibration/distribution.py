"""Taking over what the wanted shares propose: for one review, or in the background for all (SPEC 4).

A proposal changes no grade. Taken over it is a decision like any other: of a person, with a reason, in the trail.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from appraisal.cycles import access as cycle_access
from appraisal.cycles.models import Cycle
from appraisal.cycles.queries import get_schemes
from appraisal.jobs.actions import request_job
from appraisal.jobs.models import Job
from appraisal.jobs.registry import JobKind, register
from appraisal.reviews import access, conditions
from appraisal.reviews.calibration.actions import (
    add_up,
    calibrate,
    check_reason,
    grades_of,
    refuse_unless_calibrating,
    write_decision,
)
from appraisal.reviews.calibration.ranking import Pool, list_pools, pool_of
from appraisal.reviews.models import Calibration, CalibrationSource, Review
from engineers.access import require_hr
from engineers.audit import record
from engineers.models import User

TAKE_OVER = "reviews.take_over_distribution"
REVIEWS_A_PART = 50


def take_over_proposal(
    *, review_id: int, reason: str, by: User, now: datetime, version: int | None = None
) -> Calibration:
    """Decide the grade the distribution proposes for one review. Raises as ``calibrate``; Http404 unless HR."""
    require_hr(by)
    review = access.get_review_to_calibrate(viewer=by, review_id=review_id)
    pool = pool_of(get_pools(review.cycle), review)
    proposed = pool.proposal(review.overall, review.band_grade) if pool else None
    if proposed is None:
        raise ValidationError(_("The distribution proposes nothing for this review."), code="no_proposal")
    return calibrate(
        review_id=review_id,
        grade=proposed,
        reason=reason,
        by=by,
        now=now,
        version=version,
        source=CalibrationSource.DISTRIBUTION,
    )


@transaction.atomic
def request_take_over(*, code: str, reason: str, by: User, now: datetime) -> Job:
    """Ask for all proposals of a cycle to be taken over; reviews somebody has decided about are left as they are.

    Raises Http404 unless ``by`` has the HR role, and ValidationError outside the calibration, for a short reason,
    while figures are missing or being computed, and when nothing is left to take over.
    """
    cycle = cycle_access.get_cycle_to_run(viewer=by, code=code)
    refuse_unless_calibrating(cycle)
    check_reason(reason)
    if unfinished := conditions.scoring_at_rest(cycle):
        raise ValidationError(
            _("Still open: %(items)s."), params={"items": str(unfinished[0].text)}, code="not_at_rest"
        )
    ids = list(to_take_over(cycle, get_pools(cycle), by).order_by("pk").values_list("pk", flat=True))
    if not ids:
        raise ValidationError(_("There is no proposal left to take over."), code="no_proposal")
    record(
        action="cycle.distribution_taken_over",
        target=cycle,
        by=by,
        now=now,
        after={"reviews": len(ids)},
        reason=reason.strip(),
    )
    return request_job(
        kind=TAKE_OVER,
        subject=cycle.code,
        item_ids=ids,
        by=by,
        now=now,
        params={"cycle": cycle.pk, "reason": reason.strip()},
        path=reverse("cycle_calibration", args=[cycle.code]),
    )


def get_pools(cycle: Cycle) -> list[Pool]:
    """Return the pools of everybody in a cycle with their proposals."""
    return list_pools(cycle.reviews.all(), get_schemes(cycle))


def to_take_over(cycle: Cycle, pools: Sequence[Pool], by: User) -> QuerySet[Review]:
    """Return the reviews whose proposal is not what the bands give, and about which nobody has decided."""
    wanted = [found for pool in pools if (found := pool.differing) is not None]
    if not wanted:
        return Review.objects.none()
    differing = Q()
    for found in wanted:
        differing |= found
    decided = Calibration.objects.open().filter(review__cycle=cycle).values("review")
    return access.reviews_to_calibrate(by).filter(differing, cycle=cycle).exclude(pk__in=decided)


def register_kinds() -> None:
    register(
        JobKind(name=TAKE_OVER, label=_("Taking over the distribution"), part_size=REVIEWS_A_PART, work=_take_over)
    )


def _take_over(job: Job, review_ids: Sequence[int], now: datetime) -> None:
    """Decide some reviews; those decided meanwhile, by this job or by somebody, are left alone."""
    cycle, by = Cycle.objects.get(pk=job.params["cycle"]), job.requested_by
    if by is None:
        raise ValueError("nobody asked for this distribution")
    require_hr(by)
    refuse_unless_calibrating(cycle)
    schemes = get_schemes(cycle)
    pools = get_pools(cycle)
    waiting = to_take_over(cycle, pools, by).filter(pk__in=review_ids).select_related("engineer", "profile")
    entries = []
    for review in waiting.select_for_update(of=("self",)).order_by("engineer_id"):
        review.cycle = cycle
        pool = pool_of(pools, review)
        proposed = pool.proposal(review.overall, review.band_grade) if pool else None
        if proposed is not None and proposed != review.band_grade:
            entries.append(
                write_decision(
                    review,
                    grade=proposed,
                    grades=grades_of(review, schemes),
                    source=CalibrationSource.DISTRIBUTION,
                    reason=job.params["reason"],
                    by=by,
                    now=now,
                )
            )
    add_up(entries, schemes, by=by, now=now, reason=job.params["reason"])
