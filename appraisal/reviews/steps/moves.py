"""Steps of cycles and reviews along the table of ``workflow``: check, change, record, tell."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.http import Http404
from django.utils.translation import gettext_lazy as _

from appraisal.cycles import actions as cycle_actions
from appraisal.cycles.models import Cycle, CycleState, Reopening, StaleFigures
from appraisal.cycles.workflow import REVEALED
from appraisal.jobs.actions import run_to_end
from appraisal.jobs.models import Job, JobState
from appraisal.reviews import access, notices, workflow
from appraisal.reviews.figures.seals import break_seals
from appraisal.reviews.models import Appeal, Dispute, Outcome, Review, ReviewState
from appraisal.reviews.steps.cycle import conclude, enter_state, expect_self_reviews, lock
from appraisal.reviews.steps.jobs import LONG_STEPS, request_step, stop_publishing
from appraisal.reviews.workflow import Transition, Who
from engineers.access import require_hr
from engineers.audit import record
from engineers.models import User


class ReviewConflict(Exception):
    """Someone else changed the review meanwhile; ``current`` is what is stored now."""

    def __init__(self, current: Review) -> None:
        super().__init__("the review was changed meanwhile")
        self.current = current


def move_cycle(*, cycle_id: int, transition: str, by: User | None, now: datetime, reason: str = "") -> Cycle:
    """Take one step of a cycle to its end, however long it takes; ``by`` None is the command line.

    Raises as ``start_step`` does, and ValidationError when a step that is done in parts fails.
    """
    cycle, job = start_step(cycle_id=cycle_id, transition=transition, by=by, now=now, reason=reason)
    if job is not None:
        check_job(run_to_end(job, now))
        cycle.refresh_from_db()
    return cycle


@transaction.atomic
def start_step(
    *, cycle_id: int, transition: str, by: User | None, now: datetime, reason: str = ""
) -> tuple[Cycle, Job | None]:
    """Take one step of a cycle, or ask for it: a step over every review is a job, which the caller begins.

    Raises Http404 unless ``by`` has the HR role, and ValidationError when the cycle's state does not allow the step,
    something is open, a reason is missing, or a second person has to approve it (``request_reopening``).
    """
    if by is not None:
        require_hr(by)
    cycle = Cycle.objects.select_for_update().get(pk=cycle_id)
    step = workflow.check_cycle_step(cycle, transition)
    if step.needs_approver:
        raise ValidationError(
            _("A second person of HR has to approve this step: ask for it with a reason."), code="needs_approval"
        )
    workflow.check_reason(step, reason)
    if step.target in REVEALED or step.passes:
        # Whoever files something against a review at this moment ends first, and is seen; or waits, and is refused.
        lock(cycle.reviews.all())
    workflow.check_open_items(step.open_items(cycle), reason=reason)
    if step.name in LONG_STEPS:
        return cycle, request_step(cycle, step, by=by, now=now, reason=reason)
    _take(cycle, step, by=by, now=now, reason=reason)
    return cycle, None


def check_job(job: Job) -> None:
    """Raise ValidationError for a job that failed, with what went wrong."""
    if job.state == JobState.FAILED:
        raise ValidationError(_("The step is not finished: %(error)s"), params={"error": job.error}, code="job_failed")


@transaction.atomic
def request_reopening(*, cycle_id: int, transition: str, reason: str, by: User, now: datetime) -> Reopening:
    """Ask for a step back from published or closed. Raises as ``move_cycle`` does, and while another waits."""
    require_hr(by)
    cycle = Cycle.objects.select_for_update().get(pk=cycle_id)
    step = workflow.check_cycle_step(cycle, transition)
    if not step.needs_approver:
        raise ValidationError(_("This step needs no approval."), code="needs_no_approval")
    workflow.check_reason(step, reason)
    if cycle.reopenings.filter(decided_at__isnull=True).exists():
        raise ValidationError(_("A reopening of this cycle waits for its decision already."), code="waits")
    asked = Reopening.objects.create(
        cycle=cycle, transition=step.name, reason=reason.strip(), requested_by=by, requested_at=now
    )
    record(
        action="cycle.reopening_requested",
        target=cycle,
        by=by,
        now=now,
        after={"step": step.name, "target": step.target},
        reason=asked.reason,
    )
    notices.tell_of_request(asked, by=by, now=now)
    return asked


@transaction.atomic
def decide_reopening(*, cycle_id: int, reopening_id: int, approve: bool, by: User, now: datetime) -> Reopening:
    """Approve or reject a reopening somebody else of HR asked for; an approved one takes place at once.

    Raises Http404, and ValidationError for who asked, for what is decided already, and when the cycle moved meanwhile.
    """
    require_hr(by)
    cycle = Cycle.objects.select_for_update().get(pk=cycle_id)
    asked = Reopening.objects.select_for_update().filter(cycle=cycle, pk=reopening_id).first()
    if asked is None:
        raise Http404
    if asked.decided_at is not None:
        raise ValidationError(_("This reopening is decided already."), code="decided")
    if asked.requested_by_id == by.pk:
        raise ValidationError(_("Who asked for a reopening does not decide it."), code="own_request")
    asked.is_approved, asked.decided_by, asked.decided_at = approve, by, now
    asked.save(update_fields=["is_approved", "decided_by", "decided_at"])
    if approve:
        step = workflow.check_cycle_step(cycle, asked.transition)
        _take(cycle, step, by=by, now=now, reason=asked.reason)
        asked.applied_at = now
        asked.save(update_fields=["applied_at"])
    else:
        record(
            action="cycle.reopening_rejected",
            target=cycle,
            by=by,
            now=now,
            after={"step": asked.transition},
            reason=asked.reason,
        )
    return asked


@transaction.atomic
def move_review(
    *, review_id: int, transition: str, by: User, now: datetime, reason: str = "", version: int | None = None
) -> Review:
    """Take one step of a review; ``version`` is the one the reader saw.

    Raises Http404 unless ``by`` is whom the row means, ValidationError when review and cycle do not allow the step or
    something is open, or ReviewConflict.
    """
    review = _review_to_step(review_id, transition, by)
    step = workflow.check_review_step(review, transition)
    if version is not None and review.version != version:
        raise ReviewConflict(review)
    workflow.check_reason(step, reason)
    workflow.check_open_items(step.open_items(review), reason=reason)
    before = review.state
    fields = _REVIEW_EFFECTS[step.name](review, by, now, reason.strip())
    review.state = step.target
    review.version += 1
    review.changed_by, review.changed_at = by, now
    review.save(update_fields=["state", "version", "changed_by", "changed_at", *fields])
    record(
        action=f"review.{step.name}",
        target=review,
        by=by,
        now=now,
        before={"state": before},
        after={"state": review.state, "overall": review.overall},
        reason=reason.strip(),
    )
    notices.tell_of_review(review, step, by=by, now=now, reason=reason.strip())
    return review


def _review_to_step(review_id: int, transition: str, by: User) -> Review:
    """Lock the review. A step of that name must be for this person, whatever the state: else it does not exist."""
    rows = {
        step.who: None
        for step in workflow.REVIEW_TRANSITIONS
        if step.name == transition and step.name in _REVIEW_EFFECTS and step.who != Who.CYCLE
    }
    for who in rows:
        return access.get_review_to_move(viewer=by, review_id=review_id, who=who, lock=True)
    raise Http404


def _take(cycle: Cycle, step: Transition, *, by: User | None, now: datetime, reason: str) -> None:
    """Change the state. What belongs to the cycle is written while the cycle is not closed: before, or after."""
    before, still_open = cycle.state, [str(item.text) for item in step.open_items(cycle)]
    effect = _CYCLE_EFFECTS.get((before, step.target), _nothing)
    closes = step.name == "close"
    if closes:
        effect(cycle, by, now)
    enter_state(cycle, step.target)
    if not closes:
        effect(cycle, by, now)
    conclude(cycle, step, before=before, still_open=still_open, by=by, now=now, reason=reason)


@transaction.atomic
def set_stages(
    *,
    cycle_id: int,
    asks_self_review: bool,
    asks_second_level: bool,
    deadlines: Mapping[str, date | None],
    by: User | None,
    now: datetime,
) -> Cycle:
    """Set who takes part and by when, as ``cycles.actions.set_stages``; reviews wait for whom they have to."""
    cycle = cycle_actions.set_stages(
        cycle_id=cycle_id,
        asks_self_review=asks_self_review,
        asks_second_level=asks_second_level,
        deadlines=deadlines,
        by=by,
        now=now,
    )
    if cycle.state in (CycleState.DRAFT, CycleState.OPEN):
        expect_self_reviews(cycle)
    return cycle


def _nothing(cycle: Cycle, by: User | None, now: datetime) -> None:
    """Most steps change the state alone."""


def _end_self_reviews(cycle: Cycle, by: User | None, now: datetime) -> None:
    cycle.reviews.filter(state=ReviewState.AWAITING_SELF).update(state=ReviewState.AWAITING_MANAGER)


def _close(cycle: Cycle, by: User | None, now: datetime) -> None:
    cycle.reviews.update(state=ReviewState.FINAL)


def _back_to_calibration(cycle: Cycle, by: User | None, now: datetime) -> None:
    """What was never handed in waits for its manager again; what is acknowledged has to be acknowledged anew.

    Appeals that are open have lost what they were against.
    """
    lock(cycle.reviews.all())
    cycle.reviews.filter(submitted_at__isnull=True).update(state=ReviewState.AWAITING_MANAGER)
    cycle.reviews.filter(submitted_at__isnull=False).update(state=ReviewState.CALIBRATED)
    cycle.reviews.update(acknowledged_at=None, acknowledgement="")
    for waiting in (Appeal.objects, Dispute.objects):
        waiting.filter(review__cycle=cycle, outcome="").update(outcome=Outcome.LAPSED, decided_at=now)
    break_seals(cycle, by=by, now=now)
    # What arrived while it was published marked nobody.
    StaleFigures.objects.create(cycle=cycle)


def _back_to_published(cycle: Cycle, by: User | None, now: datetime) -> None:
    cycle.reviews.update(state=ReviewState.PUBLISHED)
    cycle.reviews.filter(acknowledged_at__isnull=False).update(state=ReviewState.ACKNOWLEDGED)
    decided = Appeal.objects.decided_since_publication().filter(review__cycle=cycle)
    cycle.reviews.filter(pk__in=decided.values("review")).update(state=ReviewState.DECIDED)


_CYCLE_EFFECTS: Mapping[tuple[str, str], Callable[[Cycle, User | None, datetime], None]] = {
    ("open", "self_review"): lambda cycle, by, now: expect_self_reviews(cycle),
    ("self_review", "manager_review"): _end_self_reviews,
    ("publishing", "calibration"): lambda cycle, by, now: stop_publishing(cycle, now=now),
    ("published", "closed"): _close,
    ("published", "calibration"): _back_to_calibration,
    ("closed", "published"): _back_to_published,
}


def _hand_in_self(review: Review, by: User, now: datetime, reason: str) -> list[str]:
    review.self_submitted_at = now
    return ["self_submitted_at"]


def _hand_in(review: Review, by: User, now: datetime, reason: str) -> list[str]:
    review.submitted_by, review.submitted_at = by, now
    return ["submitted_by", "submitted_at"]


def _take_back(review: Review, by: User, now: datetime, reason: str) -> list[str]:
    """The parts of managers who did not ask for it stay handed in."""
    mine = access.segments_to_rate(by, review).values("pk")
    review.segments.filter(Q(pk__in=mine)).update(submitted_at=None, submitted_by=None)
    review.submitted_by = review.submitted_at = None
    return ["submitted_by", "submitted_at"]


def _approve(review: Review, by: User, now: datetime, reason: str) -> list[str]:
    review.approved_by, review.approved_at = by, now
    return ["approved_by", "approved_at"]


def _give_back(review: Review, by: User, now: datetime, reason: str) -> list[str]:
    review.segments.update(submitted_at=None, submitted_by=None)
    review.submitted_by = review.submitted_at = review.approved_by = review.approved_at = None
    review.returned_at, review.return_reason = now, reason
    return ["submitted_by", "submitted_at", "approved_by", "approved_at", "returned_at", "return_reason"]


def _acknowledge(review: Review, by: User, now: datetime, reason: str) -> list[str]:
    review.acknowledged_at, review.acknowledgement = now, reason
    return ["acknowledged_at", "acknowledgement"]


_REVIEW_EFFECTS: Mapping[str, Callable[[Review, User, datetime, str], list[str]]] = {
    "hand_in_self": _hand_in_self,
    "hand_in": _hand_in,
    "take_back": _take_back,
    "approve": _approve,
    "return": _give_back,
    "send_back": _give_back,
    "acknowledge": _acknowledge,
}
