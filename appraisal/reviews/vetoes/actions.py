"""Confirmed events that decide by themselves: one person proposes with evidence, a second one decides (SPEC 2.5)."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from appraisal.cycles import workflow
from appraisal.cycles.queries import get_schemes
from appraisal.kpis.models import Kpi, LineRole, SchemeLine
from appraisal.kpis.queries import AppliedScheme
from appraisal.reviews import access
from appraisal.reviews.figures.runs import roll_up_reviews
from appraisal.reviews.models import Review, VetoEffectChoice, VetoEvent
from appraisal.reviews.rating.queries import get_scheme
from engineers.audit import record
from engineers.models import User

SHORTEST_EVIDENCE = 20


@transaction.atomic
def propose_veto(
    *,
    review_id: int,
    cause: str,
    effect: str,
    happened_on: date,
    evidence: str,
    by: User,
    now: datetime,
    grade: str = "",
    kpi: Kpi | None = None,
) -> VetoEvent:
    """Propose a veto; nothing changes until a second person approves it.

    ``grade`` is the best grade a cap leaves, ``kpi`` the one that shall count 0. Raises Http404 unless ``by`` may
    propose for this review, and ValidationError when the cycle is not open or something does not fit the review.
    """
    review = access.get_review_to_veto(viewer=by, review_id=review_id, lock=True)
    _refuse_unless_open(review)
    evidence = evidence.strip()
    veto = VetoEvent(
        review=review,
        cause=cause,
        effect=effect,
        grade=grade if effect == VetoEffectChoice.GRADE_CAP else "",
        kpi=kpi if effect == VetoEffectChoice.ZERO_KPI else None,
        happened_on=happened_on,
        evidence=evidence,
        proposed_by=by,
        proposed_at=now,
    )
    _refuse_what_does_not_fit(review, veto)
    if len(evidence) < SHORTEST_EVIDENCE:
        raise ValidationError(
            {
                "evidence": ValidationError(
                    _("Say what happened and how it is known, in 20 characters at least."), code="too_short"
                )
            }
        )
    if not review.cycle.start_date <= happened_on <= review.cycle.end_date:
        raise ValidationError(
            {
                "happened_on": ValidationError(
                    _("Name a day of the cycle, from %(first)s to %(last)s."),
                    params={"first": review.cycle.start_date, "last": review.cycle.end_date},
                    code="outside_the_cycle",
                )
            }
        )
    if happened_on > now.astimezone(ZoneInfo(review.cycle.time_zone)).date():
        raise ValidationError({"happened_on": ValidationError(_("This day has not come yet."), code="in_the_future")})
    veto.full_clean(exclude=["decided_by", "decided_at", "is_approved", "withdrawn_by", "withdrawn_at"])
    veto.save()
    record(
        action="review.veto_proposed",
        target=review,
        by=by,
        now=now,
        after=_told(veto),
        reason=evidence,
    )
    return veto


@transaction.atomic
def decide_veto(
    *, review_id: int, veto_id: int, approve: bool, by: User, now: datetime, reason: str = ""
) -> VetoEvent:
    """Approve or reject a proposed veto; an approved one takes effect at once.

    Raises Http404 unless ``by`` may decide in this review, and ValidationError for the proposer, for what is decided
    already, and when the cycle is not open.
    """
    review = access.get_review_to_decide(viewer=by, review_id=review_id, lock=True)
    veto = access.get_veto(viewer=by, review=review, veto_id=veto_id)
    _refuse_unless_open(review)
    if veto.is_approved is not None:
        raise ValidationError(_("This veto is decided already."), code="decided")
    if veto.proposed_by_id == by.pk:
        raise ValidationError(_("Who proposed a veto does not decide it."), code="own_proposal")
    veto.is_approved, veto.decided_by, veto.decided_at = approve, by, now
    veto.save(update_fields=["is_approved", "decided_by", "decided_at"])
    before = _totals(review)
    if approve:
        roll_up_reviews([review], get_schemes(review.cycle))
    record(
        action="review.veto_approved" if approve else "review.veto_rejected",
        target=review,
        by=by,
        now=now,
        before=before,
        after=_totals(review) | _told(veto),
        reason=reason.strip(),
    )
    return veto


@transaction.atomic
def withdraw_veto(*, review_id: int, veto_id: int, reason: str, by: User, now: datetime) -> VetoEvent:
    """Take an approved veto back: the figures count again as if it had not been.

    Raises Http404 unless ``by`` has the HR role and is not the engineer, and ValidationError for who approved it, for
    a veto not in force, a short reason, and once the cycle is published.
    """
    review = access.get_review_for_hr(viewer=by, review_id=review_id, lock=True)
    veto = access.get_veto(viewer=by, review=review, veto_id=veto_id)
    _refuse_unless_open(review)
    if not is_in_force(veto):
        raise ValidationError(_("Only a veto in force can be taken back."), code="not_in_force")
    if veto.decided_by_id == by.pk:
        raise ValidationError(_("Who approved a veto does not take it back."), code="own_decision")
    reason = reason.strip()
    if len(reason) < SHORTEST_EVIDENCE:
        raise ValidationError(
            {"reason": ValidationError(_("Give the reason in 20 characters at least."), code="too_short")}
        )
    veto.withdrawn_by, veto.withdrawn_at, veto.withdrawal_reason = by, now, reason
    veto.save(update_fields=["withdrawn_by", "withdrawn_at", "withdrawal_reason"])
    before = _totals(review)
    roll_up_reviews([review], get_schemes(review.cycle))
    record(
        action="review.veto_withdrawn",
        target=review,
        by=by,
        now=now,
        before=before | _told(veto),
        after=_totals(review),
        reason=reason,
    )
    return veto


def is_in_force(veto: VetoEvent) -> bool:
    return bool(veto.is_approved) and veto.withdrawn_at is None


def _refuse_unless_open(review: Review) -> None:
    if review.cycle.state not in workflow.VETOABLE:
        raise ValidationError(
            _("The cycle is %(state)s; reviews can no longer be changed."),
            params={"state": review.cycle.get_state_display()},
            code="cycle_not_ratable",
        )


def _refuse_what_does_not_fit(review: Review, veto: VetoEvent) -> None:
    scheme = get_scheme(review)
    if scheme is None:
        raise ValidationError(_("The cycle has no scheme for this job profile."), code="no_scheme")
    if veto.effect == VetoEffectChoice.GRADE_CAP and veto.grade not in {name for name, _lower in scheme.rules.bands}:
        raise ValidationError({"grade": ValidationError(_("Choose the best grade that is left."), code="bad_grade")})
    if veto.effect == VetoEffectChoice.ZERO_KPI and veto.kpi_id not in {
        line.kpi_version.kpi_id for line in weighed_lines(scheme)
    }:
        raise ValidationError(
            {"kpi": ValidationError(_("Choose the KPI of this review that counts 0."), code="bad_kpi")}
        )


def weighed_lines(scheme: AppliedScheme) -> list[SchemeLine]:
    """Return the lines of which a veto can take the points: what weighs nothing loses nothing."""
    return [line for line in scheme.lines if line.weight or line.role != LineRole.WEIGHED]


def _told(veto: VetoEvent) -> dict[str, object]:
    return {
        "cause": veto.cause,
        "effect": veto.effect,
        "grade": veto.grade,
        "kpi": veto.kpi.code if veto.kpi else "",
        "happened_on": veto.happened_on,
    }


def _totals(review: Review) -> dict[str, object]:
    return {"overall": review.overall, "result": review.grade}
