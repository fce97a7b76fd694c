"""What HR looks at first: where the cycle under way stands, what is next, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

from django.db.models import Count, Q, Sum

from appraisal.cycles.access import visible_cycles
from appraisal.cycles.models import Cycle, CycleState
from appraisal.cycles.queries import get_schemes
from appraisal.cycles.workflow import CALIBRATABLE, UNDER_WAY
from appraisal.evidence.exceptions import count_open_exceptions
from appraisal.feedback.models import FeedbackRound
from appraisal.reports.results import count_grades
from appraisal.reviews.calibration.ranking import Pool, list_pools
from appraisal.reviews.conditions import OpenItem
from appraisal.reviews.models import BEFORE_HANDED_IN, Appeal, Dispute
from appraisal.reviews.workflow import Transition, possible_cycle_steps
from appraisal.scoring.numbers import round_half_up
from appraisal.scoring.rollup import NOT_RATED
from engineers.access import is_hr, reads_everything
from engineers.models import User

FEWEST_MANAGERS = 2
EXTREMES = 3  # managers shown at either end


@dataclass(frozen=True, kw_only=True)
class GradeShare:
    """``wanted`` is how many the schemes' shares ask for, ``is_cap`` at most; None where they ask for nothing."""

    grade: str
    number: int
    percent: Decimal
    wanted: int | None = None
    is_cap: bool = False


@dataclass(frozen=True, kw_only=True)
class Leniency:
    """How far the mean overall of the reviews of a manager lies from that of all."""

    manager: str
    reviews: int
    difference: Decimal


@dataclass(frozen=True, kw_only=True)
class Overview:
    """``step`` is the next one forward, for HR; ``open_items`` stand before it.

    ``measured_percent`` is how much of the schemes' weight has figures, on average; ``unrated`` have too few.
    ``leniencies`` are the managers furthest from the mean, either way. ``has_feedback``: a round of 360° feedback is
    released, so that the leniency of its raters is known.
    """

    cycle: Cycle
    step: Transition | None
    open_items: tuple[OpenItem, ...]
    engineers: int
    handed_in: int
    measured_percent: Decimal | None
    unrated: int
    open_exceptions: int
    grades: tuple[GradeShare, ...]
    has_feedback: bool
    shows_leniency: bool
    leniencies: tuple[Leniency, ...]
    open_appeals: int

    @property
    def has_wanted(self) -> bool:
        return any(share.wanted is not None for share in self.grades)

    @property
    def is_ready(self) -> bool:
        """True when the step can be taken with one press."""
        return self.step is not None and not self.open_items and not self.step.asks_reason


def get_overview(*, viewer: User) -> Overview | None:
    """Return the state of the newest cycle that is not over; None without one, or for who does not read everything.

    A fixed number of queries, none of which goes through all records.
    """
    if not reads_everything(viewer):
        return None
    open_cycles = visible_cycles(viewer).exclude(state__in=(CycleState.DRAFT, CycleState.CLOSED))
    cycle = open_cycles.filter(state__in=UNDER_WAY).first() or open_cycles.first()
    if cycle is None:
        return None
    counted = cycle.reviews.aggregate(
        engineers=Count("pk"),
        handed_in=Count("pk", filter=~Q(state__in=BEFORE_HANDED_IN) & Q(submitted_at__isnull=False)),
        unrated=Count("pk", filter=Q(grade=NOT_RATED)),
        measured=Sum("active_percent"),
    )
    step = _next_step(cycle) if is_hr(viewer) else None
    return Overview(
        cycle=cycle,
        step=step,
        open_items=tuple(step.open_items(cycle)) if step else (),
        engineers=counted["engineers"],
        handed_in=counted["handed_in"],
        measured_percent=_mean(counted["measured"], counted["engineers"]),
        unrated=counted["unrated"],
        open_exceptions=count_open_exceptions(cycle.start_date, cycle.end_date + timedelta(days=1)),
        grades=_shares(count_grades(cycle), list_pools(cycle.reviews.all(), get_schemes(cycle))),
        has_feedback=FeedbackRound.objects.filter(cycle=cycle, released_at__isnull=False).exists(),
        shows_leniency=cycle.state in CALIBRATABLE,
        leniencies=_leniencies(cycle),
        open_appeals=_count_undecided(cycle),
    )


def _next_step(cycle: Cycle) -> Transition | None:
    order = list(CycleState)
    steps = [
        step
        for step in possible_cycle_steps(cycle)
        if order.index(CycleState(step.target)) > order.index(CycleState(cycle.state))
    ]
    return steps[0] if steps else None


def _mean(total: Decimal | None, number: int) -> Decimal | None:
    return round_half_up(Fraction(total) / number) if total is not None and number else None


def _shares(counts: list[tuple[str, int]], pools: Sequence[Pool]) -> tuple[GradeShare, ...]:
    """Return the grades with their shares; of a pool that is too small to be ranked nothing is wanted."""
    total = sum(number for _grade, number in counts)
    wanted: dict[str, int] = {}
    caps: set[str] = set()
    for row in (row for pool in pools for row in pool.rows if row.wanted is not None):
        wanted[row.grade] = wanted.get(row.grade, 0) + (row.wanted or 0)
        if row.is_cap:
            caps.add(row.grade)
    numbers = dict(counts)
    # A grade that is wanted and that nobody has is shown too, in the order of the bands.
    order = list(dict.fromkeys([*(row.grade for pool in pools for row in pool.rows), *numbers]))
    return tuple(
        GradeShare(
            grade=grade,
            number=numbers.get(grade, 0),
            percent=round_half_up(Fraction(100 * numbers.get(grade, 0), total)),
            wanted=wanted.get(grade),
            is_cap=grade in caps,
        )
        for grade in order
        if total and (grade in numbers or grade in wanted)
    )


def _leniencies(cycle: Cycle) -> tuple[Leniency, ...]:
    rated = cycle.reviews.filter(overall__isnull=False, manager__isnull=False).exclude(grade=NOT_RATED)
    rows = list(rated.order_by().values_list("manager").annotate(Count("pk"), Sum("overall")))
    if len(rows) < FEWEST_MANAGERS:
        return ()
    names = User.objects.in_bulk([manager for manager, _count, _total in rows])
    number = sum(count for _manager, count, _total in rows)
    mean = sum((Fraction(total) for *_rest, total in rows), Fraction(0)) / number
    found = [
        Leniency(manager=str(names[manager]), reviews=count, difference=round_half_up(Fraction(total) / count - mean))
        for manager, count, total in rows
    ]
    found.sort(key=lambda each: (-each.difference, each.manager))
    return tuple(found if len(found) <= 2 * EXTREMES else found[:EXTREMES] + found[-EXTREMES:])


def _count_undecided(cycle: Cycle) -> int:
    disputes = Dispute.objects.filter(review__cycle=cycle, outcome="", appeal__isnull=True).count()
    return disputes + Appeal.objects.filter(outcome="", review__cycle__state=CycleState.PUBLISHED).count()
