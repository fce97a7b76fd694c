"""Who is scored over which days by which scheme: the whole cycle, then each segment of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import groupby

from appraisal.cycles.figures import Participant
from appraisal.cycles.queries import CycleSchemes
from appraisal.reviews.models import Review, ReviewSegment


def iter_participants(
    reviews: Sequence[Review], segments: Sequence[ReviewSegment], schemes: CycleSchemes
) -> Iterable[tuple[date, date, list[Participant]]]:
    """Yield (first day, last day, participants): the whole cycle for everybody, then each segment for those it has."""
    if not reviews:
        return
    cycle = reviews[0].cycle
    whole = [
        Participant(engineer_id=review.engineer_id, profile_id=review.profile_id, scheme=scheme)
        for review in reviews
        if (scheme := schemes.of(profile_id=review.profile_id, is_lead=review.is_lead)) is not None
    ]
    yield cycle.start_date, cycle.end_date, whole
    engineers = {review.pk: review.engineer_id for review in reviews}

    def place(segment: ReviewSegment) -> tuple[date, date, int]:
        return segment.first_date, segment.last_date, segment.number

    for (first_date, last_date, number), alike in groupby(sorted(segments, key=place), key=place):
        members = sorted(alike, key=lambda segment: engineers[segment.review_id])
        yield (
            first_date,
            last_date,
            [
                Participant(
                    engineer_id=engineers[segment.review_id],
                    profile_id=segment.profile_id,
                    scheme=scheme,
                    segment=number,
                )
                for segment in members
                if (scheme := schemes.of(profile_id=segment.profile_id, is_lead=segment.is_lead)) is not None
            ],
        )
