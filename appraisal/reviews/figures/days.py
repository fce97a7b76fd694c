"""Keeps what reviews stand at, once a day, so that people can be told what has moved since last week."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from appraisal.cycles.models import Cycle
from appraisal.cycles.queries import get_schemes
from appraisal.cycles.workflow import UNDER_WAY
from appraisal.reviews.figures.sheet import Sheet
from appraisal.reviews.figures.sheets import iter_sheets
from appraisal.reviews.models import Review, ReviewDay
from appraisal.scoring.numbers import STORED_PLACES, round_half_up
from engineers.clock import organisation_day

A_WEEK = timedelta(days=7)
# Beyond a week, for days on which nothing ran.
KEPT = timedelta(days=10)
BATCH = 200


def keep_days(*, now: datetime) -> int:
    """Note today's figures of every review under way that has none yet; return of how many.

    Takes away the days that are too old, and those of cycles no longer under way. May be called as often as one
    likes: the first call of a day counts.
    """
    today = organisation_day(now)
    ReviewDay.objects.filter(Q(day__lt=today - KEPT) | ~Q(review__cycle__state__in=UNDER_WAY)).delete()
    return sum(_keep(cycle, now) for cycle in Cycle.objects.filter(state__in=UNDER_WAY, runs__isnull=False).distinct())


def _keep(cycle: Cycle, now: datetime) -> int:
    today, schemes = organisation_day(now), get_schemes(cycle)
    waiting = list(cycle.reviews.exclude(days__day=today).order_by("pk").values_list("pk", flat=True))
    for at in range(0, len(waiting), BATCH):
        with transaction.atomic():
            reviews = cycle.reviews.filter(pk__in=waiting[at : at + BATCH])
            found = list(reviews.select_related("cycle", "engineer", "profile", "team"))
            days = [_day(sheet, now) for sheet in iter_sheets(found, schemes, with_ratings=False)]
            ReviewDay.objects.bulk_create(days, ignore_conflicts=True)
    return len(waiting)


def day_to_compare(review: Review, *, now: datetime) -> ReviewDay | None:
    """Return what a review stood at a week ago or before; where that is not known, the oldest day before today."""
    today = organisation_day(now)
    days: Sequence[ReviewDay] = list(review.days.filter(day__lt=today).order_by("day"))
    before = [each for each in days if each.day <= today - A_WEEK]
    return before[-1] if before else next(iter(days), None)


def _day(sheet: Sheet, now: datetime) -> ReviewDay:
    return ReviewDay(
        review=sheet.review,
        day=organisation_day(now),
        overall=None if sheet.overall is None else round_half_up(sheet.overall),
        lines={
            line.kpi.kpi.code: [
                None if line.points is None else str(round_half_up(line.points, STORED_PLACES)),
                line.n,
            ]
            for line in sheet.lines
            if line.is_scored
        },
    )
