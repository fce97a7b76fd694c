"""What a scoring run does to reviews: their records, their figures, their totals."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import DatabaseError, transaction
from django.db.models import QuerySet

from appraisal.calendars.roster import Roster, rosters_of
from appraisal.cycles import actions as cycle_actions
from appraisal.cycles import workflow
from appraisal.cycles.figures import write_family_points, write_results
from appraisal.cycles.models import ChunkState, Cycle, KpiResult, ScoringChunk, ScoringRun
from appraisal.cycles.queries import (
    CycleSchemes,
    eligible_engineers,
    get_schemes,
    list_waiting_chunks,
    profiles_of_eligible,
)
from appraisal.cycles.rules import Rules
from appraisal.database.prepared import read, read_objects
from appraisal.database.ranges import IdRange, among
from appraisal.reviews.figures.entered import Entered
from appraisal.reviews.figures.left_out import left_out_of
from appraisal.reviews.figures.participants import iter_participants
from appraisal.reviews.figures.segments import keep_segments
from appraisal.reviews.figures.sheet import Sheet
from appraisal.reviews.figures.sheets import compute_sheets
from appraisal.reviews.models import BEFORE_HANDED_IN, Review, ReviewSegment
from appraisal.scoring.numbers import decimal_text, fraction_text, round_half_up
from engineers.queries import reporting_lines

VOLUME = "resolved_volume"
_ROLLED_UP = (
    *(
        "overall",
        "exact_overall",
        "band_grade",
        "grade",
        "active_percent",
        "bonus",
        "deduction",
        "dimensions",
        "cases",
    ),
    *("workdays", "eligible_days"),
)


def score_chunk(*, chunk_id: int, now: datetime) -> bool:
    """Do the next step of a chunk in one transaction; return False if there was nothing to do.

    Figures first; then, at once or after everybody's where a KPI leans on the job family, points and totals.
    Safe to call twice and from two workers: the chunk's row is locked, and the reviews of its engineers too, so
    that of two runs over the same engineers the later one reads the newer evidence.
    """
    try:
        with transaction.atomic():
            chunk = cycle_actions.claim_chunk(chunk_id)
            if chunk is None:
                return False
            _do_step(chunk, now)
    except cycle_actions.RunEnded:
        return False
    except (ArithmeticError, ValueError, LookupError, TypeError, DatabaseError) as error:
        cycle_actions.note_failure(chunk_id=chunk_id, error=f"{type(error).__name__}: {error}", now=now)
        raise
    return True


def score_now(run: ScoringRun, *, now: datetime) -> None:
    """Do all of a run here and now, step by step."""
    while chunk_ids := list_waiting_chunks(run):
        done = [score_chunk(chunk_id=chunk_id, now=now) for chunk_id in chunk_ids]
        if not any(done):
            return


@transaction.atomic
def rescore(*, cycle_id: int, engineer_ids: Sequence[int], now: datetime) -> None:
    """Compute some engineers anew at once, against the job families as the last run left them.

    For evidence that arrives between two runs. Raises ValidationError once the cycle is published.
    """
    cycle = Cycle.objects.get(pk=cycle_id)
    workflow.refuse_unless_scorable(cycle)
    reviews = keep_reviews(cycle, engineer_ids)
    # Once more, now that the reviews are locked: publishing locks them before it changes the state.
    [(cycle.state,)] = read(_state, cycle_id=cycle_id)
    workflow.refuse_unless_scorable(cycle)
    work = _Work(cycle, reviews)
    work.measure(as_of=now)
    work.score()
    Review.objects.filter(pk__in=[review.pk for review in reviews]).update(figures_as_of=now)


def _state(*, cycle_id: int) -> QuerySet[Cycle, Any]:
    return Cycle.objects.filter(pk=cycle_id).order_by().values_list("state")


def _do_step(chunk: ScoringChunk, now: datetime) -> None:
    cycle = chunk.run.cycle
    between = eligible_engineers(cycle).filter(pk__gte=chunk.first_engineer_id, pk__lte=chunk.last_engineer_id)
    reviews = keep_reviews(cycle, sorted(between.values_list("pk", flat=True)))
    work = _Work(cycle, reviews)
    if chunk.state == ChunkState.WAITING:
        cycle_actions.work_off_marks(
            cycle.pk,
            up_to=chunk.run.newest_mark,
            engineer__gte=chunk.first_engineer_id,
            engineer__lte=chunk.last_engineer_id,
        )
        work.measure(as_of=chunk.run.as_of)
        refreshed = [review.pk for review in reviews if review.figures_as_of]
        if refreshed:
            Review.objects.filter(pk__in=refreshed).update(figures_as_of=None)
        if chunk.run.needs_pools:
            cycle_actions.measure_chunk(chunk, now=now)
            return
    work.score()
    cycle_actions.finish_chunk(chunk, now=now)


class _Work:
    """The reviews of some engineers, to be measured and scored in the caller's transaction."""

    def __init__(self, cycle: Cycle, reviews: Sequence[Review]) -> None:
        self._cycle, self._reviews = cycle, reviews
        self._schemes = get_schemes(cycle)
        self._rules = Rules(self._schemes.all())
        ids = [review.engineer_id for review in reviews]
        self._rosters = rosters_of(ids, first_date=cycle.start_date, last_date=cycle.end_date)
        entered = Entered.of(reviews)
        self._segments = keep_segments(
            cycle=cycle, reviews=reviews, rosters=self._rosters, any_stored=entered.may_have(ReviewSegment)
        )
        self._entered = entered.with_(ReviewSegment) if self._segments else entered
        self._groups = list(iter_participants(reviews, self._segments, self._schemes, self._rosters))

    def measure(self, *, as_of: datetime) -> None:
        _forget_segments(self._cycle, self._reviews, self._segments)
        left_out = left_out_of(self._cycle, [review.engineer_id for review in self._reviews])
        for stretch, participants in self._groups:
            write_results(
                cycle=self._cycle,
                window=stretch.window(self._cycle, as_of=as_of),
                rules=self._rules,
                participants=participants,
                rosters=self._rosters,
                left_out=left_out,
            )

    def score(self) -> None:
        for _stretch, participants in self._groups:
            write_family_points(cycle=self._cycle, rules=self._rules, participants=participants)
        roll_up_reviews(self._reviews, self._schemes, rosters=self._rosters, entered=self._entered)


