"""Parts of a cycle that somebody spent under different teams, managers or job profiles (SPEC 4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from appraisal.cycles.models import Cycle
from appraisal.kpis.roster import Roster
from appraisal.reviews.models import Review, ReviewSegment
from appraisal.scoring.segments import SCORED_FROM_WORKDAYS
from engineers.models import TeamMembership
from engineers.queries import reporting_lines


@dataclass(frozen=True, kw_only=True)
class Span:
    first_date: date
    last_date: date
    team_id: int | None
    manager_id: int | None
    profile_id: int | None
    workdays: int = 0

    @property
    def place(self) -> tuple[int | None, int | None]:
        """What makes a segment: who answers for the person, and as what they work."""
        return self.manager_id, self.profile_id


def keep_segments(*, cycle: Cycle, reviews: Sequence[Review], rosters: dict[int, Roster]) -> list[ReviewSegment]:
    """Bring the stored segments of some reviews in line with the team periods; return them all."""
    moved = _moved(cycle, [review.engineer_id for review in reviews])
    stored: dict[int, list[ReviewSegment]] = {}
    for segment in ReviewSegment.objects.filter(review__in=reviews).select_related("profile").order_by("number"):
        stored.setdefault(segment.review_id, []).append(segment)
    for review in reviews:
        periods = moved.get(review.engineer_id, [])
        planned = _joined(_spans(cycle, review, periods), rosters[review.engineer_id]) if len(periods) > 1 else []
        planned = planned if len(planned) > 1 else []
        if [_span_of(segment) for segment in stored.get(review.pk, [])] != planned:
            ReviewSegment.objects.filter(review=review).delete()
            stored[review.pk] = ReviewSegment.objects.bulk_create(
                [
                    ReviewSegment(
                        review=review,
                        number=number,
                        first_date=span.first_date,
                        last_date=span.last_date,
                        team_id=span.team_id,
                        manager_id=span.manager_id,
                        profile_id=span.profile_id,
                        workdays=span.workdays,
                    )
                    for number, span in enumerate(planned, start=1)
                ]
            )
    return [segment for segments in stored.values() for segment in segments]


def _moved(cycle: Cycle, engineer_ids: Sequence[int]) -> dict[int, list[TeamMembership]]:
    periods = TeamMembership.objects.overlapping(cycle.start_date, cycle.end_date)
    found: dict[int, list[TeamMembership]] = {}
    for period in periods.filter(engineer__in=engineer_ids).order_by("start_date", "pk"):
        found.setdefault(period.engineer_id, []).append(period)
    return {engineer_id: own for engineer_id, own in found.items() if len(own) > 1}


def _spans(cycle: Cycle, review: Review, periods: Sequence[TeamMembership]) -> list[Span]:
    """Return the cycle cut at every change of manager or profile."""
    starts = sorted({max(cycle.start_date, period.start_date or cycle.start_date) for period in periods})
    starts[0] = cycle.start_date
    spans: list[Span] = []
    for at, start in enumerate(starts):
        line = reporting_lines(engineer_ids=[review.engineer_id], on=start)[review.engineer_id]
        last = starts[at + 1] - timedelta(days=1) if at + 1 < len(starts) else cycle.end_date
        span = Span(
            first_date=start,
            last_date=last,
            team_id=line.team_id,
            manager_id=line.manager_id,
            profile_id=line.profile_id or review.engineer.profile_id,
        )
        if spans and spans[-1].place == span.place:
            spans[-1] = replace(spans[-1], last_date=last, team_id=span.team_id)
        else:
            spans.append(span)
    return spans


def _joined(spans: Sequence[Span], roster: Roster) -> list[Span]:
    """Join what is too short to be scored to the span before it, the first to the one after: its cases still count."""
    counted = [
        replace(span, workdays=sum(span.first_date <= day <= span.last_date for day in roster.eligible))
        for span in spans
    ]
    joined: list[Span] = []
    for span in counted:
        if joined and (span.workdays < SCORED_FROM_WORKDAYS or joined[-1].workdays < SCORED_FROM_WORKDAYS):
            before = joined.pop()
            longer = before if before.workdays >= span.workdays else span
            span = replace(
                longer,
                first_date=before.first_date,
                last_date=span.last_date,
                workdays=before.workdays + span.workdays,
            )
        joined.append(span)
    return joined


def _span_of(segment: ReviewSegment) -> Span:
    return Span(
        first_date=segment.first_date,
        last_date=segment.last_date,
        team_id=segment.team_id,
        manager_id=segment.manager_id,
        profile_id=segment.profile_id,
        workdays=segment.workdays,
    )
