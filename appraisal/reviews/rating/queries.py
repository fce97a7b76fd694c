"""Reads for the pages on which a manager rates."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q
from django.utils.functional import Promise
from django.utils.translation import get_language

from appraisal.cycles.models import Cycle, CycleState, KpiResult
from appraisal.feedback.queries import fed_measures
from appraisal.kpis.measures import Unit
from appraisal.reviews import access
from appraisal.reviews.criteria import get_scheme
from appraisal.reviews.figures.entered import overrides_of
from appraisal.reviews.figures.lines import StoredResult, build_lines
from appraisal.reviews.models import LineOverride, Review, ReviewSegment, ReviewState
from appraisal.reviews.workflow import WITH_OWN_DOOR, Transition, possible_review_steps
from appraisal.scoring.numbers import round_half_up
from engineers.models import User

__all__ = ["get_scheme"]
MOST_LISTED = 300
PEOPLE_SHOWN = 4
PEOPLE_LISTED = 100
WITH_OWN_FORM = WITH_OWN_DOOR | {"hand_in", "hand_in_self"}


@dataclass(frozen=True)
class Step:
    """A step of an anchored scale."""

    score: int
    anchor: str
    chosen: bool


@dataclass(frozen=True)
class CriterionView:
    """A criterion to be rated; ``own`` is what the engineers answered about themselves, None while it is hidden.

    It has no ``steps`` where 360° feedback tells instead of the manager.
    """

    field: str
    name: str
    kpi_name: str
    steps: tuple[Step, ...]
    own: int | None = None


@dataclass(frozen=True)
class FigureView:
    """A computed line as the manager reads it beside the form; ``override`` is what stands in place of ``points``."""

    line_id: int
    name: str
    value: Decimal | None
    unit: str | Promise
    n: int
    points: Decimal | None
    override: LineOverride | None


def list_figures(review: Review, part: ReviewSegment | None = None) -> list[FigureView]:
    """Return the scored computed lines of a review, or of a part of it."""
    scheme = get_scheme(review, part)
    if scheme is None:
        return []
    number = part.number if part else 0
    overrides = overrides_of([review]).get(review.pk, {})
    stored = KpiResult.objects.filter(cycle=review.cycle, engineer=review.engineer, segment=number)
    found = {row[0]: StoredResult(*row) for row in stored.values_list(*StoredResult._fields)}
    return [
        FigureView(
            line_id=line.line.pk,
            name=line.kpi.name,
            value=None if line.value is None else round_half_up(line.value),
            unit=Unit(line.measure.unit).label,
            n=line.n,
            points=None if line.points is None else round_half_up(line.points),
            override=overrides.get((number, line.line.pk)),
        )
        for line in build_lines(scheme=scheme, results=found)
        if line.is_scored and line.measure.is_computed
    ]


def field_name(kpi_version_id: int, criterion: str) -> str:
    return f"rating_{kpi_version_id}_{criterion}"


def list_criteria(
    review: Review,
    entered: Mapping[str, Any] | None = None,
    *,
    part: ReviewSegment | None = None,
    viewer: User | None = None,
) -> list[CriterionView]:
    """Return the criteria a manager rates here, as stored or, after a conflict, as ``entered``.

    For a ``viewer`` who may see them, with the engineer's own answers beside.
    """
    number = part.number if part else 0
    chosen = {
        field_name(rating.kpi_version_id, rating.criterion): rating.score
        for rating in review.ratings.filter(segment=number)
    }
    own = _own_answers(review) if viewer and access.sees_self_review(viewer, review) else {}
    return _criteria(review, part, chosen, entered, own, fed=fed_measures(review.cycle_id))


def list_own_criteria(review: Review, entered: Mapping[str, Any] | None = None) -> list[CriterionView]:
    """Return the criteria as the engineer answered them, or after a conflict, as ``entered``."""
    return _criteria(review, None, _own_answers(review), entered, {})


def _own_answers(review: Review) -> dict[str, int]:
    return {field_name(rating.kpi_version_id, rating.criterion): rating.score for rating in review.self_ratings.all()}


def _criteria(
    review: Review,
    part: ReviewSegment | None,
    stored: Mapping[str, int],
    entered: Mapping[str, Any] | None,
    own: Mapping[str, int],
    *,
    fed: Collection[str] = (),
) -> list[CriterionView]:
    scheme = get_scheme(review, part)
    if scheme is None:
        return []
    language = "zh" if (get_language() or "").startswith("zh") else "en"
    views = []
    for line in scheme.lines:
        version = line.kpi_version
        if not version.measure.is_rated:
            continue
        for criterion in version.criteria:
            field = field_name(version.pk, criterion["code"])
            chosen = str((entered or {}).get(field) or stored.get(field) or "")
            anchors = () if version.measure_id in fed else criterion["anchors"]
            steps = tuple(
                Step(score, anchor[language], chosen == str(score)) for score, anchor in enumerate(anchors, start=1)
            )
            views.append(CriterionView(field, criterion["name"][language], version.name, steps, own.get(field)))
    return views


@dataclass(frozen=True)
class Colleague:
    """A row of the list beside the form; ``rank`` counts the rated ones from the best down, equals share it."""

    review: Review
    rank: int | None
    is_here: bool


def list_colleagues(viewer: User, review: Review) -> list[Review]:
    """Return the reviews a manager goes through together with this one, by employee number.

    One's own team; for somebody further above, the team of this review.
    """
    found = access.reviews_to_rate(viewer).filter(cycle=review.cycle)
    own = found.filter(Q(manager=viewer) | Q(pk__in=ReviewSegment.objects.filter(manager=viewer).values("review")))
    listed = list(own.select_related("engineer").order_by("engineer__employee_no")[:MOST_LISTED])
    if review.pk not in {each.pk for each in listed}:
        team = found.filter(Q(team=review.team) | Q(pk=review.pk)).select_related("engineer")
        listed = list(team.order_by("engineer__employee_no")[:MOST_LISTED])
    return listed


def rank(listed: list[Review], here: int) -> list[Colleague]:
    """Return the list from the best overall down, those without one last, equals by employee number."""
    ordered = sorted(listed, key=lambda each: (each.overall is None, -(each.overall or 0), each.engineer.employee_no))
    scores = [each.overall for each in ordered]
    return [
        Colleague(each, None if each.overall is None else scores.index(each.overall) + 1, each.pk == here)
        for each in ordered
    ]


def list_steps(viewer: User, review: Review) -> list[Transition]:
    """Return the buttons a person finds with a review: steps with a form of their own stand there."""
    return [
        step
        for step in possible_review_steps(review)
        if step.name not in WITH_OWN_FORM and access.may_take(viewer, review, step.who)
    ]


@dataclass(frozen=True)
class Awaited:
    """Somebody who has reviews of a stage still to do; ``review_id`` leads to the one, where it is one."""

    name: str
    number: int
    query: str


@dataclass(frozen=True)
class AwaitedPeople:
    """The ``first`` names, and the ``others`` up to ``PEOPLE_LISTED`` that a reader opens; ``number`` of all."""

    first: tuple[Awaited, ...] = ()
    others: tuple[Awaited, ...] = ()
    number: int = 0
    state: str = ""

    @property
    def more(self) -> int:
        return self.number - len(self.first)

    @property
    def is_cut(self) -> bool:
        return self.number > len(self.first) + len(self.others)


def get_awaited(cycle: Cycle) -> AwaitedPeople:
    """Return who is still open in the stage the cycle is in, managers with most first. Two queries."""
    engineers = {CycleState.SELF_REVIEW: ReviewState.AWAITING_SELF, CycleState.PUBLISHED: ReviewState.PUBLISHED}
    if cycle.state in engineers:
        state = engineers[CycleState(cycle.state)]
        waiting = cycle.reviews.filter(state=state).select_related("engineer").order_by("engineer__employee_no")
        people = [
            Awaited(str(review.engineer), 1, f"state={state}&q={review.engineer.employee_no}")
            for review in waiting[:PEOPLE_LISTED]
        ]
        return _people(people, waiting.count(), state)
    if cycle.state == CycleState.MANAGER_REVIEW:
        by_manager = (
            cycle.reviews.filter(state=ReviewState.AWAITING_MANAGER)
            .order_by()
            .values("manager", "manager__username", "manager__first_name", "manager__last_name", "team", "team__name")
            .annotate(number=Count("pk"))
            .order_by("-number", "team__name")
        )
        people = [
            Awaited(
                f"{_full_name(row)} · {row['team__name'] or '–'}",
                row["number"],
                f"state={ReviewState.AWAITING_MANAGER}&team={row['team'] or ''}",
            )
            for row in by_manager[:PEOPLE_LISTED]
        ]
        return _people(people, by_manager.count(), ReviewState.AWAITING_MANAGER)
    return AwaitedPeople()


def _people(people: Sequence[Awaited], number: int, state: str) -> AwaitedPeople:
    # One more name takes no more room than the line that would hide it.
    at = PEOPLE_SHOWN if number > PEOPLE_SHOWN + 1 else PEOPLE_SHOWN + 1
    return AwaitedPeople(tuple(people[:at]), tuple(people[at:]), number, state)


def _full_name(row: Mapping[str, Any]) -> str:
    full = f"{row['manager__first_name'] or ''} {row['manager__last_name'] or ''}".strip()
    return full or row["manager__username"] or "–"


def neighbours(reviews: list[int], review_id: int) -> tuple[int | None, int | None]:
    """Return the review before and the one after in a manager's list; None where it is beyond what is listed."""
    if review_id not in reviews:
        return (None, None)
    at = reviews.index(review_id)
    return (reviews[at - 1] if at else None, reviews[at + 1] if at + 1 < len(reviews) else None)
