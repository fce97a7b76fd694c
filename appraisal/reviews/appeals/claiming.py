"""One door for a case an engineer objects to: a dispute while the cycle runs, part of an appeal after publication."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction

from appraisal.cycles.models import CycleState
from appraisal.reviews import access
from appraisal.reviews.appeals.actions import appeal_cases
from appraisal.reviews.appeals.claims import Claim
from appraisal.reviews.appeals.disputes import raise_dispute
from appraisal.reviews.models import Appeal, Dispute
from engineers.models import User


@transaction.atomic
def claim_cases(*, claims: Mapping[int, Sequence[Claim]], by: User, now: datetime) -> list[Dispute | Appeal]:
    """Object to cases of one's own reviews, given by the id of the review: all of them or none.

    Returns a dispute for each case of a running cycle, and one appeal for each published review. Raises as
    ``disputes.raise_dispute`` and ``actions.appeal_cases``.
    """
    made: list[Dispute | Appeal] = []
    for review_id, given in claims.items():
        review = access.get_own_review(viewer=by, review_id=review_id)
        if review.cycle.state == CycleState.PUBLISHED:
            made.append(appeal_cases(review_id=review_id, claims=given, by=by, now=now))
        else:
            made += [raise_dispute(review_id=review_id, claim=claim, by=by, now=now) for claim in given]
    return made
