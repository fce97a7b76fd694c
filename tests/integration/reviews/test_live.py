"""New evidence marks whom it concerns, and only their figures are computed anew (DESIGN 3, Live)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django.fixtures import Settings

from appraisal.cycles import actions as cycle_actions
from appraisal.cycles.models import Cycle, CycleState, KpiResult, RunState, ScoringRun, StaleFigures
from appraisal.cycles.queries import list_waiting_chunks
from appraisal.evidence.models import EvidenceImport, ImportState
from appraisal.reviews.figures import live, runs
from appraisal.reviews.figures.seals import verify_cycle
from appraisal.reviews.models import Review
from appraisal.reviews.rating import actions
from appraisal.reviews.steps import moves
from engineers.models import Engineer, Role
from tests import factories
from tests.integration.reviews.marking import change_day, marked
from tests.world import CASES, NOW, World, add_ticket, advance, build_world, score

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(minutes=5)


@pytest.fixture
def world() -> World:
    built = build_world()
    StaleFigures.objects.all().delete()
    return built


def refresh(now: datetime = LATER) -> int:
    return live.refresh(clock=lambda: now)


def in_time(engineer: Engineer) -> tuple[int, str]:
    result = KpiResult.objects.get(engineer=engineer, line__kpi_version__kpi__code="in_time")
    return result.n, result.value


def test_figures_follow_new_evidence_of_the_one_it_is_about(world: World) -> None:
    other = Review.objects.values().get(pk=world.other_review.pk)
    add_ticket(world.one, 50, in_time=True)
    assert marked() == {"E1"}
    assert refresh() == 1
    assert in_time(world.one) == (CASES + 1, "1000/13")
    assert marked() == set()
    assert Review.objects.values().get(pk=world.other_review.pk) == other
    run = ScoringRun.objects.get()
    assert (run.as_of, run.refreshed_at) == (NOW, LATER)


def test_a_refreshed_review_is_as_a_run_would_have_left_it(world: World) -> None:
    add_ticket(world.one, 50, in_time=True)
    refresh()
    columns = ("engineer", "line", "n", "value", "points", "reason", "scored_value", "numerator", "denominator")
    figures = list(KpiResult.objects.order_by("engineer", "line").values_list(*columns))
    reviews = list(Review.objects.order_by("pk").values("overall", "exact_overall", "grade", "cases", "dimensions"))
    score(world.cycle, now=LATER)
    assert list(KpiResult.objects.order_by("engineer", "line").values_list(*columns)) == figures
    again = Review.objects.order_by("pk").values("overall", "exact_overall", "grade", "cases", "dimensions")
    assert list(again) == reviews


def test_without_marks_the_sweep_asks_one_question(world: World) -> None:
    with CaptureQueriesContext(connection) as queries:
        assert refresh() == 0
    assert len(queries) == 1


def test_a_published_cycle_is_neither_marked_nor_touched(world: World) -> None:
    add_ticket(world.one, 50, in_time=True)
    advance(world.cycle, CycleState.PUBLISHED, by=world.users["HR"])
    before = Review.objects.values().get(pk=world.review.pk)
    assert refresh() == 0
    assert marked() == set()
    add_ticket(world.one, 51, in_time=True)
    assert marked() == set()
    assert in_time(world.one) == (CASES, "75")
    assert Review.objects.values().get(pk=world.review.pk) == before


def test_evidence_of_the_time_of_publication_counts_once_the_cycle_is_reopened(world: World) -> None:
    advance(world.cycle, CycleState.PUBLISHED, by=world.users["HR"])
    add_ticket(world.one, 50, in_time=True)
    assert marked() == set()
    asked = moves.request_reopening(
        cycle_id=world.cycle.pk,
        transition="reopen_calibration",
        reason="A case came in after the publication",
        by=world.users["HR"],
        now=NOW,
    )
    second = factories.UserFactory(username="hr-two", roles=[Role.HR])
    moves.decide_reopening(cycle_id=world.cycle.pk, reopening_id=asked.pk, approve=True, by=second, now=NOW)
    assert marked() == {"*"}
    refresh()
    runs.score_now(ScoringRun.objects.latest("pk"), now=LATER)
    assert in_time(world.one) == (CASES + 1, "1000/13")
    assert marked() == set()


def test_what_people_decided_stays(world: World) -> None:
    scores = dict.fromkeys(world.rating_keys, 5)
    actions.save_rating(
        review_id=world.review.pk,
        version=world.review.version,
        scores=scores,
        comment="As always",
        by=world.users["manager"],
        now=NOW,
    )
    version = Review.objects.get(pk=world.review.pk).version
    add_ticket(world.one, 50, in_time=True)
    refresh()
    review = Review.objects.get(pk=world.review.pk)
    # (80 · 1000/13 + 20 · 100) / 100: repeat repairs have no case, their weight goes to the line beside them.
    assert review.overall == Decimal("81.54")
    assert (review.comment, review.version) == ("As always", version)


def test_a_cycle_nobody_has_computed_yet_gets_a_run(world: World, settings: Settings) -> None:
    ScoringRun.objects.all().delete()
    add_ticket(world.one, 50, in_time=True)
    assert refresh() == 0
    run = ScoringRun.objects.get()
    assert (run.state, run.requested_by) == (RunState.RUNNING, None)
    runs.score_now(run, now=LATER)
    assert marked() == set()
    assert in_time(world.one) == (CASES + 1, "1000/13")


@pytest.mark.parametrize("most", [0, 1])
def test_where_most_is_marked_a_run_is_asked_for_once(world: World, settings: Settings, most: int) -> None:
    settings.SCORING_CHUNK_SIZE = 1
    add_ticket(world.one, 50, in_time=True)
    if not most:
        add_ticket(world.two, 50, in_time=True)
    assert refresh() == most
    assert refresh() == 0
    assert ScoringRun.objects.count() == 2 - most


def test_a_change_for_everybody_gets_a_run(world: World) -> None:
    change_day()
    refresh()
    run = ScoringRun.objects.filter(state=RunState.RUNNING).get()
    assert marked() == set()
    runs.score_now(run, now=LATER)
    assert {review.workdays for review in Review.objects.all()} == {world.review.workdays - 1}


def test_a_run_works_off_the_marks_it_knew_of_and_leaves_later_ones(world: World, settings: Settings) -> None:
    settings.SCORING_CHUNK_SIZE = 1
    add_ticket(world.one, 50, in_time=True)
    run = cycle_actions.request_run(cycle_id=world.cycle.pk, by=None, now=NOW)
    add_ticket(world.two, 50, in_time=True)
    first, second = list_waiting_chunks(run)
    assert refresh() == 0, "a run is under way"
    runs.score_chunk(chunk_id=first, now=NOW)
    assert marked() == {"E2"}
    runs.score_chunk(chunk_id=second, now=NOW)
    assert marked() == {"E2"}, "it came after the moment of the run"
    assert refresh() == 1
    assert marked() == set()
    assert in_time(world.two) == (CASES + 1, "1000/13")


def test_marks_of_a_part_that_fails_stay(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    add_ticket(world.one, 50, in_time=True)
    run = cycle_actions.request_run(cycle_id=world.cycle.pk, by=None, now=NOW)
    (chunk,) = list_waiting_chunks(run)
    monkeypatch.setattr(runs, "write_results", _fails)
    with pytest.raises(ValueError, match="broken"):
        runs.score_chunk(chunk_id=chunk, now=NOW)
    assert marked() == {"E1"}


def _fails(**_given: object) -> None:
    raise ValueError("broken")


def test_figures_that_cannot_be_computed_are_handed_to_a_run_that_shows_why(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_ticket(world.one, 50, in_time=True)
    with monkeypatch.context() as broken:
        broken.setattr(live, "rescore", _fails)
        assert refresh() == 0
    assert marked() == set()
    runs.score_now(ScoringRun.objects.get(state=RunState.RUNNING), now=LATER)
    assert in_time(world.one) == (CASES + 1, "1000/13")


def test_it_waits_while_an_import_is_working_and_not_for_one_that_died(world: World) -> None:
    add_ticket(world.one, 50, in_time=True)
    EvidenceImport.objects.filter(pk=world.evidence_import.pk).update(state=ImportState.RUNNING, announced_at=LATER)
    assert refresh() == 0
    assert marked() == {"E1"}
    assert refresh(LATER + timedelta(minutes=2)) == 1


@contextmanager
def elsewhere() -> Iterator[Any]:
    """Another session of the database, where there can be one that writes at the same time."""
    if connection.vendor != "postgresql":
        with connection.cursor() as cursor:
            yield cursor
        return
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            yield cursor
    finally:
        other.close()


@pytest.fixture
def committed() -> World:
    """The world as other sessions see it, too."""
    built = build_world()
    StaleFigures.objects.all().delete()
    return built


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_what_is_marked_while_figures_are_computed_is_not_lost(
    committed: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = committed
    add_ticket(world.one, 50, in_time=True)
    compute = live.rescore

    def overtaken(**given: Any) -> None:
        compute(**given)
        # Committed at once, and too late for what has been read.
        with elsewhere() as cursor:
            cursor.execute("UPDATE evidence_ticket SET response_met = false WHERE external_id = 'E1-50'")

    with monkeypatch.context() as slow:
        slow.setattr(live, "SLICE", 1)
        slow.setattr(live, "monotonic", iter([0.0, 0.0, 100.0]).__next__)
        slow.setattr(live, "rescore", overtaken)
        assert refresh() == 1
    assert in_time(world.one) == (CASES + 1, "1000/13")
    assert marked() == {"E1"}
    assert refresh() == 1
    assert in_time(world.one) == (CASES + 1, "900/13")
    assert marked() == set()


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_evidence_not_committed_yet_keeps_its_mark_for_later(committed: World) -> None:
    world = committed
    add_ticket(world.two, 50, in_time=True)
    with elsewhere() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("BEGIN")
            cursor.execute("UPDATE evidence_ticket SET response_met = false WHERE external_id = 'E2-50'")
            assert refresh() == 1
            assert in_time(world.two) == (CASES + 1, "1000/13")
            cursor.execute("COMMIT")
        else:
            refresh()
            cursor.execute("UPDATE evidence_ticket SET response_met = false WHERE external_id = 'E2-50'")
    assert marked() == {"E2"}
    assert refresh() == 1
    assert in_time(world.two) == (CASES + 1, "900/13")


def test_the_moment_of_the_figures_is_told_after_the_marks_are_taken(world: World) -> None:
    moments = iter([NOW, LATER])
    add_ticket(world.one, 50, in_time=True)
    live.refresh(clock=lambda: next(moments, LATER))
    assert ScoringRun.objects.get().refreshed_at == LATER


def page(world: World, name: str, *args: object, as_: str = "HR") -> str:
    client = Client(headers={"accept-language": "en"})
    client.force_login(world.users[as_])
    return client.get(reverse(name, args=args)).content.decode()


def test_the_pages_say_of_when_the_figures_are_and_whether_something_waits(world: World) -> None:
    assert "nothing is waiting" in page(world, "cycle_detail", world.cycle.code)
    add_ticket(world.one, 50, in_time=True)
    assert "There is newer evidence about 1 engineer;" in page(world, "cycle_detail", world.cycle.code)
    own = page(world, "scorecard_detail", world.review.pk, as_="engineer")
    assert 'id="waits"' in own
    assert "2026-04-02 16:00" in own
    assert 'id="waits"' not in page(world, "scorecard_detail", world.other_review.pk)
    refresh()
    own = page(world, "scorecard_detail", world.review.pk, as_="engineer")
    assert 'id="waits"' not in own
    assert "2026-04-02 16:05" in own
    assert "2026-04-02 16:00" in page(world, "scorecard_detail", world.other_review.pk)
    change_day()
    assert "Something changed that concerns everybody" in page(world, "cycle_detail", world.cycle.code)


def test_the_api_tells_the_same(world: World) -> None:
    add_ticket(world.one, 50, in_time=True)
    client = Client()
    client.force_login(world.users["HR"])
    run = client.get(f"/api/v1/cycles/{world.cycle.code}/").json()["run"]
    assert (run["refreshed_at"], run["waiting"], run["waits_whole"]) == (None, 1, False)
    refresh()
    run = client.get(f"/api/v1/cycles/{world.cycle.code}/").json()["run"]
    assert (datetime.fromisoformat(run["refreshed_at"]), run["waiting"], run["waits_whole"]) == (LATER, 0, False)


def test_figures_of_a_cycle_that_goes_on_are_verified_as_of_when_they_were_computed(world: World) -> None:
    early, late = datetime(2026, 2, 3, tzinfo=UTC), datetime(2026, 2, 4, tzinfo=UTC)
    score(world.cycle, now=early)
    assert in_time(world.two)[0] == CASES, "until ten to one in the afternoon"
    StaleFigures.objects.all().delete()
    add_ticket(world.one, 30, in_time=True)  # answered on the 3rd
    assert refresh(late) == 1
    assert in_time(world.one)[0] == CASES + 1
    advance(world.cycle, CycleState.PUBLISHED, by=world.users["HR"], now=late)
    cycle = Cycle.objects.get(pk=world.cycle.pk)
    assert list(verify_cycle(cycle)) == []


def test_a_year_follows_its_quarters(world: World) -> None:
    year = factories.CycleFactory(code="2026", scheme=world.version, start_date="2026-01-01", end_date="2026-12-31")
    year.parts.add(world.cycle)
    advance(year, CycleState.OPEN)
    score(year, now=NOW)
    StaleFigures.objects.all().delete()
    add_ticket(world.one, 50, in_time=True)
    refresh()
    refresh()
    quarter = Review.objects.get(pk=world.review.pk)
    assert quarter.exact_overall
    assert Review.objects.get(cycle=year, engineer=world.one).exact_overall == quarter.exact_overall
    assert marked() == set()


def test_who_joins_gets_a_review_and_whom_the_cycle_does_not_appraise_is_passed_over(world: World) -> None:
    joined = factories.EngineerFactory(employee_no="E3", team=world.team)
    stranger = factories.EngineerFactory(employee_no="E4", employed=False)
    StaleFigures.objects.create(cycle=world.cycle, engineer=stranger)
    assert marked() == {"E3", "E4"}
    assert refresh() == 2
    assert marked() == set()
    assert set(Review.objects.values_list("engineer__employee_no", flat=True)) == {"E1", "E2", "E3"}
    assert Review.objects.get(engineer=joined).manager == world.users["manager"]
