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
from appraisal.kpis.points import most_points
from appraisal.reviews import access, workflow
from appraisal.reviews.appeals import notices as appeal_notices
from appraisal.reviews.appeals.claims import Claim, as_of_figures, checked_text, rater_of, store_claim
from appraisal.reviews.appeals.disputes import figures_of, told
from appraisal.reviews.appeals.remedies import (
    Place,
    Standing,
    add_up,
    lines_that_count,
    sheet_of,
    strike,
    unless_worse,
)
from appraisal.reviews.figures.left_out import left_out_of, with_disputes
from appraisal.reviews.figures.lines import ReviewLine
from appraisal.reviews.figures.seals import refuse_unless_as_sealed, reseal_review
from appraisal.reviews.figures.sheet import Sheet
from appraisal.reviews.models import (
    Appeal,
    AppealLine,
    AppealSupplement,
    AppealTerms,
    CycleSeal,
    Dispute,
    LineOverride,
    Outcome,
    Review,
    ReviewState,
)
from appraisal.reviews.steps.moves import ReviewConflict
from appraisal.reviews.terms import appeal_until, due_after, terms_of, today_of
from appraisal.scoring.numbers import round_half_up
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
            points_before=_shown(published.get((segment, line_id))),
        )
    disputes = [_store(review, appeal, claim, by=by, now=now) for claim in claims]
    _move(review, step.target, by=by, now=now)
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
def appeal_case(*, review_id: int, claim: Claim, by: User, now: datetime) -> Appeal:
    """Appeal against a single case: as an appeal of its own, or added to the one that is open.

    Raises as ``file_appeal`` and ``add_supplement``.
    """
    review = access.get_own_review(viewer=by, review_id=review_id, lock=True)
    if review.state == ReviewState.APPEALED:
        return add_supplement(review_id=review_id, text="", claims=[claim], by=by, now=now)
    return file_appeal(review_id=review_id, text=claim.text, claims=[claim], by=by, now=now)


@transaction.atomic
def add_supplement(*, review_id: int, text: str, by: User, now: datetime, claims: Sequence[Claim] = ()) -> Appeal:
    """Add to one's open appeal a text, or single cases, within the term for it.

    Raises Http404 unless the review is one's own, and ValidationError where no appeal is open, once the term is over,
    for a short text, or a case that is not to be found.
    """
    review = access.get_own_review(viewer=by, review_id=review_id, lock=True)
    appeal = _open_appeal(review)
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
    appeal = _open_appeal(review)
    step = workflow.check_review_step(review, "decide")
    given = dict(points or {})
    appeal.reason = checked_text(reason, field="reason")
    _check_outcome(outcome, upheld=upheld, given=given)
    disputes = _decide_cases(appeal, upheld, by=by, now=now)
    refuse_unless_as_sealed(review)
    published = sheet_of(review, get_schemes(review.cycle))
    before = Standing.of(published)
    _check_points(review, published, given)
    after = _change(review, appeal, before, disputes=disputes, given=given, by=by, now=now)
    if after is not None:
        add_up(review)
        reseal_review(review, appeal=appeal, now=now)
    appeal.outcome, appeal.decided_by, appeal.decided_at = outcome, by, now
    appeal.before, appeal.after = before.told(), (after or before).told()
    appeal.save()
    _tell_cases(review, published, disputes)
    _move(review, step.target, by=by, now=now)
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


def _open_appeal(review: Review) -> Appeal:
    appeal = review.appeals.filter(outcome="").first()
    if appeal is None:
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


def _check_outcome(outcome: str, *, upheld: Collection[int], given: Mapping[Place, Decimal]) -> None:
    if outcome not in POSSIBLE:
        raise ValidationError({"outcome": ValidationError(_("Choose the outcome."), code="no_outcome")})
    changes = bool(upheld or given)
    if outcome == Outcome.REFUSED and changes:
        message = _("A refused appeal changes nothing: uphold no case and give no points.")
        raise ValidationError({"outcome": ValidationError(message, code="refused_changes")})
    if outcome != Outcome.REFUSED and not changes:
        message = _("Say what follows: uphold a case, or give a line other points.")
        raise ValidationError({"outcome": ValidationError(message, code="nothing_follows")})


def _decide_cases(appeal: Appeal, upheld: Collection[int], *, by: User, now: datetime) -> list[Dispute]:
    disputes = list(appeal.disputes.select_related("line__kpi_version__kpi", "review").order_by("pk"))
    if set(upheld) - {dispute.pk for dispute in disputes}:
        raise ValidationError(_("Only cases of this appeal can be upheld."), code="no_such_case")
    for dispute in disputes:
        dispute.outcome = Outcome.UPHELD if dispute.pk in upheld else Outcome.REFUSED
        dispute.decided_by, dispute.decided_at, dispute.reason = by, now, appeal.reason
        dispute.save()
    return disputes


def _check_points(review: Review, published: Sheet, given: Mapping[Place, Decimal]) -> None:
    """Refuse points for lines that carry none, below the published ones, or above what the line can give."""
    known = lines_that_count(published)
    for (segment, line_id), value in given.items():
        line = known.get((segment, line_id))
        if line is None:
            raise ValidationError(_("The review has no such line."), code="no_such_line")
        least, most = _shown(line) or Decimal(0), most_points(line.kpi)
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


def _change(
    review: Review,
    appeal: Appeal,
    before: Standing,
    *,
    disputes: Sequence[Dispute],
    given: Mapping[Place, Decimal],
    by: User,
    now: datetime,
) -> Standing | None:
    """Do what was upheld as far as it lowers nothing: cases and points together, else one kind alone.

    Returns where the review stands then; None when nothing of it was done.
    """
    struck = [dispute for dispute in disputes if dispute.outcome == Outcome.UPHELD]

    def leave_out() -> None:
        known = left_out_of(review.cycle, [review.engineer_id])
        as_of = as_of_figures(review, now=now)
        strike(review, before=known, after=with_disputes(known, struck), as_of=as_of)
        Dispute.objects.filter(pk__in=[dispute.pk for dispute in struck]).update(is_left_out=True)

    def give() -> None:
        _give_points(review, appeal, given, by=by, now=now)

    def both() -> None:
        leave_out()
        give()

    attempts = [both] if struck and given else []
    attempts += [give] if given else []
    attempts += [leave_out] if struck else []
    for attempt in attempts:
        after = unless_worse(review, before, attempt)
        if after is not None:
            return after
    return None


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
            defaults={"is_claimed": False, "points_before": _shown(known.get((segment, line_id)))},
        )
        row.points = value
        row.save(update_fields=["points"])


def _tell_cases(review: Review, published: Sheet, disputes: Sequence[Dispute]) -> None:
    """Write beside each case what its line was and is."""
    now = sheet_of(review, get_schemes(review.cycle))
    for dispute in disputes:
        dispute.refresh_from_db(fields=["is_left_out"])
        dispute.before, dispute.after = figures_of(published, dispute), figures_of(now, dispute)
        dispute.save(update_fields=["before", "after"])


def _move(review: Review, state: str, *, by: User, now: datetime) -> None:
    review.state = state
    review.version += 1
    review.changed_by, review.changed_at = by, now
    review.save(update_fields=["state", "version", "changed_by", "changed_at"])


def _shown(line: ReviewLine | None) -> Decimal | None:
    return None if line is None or line.points is None else round_half_up(line.points)
