"""How an engineer stands in the cycle under way: what moved since the last published one, what would lift it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from django.db.models import QuerySet

from appraisal.cycles.models import Cycle
from appraisal.cycles.queries import get_schemes
from appraisal.cycles.workflow import REVEALED, UNDER_WAY
from appraisal.kpis.choices import DirectionChoice
from appraisal.kpis.measures import Statistic
from appraisal.kpis.models import LineRole
from appraisal.reports.week import Move, Week, get_week, moves_since
from appraisal.reviews import access
from appraisal.reviews.figures.lines import ReviewLine, total_of, weighted
from appraisal.reviews.figures.sheet import Sheet
from appraisal.reviews.figures.sheets import iter_sheets
from appraisal.reviews.models import Review
from appraisal.scoring.numbers import round_half_up
from appraisal.scoring.projection import Share, fewest_good_cases, points_to_reach
from appraisal.scoring.rollup import NOT_RATED
from appraisal.scoring.weights import weight_flow
from engineers.models import User

SHOWN = 3
# Further cases that a projection speaks of; more than that is no advice.
MOST_CASES = 50


@dataclass(frozen=True, kw_only=True)
class Lift:
    """One line that alone would reach the next grade: with ``cases`` further good ones, or with more points.

    Of cases, ``value`` and ``needed`` are the share in percent now and then, and ``met_is_good`` says which cases
    are good; otherwise they are points.
    """

    line_id: int
    name: str
    value: Decimal
    needed: Decimal
    cases: int | None = None
    met_is_good: bool = True


@dataclass(frozen=True, kw_only=True)
class Standing:
    """``review`` is that of the cycle under way, ``last`` the last published one before it; either may be missing.

    Before publication ``overall`` and ``grade`` are without the manager's part, as on the scorecard. ``moves`` are
    since ``last``, ``week`` since last week.
    """

    review: Review | None
    overall: Decimal | None
    grade: str
    rating_shown: bool
    last: Review | None
    change: Decimal | None
    moves: tuple[Move, ...]
    week: Week | None
    next_grade: str
    lifts: tuple[Lift, ...]


def get_standing(*, viewer: User, now: datetime) -> Standing | None:
    """Return how the viewer stands; None for who is in no cycle. A fixed number of queries."""
    own = _own_reviews(viewer)
    review = own.filter(cycle__state__in=UNDER_WAY).first()
    published = own.filter(cycle__state__in=REVEALED)
    last = (published.filter(cycle__start_date__lt=review.cycle.start_date) if review else published).first()
    if review is None:
        return _only(last) if last else None
    shown = access.sees_rating(viewer, review)
    sheet = next(iter_sheets([review], get_schemes(review.cycle), with_ratings=shown))
    before = next(iter_sheets([last], get_schemes(last.cycle))) if last else None
    overall = None if sheet.overall is None else round_half_up(sheet.overall)
    next_grade, lifts = project(sheet)
    return Standing(
        review=review,
        overall=overall,
        grade=sheet.grade,
        rating_shown=shown,
        last=last,
        change=overall - last.overall if last and last.overall is not None and overall is not None else None,
        moves=moves_since(sheet, _points(before)),
        week=get_week(sheet, now=now),
        next_grade=next_grade,
        lifts=lifts,
    )


def project(sheet: Sheet) -> tuple[str, tuple[Lift, ...]]:
    """Return the next better grade and the lines that alone would reach it, those with the fewest cases first.

    Computed by the scoring rules with the one line changed. Nothing where the grade does not follow from the
    overall, or that from these lines: after a decision or a veto, over several parts, or for a year.
    """
    scheme = sheet.scheme
    indirect = sheet.segments or sheet.year or sheet.vetoes or sheet.decision
    if scheme is None or sheet.overall is None or sheet.grade == NOT_RATED or indirect:
        return "", ()
    better = [(grade, lower) for grade, lower in scheme.rules.bands if lower > round_half_up(sheet.overall)]
    if not better:
        return "", ()
    grade, bound = better[-1]
    flows = weight_flow(dimension_weights=scheme.dimension_weights, lines=weighted(sheet.lines))
    lifts = [
        lift
        for at, flow in enumerate(flows)
        if flow.overall_percent and (lift := _lift(sheet, at, bound=bound, carries_percent=flow.overall_percent))
    ]
    return grade, tuple(sorted(lifts, key=_effort)[:SHOWN])


def _effort(lift: Lift) -> tuple[bool, Decimal]:
    return lift.cases is None, lift.needed - lift.value if lift.cases is None else Decimal(lift.cases)


def _own_reviews(viewer: User) -> QuerySet[Review]:
    """Return one's own reviews, the newest first; of quarters, not of the years made of them."""
    years = Cycle.parts.through.objects.values("from_cycle")
    own = access.visible_reviews(viewer).filter(engineer__user=viewer).exclude(cycle__in=years)
    return own.select_related("cycle", "engineer", "profile", "team").order_by("-cycle__start_date", "-cycle")


