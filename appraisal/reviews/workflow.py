"""The states of a cycle and of its reviews as one table: who moves them from where to where, and what must hold.

Buttons, guards, errors of the API, ``docs/workflow.md`` and the tests that try every step as every role read this
table; a step that is not in it does not exist.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from appraisal.cycles.models import Cycle, CycleState
from appraisal.cycles.workflow import RATABLE
from appraisal.reviews import conditions
from appraisal.reviews.conditions import OpenItem, Strength
from appraisal.reviews.models import Appeal, Review, ReviewState

SHORTEST_REASON = 20


class Who(TextChoices):
    HR = "hr", _("HR")
    ENGINEER = "engineer", _("the engineer")
    MANAGER = "manager", _("a manager above")
    SECOND_LEVEL = "second_level", _("the second level")
    UNINVOLVED = "uninvolved", _("HR or the second level, if they did not rate")
    CYCLE = "cycle", _("a step of the cycle")


class About(StrEnum):
    CYCLE = "cycle"
    REVIEW = "review"


def _always(_subject: Any) -> bool:
    return True


@dataclass(frozen=True, kw_only=True)
class Transition:
    """A row of the table.

    ``when`` says for which cycle or review the row exists at all, and ``when_label`` says it in words. ``conditions``
    tell what is still open. ``needs_approver``: one person asks, another one decides. ``passes`` is the state in
    which the cycle is while the step is under way in the background.
    """

    about: About
    name: str
    label: str | Promise
    sources: tuple[str, ...]
    target: str
    who: Who
    when: Callable[[Any], bool] = _always
    when_label: str | Promise = ""
    conditions: tuple[Callable[[Any], list[OpenItem]], ...] = ()
    asks_reason: bool = False
    needs_approver: bool = False
    passes: str = ""

    def open_items(self, subject: Cycle | Review) -> list[OpenItem]:
        return [item for condition in self.conditions for item in condition(subject)]


def takes_ratings(review: Review) -> bool:
    """True in the managers' stage, and for a single review that was given back after it."""
    given_back = review.cycle.state == CycleState.CALIBRATION and review.returned_at is not None
    return review.cycle.state in RATABLE or given_back


def _asks_self(cycle: Cycle) -> bool:
    return cycle.asks_self_review


def _asks_no_self(cycle: Cycle) -> bool:
    return not cycle.asks_self_review


def _in_self_review(review: Review) -> bool:
    return review.cycle.state == CycleState.SELF_REVIEW


def _to_second(review: Review) -> bool:
    return takes_ratings(review) and review.cycle.asks_second_level


def _not_to_second(review: Review) -> bool:
    return takes_ratings(review) and not review.cycle.asks_second_level


def _may_be_taken_back(review: Review) -> bool:
    return review.cycle.state in RATABLE and review.approved_at is None


def _before_publication(review: Review) -> bool:
    return review.cycle.state in (CycleState.MANAGER_REVIEW, CycleState.CALIBRATION)


def _published(review: Review) -> bool:
    return review.cycle.state == CycleState.PUBLISHED


def _never_handed_in(review: Review) -> bool:
    return review.submitted_at is None


def _appeal_decided(review: Review) -> bool:
    return Appeal.objects.decided_since_publication().filter(review=review).exists()


def _acknowledged(review: Review) -> bool:
    return review.acknowledged_at is not None


def _published_and_acknowledged(review: Review) -> bool:
    return _published(review) and _acknowledged(review)


def _published_and_unread(review: Review) -> bool:
    return _published(review) and not _acknowledged(review)


_MANAGERS_STAGE = _("in the managers' stage, or once the review was given back")
_HANDED_IN = (ReviewState.AWAITING_SECOND, ReviewState.CALIBRATED)
_AWAITED = (ReviewState.AWAITING_SELF, ReviewState.AWAITING_MANAGER, *_HANDED_IN)
_AFTER_PUBLICATION = (ReviewState.PUBLISHED, ReviewState.ACKNOWLEDGED, ReviewState.APPEALED, ReviewState.DECIDED)


