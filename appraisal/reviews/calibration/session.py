"""Reads for the calibration session: pools, the list of reviews, the history of one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import F, Q, QuerySet

from appraisal.cycles.models import Cycle
from appraisal.cycles.queries import CycleSchemes, get_schemes
from appraisal.cycles.workflow import CALIBRATABLE
from appraisal.reviews import access
from appraisal.reviews.calibration.distribution import to_take_over
from appraisal.reviews.calibration.ranking import Pool, list_pools, pool_of
from appraisal.reviews.models import Calibration, Review
from appraisal.scoring.numbers import round_half_up
from engineers.access import is_hr, reads_everything
from engineers.models import Team, User
from engineers.requests import number_in

ROWS_PER_PAGE = 50

SORTS = {
    "overall": "overall",
    "number": "engineer__employee_no",
    "name": "engineer__name",
    "before": "band_grade",
    "after": "grade",
    "manager": "manager__username",
}
SHOWN = ("proposed", "waiting", "decided", "moved")


@dataclass(frozen=True, kw_only=True)
class SessionFilters:
    """What the address of a session may ask for; anything it does not know is ignored."""

    text: str = ""
    team_id: int | None = None
    pool: str = ""
    grade: str = ""
    show: str = ""
    sort: str = "-overall"

    @classmethod
    def of(cls, query: Mapping[str, Any]) -> SessionFilters:
        sort, show = str(query.get("sort", "-overall")), str(query.get("show", ""))
        return cls(
            text=str(query.get("q", "")).strip()[:100],
            team_id=number_in(str(query.get("team", ""))),
            pool=str(query.get("pool", ""))[:1000],
            grade=str(query.get("grade", ""))[:10],
            show=show if show in SHOWN else "",
            sort=sort if sort.removeprefix("-") in SORTS else "-overall",
        )


@dataclass(frozen=True, kw_only=True)
class SessionRow:
    """A review of the session. ``leniency`` is how far its manager's mean lies above that of the pool."""

    review: Review
    pool: Pool | None
    proposed: str | None
    decided: Calibration | None
    waiting: Calibration | None
    leniency: Decimal | None
    may_change: bool
    may_decide: bool
    may_take_over: bool
    shows_proposal: bool

    @property
    def is_moved(self) -> bool:
        """The score gives another grade by now than when the grade was decided."""
        return self.decided is not None and self.decided.grade_before != self.review.band_grade

    @property
    def grades(self) -> list[str]:
        return self.pool.bands if self.pool else []


@dataclass(frozen=True, kw_only=True)
class Session:
    """A calibration as somebody may see it; ``sees_all`` is for those who read everything."""

    cycle: Cycle
    pools: Sequence[Pool]
    filters: SessionFilters
    page: Page
    rows: Sequence[SessionRow]
    teams: Sequence[Team]
    is_open: bool
    sees_all: bool
    shows_proposal: bool
    waiting: int
    decided: int
    to_take_over: int


def get_session(*, viewer: User, cycle: Cycle, filters: SessionFilters, page: Any) -> Session:
    """Return a session ``access`` has let the viewer into; a fixed number of questions to the database."""
    schemes = get_schemes(cycle)
    seen = access.reviews_in_session(viewer).filter(cycle=cycle)
    sees_all = reads_everything(viewer)
    pools = list_pools(cycle.reviews.all() if sees_all else seen, schemes, ranked=sees_all)
    takes_over = is_hr(viewer) and cycle.state in CALIBRATABLE
    left = to_take_over(cycle, pools, viewer) if takes_over else Review.objects.none()
    found = Paginator(_filtered(seen, filters, pools, cycle), ROWS_PER_PAGE).get_page(page)
    opened = Calibration.objects.open().filter(review__in=seen)
    return Session(
        cycle=cycle,
        pools=[pool for pool in pools if pool.rated or pool.unrated],
        filters=filters,
        page=found,
        rows=_rows(viewer, cycle, list(found), pools),
        teams=list(Team.objects.filter(pk__in=seen.values("team")).order_by("name")),
        is_open=cycle.state in CALIBRATABLE,
        sees_all=sees_all,
        shows_proposal=_is_wanted(pools),
        waiting=opened.awaiting().count(),
        decided=opened.in_force().count(),
        to_take_over=left.count(),
    )


def get_row(*, viewer: User, review: Review) -> SessionRow:
    """Return one review as the session shows it."""
    sees_all = reads_everything(viewer)
    seen = access.reviews_in_session(viewer).filter(cycle=review.cycle)
    schemes: CycleSchemes = get_schemes(review.cycle)
    pools = list_pools(review.cycle.reviews.all() if sees_all else seen, schemes, ranked=sees_all)
    return _rows(viewer, review.cycle, [review], pools)[0]


def list_history(review: Review) -> list[Calibration]:
    """Return every grade decided or proposed for a review, the newest first."""
    people = ("proposed_by", "decided_by", "ended_by", "replaced_by")
    return list(review.calibrations.select_related(*people))


