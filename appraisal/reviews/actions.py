"""Writes about reviews, one verb each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from appraisal.cycles import actions as cycle_actions
from appraisal.cycles import workflow
from appraisal.cycles.figures import Participant, write_results
from appraisal.cycles.models import Cycle, KpiResult
from appraisal.cycles.queries import CycleSchemes, eligible_engineers, get_schemes
from appraisal.kpis.measures import Evidence
from appraisal.kpis.queries import AppliedScheme
from appraisal.reviews import access
from appraisal.reviews.lines import HIGHEST_RATING, ReviewLine, build_lines, total_of
from appraisal.reviews.models import CriterionRating, Review, ReviewState
from appraisal.reviews.queries import get_scheme
from appraisal.scoring.numbers import decimal_text, round_half_up
from engineers.audit import record
from engineers.models import User
from engineers.queries import reporting_lines

_ROLLED_UP = ("overall", "grade", "active_percent", "dimensions", "cases")
VOLUME = "resolved_volume"


class ReviewConflict(Exception):
    """Someone else changed the review meanwhile; ``current`` is what is stored now."""

    def __init__(self, current: Review) -> None:
        super().__init__("the review was changed meanwhile")
        self.current = current


def score_chunk(*, chunk_id: int, now: datetime) -> bool:
    """Score one chunk: figures, review records, progress, in one transaction. Return False if there was nothing to do.

    Safe to call twice and from two workers: the chunk's row is locked, and the reviews of its engineers too,
    so that of two runs over the same engineers the later one reads the newer evidence.
    """
    try:
        with transaction.atomic():
            chunk = cycle_actions.claim_chunk(chunk_id)
            if chunk is None:
                return False
            cycle = chunk.run.cycle
            schemes = get_schemes(cycle)
            reviews = _ensure_reviews(cycle, chunk.first_engineer_id, chunk.last_engineer_id)
            write_results(
                cycle=cycle,
                window=cycle.window(as_of=chunk.run.as_of),
                schemes=schemes,
                participants=_participants(reviews, schemes),
            )
            _roll_up(reviews, schemes)
            cycle_actions.finish_chunk(chunk, now=now)
    except cycle_actions.RunEnded:
        return False
    except (ArithmeticError, ValueError, LookupError, TypeError, DatabaseError) as error:
        cycle_actions.note_failure(chunk_id=chunk_id, error=f"{type(error).__name__}: {error}", now=now)
        raise
    return True


@transaction.atomic
def open_cycle(*, cycle_id: int, by: User | None, now: datetime) -> Cycle:
    """Open a cycle: its engineers get their review records."""
    cycle = cycle_actions.move_cycle(cycle_id=cycle_id, transition="open", by=by, now=now)
    _ensure_reviews(cycle, None, None)
    return cycle


@transaction.atomic
def publish_cycle(*, cycle_id: int, by: User | None, now: datetime) -> Cycle:
    """Show the results to their engineers; from here on no figure and no rating changes."""
    cycle = cycle_actions.move_cycle(cycle_id=cycle_id, transition="publish", by=by, now=now)
    # Reviews before the run, in the order in which scoring locks them: a chunk under way ends first.
    list(cycle.reviews.select_for_update().order_by("engineer_id").values_list("pk"))
    cycle.runs.filter(state="running").update(state="superseded", finished_at=now)
    cycle.reviews.update(state=ReviewState.PUBLISHED)
    return cycle


@transaction.atomic
def save_rating(
    *,
    review_id: int,
    version: int,
    scores: Mapping[tuple[int, str], int],
    comment: str,
    by: User,
    now: datetime,
) -> Review:
    """Keep what a manager has entered so far and add up the review anew.

    ``scores`` maps (KPI version, criterion) to 1..5; what is left out stays as it is.
    Raises Http404, ValidationError, or ReviewConflict when ``version`` is no longer the stored one.
    """
    review = access.get_review_to_rate(viewer=by, review_id=review_id, lock=True)
    _refuse_unless_ratable(review)
    if review.version != version:
        raise ReviewConflict(review)
    scheme = _scheme_of(review)
    _refuse_unknown_criteria(scheme, scores)
    before = {f"{r.kpi_version_id}.{r.criterion}": r.score for r in review.ratings.all()}
    for (kpi_version_id, criterion), score in scores.items():
        CriterionRating.objects.update_or_create(
            review=review, kpi_version_id=kpi_version_id, criterion=criterion, defaults={"score": score}
        )
    after = {f"{r.kpi_version_id}.{r.criterion}": r.score for r in review.ratings.all()}
    if before == after and comment == review.comment:
        return review
    record(
        action="review.rated",
        target=review,
        by=by,
        now=now,
        before=before | {"comment": review.comment},
        after=after | {"comment": comment},
    )
    review.comment = comment
    review.version += 1
    review.changed_by = by
    review.changed_at = now
    review.save(update_fields=["comment", "version", "changed_by", "changed_at"])
    _roll_up([review], get_schemes(review.cycle))
    return review


@transaction.atomic
def submit_review(*, review_id: int, version: int, by: User, now: datetime) -> Review:
    """Hand a review in. Raises ValidationError naming what is still open, or ReviewConflict."""
    review = access.get_review_to_rate(viewer=by, review_id=review_id, lock=True)
    _refuse_unless_ratable(review)
    if review.version != version:
        raise ReviewConflict(review)
    rated = {(rating.kpi_version_id, rating.criterion) for rating in review.ratings.all()}
    missing = [name for key, name in _criteria(_scheme_of(review)).items() if key not in rated]
    if missing:
        raise ValidationError(_("Still open: %(names)s."), params={"names": ", ".join(missing)}, code="incomplete")
    review.state = ReviewState.SUBMITTED
    review.version += 1
    review.submitted_by = review.changed_by = by
    review.submitted_at = review.changed_at = now
    review.save(update_fields=["state", "version", "submitted_by", "submitted_at", "changed_by", "changed_at"])
    record(action="review.submitted", target=review, by=by, now=now, after={"overall": review.overall})
    return review


@transaction.atomic
def take_back_review(*, review_id: int, version: int, by: User, now: datetime) -> Review:
    """Open a review again that was handed in, as long as its cycle is open."""
    review = access.get_review_to_rate(viewer=by, review_id=review_id, lock=True)
    if review.cycle.state not in workflow.RATABLE or review.state != ReviewState.SUBMITTED:
        raise ValidationError(_("This review cannot be taken back."), code="wrong_state")
    if review.version != version:
        raise ReviewConflict(review)
    review.state = ReviewState.AWAITING_MANAGER
    review.version += 1
    review.changed_by, review.changed_at = by, now
    review.save(update_fields=["state", "version", "changed_by", "changed_at"])
    record(action="review.taken_back", target=review, by=by, now=now)
    return review


def is_ratable(review: Review) -> bool:
    return review.cycle.state in workflow.RATABLE and review.state == ReviewState.AWAITING_MANAGER


def criteria_of(review: Review) -> list[tuple[int, str]]:
    """Return the keys of the criteria a manager rates in this review."""
    return list(_criteria(_scheme_of(review)))


def _refuse_unless_ratable(review: Review) -> None:
    if review.cycle.state not in workflow.RATABLE:
        raise ValidationError(
            _("The cycle is %(state)s; reviews can no longer be changed."),
            params={"state": review.cycle.get_state_display()},
            code="cycle_not_ratable",
        )
    if review.state != ReviewState.AWAITING_MANAGER:
        raise ValidationError(_("This review has been handed in. Take it back to change it."), code="handed_in")


def _criteria(scheme: AppliedScheme) -> dict[tuple[int, str], str]:
    return {
        (line.kpi_version_id, criterion["code"]): line.kpi_version.name
        for line in scheme.lines
        for criterion in line.kpi_version.criteria
        if line.kpi_version.measure.evidence == Evidence.MANAGER
    }


def _refuse_unknown_criteria(scheme: AppliedScheme, scores: Mapping[tuple[int, str], int]) -> None:
    known = _criteria(scheme)
    for key, score in scores.items():
        if key not in known or not 1 <= score <= HIGHEST_RATING:
            raise ValidationError(_("This is no rating from 1 to 5 of a criterion of this review."), code="bad_rating")


def _scheme_of(review: Review) -> AppliedScheme:
    scheme = get_scheme(review)
    if scheme is None:
        raise ValidationError(_("The cycle has no scheme for this job profile."), code="no_scheme")
    return scheme


def _ensure_reviews(cycle: Cycle, first_id: int | None, last_id: int | None) -> list[Review]:
    """Create the missing reviews of a range of engineers; return all of them, locked, by engineer."""
    engineers = eligible_engineers(cycle).select_related("profile").order_by("pk")
    reviews = Review.objects.filter(cycle=cycle)
    if first_id is not None:
        engineers = engineers.filter(pk__gte=first_id, pk__lte=last_id)
        reviews = reviews.filter(engineer_id__gte=first_id, engineer_id__lte=last_id)
    people = list(engineers)
    lines = reporting_lines(engineer_ids=[person.pk for person in people], on=cycle.end_date)
    Review.objects.bulk_create(
        [
            Review(
                cycle=cycle,
                engineer=person,
                profile=person.profile,
                team_id=lines[person.pk].team_id,
                manager_id=lines[person.pk].manager_id,
            )
            for person in people
        ],
        ignore_conflicts=True,
    )
    moved = []
    locked = list(
        reviews.select_for_update(of=("self",)).select_related("profile", "cycle", "engineer").order_by("engineer_id")
    )
    for review in locked:
        line = lines.get(review.engineer_id)
        if line and review.state == ReviewState.AWAITING_MANAGER:
            wanted = (line.team_id, line.manager_id, review.engineer.profile_id)
            if (review.team_id, review.manager_id, review.profile_id) != wanted:
                review.team_id, review.manager_id = line.team_id, line.manager_id
                review.profile_id = review.engineer.profile_id
                moved.append(review)
    Review.objects.bulk_update(moved, ["team", "manager", "profile"])
    return locked


def _participants(reviews: Sequence[Review], schemes: CycleSchemes) -> list[Participant]:
    return [
        Participant(engineer_id=review.engineer_id, scheme=scheme)
        for review in reviews
        if (scheme := _applied(review, schemes)) is not None
    ]


def _applied(review: Review, schemes: CycleSchemes) -> AppliedScheme | None:
    return schemes.of(profile_id=review.profile_id, is_lead=review.is_lead)


def _roll_up(reviews: Sequence[Review], schemes: CycleSchemes) -> None:
    """Add up reviews of one cycle from what is stored and write those whose totals changed."""
    if not reviews:
        return
    engineer_ids = [review.engineer_id for review in reviews]
    results: dict[int, dict[int, KpiResult]] = {}
    matters = Q(line__weight__gt=0) | Q(line__kpi_version__measure_id=VOLUME)
    for result in KpiResult.objects.filter(matters, cycle=reviews[0].cycle, engineer_id__in=engineer_ids):
        results.setdefault(result.engineer_id, {})[result.line_id] = result
    ratings: dict[int, dict[tuple[int, str], int]] = {}
    for rating in CriterionRating.objects.filter(review__in=[review.pk for review in reviews]):
        ratings.setdefault(rating.review_id, {})[rating.kpi_version_id, rating.criterion] = rating.score
    changed = []
    for review in reviews:
        scheme = _applied(review, schemes)
        if scheme is None:
            continue
        lines = build_lines(
            scheme=scheme, results=results.get(review.engineer_id, {}), ratings=ratings.get(review.pk, {})
        )
        before = {name: getattr(review, name) for name in _ROLLED_UP}
        _set_totals(review, scheme, lines)
        if before != {name: getattr(review, name) for name in _ROLLED_UP}:
            changed.append(review)
    Review.objects.bulk_update(changed, _ROLLED_UP, batch_size=500)


def _set_totals(review: Review, scheme: AppliedScheme, lines: Sequence[ReviewLine]) -> None:
    total = total_of(scheme=scheme, lines=lines)
    review.overall = None if total.overall is None else round_half_up(total.overall)
    review.grade = total.grade
    review.active_percent = round_half_up(total.active_percent)
    review.dimensions = [
        {
            "code": dimension.code,
            "score": None if dimension.score is None else decimal_text(round_half_up(dimension.score, 6)),
            "weight": decimal_text(round_half_up(dimension.weight, 6)),
        }
        for dimension in total.dimensions
    ]
    review.cases = next((line.n for line in lines if line.kpi.measure_id == VOLUME), 0)
