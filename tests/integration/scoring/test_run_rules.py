"""Rules of a scoring run: asked twice, done twice, overtaken, failing, starved of its messages."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

from appraisal.cycles import actions as cycle_actions
from appraisal.cycles.models import CycleState, KpiResult, RunState, ScoringRun
from appraisal.cycles.queries import get_progress, list_waiting_chunks
from appraisal.reviews.figures import runs
from tests.world import CASES, NOW, World, add_ticket, advance, build_world, score

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(settings: Settings) -> World:
    settings.SCORING_CHUNK_SIZE = 1
    return build_world()


@pytest.fixture
def announced(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    rung: list[int] = []
    monkeypatch.setattr(cycle_actions, "announce_chunks", rung.extend)
    return rung


def request(world: World) -> ScoringRun:
    return cycle_actions.request_run(cycle_id=world.cycle.pk, by=world.users["HR"], now=NOW)


def test_a_chunk_done_twice_counts_once(world: World) -> None:
    run = request(world)
    first, second = list_waiting_chunks(run)
    assert runs.score_chunk(chunk_id=first, now=NOW)
    assert not runs.score_chunk(chunk_id=first, now=NOW)
    run.refresh_from_db()
    assert (run.state, run.chunks_done, get_progress(run).percent) == (RunState.RUNNING, 1, 50)
    runs.score_chunk(chunk_id=second, now=NOW)
    run.refresh_from_db()
    assert (run.state, run.chunks_done, get_progress(run).percent) == (RunState.DONE, 2, 100)


def test_a_newer_run_takes_over_and_reads_newer_evidence(world: World) -> None:
    older = request(world)
    waiting = list_waiting_chunks(older)
    add_ticket(world.one, 50, in_time=True)
    newer = request(world)
    older.refresh_from_db()
    assert older.state == RunState.SUPERSEDED
    assert [runs.score_chunk(chunk_id=chunk_id, now=NOW) for chunk_id in waiting] == [False, False]
    for chunk_id in list_waiting_chunks(newer):
        runs.score_chunk(chunk_id=chunk_id, now=NOW)
    assert KpiResult.objects.get(pk=world.result.pk).n == CASES + 1


def test_a_chunk_that_is_overtaken_while_it_works_leaves_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = request(world)
    chunk_id = list_waiting_chunks(run)[0]
    add_ticket(world.one, 50, in_time=True)
    write = runs.write_results

    def write_and_be_overtaken(**arguments: object) -> None:
        write(**arguments)  # type: ignore[arg-type]
        ScoringRun.objects.filter(pk=run.pk).update(state=RunState.SUPERSEDED)

    monkeypatch.setattr(runs, "write_results", write_and_be_overtaken)
    assert not runs.score_chunk(chunk_id=chunk_id, now=NOW)
    assert KpiResult.objects.get(pk=world.result.pk).n == CASES


def test_a_run_whose_chunk_keeps_failing_is_given_up_with_the_error(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = request(world)
    chunk_id = list_waiting_chunks(run)[0]

    def fail(**_: object) -> None:
        raise ValueError("no such curve")

    monkeypatch.setattr(runs, "write_results", fail)
    for _ in range(cycle_actions.FAILURES_BEFORE_GIVING_UP):
        with pytest.raises(ValueError, match="no such curve"):
            runs.score_chunk(chunk_id=chunk_id, now=NOW)
    run.refresh_from_db()
    assert run.state == RunState.FAILED
    assert "no such curve" in run.error


def test_chunks_are_announced_after_the_commit_only(
    world: World, announced: list[int], django_capture_on_commit_callbacks: object
) -> None:
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        run = request(world)
        assert announced == []
    assert announced == list_waiting_chunks(run)


def test_the_sweep_rings_only_for_runs_that_have_been_quiet(world: World, announced: list[int]) -> None:
    run = request(world)
    waiting = list_waiting_chunks(run)
    soon = NOW + cycle_actions.QUIET_BEFORE_RINGING_AGAIN - timedelta(seconds=1)
    assert cycle_actions.ring_again(now=soon) == 0
    later = NOW + cycle_actions.QUIET_BEFORE_RINGING_AGAIN
    assert cycle_actions.ring_again(now=later) == len(waiting)
    assert announced == waiting
    assert cycle_actions.ring_again(now=later + timedelta(seconds=1)) == 0


def test_a_published_cycle_is_not_scored(world: World) -> None:
    advance(world.cycle, CycleState.PUBLISHED, by=world.users["HR"])
    with pytest.raises(ValidationError):
        request(world)


def test_scoring_twice_writes_nothing_new(world: World) -> None:
    before = list(KpiResult.objects.order_by("pk").values())
    score(world.cycle, now=NOW)
    assert list(KpiResult.objects.order_by("pk").values()) == before


def test_a_chunk_of_many_engineers_asks_no_more_questions_than_one_of_a_single_engineer(
    world: World, settings: Settings
) -> None:
    asked = []
    for engineers in (1, 2):
        settings.SCORING_CHUNK_SIZE = engineers
        run = request(world)
        with CaptureQueriesContext(connection) as captured:
            runs.score_chunk(chunk_id=list_waiting_chunks(run)[0], now=NOW)
        asked.append(len(captured))
    single, many = asked
    assert many <= single
