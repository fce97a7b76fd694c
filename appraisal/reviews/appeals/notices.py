"""What people are told about disputed cases and appeals."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from appraisal.notices.registry import Topic, register_topic
from appraisal.reviews.models import Appeal, Dispute, Review
from appraisal.reviews.notices import people_of_hr, second_level_of, tell
from engineers.models import User

DECIDE_SOON = "appeal.decide_soon"

for _topic in (
    Topic(
        "appeal.dispute_raised",
        _("A case is disputed"),
        _("%(engineer)s disputes the case %(number)s in “%(cycle)s”; to be decided by %(due)s."),
    ),
    Topic(
        "appeal.dispute_decided",
        _("A disputed case is decided"),
        _("The dispute about the case %(number)s of %(engineer)s in “%(cycle)s” is decided: %(reason)s"),
    ),
    Topic(
        "appeal.filed",
        _("An appeal is filed"),
        _("%(engineer)s appeals against the result of “%(cycle)s”; to be decided by %(due)s."),
    ),
    Topic(
        "appeal.decided",
        _("An appeal is decided"),
        _("The appeal of %(engineer)s against the result of “%(cycle)s” is decided: %(reason)s"),
    ),
    Topic(
        "appeal.dispute_withdrawn",
        _("A dispute is withdrawn"),
        _("%(engineer)s withdraws the dispute about the case %(number)s in “%(cycle)s”; nothing is left to decide."),
    ),
    Topic(
        "appeal.withdrawn",
        _("An appeal is withdrawn"),
        _("%(engineer)s withdraws the appeal against the result of “%(cycle)s”; nothing is left to decide."),
    ),
    Topic(
        "appeal.grade_stands",
        _("A calibrated grade stands beside another band"),
        _(
            "“%(cycle)s”: what was upheld brings %(engineer)s into the band %(band)s. The calibrated grade %(grade)s "
            "stands; look at it again."
        ),
    ),
    Topic(
        DECIDE_SOON,
        _("Disputes and appeals are due"),
        _("Disputes and appeals that wait for a decision: %(number)s, the first by %(due)s."),
    ),
):
    register_topic(_topic)


def tell_of_dispute(dispute: Dispute, *, by: User, now: datetime) -> None:
    review = dispute.review
    params = _about(review) | {"number": dispute.number, "due": dispute.decide_by.isoformat()}
    path = reverse("dispute_detail", args=[review.pk, dispute.pk])
    tell(deciders_of(review), "appeal.dispute_raised", params, path, by=by, now=now)


def tell_of_dispute_decided(dispute: Dispute, *, by: User, now: datetime) -> None:
    review = dispute.review
    params = _about(review) | {"number": dispute.number, "reason": dispute.reason}
    path = reverse("dispute_detail", args=[review.pk, dispute.pk])
    people = {review.engineer.user_id, review.manager_id}
    tell(people, "appeal.dispute_decided", params, path, by=by, now=now)


def tell_of_appeal(appeal: Appeal, *, by: User, now: datetime) -> None:
    review = appeal.review
    params = _about(review) | {"due": appeal.decide_by.isoformat()}
    tell(deciders_of(review), "appeal.filed", params, reverse("review_appeal", args=[review.pk]), by=by, now=now)


def tell_of_appeal_decided(appeal: Appeal, *, by: User, now: datetime) -> None:
    review = appeal.review
    params = _about(review) | {"reason": appeal.reason}
    people = {review.engineer.user_id, review.manager_id}
    tell(people, "appeal.decided", params, reverse("review_appeal", args=[review.pk]), by=by, now=now)


def tell_of_dispute_withdrawn(dispute: Dispute, *, by: User, now: datetime) -> None:
    review = dispute.review
    path = reverse("dispute_detail", args=[review.pk, dispute.pk])
    params = _about(review) | {"number": dispute.number}
    tell(deciders_of(review), "appeal.dispute_withdrawn", params, path, by=by, now=now)


def tell_of_appeal_withdrawn(appeal: Appeal, *, by: User, now: datetime) -> None:
    review = appeal.review
    path = reverse("review_appeal", args=[review.pk])
    tell(deciders_of(review), "appeal.withdrawn", _about(review), path, by=by, now=now)


def tell_of_grade_beside(review: Review, after: Mapping[str, Any], *, now: datetime) -> None:
    """Ask HR to look at a calibrated grade again that stands beside another band; who decided it as well."""
    if "calibrated" not in after:
        return
    params = _about(review) | {"band": after["band_grade"], "grade": after["calibrated"]}
    path = reverse("review_calibration", args=[review.pk])
    tell(people_of_hr() - {review.engineer.user_id}, "appeal.grade_stands", params, path, by=None, now=now)


def _about(review: Review) -> dict[str, str]:
    return {"engineer": review.engineer.name, "cycle": review.cycle.name}


def deciders_of(review: Review) -> set[int | None]:
    """HR and the next manager above who did not rate; the engineer in HR hears nothing of it as HR."""
    return {*people_of_hr(), second_level_of(review)} - {review.engineer.user_id, review.manager_id}