def list_changes(*, viewer: User, cycle: Cycle) -> QuerySet[Calibration]:
    """Return every grade decided or proposed in a cycle that the viewer may read, by employee number."""
    seen = access.reviews_in_session(viewer).filter(cycle=cycle)
    related = ("review__engineer", "review__team", "review__profile", "proposed_by", "decided_by", "ended_by")
    changes = Calibration.objects.filter(review__in=seen.order_by()).select_related(*related)
    return changes.order_by("review__engineer__employee_no", "pk")


def _filtered(
    reviews: QuerySet[Review], filters: SessionFilters, pools: Sequence[Pool], cycle: Cycle
) -> QuerySet[Review]:
    if filters.text:
        reviews = reviews.filter(
            Q(engineer__employee_no__icontains=filters.text) | Q(engineer__name__icontains=filters.text)
        )
    if filters.team_id is not None:
        reviews = reviews.filter(team_id=filters.team_id)
    if pool := next((pool for pool in pools if pool.key == filters.pool), None):
        reviews = reviews.filter(pool.profiles)
    if filters.grade:
        reviews = reviews.filter(grade=filters.grade)
    reviews = _shown(reviews, filters.show, pools, cycle)
    field = F(SORTS[filters.sort.removeprefix("-")])
    ordering = field.desc(nulls_last=True) if filters.sort.startswith("-") else field.asc(nulls_last=True)
    return reviews.order_by(ordering, "engineer__employee_no").select_related(
        "engineer", "team", "profile", "manager", "cycle"
    )


def _shown(reviews: QuerySet[Review], show: str, pools: Sequence[Pool], cycle: Cycle) -> QuerySet[Review]:
    """Narrow to what the session still has to look at, or has."""
    opened = Calibration.objects.filter(review__cycle=cycle)
    if show == "waiting":
        return reviews.filter(pk__in=opened.awaiting().values("review"))
    if show == "decided":
        return reviews.filter(pk__in=opened.in_force().values("review"))
    if show == "moved":
        return reviews.filter(pk__in=opened.in_force().exclude(grade_before=F("review__band_grade")).values("review"))
    if show == "proposed":
        differing = [found for pool in pools if (found := pool.differing) is not None]
        wanted = Q(pk__in=[])
        for found in differing:
            wanted |= found
        return reviews.filter(wanted)
    return reviews


def _rows(viewer: User, cycle: Cycle, reviews: Sequence[Review], pools: Sequence[Pool]) -> list[SessionRow]:
    opened = Calibration.objects.open().filter(review__in=reviews).select_related("proposed_by", "decided_by")
    decided: dict[int, Calibration] = {}
    waiting: dict[int, Calibration] = {}
    for entered in opened:
        (waiting if entered.is_awaiting else decided)[entered.review_id] = entered
    # In the session everybody but the auditor decides about all they see: one's own review is not in it.
    decides = cycle.state in CALIBRATABLE and (is_hr(viewer) or not reads_everything(viewer))
    means = _manager_means(cycle, reviews, pools)
    rows = []
    for review in reviews:
        pool = pool_of(pools, review)
        proposed = pool.proposal(review.overall, review.band_grade) if pool else None
        waits = waiting.get(review.pk)
        mean = means.get((review.manager_id, pool.key)) if pool else None
        is_rated = pool is not None and review.band_grade in pool.bands
        rows.append(
            SessionRow(
                review=review,
                pool=pool,
                proposed=proposed,
                decided=decided.get(review.pk),
                waiting=waits,
                leniency=None
                if pool is None or mean is None or pool.mean is None
                else round_half_up(mean - pool.mean),
                may_change=decides and is_rated and waits is None,
                may_decide=decides and waits is not None and waits.proposed_by_id != viewer.pk,
                may_take_over=decides
                and is_hr(viewer)
                and waits is None
                and proposed not in (None, review.band_grade, review.grade),
                shows_proposal=_is_wanted(pools),
            )
        )
    return rows


def _is_wanted(pools: Sequence[Pool]) -> bool:
    return any(pool.wanted for pool in pools)


def _manager_means(
    cycle: Cycle, reviews: Iterable[Review], pools: Sequence[Pool]
) -> dict[tuple[int | None, str], Fraction]:
    """Return the mean overall of each manager of these reviews in each pool."""
    managers = {review.manager_id for review in reviews if review.manager_id is not None}
    of_profile = {family.profile_id: pool.key for pool in pools for family in pool.families}
    found: dict[tuple[int | None, str], list[Decimal]] = {}
    scored = cycle.reviews.filter(manager__in=managers, overall__isnull=False).order_by()
    for manager_id, profile_id, overall in scored.values_list("manager_id", "profile_id", "overall"):
        if profile_id in of_profile and overall is not None:
            found.setdefault((manager_id, of_profile[profile_id]), []).append(overall)
    return {key: Fraction(sum(scores, Decimal(0))) / len(scores) for key, scores in found.items()}
