"""Who is scored over which days, of which zone, by which scheme: the whole cycle, then each segment of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from appraisal.calendars.roster import Roster, rosters_of
from appraisal.cycles.figures import Participant
from appraisal.cycles.models import Cycle
from appraisal.cycles.queries import CycleSchemes
from appraisal.kpis.measures import Window
from appraisal.reviews.models import Review, ReviewSegment


class Stretch(NamedTuple):
    """Days, both included, of a home zone; without one of the cycle's."""

    first_date: date
    last_date: date
    zone: ZoneInfo | None

    def window(self, cycle: Cycle, *, as_of: datetime) -> Window:
        return cycle.window_between(self.first_date, self.last_date, as_of=as_of, zone=self.zone)


def iter_participants(
    reviews: Sequence[Review],
    segments: Sequence[ReviewSegment],
    schemes: CycleSchemes,
    rosters: Mapping[int, Roster],
) -> Iterator[tuple[Stretch, list[Participant]]]:
    """Yield stretches with their participants, engineers rising: the whole cycle, then the segments."""
    own = {review.pk: review for review in reviews}
    groups: dict[tuple[int, Stretch], list[Participant]] = {}

    def add(review: Review, place: Review | ReviewSegment, number: int, first_date: date, last_date: date) -> None:
        scheme = schemes.of(profile_id=place.profile_id, is_lead=place.is_lead)
        if scheme is None:
            return
        stretch = Stretch(first_date, last_date, rosters[review.engineer_id].zone)
        groups.setdefault((number, stretch), []).append(
            Participant(
                engineer_id=review.engineer_id,
                profile_id=place.profile_id,
                scheme=scheme,
                segment=number,
                home_profile_id=review.profile_id if number else None,
            )
        )

    for review in reviews:
        add(review, review, 0, review.cycle.start_date, review.cycle.end_date)
    for segment in sorted(segments, key=lambda each: (each.number, own[each.review_id].engineer_id)):
        add(own[segment.review_id], segment, segment.number, segment.first_date, segment.last_date)
    for (_number, stretch), participants in groups.items():
        yield stretch, sorted(participants, key=lambda participant: participant.engineer_id)


def window_of(review: Review, first_date: date, last_date: date, *, as_of: datetime) -> Window:
    """Return the window of some days of one engineer's cycle, both included."""
    cycle = review.cycle
    rosters = rosters_of([review.engineer_id], first_date=cycle.start_date, last_date=cycle.end_date)
    return Stretch(first_date, last_date, rosters[review.engineer_id].zone).window(cycle, as_of=as_of)
