"""A cycle as it stands and as a tried scheme version would have made it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from appraisal.cycles.models import Cycle, CycleScheme, RunState
from appraisal.cycles.queries import CycleSchemes, get_schemes
from appraisal.kpis.models import SchemeVersion
from appraisal.kpis.queries import AppliedScheme, apply_both
from appraisal.reports.carrying import carrying
from appraisal.reports.tryouts.fits import Source
from appraisal.reports.tryouts.trial import Trial
from appraisal.reviews.models import Review
from appraisal.reviews.sheet import Sheet
from appraisal.reviews.sheets import Stored, add_up, read_stored
from appraisal.reviews.years import Year, years_of


@dataclass(frozen=True, kw_only=True)
class Tried:
    """Everybody of a cycle, by engineer, with what they would have got.

    ``before`` and ``after`` are what the figures are added up from, under the schemes of the same name;
    ``sources`` says of each tried line where its points come from.
    """

    reviews: Sequence[Review]
    sheets: Sequence[Sheet]
    before: Stored
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


def try_version(*, cycle: Cycle, version: SchemeVersion, instead_of: str, now: datetime) -> Tried | None:
    """Add everybody up anew with ``version`` where the scheme ``instead_of`` applied; None for a cycle of nobody.

    Nothing is stored. The quarters of a year are tried first, each on its own facts.
    """
    reviews = _reviews(cycle)
    if not reviews:
        return None
    for_members, for_leads = apply_both(version)
    tried = (carrying(for_members), carrying(for_leads))
    old = get_schemes(cycle)
    new = _replaced(replaceable(cycle), old, tried, instead_of)
    measures = {line.kpi_version.measure_id for scheme in tried for line in scheme.lines}
    before = read_stored(reviews, scored_only=True, also=measures)
    trial = Trial(cycle=cycle, reviews=reviews, stored=before, old=old, new=new, as_of=_as_of(cycle, now))
    after = trial.stored()
    if before.years:
        after = replace(after, years=_tried_years(cycle, reviews, version, instead_of, now))
    return Tried(
        reviews=reviews,
        sheets=[add_up(review, new, after, points_only=True) for review in reviews],
        before=before,
        after=after,
        old=old,
        new=new,
        sources=trial.sources(),
    )


def _reviews(cycle: Cycle) -> list[Review]:
    reviews = list(
        cycle.reviews.select_related("engineer", "team", "profile")
        .defer("dimensions", "comment", "private_note", "self_comment", "acknowledgement", "return_reason")
        .order_by("engineer_id")
    )
    for review in reviews:
        review.cycle = cycle
    return reviews


def _replaced(
    rows: Iterable[CycleScheme], old: CycleSchemes, tried: tuple[AppliedScheme, AppliedScheme], instead_of: str
) -> CycleSchemes:
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
    cycle: Cycle, reviews: Sequence[Review], version: SchemeVersion, instead_of: str, now: datetime
) -> dict[int, Year]:
    quarters = {
        quarter.pk: try_version(cycle=quarter, version=version, instead_of=instead_of, now=now)
        for quarter in cycle.parts.all()
    }
    scores = {
        (pk, sheet.review.engineer_id): sheet.overall
        for pk, tried in quarters.items()
        for sheet in (tried.sheets if tried else ())
    }
    return years_of(cycle, [review.engineer_id for review in reviews], scores=scores)


def _as_of(cycle: Cycle, now: datetime) -> datetime:
    """Return the moment the cycle's figures are of; ``now`` where it was never scored."""
    run = cycle.runs.filter(state=RunState.DONE).order_by("-pk").first()
    return run.as_of if run else now
