"""Appeals against published results: filed in time, decided by somebody who did not rate, never for the worse."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from appraisal.cycles.models import Cycle, CycleState
from appraisal.cycles.queries import get_schemes
from appraisal.reviews import access, workflow
from appraisal.reviews.appeals import notices as appeal_notices
from appraisal.reviews.appeals.claims import Claim, as_of_figures, checked_text, rater_of, store_claim
from appraisal.reviews.appeals.disputes import told
from appraisal.reviews.appeals.remedies import Place, Standing, add_up, grade_beside, lines_that_count, sheet_of
from appraisal.reviews.appeals.upholding import check_points, shown_points, tell_cases, uphold
from appraisal.reviews.figures.seals import refuse_unless_as_sealed, reseal_review
from appraisal.reviews.models import (
    Appeal,
    AppealLine,
    AppealSupplement,
    AppealTerms,
    CycleSeal,
    Dispute,
    Outcome,
    Review,
    ReviewState,
)
from appraisal.reviews.steps.moves import ReviewConflict
from appraisal.reviews.terms import appeal_until, due_after, terms_of, today_of
from engineers.access import require_hr
from engineers.audit import record
from engineers.models import User

POSSIBLE = (Outcome.UPHELD, Outcome.PARTLY, Outcome.REFUSED)


@transaction.atomic
def file_appeal(
    *,
    review_id: int,
    text: str,
    by: User,
    now: datetime,
    lines: Collection[Place] = (),
    claims: Sequence[Claim] = (),
    version: int | None = None,
) -> Appeal:
    """Appeal against one's own published result: the whole of it, or ``lines`` and single cases.

    Raises Http404 unless the review is one's own, ReviewConflict, and ValidationError when nothing is published, an
    appeal was filed already, the term is over, the text is short, or a line or case is not to be found.
    """
    review = access.get_own_review(viewer=by, review_id=review_id, lock=True)
    step = workflow.check_review_step(review, "appeal")
    if version is not None and review.version != version:
        raise ReviewConflict(review)
    text = checked_text(text, field="text")
    until = appeal_until(cycle=review.cycle, engineer_id=review.engineer_id)
    if until is None or today_of(engineer_id=review.engineer_id, now=now) > until:
        raise ValidationError(_("The time to appeal ended on %(day)s."), params={"day": until or "–"}, code="too_late")
    terms = terms_of(review.cycle)
    appeal = Appeal.objects.create(
        review=review,
        text=text,
        filed_by=by,
        filed_at=now,
        supplement_until=due_after(engineer_id=review.engineer_id, moment=now, workdays=terms.supplement_days),
        decide_by=due_after(engineer_id=review.engineer_id, moment=now, workdays=terms.decision_days),
        rated_by_id=rater_of(review),
    )
    published = lines_that_count(sheet_of(review, get_schemes(review.cycle)))
    for segment, line_id in dict.fromkeys(lines):
        if (segment, line_id) not in published:
            raise ValidationError(_("The review has no such line."), code="no_such_line")
        AppealLine.objects.create(
            appeal=appeal,
            segment=segment,
            line_id=line_id,
            is_claimed=True,
            points_before=shown_points(published.get((segment, line_id))),
        )
    disputes = [_store(review, appeal, claim, by=by, now=now) for claim in claims]
    move_on(review, step.target, by=by, now=now)
    record(
        action="review.appeal",
        target=review,
        by=by,
        now=now,
        after={"lines": [line_id for _segment, line_id in lines], "cases": [told(each) for each in disputes]},
        reason=text,
    )
    appeal_notices.tell_of_appeal(appeal, by=by, now=now)
    return appeal


@transaction.atomic
def appeal_cases(*, review_id: int, claims: Sequence[Claim], by: User, now: datetime) -> Appeal:
    """Appeal against single cases: as an appeal of its own, or added to the one that is open.

    Raises as ``file_appeal`` and ``add_supplement``.
    """
    review = access.get_own_review(viewer=by, review_id=review_id, lock=True)
    if review.state == ReviewState.APPEALED:
        return add_supplement(review_id=review_id, text="", claims=claims, by=by, now=now)
    return file_appeal(review_id=review_id, text=claims[0].text, claims=claims, by=by, now=now)


@transaction.atomic
def add_supplement(*, review_id: int, text: str, by: User, now: datetime, claims: Sequence[Claim] = ()) -> Appeal:
    """Add to one's open appeal a text, or single cases, within the term for it.

    Raises Http404 unless the review is one's own, and ValidationError where no appeal is open, once the term is over,
    for a short text, or a case that is not to be found.
    """
    review = access.get_own_review(viewer=by, review_id=review_id, lock=True)
    appeal = open_appeal(review)
    if today_of(engineer_id=review.engineer_id, now=now) > appeal.supplement_until:
        raise ValidationError(
            _("Additions were possible until %(day)s."), params={"day": appeal.supplement_until}, code="too_late"
        )
    if not claims or text.strip():
        AppealSupplement.objects.create(
            appeal=appeal, text=checked_text(text, field="text"), added_by=by, added_at=now
        )
    disputes = [_store(review, appeal, claim, by=by, now=now) for claim in claims]
    record(
        action="review.appeal_supplemented",
        target=review,
        by=by,
        now=now,
        after={"cases": [told(each) for each in disputes]},
        reason=text.strip() or "; ".join(each.text for each in disputes),
    )
    appeal_notices.tell_of_appeal(appeal, by=by, now=now)
    return appeal


@transaction.atomic
def decide_appeal(
    *,
    review_id: int,
    outcome: str,
    reason: str,
    by: User,
    now: datetime,
    upheld: Collection[int] = (),
    points: Mapping[Place, Decimal] | None = None,
) -> Appeal:
    """Decide the open appeal of a review: leave out the cases ``upheld``, give lines other ``points``, or refuse.

    The review alone is computed anew, by the cycle's rules and as of its publication, and sealed anew; what would
    lower overall or grade is not done, and the decision says so. Raises Http404 unless ``by`` is HR or further above,
    did not rate and is not the engineer, and ValidationError where no appeal is open, for a short reason, an
    outcome that does not fit what is upheld, points below the published ones or out of range, and figures that are
    not those of the seal.
    """
    review = access.get_review_to_judge(viewer=by, review_id=review_id, lock=True)
    appeal = open_appeal(review)
    step = workflow.check_review_step(review, "decide")
    given = dict(points or {})
    appeal.reason = checked_text(reason, field="reason")
    disputes = list(appeal.disputes.select_related("line__kpi_version__kpi", "review").order_by("pk"))
    _check_outcome(outcome, cases={dispute.pk for dispute in disputes}, upheld=set(upheld), given=given)
    _decide_cases(appeal, disputes, upheld, by=by, now=now)
    refuse_unless_as_sealed(review)
    published = sheet_of(review, get_schemes(review.cycle))
    before = Standing.of(published)
    check_points(published, given)
    struck = [dispute for dispute in disputes if dispute.outcome == Outcome.UPHELD]
    after = uphold(review, appeal, before, struck=struck, given=given, by=by, now=now)
    if after is not None:
        add_up(review)
        reseal_review(review, appeal=appeal, now=now)
    sheet = sheet_of(review, get_schemes(review.cycle))
    appeal.outcome, appeal.decided_by, appeal.decided_at = outcome, by, now
    appeal.before = before.told()
    appeal.after = (after or before).told() | grade_beside(published, sheet)
    appeal.save()
    tell_cases(published, sheet, disputes)
    move_on(review, step.target, by=by, now=now)
    record(
        action="review.decide",
        target=review,
        by=by,
        now=now,
        before=appeal.before,
        after=appeal.after
        | {
            "outcome": appeal.outcome,
            "points": {str(line_id): value for (_segment, line_id), value in given.items()},
            "cases": [told(each) for each in disputes],
        },
        reason=appeal.reason,
    )
    appeal_notices.tell_of_appeal_decided(appeal, by=by, now=now)
    appeal_notices.tell_of_grade_beside(review, appeal.after, now=now)
    return appeal


@transaction.atomic
def set_terms(*, cycle_id: int, by: User, now: datetime, **days: int) -> AppealTerms:
    """Set the terms of a cycle in workdays: ``file_days``, ``supplement_days``, ``decision_days``, ``dispute_days``.

    What was filed keeps the days it was told. Raises Http404 unless ``by`` has the HR role, and ValidationError for
    terms out of their range, for less time to appeal than was published, and once the cycle is closed.
    """
    require_hr(by)
    cycle = Cycle.objects.select_for_update().get(pk=cycle_id)
    if cycle.state == CycleState.CLOSED:
        raise ValidationError(_("The cycle is closed."), code="closed")
    terms = terms_of(cycle)
    before = {name: getattr(terms, name) for name in days}
    if CycleSeal.objects.filter(cycle=cycle).exists() and days.get("file_days", terms.file_days) < terms.file_days:
        message = _("The results are published: the time to appeal is not shortened.")
        raise ValidationError({"file_days": ValidationError(message, code="shortened")})
    for name, number in days.items():
        setattr(terms, name, number)
    terms.full_clean(validate_unique=False)
    terms.save()
    record(action="cycle.appeal_terms_set", target=cycle, by=by, now=now, before=before, after=days)
    return terms


def open_appeal(review: Review) -> Appeal:
    """Return the open appeal of a locked review. Raises ValidationError where there is none, saying how it ended."""
    appeal = review.appeals.filter(outcome="").first()
    if appeal is None:
        ended = review.appeals.first()
        if ended is not None:
            raise ValidationError(
                _("This appeal is closed already: %(outcome)s."),
                params={"outcome": ended.get_outcome_display()},
                code="decided",
            )
        raise ValidationError(_("There is no open appeal."), code="no_appeal")
    appeal.review = review
    return appeal


def _store(review: Review, appeal: Appeal, claim: Claim, *, by: User, now: datetime) -> Dispute:
    return store_claim(
        review,
        claim,
        as_of=as_of_figures(review, now=now),
        decide_by=appeal.decide_by,
        by=by,
        now=now,
        appeal=appeal,
    )


def _check_outcome(
    outcome: str, *, cases: Collection[int], upheld: Collection[int], given: Mapping[Place, Decimal]
) -> None:
    if set(upheld) - set(cases):
        raise ValidationError(_("Only cases of this appeal can be upheld."), code="no_such_case")
    if outcome not in POSSIBLE:
        raise ValidationError({"outcome": ValidationError(_("Choose the outcome."), code="no_outcome")})
    changes = bool(upheld or given)
    if outcome == Outcome.REFUSED and changes:
        message = _("A refused appeal changes nothing: uphold no case and give no points.")
        raise ValidationError({"outcome": ValidationError(message, code="refused_changes")})
    if outcome != Outcome.REFUSED and not changes:
        message = _("Say what follows: uphold a case, or give a line other points.")
        raise ValidationError({"outcome": ValidationError(message, code="nothing_follows")})
    if outcome == Outcome.UPHELD and len(upheld) < len(cases):
        message = _("Not every case is upheld: the appeal is partly upheld.")
        raise ValidationError({"outcome": ValidationError(message, code="only_partly")})


def _decide_cases(
    appeal: Appeal, disputes: Sequence[Dispute], upheld: Collection[int], *, by: User, now: datetime
) -> None:
    """Each case is upheld or not for itself; the reason is that of the appeal."""
    for dispute in disputes:
        dispute.outcome = Outcome.UPHELD if dispute.pk in upheld else Outcome.REFUSED
        dispute.decided_by, dispute.decided_at, dispute.reason = by, now, appeal.reason
        dispute.save()


def move_on(review: Review, state: str, *, by: User, now: datetime) -> None:
    """Bring a locked review into a state, as ``by`` did it."""
    review.state = state
    review.version += 1
    review.changed_by, review.changed_at = by, now
    review.save(update_fields=["state", "version", "changed_by", "changed_at"])
