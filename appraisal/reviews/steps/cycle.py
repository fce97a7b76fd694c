"""What every step of a cycle has in common: the new state, the trail, those who are told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import QuerySet

from appraisal.cycles.models import Cycle
from appraisal.reviews import notices
from appraisal.reviews.models import Review, ReviewState
from appraisal.reviews.workflow import Transition
from engineers.audit import record
from engineers.models import User


def enter_state(cycle: Cycle, state: str) -> None:
    cycle.state = state
    cycle.save(update_fields=["state"])


def conclude(
    cycle: Cycle,
    step: Transition,
    *,
    before: str,
    still_open: Sequence[str],
    by: User | None,
    now: datetime,
    reason: str,
) -> None:
    """Note in the trail that a step was taken, and tell those concerned."""
    record(
        action=f"cycle.{step.name}",
        target=cycle,
        by=by,
        now=now,
        before={"state": before},
        after={"state": step.target} | ({"open": list(still_open)} if still_open else {}),
        reason=reason.strip(),
    )
    notices.tell_of_cycle(cycle, step, by=by, now=now, reason=reason.strip())


def expect_self_reviews(cycle: Cycle) -> None:
    """Let the reviews of those who have an account wait for their self-review, where the cycle asks for it."""
    with_account = cycle.reviews.filter(engineer__user__isnull=False)
    if cycle.asks_self_review:
        with_account.filter(state=ReviewState.AWAITING_MANAGER).update(state=ReviewState.AWAITING_SELF)
    else:
        with_account.filter(state=ReviewState.AWAITING_SELF).update(state=ReviewState.AWAITING_MANAGER)


def lock(reviews: QuerySet[Review]) -> None:
    """Lock reviews in the order in which scoring does: whoever writes to one ends first, or waits."""
    list(reviews.select_for_update().order_by("engineer_id").values_list("pk"))
