"""What the first page shows each role."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Q
from django.utils import timezone

from appraisal.cycles.access import visible_cycles
from appraisal.cycles.models import Cycle, CycleState
from appraisal.cycles.workflow import RATABLE, REVEALED
from appraisal.outcomes.followed import Waiting, list_waiting
from appraisal.reports.asked import Asked, list_asked
from appraisal.reports.overview import Overview, get_overview
from appraisal.reports.standing import Standing, get_standing
from appraisal.reports.talks import Talk, list_talks
from appraisal.reviews import access
from appraisal.reviews.appeals.queries import count_open
from appraisal.reviews.models import BEFORE_HANDED_IN, Review, ReviewState
from engineers.access import is_hr, is_manager, reads_everything
from engineers.clock import organisation_day
from engineers.models import User

SHOWN = 8


@dataclass(frozen=True, kw_only=True)
class Progress:
    """A cycle with its reviews, and how many of them are handed in."""

    cycle: Cycle
    engineers: int
    handed_in: int | None


@dataclass(frozen=True, kw_only=True)
class Home:
    own_reviews: tuple[Review, ...]
    to_rate: tuple[Review, ...]
    to_rate_count: int
    to_approve: tuple[Review, ...]
    self_reviews: tuple[Review, ...]
    cycles: tuple[Progress, ...]
    waiting: tuple[Waiting, ...]
    manages: bool
    reads_all: bool
    to_decide: int
    standing: Standing | None
    asked: tuple[Asked, ...]
    overview: Overview | None
    talks: tuple[Talk, ...]
    logs_work: bool


def get_home(*, viewer: User) -> Home:
    """Return how one stands, what is asked of one, the reviews to write, and for HR the cycles with their progress."""
    # Most people are not all of this at once; a question that can have no answer is not asked.
    is_engineer, manages, nothing = hasattr(viewer, "engineer"), is_manager(viewer), Review.objects.none()
    own = access.visible_reviews(viewer).filter(engineer__user=viewer) if is_engineer else nothing
    own = own.exclude(cycle__state=CycleState.DRAFT)
    ratable = Q(cycle__state__in=RATABLE) | Q(cycle__state=CycleState.CALIBRATION, returned_at__isnull=False)
    open_reviews = access.reviews_to_rate(viewer) if manages else nothing
    open_reviews = open_reviews.filter(ratable, state=ReviewState.AWAITING_MANAGER)
    to_approve = access.reviews_to_approve(viewer) if manages else nothing
    to_approve = to_approve.filter(state=ReviewState.AWAITING_SECOND)
    self_reviews = own.filter(cycle__state=CycleState.SELF_REVIEW, state=ReviewState.AWAITING_SELF)
    now = timezone.now()
    standing = get_standing(viewer=viewer, now=now) if is_engineer else None
    return Home(
        own_reviews=tuple(own.select_related("cycle", "engineer").order_by("-cycle__start_date")[:SHOWN]),
        to_rate=tuple(
            open_reviews.select_related("cycle", "engineer", "team").order_by("engineer__employee_no")[:SHOWN]
        ),
        to_rate_count=open_reviews.count(),
        to_approve=tuple(to_approve.select_related("cycle", "engineer").order_by("engineer__employee_no")[:SHOWN]),
        self_reviews=tuple(self_reviews.select_related("cycle", "engineer").order_by("cycle__start_date")[:SHOWN]),
        cycles=_with_progress(visible_cycles(viewer)[:SHOWN]) if reads_everything(viewer) else (),
        waiting=tuple(list_waiting(viewer=viewer, on=organisation_day(now))),
        manages=manages,
        reads_all=reads_everything(viewer),
        to_decide=count_open(viewer=viewer) if is_hr(viewer) or manages else 0,
        standing=standing,
        asked=tuple(list_asked(viewer=viewer, last=standing.last if standing else None, now=now)),
        overview=get_overview(viewer=viewer),
        talks=tuple(list_talks(viewer=viewer)) if manages else (),
        logs_work=is_engineer,
    )


def _with_progress(cycles: Iterable[Cycle]) -> tuple[Progress, ...]:
    shown = list(cycles)
    states = Review.objects.filter(cycle__in=shown).order_by().values_list("cycle", "state")
    engineers, handed_in = Counter[int](), Counter[int]()
    # Of all rows, for the index of states then has the answer.
    for cycle_id, state, number in states.annotate(number=Count("*")):
        engineers[cycle_id] += number
        handed_in[cycle_id] += 0 if state in BEFORE_HANDED_IN else number
    # Publishing moves all reviews on: how many were handed in before is no longer told by their states.
    return tuple(
        Progress(
            cycle=cycle,
            engineers=engineers[cycle.pk],
            handed_in=None if cycle.state in REVEALED else handed_in[cycle.pk],
        )
        for cycle in shown
    )