def keep_reviews(cycle: Cycle, engineer_ids: Sequence[int] | None = None) -> list[Review]:
    """Create the missing reviews of some engineers, ids rising, or of all; return them, locked, by engineer."""
    if engineer_ids is None:
        own_profiles: dict[int, int | None] = dict(eligible_engineers(cycle).values_list("pk", "profile_id"))
    else:
        own_profiles = profiles_of_eligible(cycle, engineer_ids)
    locked = _locked(cycle, engineer_ids)
    known = {review.engineer_id for review in locked}
    lines = reporting_lines(engineer_ids=list(own_profiles), on=cycle.end_date)
    places = {
        engineer_id: (line.team_id, line.manager_id, line.profile_id or own_profiles[engineer_id])
        for engineer_id, line in lines.items()
    }
    missing = [
        Review(cycle=cycle, engineer_id=engineer_id, team_id=team_id, manager_id=manager_id, profile_id=profile_id)
        for engineer_id, (team_id, manager_id, profile_id) in places.items()
        if engineer_id not in known
    ]
    if missing:
        # Another worker may be creating the same one.
        Review.objects.bulk_create(missing, ignore_conflicts=True)
        locked = _locked(cycle, engineer_ids)
    moved = []
    for review in locked:
        review.cycle = cycle
        wanted = places.get(review.engineer_id)
        place = (review.team_id, review.manager_id, review.profile_id)
        if wanted and review.state in BEFORE_HANDED_IN and place != wanted:
            review.team_id, review.manager_id, review.profile_id = wanted
            moved.append(review)
    if moved:
        Review.objects.bulk_update(moved, ["team", "manager", "profile"])
    return locked


