"""Parts of a cycle that somebody spent under different teams, managers or job profiles (SPEC 4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from django.db.models import QuerySet

from appraisal.calendars.roster import Roster
from appraisal.cycles.models import Cycle
from appraisal.database.prepared import read
from appraisal.database.ranges import IdRange, among
from appraisal.reviews.models import Review, ReviewSegment
from appraisal.scoring.segments import SCORED_FROM_WORKDAYS
from engineers.models import Engineer, TeamMembership
from engineers.queries import ReportingLine, reporting_lines


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


def keep_segments(
    *, cycle: Cycle, reviews: Sequence[Review], rosters: Mapping[int, Roster], any_stored: bool = True
) -> list[ReviewSegment]:
    """Bring the stored segments of some reviews in line with the team periods; return them all, by review.

    ``any_stored`` False: they are known to have none so far.
    """
    starts_of = _starts_of_periods(cycle, [review.engineer_id for review in reviews])
    lines = _lines_on_starts(starts_of)
    own_profiles = dict(Engineer.objects.filter(pk__in=starts_of).values_list("pk", "profile_id")) if starts_of else {}
    stored = _stored(reviews) if any_stored else {}
    differing: list[Review] = []
    wanted: list[ReviewSegment] = []
    for review in reviews:
        starts = starts_of.get(review.engineer_id, ())
        spans = [_span(cycle, starts, at, lines[review.engineer_id, start]) for at, start in enumerate(starts)]
        # Where the period names no profile, the engineer's own holds.
        spans = [replace(span, profile_id=span.profile_id or own_profiles[review.engineer_id]) for span in spans]
        planned = _long_enough(_changes(spans), rosters[review.engineer_id])
        if [_span_of(segment) for segment in stored.get(review.pk, ())] != planned:
            differing.append(review)
            wanted += [_segment(review, number, span) for number, span in enumerate(planned, start=1)]
    if differing:
        ReviewSegment.objects.filter(review__in=differing).delete()
        ReviewSegment.objects.bulk_create(wanted)
        stored = _stored(reviews)
    return [segment for segments in stored.values() for segment in segments]


def _stored(reviews: Sequence[Review]) -> dict[int, list[ReviewSegment]]:
    found: dict[int, list[ReviewSegment]] = {}
    segments = ReviewSegment.objects.filter(review__in=reviews).select_related("profile").order_by("review", "number")
    for segment in segments:
        found.setdefault(segment.review_id, []).append(segment)
    return found


def _segment(review: Review, number: int, span: Span) -> ReviewSegment:
    return ReviewSegment(
        review=review,
        number=number,
        first_date=span.first_date,
        last_date=span.last_date,
        team_id=span.team_id,
        manager_id=span.manager_id,
        profile_id=span.profile_id,
        workdays=span.workdays,
    )


def _starts_of_periods(cycle: Cycle, engineer_ids: Sequence[int]) -> dict[int, list[date]]:
    """Return {engineer id: days} of those with several team periods: when each began, the first with the cycle."""
    began: dict[int, list[date]] = {}
    for engineer_id, start in read(_periods, ids=engineer_ids, first=cycle.start_date, last=cycle.end_date):
        began.setdefault(engineer_id, []).append(max(cycle.start_date, start or cycle.start_date))
    wanted = set(engineer_ids)
    return {
        engineer_id: [cycle.start_date, *sorted(set(days))[1:]]
        for engineer_id, days in began.items()
        if len(days) > 1 and engineer_id in wanted
    }


def _periods(ids: Sequence[int] | IdRange, *, first: date, last: date) -> QuerySet[TeamMembership, Any]:
    periods = TeamMembership.objects.overlapping(first, last).filter(among("engineer_id", ids))
    return periods.order_by().values_list("engineer_id", "start_date")


def _lines_on_starts(starts_of: Mapping[int, Sequence[date]]) -> dict[tuple[int, date], ReportingLine]:
    """Return where each of those who moved belonged on each day a period began; one question a day."""
    on_day: dict[date, list[int]] = {}
    for engineer_id, starts in starts_of.items():
        for day in starts:
            on_day.setdefault(day, []).append(engineer_id)
    return {
        (engineer_id, day): line
        for day, engineer_ids in on_day.items()
        for engineer_id, line in reporting_lines(engineer_ids=engineer_ids, on=day).items()
    }


def _span(cycle: Cycle, starts: Sequence[date], at: int, line: ReportingLine) -> Span:
    last = starts[at + 1] - timedelta(days=1) if at + 1 < len(starts) else cycle.end_date
    return Span(
        first_date=starts[at],
        last_date=last,
        team_id=line.team_id,
        manager_id=line.manager_id,
        profile_id=line.profile_id,
    )


def _changes(spans: Sequence[Span]) -> list[Span]:
    """Join neighbours in the same place: only a change of manager or profile makes a segment."""
    changes: list[Span] = []
    for span in spans:
        if changes and changes[-1].place == span.place:
            changes[-1] = replace(changes[-1], last_date=span.last_date, team_id=span.team_id)
        else:
            changes.append(span)
    return changes


def _long_enough(spans: Sequence[Span], roster: Roster) -> list[Span]:
    """Join what is too short to be scored to the span before it, the first to the one after: its cases still count.

    What is left as one whole is no segment.
    """
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
    return joined if len(joined) > 1 else []


def _span_of(segment: ReviewSegment) -> Span:
    return Span(
        first_date=segment.first_date,
        last_date=segment.last_date,
        team_id=segment.team_id,
        manager_id=segment.manager_id,
        profile_id=segment.profile_id,
        workdays=segment.workdays,
    )