def _cycle_row(name: str, label: Promise, source: CycleState, target: CycleState, **more: Any) -> Transition:
    return Transition(about=About.CYCLE, name=name, label=label, sources=(source,), target=target, who=Who.HR, **more)


def _review_row(name: str, label: Promise, sources: tuple[str, ...], target: str, who: Who, **more: Any) -> Transition:
    return Transition(about=About.REVIEW, name=name, label=label, sources=sources, target=target, who=who, **more)


CYCLE_TRANSITIONS: tuple[Transition, ...] = (
    _cycle_row("open", _("Open the cycle"), CycleState.DRAFT, CycleState.OPEN, conditions=(conditions.scheme_chosen,)),
    _cycle_row(
        "start_self_review",
        _("Start the self-review"),
        CycleState.OPEN,
        CycleState.SELF_REVIEW,
        when=_asks_self,
        when_label=_("the cycle asks for self-reviews"),
    ),
    _cycle_row(
        "start_manager_review",
        _("Start the manager review"),
        CycleState.OPEN,
        CycleState.MANAGER_REVIEW,
        when=_asks_no_self,
        when_label=_("the cycle asks for no self-reviews"),
    ),
    _cycle_row(
        "start_manager_review",
        _("Start the manager review"),
        CycleState.SELF_REVIEW,
        CycleState.MANAGER_REVIEW,
        conditions=(conditions.self_reviews_handed_in,),
    ),
    _cycle_row(
        "start_calibration",
        _("Start the calibration"),
        CycleState.MANAGER_REVIEW,
        CycleState.CALIBRATION,
        conditions=(conditions.reviews_handed_in,),
    ),
    _cycle_row(
        "publish",
        _("Publish the results"),
        CycleState.CALIBRATION,
        CycleState.PUBLISHED,
        conditions=(
            conditions.last_day_over,
            conditions.vetoes_decided,
            conditions.calibrations_decided,
            conditions.calibrations_near,
            conditions.disputes_decided,
            conditions.exceptions_settled,
            conditions.reviews_handed_in,
            conditions.feedback_released,
            conditions.scoring_at_rest,
        ),
        passes=CycleState.PUBLISHING,
    ),
    _cycle_row("stop_publishing", _("Stop publishing"), CycleState.PUBLISHING, CycleState.CALIBRATION),
    _cycle_row(
        "close",
        _("Close the cycle"),
        CycleState.PUBLISHED,
        CycleState.CLOSED,
        conditions=(
            conditions.appeals_decided,
            conditions.time_to_appeal_over,
            conditions.calibrated_grades_looked_at,
            conditions.results_acknowledged,
            conditions.interviews_agreed,
        ),
    ),
    _cycle_row(
        "reopen_manager_review",
        _("Go back to the manager review"),
        CycleState.CALIBRATION,
        CycleState.MANAGER_REVIEW,
        asks_reason=True,
    ),
    _cycle_row(
        "reopen_calibration",
        _("Go back to the calibration"),
        CycleState.PUBLISHED,
        CycleState.CALIBRATION,
        asks_reason=True,
        needs_approver=True,
    ),
    _cycle_row(
        "reopen_published",
        _("Open the closed cycle again"),
        CycleState.CLOSED,
        CycleState.PUBLISHED,
        asks_reason=True,
        needs_approver=True,
    ),
)