def _locked(cycle: Cycle, engineer_ids: Sequence[int] | None) -> list[Review]:
    return read_objects(_reviews_to_lock, ids=engineer_ids, cycle_id=cycle.pk)


def _reviews_to_lock(ids: Sequence[int] | IdRange | None = None, *, cycle_id: int) -> QuerySet[Review]:
    reviews = Review.objects.filter(cycle=cycle_id).select_for_update(of=("self",)).select_related("profile")
    return (reviews if ids is None else reviews.filter(among("engineer_id", ids))).order_by("engineer_id")


def roll_up_reviews(
    reviews: Sequence[Review],
    schemes: CycleSchemes,
    *,
    rosters: dict[int, Roster] | None = None,
    entered: Entered | None = None,
) -> None:
    """Add up reviews of one cycle from what is stored and write those whose totals changed.

    ``rosters`` brings the days of presence up to date; without it they stay as they are. ``entered`` as
    ``compute_sheets`` takes it.
    """
    before = {review.pk: _totals_of(review) for review in reviews}
    for review in reviews:
        if rosters is not None:
            roster = rosters[review.engineer_id]
            review.workdays, review.eligible_days = len(roster.workdays), len(roster.eligible)
    for sheet in compute_sheets(reviews, schemes, scored_only=True, also=[VOLUME], entered=entered):
        _set_totals(sheet)
    changed = [review for review in reviews if _totals_of(review) != before[review.pk]]
    if changed:
        Review.objects.bulk_update(changed, _ROLLED_UP, batch_size=500)


def _forget_segments(cycle: Cycle, reviews: Sequence[Review], segments: Sequence[ReviewSegment]) -> None:
    """Remove figures of segments that no longer exist."""
    engineers = {review.pk: review.engineer_id for review in reviews}
    kept = {(engineers[segment.review_id], segment.number) for segment in segments}
    asked = set(engineers.values())
    gone = [
        pk
        for pk, engineer_id, number in read(_results_of_segments, ids=sorted(asked), cycle_id=cycle.pk)
        if engineer_id in asked and (engineer_id, number) not in kept
    ]
    if gone:
        KpiResult.objects.filter(pk__in=gone).delete()


def _results_of_segments(ids: Sequence[int] | IdRange, *, cycle_id: int) -> QuerySet[KpiResult, Any]:
    results = KpiResult.objects.filter(among("engineer_id", ids), cycle=cycle_id, segment__gt=0)
    return results.values_list("pk", "engineer_id", "segment")


def _set_totals(sheet: Sheet) -> None:
    review, total = sheet.review, sheet.total
    if total is None:
        return
    review.overall = None if sheet.overall is None else round_half_up(sheet.overall)
    review.exact_overall = fraction_text(sheet.overall)
    review.band_grade, review.grade = sheet.band_grade, sheet.grade
    review.active_percent = round_half_up(total.active_percent)
    review.bonus, review.deduction = round_half_up(total.bonus), round_half_up(total.deduction)
    review.dimensions = [
        {
            "code": dimension.code,
            "score": None if dimension.score is None else decimal_text(round_half_up(dimension.score, 6)),
            "weight": decimal_text(round_half_up(dimension.weight, 6)),
        }
        for dimension in total.dimensions
    ]
    review.cases = next((line.n for line in sheet.lines if line.kpi.measure_id == VOLUME), 0)
    changed = []
    for part in sheet.segments:
        overall = None if part.total.overall is None else round_half_up(part.total.overall)
        if part.segment.overall != overall:
            part.segment.overall = overall
            changed.append(part.segment)
    if changed:
        ReviewSegment.objects.bulk_update(changed, ["overall"])


def _totals_of(review: Review) -> list[object]:
    return [getattr(review, name) for name in _ROLLED_UP]
