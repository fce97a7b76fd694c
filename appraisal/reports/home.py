"""What the first page shows each role."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q
from django.utils import timezone

from appraisal.cycles.access import visible_cycles
from appraisal.cycles.models import Cycle, CycleState
from appraisal.cycles.workflow import RATABLE
from appraisal.outcomes.access import today_of
from appraisal.outcomes.followed import Waiting, list_waiting
from appraisal.reports.asked import Asked, list_asked
from appraisal.reports.overview import Overview, get_overview
from appraisal.reports.standing import Standing, get_standing
from appraisal.reports.talks import Talk, list_talks
from appraisal.reviews import access
from appraisal.reviews.appeals.queries import count_open
from appraisal.reviews.models import BEFORE_HANDED_IN, Review, ReviewState
from engineers.access import is_hr, is_manager, reads_everything
from engineers.models import User

SHOWN = 8


@dataclass(frozen=True, kw_only=True)
class Home:
    own_reviews: tuple[Review, ...]
    to_rate: tuple[Review, ...]
    to_rate_count: int
    to_approve: tuple[Review, ...]
    self_reviews: tuple[Review, ...]
    cycles: tuple[Cycle, ...]
    waiting: tuple[Waiting, ...]
    manages: bool
    reads_all: bool
    to_decide: int
    standing: Standing | None
    asked: tuple[Asked, ...]
    overview: Overview | None
    talks: tuple[Talk, ...]


def get_home(*, viewer: User) -> Home:
    """Return how one stands, what is asked of one, the reviews to write, and for HR the cycles with their progress."""
    own = access.visible_reviews(viewer).filter(engineer__user=viewer).exclude(cycle__state=CycleState.DRAFT)
    ratable = Q(cycle__state__in=RATABLE) | Q(cycle__state=CycleState.CALIBRATION, returned_at__isnull=False)
    open_reviews = access.reviews_to_rate(viewer).filter(ratable, state=ReviewState.AWAITING_MANAGER)
    to_approve = access.reviews_to_approve(viewer).filter(state=ReviewState.AWAITING_SECOND)
    self_reviews = own.filter(cycle__state=CycleState.SELF_REVIEW, state=ReviewState.AWAITING_SELF)
    cycles = (
        visible_cycles(viewer).annotate(
            engineers=Count("reviews"),
            handed_in=Count("reviews", filter=~Q(reviews__state__in=BEFORE_HANDED_IN)),
        )
        if reads_everything(viewer)
        else Cycle.objects.none()
    )
    now = timezone.now()
    standing = get_standing(viewer=viewer, now=now)
    return Home(
        own_reviews=tuple(own.select_related("cycle", "engineer").order_by("-cycle__start_date")[:SHOWN]),
        to_rate=tuple(
            open_reviews.select_related("cycle", "engineer", "team").order_by("engineer__employee_no")[:SHOWN]
        ),
        to_rate_count=open_reviews.count(),
        to_approve=tuple(to_approve.select_related("cycle", "engineer").order_by("engineer__employee_no")[:SHOWN]),
        self_reviews=tuple(self_reviews.select_related("cycle", "engineer").order_by("cycle__start_date")[:SHOWN]),
        cycles=tuple(cycles[:SHOWN]),
        waiting=tuple(list_waiting(viewer=viewer, on=today_of(now))),
        manages=is_manager(viewer),
        reads_all=reads_everything(viewer),
        to_decide=count_open(viewer=viewer) if is_hr(viewer) or is_manager(viewer) else 0,
        standing=standing,
        asked=tuple(list_asked(viewer=viewer, last=standing.last if standing else None, now=now)),
        overview=get_overview(viewer=viewer),
        talks=tuple(list_talks(viewer=viewer)) if is_manager(viewer) else (),
    )