REVIEW_TRANSITIONS: tuple[Transition, ...] = (
    _review_row(
        "hand_in_self",
        _("Hand in the self-review"),
        (ReviewState.AWAITING_SELF,),
        ReviewState.AWAITING_MANAGER,
        Who.ENGINEER,
        when=_in_self_review,
        when_label=_("in the stage of self-reviews"),
        conditions=(conditions.self_rating_complete,),
    ),
    _review_row(
        "end_self",
        _("The stage of self-reviews ends"),
        (ReviewState.AWAITING_SELF,),
        ReviewState.AWAITING_MANAGER,
        Who.CYCLE,
    ),
    _review_row(
        "hand_in",
        _("Hand in"),
        (ReviewState.AWAITING_MANAGER,),
        ReviewState.CALIBRATED,
        Who.MANAGER,
        when=_not_to_second,
        when_label=_MANAGERS_STAGE,
        conditions=(conditions.rating_complete,),
    ),
    _review_row(
        "hand_in",
        _("Hand in"),
        (ReviewState.AWAITING_MANAGER,),
        ReviewState.AWAITING_SECOND,
        Who.MANAGER,
        when=_to_second,
        when_label=_("the same, where the second level approves"),
        conditions=(conditions.rating_complete,),
    ),
    _review_row(
        "take_back",
        _("Take back to change it"),
        _HANDED_IN,
        ReviewState.AWAITING_MANAGER,
        Who.MANAGER,
        when=_may_be_taken_back,
        when_label=_("in the managers' stage, until it is approved"),
    ),
    _review_row(
        "approve",
        _("Approve"),
        (ReviewState.AWAITING_SECOND,),
        ReviewState.CALIBRATED,
        Who.SECOND_LEVEL,
        when=_before_publication,
        when_label=_("before publication"),
    ),
    _review_row(
        "return",
        _("Return to the manager"),
        (ReviewState.AWAITING_SECOND,),
        ReviewState.AWAITING_MANAGER,
        Who.SECOND_LEVEL,
        when=_before_publication,
        when_label=_("before publication"),
        asks_reason=True,
    ),
    _review_row(
        "send_back",
        _("Give back to the manager"),
        _HANDED_IN,
        ReviewState.AWAITING_MANAGER,
        Who.HR,
        when=_before_publication,
        when_label=_("before publication"),
        asks_reason=True,
    ),
    _review_row("publish", _("Published"), _AWAITED, ReviewState.PUBLISHED, Who.CYCLE),
    _review_row(
        "acknowledge",
        _("Acknowledge"),
        (ReviewState.PUBLISHED,),
        ReviewState.ACKNOWLEDGED,
        Who.ENGINEER,
        when=_published,
        when_label=_("while the cycle is published"),
    ),
    _review_row(
        "appeal",
        _("Appeal"),
        (ReviewState.PUBLISHED, ReviewState.ACKNOWLEDGED),
        ReviewState.APPEALED,
        Who.ENGINEER,
        when=_published,
        when_label=_("while the cycle is published"),
        asks_reason=True,
    ),
    _review_row(
        "decide",
        _("Decide the appeal"),
        (ReviewState.APPEALED,),
        ReviewState.DECIDED,
        Who.UNINVOLVED,
        when=_published,
        when_label=_("while the cycle is published"),
        asks_reason=True,
    ),
    _review_row(
        "withdraw_appeal",
        _("Withdraw the appeal"),
        (ReviewState.APPEALED,),
        ReviewState.PUBLISHED,
        Who.ENGINEER,
        when=_published_and_unread,
        when_label=_("while the cycle is published"),
    ),
    _review_row(
        "withdraw_appeal",
        _("Withdraw the appeal"),
        (ReviewState.APPEALED,),
        ReviewState.ACKNOWLEDGED,
        Who.ENGINEER,
        when=_published_and_acknowledged,
        when_label=_("the same, where it was acknowledged"),
    ),
    _review_row("close", _("Closed"), _AFTER_PUBLICATION, ReviewState.FINAL, Who.CYCLE),
    _review_row("reopen", _("Back in calibration"), _AFTER_PUBLICATION, ReviewState.CALIBRATED, Who.CYCLE),
    _review_row(
        "reopen",
        _("Back to the manager"),
        _AFTER_PUBLICATION,
        ReviewState.AWAITING_MANAGER,
        Who.CYCLE,
        when=_never_handed_in,
        when_label=_("where it was never handed in"),
    ),
    _review_row(
        "reopen_closed",
        _("Open again"),
        (ReviewState.FINAL,),
        ReviewState.DECIDED,
        Who.CYCLE,
        when=_appeal_decided,
        when_label=_("where an appeal was decided"),
    ),
    _review_row(
        "reopen_closed",
        _("Open again"),
        (ReviewState.FINAL,),
        ReviewState.ACKNOWLEDGED,
        Who.CYCLE,
        when=_acknowledged,
        when_label=_("where it was acknowledged"),
    ),
    _review_row("reopen_closed", _("Open again"), (ReviewState.FINAL,), ReviewState.PUBLISHED, Who.CYCLE),
)