def _only(last: Review) -> Standing:
    return Standing(
        review=None,
        overall=None,
        grade="",
        rating_shown=True,
        last=last,
        change=None,
        moves=(),
        week=None,
        next_grade="",
        lifts=(),
    )


def _points(sheet: Sheet | None) -> dict[str, Fraction]:
    lines = sheet.lines if sheet else ()
    return {line.kpi.kpi.code: line.points for line in lines if line.is_scored and line.points is not None}


def _lift(sheet: Sheet, at: int, *, bound: Decimal, carries_percent: Fraction) -> Lift | None:
    line = sheet.lines[at]
    rule = line.kpi.rule
    if rule is None or line.points is None or line.reason or line.is_overridden or line.line.role != LineRole.WEIGHED:
        return None
    if not _reaches(sheet, at, rule.highest, bound):
        return None
    share = _share(line)
    if share:
        cases = fewest_good_cases(
            share, most=MOST_CASES, reaches=lambda value: _reaches(sheet, at, rule.points(value), bound)
        )
        if cases is None:
            return None
        return Lift(
            line_id=line.line.pk,
            name=line.kpi.name,
            value=round_half_up(share.percent_after(0)),
            needed=round_half_up(share.percent_after(cases)),
            cases=cases,
            met_is_good=share.met_is_good,
        )
    assert sheet.overall is not None  # noqa: S101 -- what is projected has one
    needed = points_to_reach(points=line.points, overall=sheet.overall, bound=bound, carries_percent=carries_percent)
    if needed > rule.highest or not _reaches(sheet, at, needed, bound):
        return None
    return Lift(
        line_id=line.line.pk, name=line.kpi.name, value=round_half_up(line.points), needed=round_half_up(needed)
    )


def _share(line: ReviewLine) -> Share | None:
    """Return a share of cases that scores as it stands, or drawn to its family; None for any other line."""
    plain = line.kpi.statistic == Statistic.RATE and not line.measure.formula and not line.measure.is_rated
    if not plain or line.is_manual or line.is_feedback:
        return None
    # Beside the family, the mix of cases may have changed what scores; and where it is what it was before, there
    # may have been no family to be drawn to.
    by_mix = line.kpi.scores_adjusted and line.kpi.strata
    if line.scored_value is not None and (by_mix or not line.kpi.shrink_k or line.scored_value == line.value):
        return None
    if line.numerator is None or line.denominator is None or not line.denominator:
        return None
    # Cases may be credited in parts; whoever gets parts of cases is not told of whole ones.
    if line.numerator.denominator != 1 or line.denominator.denominator != 1:
        return None
    met, decided = line.numerator.numerator, line.denominator.numerator
    is_good = line.kpi.direction == DirectionChoice.UP
    if line.scored_value is None:
        return Share(met=met, decided=decided, met_is_good=is_good)
    return Share.drawn_to_pool(
        met=met, decided=decided, met_is_good=is_good, scored=line.scored_value, pool_cases=line.kpi.shrink_k
    )


def _reaches(sheet: Sheet, at: int, points: Fraction | None, bound: Decimal) -> bool:
    """Tell whether the overall is shown as at least ``bound`` when one line has these points."""
    assert sheet.scheme is not None  # noqa: S101 -- what is projected has one
    lines: Sequence[ReviewLine] = [
        replace(line, points=points) if at == here else line for here, line in enumerate(sheet.lines)
    ]
    overall = total_of(scheme=sheet.scheme, lines=lines).overall
    return overall is not None and round_half_up(overall) >= bound
