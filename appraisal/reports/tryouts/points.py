"""The points of each line of a scheme over everybody in a cycle."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from appraisal.cycles.queries import CycleSchemes
from appraisal.kpis.queries import AppliedScheme
from appraisal.reports.carrying import split
from appraisal.reviews.figures.entered import told_in
from appraisal.reviews.figures.lines import build_lines
from appraisal.reviews.figures.sheets import Stored
from appraisal.reviews.models import Review
from appraisal.scoring.numbers import read_fraction, round_half_up
from appraisal.scoring.spread import MILLION, in_millionths


@dataclass
class LinePoints:
    """Points of a line over everybody, in millionths: exact fractions of many people have no common unit."""

    total: int = 0
    measured: int = 0
    people: int = 0

    def add(self, units: int, people: int) -> None:
        self.total += units * people
        self.measured += people

    @property
    def mean(self) -> Decimal | None:
        return round_half_up(Fraction(self.total, self.measured * MILLION)) if self.measured else None


def points_by_line(reviews: Sequence[Review], stored: Stored, schemes: CycleSchemes) -> dict[int, LinePoints]:
    """Add up the points of each line that carries something, over the whole cycle."""
    members: dict[tuple[int, int], tuple[AppliedScheme, list[Review]]] = {}
    for review in reviews:
        scheme = schemes.of(profile_id=review.profile_id, is_lead=review.is_lead)
        if scheme is not None:
            members.setdefault(scheme.key, (scheme, []))[1].append(review)
    found: dict[int, LinePoints] = {}
    for scheme, own in members.values():
        computed, rated = split(scheme)
        for line in (*computed, *rated.lines):
            found.setdefault(line.pk, LinePoints()).people += len(own)
        _add_computed(found, [line.pk for line in computed], own, stored)
        _add_rated(found, rated, own, stored)
    return found


def _add_computed(
    found: Mapping[int, LinePoints], line_ids: Sequence[int], reviews: Sequence[Review], stored: Stored
) -> None:
    whole = [stored.results.get(review.engineer_id, {}).get(0, {}) for review in reviews]
    for line_id in line_ids:
        texts = Counter(results[line_id].points for results in whole if line_id in results)
        for text, people in texts.items():
            exact = read_fraction(text)
            if exact is not None:
                found[line_id].add(in_millionths(exact), people)


def _add_rated(
    found: Mapping[int, LinePoints], scheme: AppliedScheme, reviews: Sequence[Review], stored: Stored
) -> None:
    for review in reviews:
        told = told_in(stored.ratings.get(review.pk, {}), stored.feedback, engineer_id=review.engineer_id)
        # Where nobody said anything there is nothing to look up.
        for rated in build_lines(scheme=scheme, results={}, told=told) if told.ratings or told.feedback else ():
            if rated.points is not None:
                found[rated.line.pk].add(in_millionths(rated.points), 1)