# Appeals have doors of their own: an appeal names what it is about.
WITH_OWN_DOOR = frozenset({"appeal", "decide", "withdraw_appeal"})

Subject = TypeVar("Subject", Cycle, Review)


def possible_cycle_steps(cycle: Cycle) -> list[Transition]:
    """Return the rows that lead out of the cycle's state, whoever may take them."""
    return _possible(CYCLE_TRANSITIONS, cycle)


def possible_review_steps(review: Review) -> list[Transition]:
    return [step for step in _possible(REVIEW_TRANSITIONS, review) if step.who != Who.CYCLE]


def get_cycle_step(name: str) -> Transition:
    """Return the row of a step that only one row has. Raises LookupError for an unknown name."""
    rows = [step for step in CYCLE_TRANSITIONS if step.name == name]
    if len(rows) != 1:
        raise LookupError(f"{len(rows)} steps are called {name!r}")
    return rows[0]


def check_cycle_step(cycle: Cycle, name: str) -> Transition:
    """Return the row of that name. Raises ValidationError, which names the possible steps, when there is none now."""
    message = _("The cycle is %(state)s; this step is not possible now. Possible: %(steps)s.")
    return _found(possible_cycle_steps(cycle), name, cycle.get_state_display(), message)


def check_review_step(review: Review, name: str) -> Transition:
    """Return the row of that name. Raises ValidationError when review and cycle do not allow it now."""
    message = _("The review is %(state)s; this step is not possible now. Possible: %(steps)s.")
    return _found(possible_review_steps(review), name, review.get_state_display(), message)


def check_open_items(items: Sequence[OpenItem], *, reason: str) -> None:
    """Raise ValidationError for what blocks a step, and for what is open and no reason was given for."""
    blocking = [str(item.text) for item in items if item.strength == Strength.BLOCKS]
    if blocking:
        raise ValidationError(_("Still open: %(items)s."), params={"items": "; ".join(blocking)}, code="incomplete")
    excused = [str(item.text) for item in items if item.strength == Strength.NEEDS_REASON]
    if excused and len(reason.strip()) < SHORTEST_REASON:
        raise ValidationError(
            _("Still open: %(items)s. To go on all the same, give the reason in 20 characters at least."),
            params={"items": "; ".join(excused)},
            code="reason_needed",
        )


def check_reason(step: Transition, reason: str) -> None:
    if step.asks_reason and len(reason.strip()) < SHORTEST_REASON:
        raise ValidationError(
            {"reason": ValidationError(_("Give the reason in 20 characters at least."), code="too_short")}
        )


def _possible(table: Sequence[Transition], subject: Cycle | Review) -> list[Transition]:
    return [step for step in table if subject.state in step.sources and step.when(subject)]


def _found(steps: Sequence[Transition], name: str, state: str, message: str | Promise) -> Transition:
    for step in steps:
        if step.name == name:
            return step
    names = ", ".join(step.name for step in steps) or "–"
    raise ValidationError(message, params={"state": state, "steps": names}, code="wrong_state")  # type: ignore[arg-type]  # lazy
