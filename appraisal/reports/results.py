"""HR's table of results and the manager's board: filtered, sorted and paged in the database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, F, Q, QuerySet

from appraisal.cycles.models import Cycle
from appraisal.cycles.queries import get_schemes
from appraisal.reviews import access
from appraisal.reviews.models import Review, ReviewState
from engineers.models import Team, User
from engineers.requests import number_in

ROWS_PER_PAGE = 50
# Of the board, where each row is a whole scorecard.
BOARD_ROWS_PER_PAGE = 25

SORTS = {
    "number": "engineer__employee_no",
    "name": "engineer__name",
    "team": "team__name",
    "overall": "overall",
    "grade": "grade",
    "cases": "cases",
    "state": "state",
}


@dataclass(frozen=True, kw_only=True)
class ResultFilters:
    """What the address of a results page may ask for; anything it does not know is ignored."""

    text: str = ""
    team_id: int | None = None
    grade: str = ""
    state: str = ""
    sort: str = "number"

    @classmethod
    def of(cls, query: dict[str, Any], *, sort: str = "number") -> ResultFilters:
        """Read a query; ``sort`` is the order of a page that was not asked for another one."""
        team = str(query.get("team", ""))
        asked = str(query.get("sort", sort))
        state = str(query.get("state", ""))
        return cls(
            text=str(query.get("q", "")).strip()[:100],
            team_id=number_in(team),
            grade=str(query.get("grade", ""))[:10],
            state=state if state in ReviewState.values else "",
            sort=asked if asked.lstrip("-") in SORTS else sort,
        )


def filter_reviews(reviews: QuerySet[Review], filters: ResultFilters) -> QuerySet[Review]:
    """Narrow and sort reviews; those without an overall come last either way."""
    if filters.text:
        reviews = reviews.filter(
            Q(engineer__employee_no__icontains=filters.text) | Q(engineer__name__icontains=filters.text)
        )
    if filters.team_id is not None:
        reviews = reviews.filter(team_id=filters.team_id)
    if filters.grade:
        reviews = reviews.filter(grade=filters.grade)
    if filters.state:
        reviews = reviews.filter(state=filters.state)
    field = F(SORTS[filters.sort.lstrip("-")])
    ordering = field.desc(nulls_last=True) if filters.sort.startswith("-") else field.asc(nulls_last=True)
    return reviews.order_by(ordering, "engineer__employee_no").select_related("engineer", "team", "cycle")


def list_results(*, viewer: User, cycle: Cycle, filters: ResultFilters, page: Any) -> Page:
    """Return a page of the cycle's reviews that the viewer may see."""
    reviews = filter_reviews(access.rated_reviews(viewer).filter(cycle=cycle), filters)
    return Paginator(reviews, ROWS_PER_PAGE).get_page(page)


def list_result_ids(*, viewer: User, cycle: Cycle, filters: ResultFilters) -> list[int]:
    """Return the keys of all reviews a filtered page of results goes through, in its order."""
    reviews = filter_reviews(access.rated_reviews(viewer).filter(cycle=cycle), filters)
    if filters.sort.lstrip("-") != "number":
        return list(reviews.values_list("pk", flat=True))
    # Sorted here: databases differ in how they collate text, and the file is the same on both.
    numbered = sorted(reviews.values_list("engineer__employee_no", "pk"), reverse=filters.sort.startswith("-"))
    return [pk for _number, pk in numbered]


def list_board(*, viewer: User, cycle: Cycle, filters: ResultFilters, page: Any) -> Page:
    """Return a page of the reviews the viewer answers for as a manager."""
    reviews = filter_reviews(access.team_reviews(viewer).filter(cycle=cycle), filters)
    return Paginator(reviews.select_related("profile"), BOARD_ROWS_PER_PAGE).get_page(page)


def count_grades(cycle: Cycle) -> list[tuple[str, int]]:
    """Return how many reviews have which grade: as the schemes rank them, the best first, those not rated last."""
    found = cycle.reviews.exclude(grade="").order_by().values_list("grade").annotate(number=Count("pk"))
    counts = dict(found)
    ranked = dict.fromkeys(grade for scheme in get_schemes(cycle).all() for grade, _lower in scheme.rules.bands)
    order = [grade for grade in ranked if grade in counts] + sorted(set(counts) - set(ranked))
    return [(grade, counts[grade]) for grade in order]


def list_teams(cycle: Cycle) -> list[tuple[int, str]]:
    """Return id and name of the teams that a cycle's reviews are of, by name."""
    return list(Team.objects.filter(pk__in=cycle.reviews.values("team")).order_by("name").values_list("pk", "name"))
