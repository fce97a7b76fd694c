"""A cycle as it stands and as a tried scheme version would have made it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from appraisal.cycles.models import Cycle, CycleScheme, RunState
from appraisal.cycles.queries import CycleSchemes, get_schemes
from appraisal.kpis.models import SchemeVersion
from appraisal.kpis.queries import Pair
from appraisal.reports.carrying import carrying
from appraisal.reports.tryouts.adding import Outcome, outcomes
from appraisal.reports.tryouts.fits import Source
from appraisal.reports.tryouts.kept import before_of
from appraisal.reports.tryouts.points import LinePoints
from appraisal.reports.tryouts.trial import Trial
from appraisal.reviews.figures.sheets import Stored
from appraisal.reviews.figures.years import Year, years_of
from appraisal.reviews.models import Review


class Name(NamedTuple):
    employee_no: str
    name: str
    team: str


@dataclass(frozen=True, kw_only=True)
class Tried:
    """Everybody of a cycle, by engineer, with what they would have got.

    ``before`` and ``after`` are what the figures are added up from, under the schemes ``old`` and ``new``;
    ``before_points`` are the points of the old lines over everybody, ``sources`` says of each tried line where its
    points come from, ``names`` what people are called today, by review.
    """

    reviews: Sequence[Review]
    names: Mapping[int, Name]
    outcomes: Sequence[Outcome]
    before: Stored
    before_points: Mapping[int, LinePoints]
    after: Stored
    old: CycleSchemes
    new: CycleSchemes
    sources: dict[int, Source]


def replaceable(cycle: Cycle) -> list[CycleScheme]:
    """Return the rows of a cycle's schemes, the general one first."""
    rows = cycle.schemes.select_related("version__scheme", "profile")
    return sorted(rows, key=lambda row: (row.profile_id is not None, row.pk))


def usual_replacement(rows: Sequence[CycleScheme], version: SchemeVersion) -> str:
    """Return the code of the scheme a version takes the place of: its own, else the general one; "" without any."""
    codes = [row.version.scheme.code for row in rows]
    if version.scheme.code in codes:
        return version.scheme.code
    return codes[0] if codes else ""


def try_scheme(*, cycle: Cycle, pair: Pair, instead_of: str, now: datetime) -> Tried | None:
    """Add everybody up anew with a scheme, stored or not, where ``instead_of`` applied; None for a cycle of nobody.

    Nothing is stored. The quarters of a year are tried first, each on its own facts.
    """
    old = get_schemes(cycle)
    before = before_of(cycle, old)
    if not before.reviews:
        return None
    tried = (carrying(pair[0]), carrying(pair[1]))
    new = _replaced(replaceable(cycle), before.schemes, tried, instead_of)
    trial = Trial(
        cycle=cycle,
        reviews=before.reviews,
        stored=before.stored,
        old=before.schemes,
        new=new,
        as_of=_as_of(cycle, now),
    )
    after = trial.stored()
    if before.stored.years:
        after = replace(after, years=_tried_years(cycle, before.reviews, pair, instead_of, now))
    return Tried(
        reviews=before.reviews,
        names=_names(cycle),
        outcomes=outcomes(before.reviews, new, after),
        before=before.stored,
        before_points=before.points,
        after=after,
        old=before.schemes,
        new=new,
        sources=trial.sources(),
    )


def _names(cycle: Cycle) -> dict[int, Name]:
    named = cycle.reviews.order_by().values_list("pk", "engineer__employee_no", "engineer__name", "team__name")
    return {pk: Name(number, name, team or "") for pk, number, name, team in named}


def _replaced(rows: Iterable[CycleScheme], old: CycleSchemes, tried: Pair, instead_of: str) -> CycleSchemes:
    """Return the schemes of a cycle with the tried ones in place of a scheme; all others stay the same objects."""
    general, by_profile = old.general, dict(old.by_profile)
    for row in rows:
        if row.version.scheme.code != instead_of:
            continue
        if row.profile_id is None:
            general = tried
        else:
            by_profile[row.profile_id] = tried
    return CycleSchemes(general, by_profile)


def _tried_years(
    cycle: Cycle, reviews: Sequence[Review], pair: Pair, instead_of: str, now: datetime
) -> dict[int, Year]:
    quarters = {
        quarter.pk: try_scheme(cycle=quarter, pair=pair, instead_of=instead_of, now=now)
        for quarter in cycle.parts.all()
    }
    scores = {
        (pk, review.engineer_id): outcome.overall
        for pk, tried in quarters.items()
        if tried
        for review, outcome in zip(tried.reviews, tried.outcomes, strict=True)
    }
    return years_of(cycle, [review.engineer_id for review in reviews], scores=scores)


def _as_of(cycle: Cycle, now: datetime) -> datetime:
    """Return the moment the cycle's figures are of; ``now`` where it was never scored."""
    run = cycle.runs.filter(state=RunState.DONE).order_by("-pk").first()
    return run.as_of if run else now
