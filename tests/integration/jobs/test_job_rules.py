"""Rules of a job: asked twice, done twice, failing, going on, starved of its messages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy

from appraisal.jobs import actions, doorbell, registry, tasks
from appraisal.jobs.models import Job, JobPart, JobState, PartState
from appraisal.jobs.queries import list_waiting_parts
from engineers.models import AuditEntry
from tests.factories import UserFactory, hr_user
from tests.integration.jobs import counting
from tests.integration.jobs.counting import COUNTING, END, ITEM

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 4, 2, 8, 0, tzinfo=UTC)
ITEMS = [11, 12, 13, 14, 15]


@pytest.fixture
def announced(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    rung: list[int] = []
    monkeypatch.setattr(actions, "announce_parts", rung.extend)
    return rung


@pytest.fixture
def declare(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Declare a kind for one test alone."""
    monkeypatch.setattr(registry, "_KINDS", dict(registry._KINDS))

    def declare_kind(**given: object) -> str:
        kind = registry.JobKind(**{"name": "test_own", "label": "Own", "part_size": 1, "work": counting.work} | given)
        registry.register(kind)
        return kind.name

    return declare_kind


def ask(kind: str = COUNTING.name, items: Sequence[int] = ITEMS, **given: object) -> Job:
    return actions.request_job(**{"kind": kind, "item_ids": items, "by": None, "now": NOW} | given)


def counted() -> list[int]:
    return [entry.after["item"] for entry in AuditEntry.objects.filter(action=ITEM).order_by("pk")]


def ended() -> int:
    return AuditEntry.objects.filter(action=END).count()


def test_a_job_is_done_by_parts_and_finished_once() -> None:
    job = actions.run_now(ask(), NOW)
    assert (job.state, job.percent, job.finished_at) == (JobState.DONE, 100, NOW)
    assert (job.parts_done, job.parts_total, job.items_done, job.items_total) == (4, 4, 5, 5)
    assert (counted(), ended()) == (ITEMS, 1)


def test_an_item_named_twice_is_done_once() -> None:
    job = actions.run_now(ask(items=[1, 2, 1]), NOW)
    assert (counted(), job.items_total) == ([1, 2], 2)


def test_a_job_without_items_and_without_an_end_is_done_at_once(declare: Callable[..., str]) -> None:
    job = ask(declare(), [])
    assert (job.state, job.percent, job.finished_at) == (JobState.DONE, 100, NOW)


def test_a_job_without_items_still_finishes() -> None:
    assert actions.run_now(ask(items=[]), NOW).state == JobState.DONE
    assert ended() == 1


def test_asking_again_returns_the_running_job() -> None:
    user = hr_user()
    first = ask(subject="2026-Q1", by=user, path="/cycles/2026-Q1/")
    assert ask(subject="2026-Q1", items=[99]) == first
    assert ask(subject="2026-Q2") != first
    assert (first.requested_by, first.path, first.parts.count()) == (user, "/cycles/2026-Q1/", 4)


def test_a_job_that_has_ended_can_be_asked_for_anew() -> None:
    first = actions.run_now(ask(), NOW)
    assert ask() != first


def test_the_database_holds_one_running_job_of_a_subject() -> None:
    job = ask()
    with pytest.raises(IntegrityError), transaction.atomic():
        Job.objects.create(kind=job.kind, requested_at=NOW, announced_at=NOW, progressed_at=NOW)


def test_the_database_refuses_more_done_parts_than_there_are() -> None:
    job = ask()
    with pytest.raises(IntegrityError), transaction.atomic():
        Job.objects.filter(pk=job.pk).update(parts_done=5)


def test_a_part_done_twice_counts_once() -> None:
    job = ask()
    first = list_waiting_parts(job)[0]
    assert actions.run_part(part_id=first, now=NOW)
    assert not actions.run_part(part_id=first, now=NOW)
    job.refresh_from_db()
    assert (job.parts_done, job.items_done, job.percent, counted()) == (1, 2, 25, [11, 12])


def test_the_last_step_waits_for_all_parts() -> None:
    job = ask()
    last = JobPart.objects.get(job=job, finishes=True)
    assert not actions.run_part(part_id=last.pk, now=NOW)
    for part_id in list_waiting_parts(job):
        actions.run_part(part_id=part_id, now=NOW)
    assert list_waiting_parts(job) == [last.pk]


def fail_on(*bad: int) -> Callable[[Job, Sequence[int], datetime], None]:
    def work(job: Job, item_ids: Sequence[int], now: datetime) -> None:
        counting.work(job, item_ids, now)
        if set(bad) & set(item_ids):
            raise ValueError("no such address")

    return work


def test_a_part_that_fails_three_times_ends_the_job_as_failed_and_the_others_stay_done(
    declare: Callable[..., str],
) -> None:
    kind = declare(work=fail_on(12), finish=counting.finish)
    job = actions.run_now(ask(kind, [11, 12, 13]), NOW)
    assert (job.state, job.error) == (JobState.FAILED, "ValueError: no such address")
    assert (job.parts_done, job.parts_failed, job.items_done, job.percent) == (2, 1, 2, 50)
    assert (sorted(counted()), ended()) == ([11, 13], 0)
    assert JobPart.objects.get(job=job, state=PartState.FAILED).failures == actions.FAILURES_BEFORE_GIVING_UP


def test_a_part_that_fails_is_undone_raises_and_may_still_succeed(declare: Callable[..., str]) -> None:
    kind = declare(work=fail_on(11))
    job = ask(kind, [11])
    [part_id] = list_waiting_parts(job)
    with pytest.raises(ValueError, match="no such address"):
        actions.run_part(part_id=part_id, now=NOW)
    job.refresh_from_db()
    assert (job.state, counted(), list_waiting_parts(job)) == (JobState.RUNNING, [], [part_id])


@pytest.mark.parametrize(("language", "told"), [("en", "Say why."), ("zh-hans", "请说明原因。"), ("", "请说明原因。")])
def test_what_went_wrong_is_told_in_the_language_of_who_asked(
    declare: Callable[..., str], language: str, told: str
) -> None:
    def work(job: Job, item_ids: Sequence[int], now: datetime) -> None:
        raise ValidationError(gettext_lazy("Say why."))

    job = ask(declare(work=work), [1], by=UserFactory(language=language))
    assert actions.run_now(job, NOW).error == told


def test_a_kind_that_no_room_declares_fails_with_its_name(declare: Callable[..., str]) -> None:
    job = ask(declare(), [1])
    del registry._KINDS["test_own"]
    assert actions.run_now(job, NOW).error == "LookupError: there is no kind of job 'test_own'"
    assert job.label == "test_own"


def test_a_failed_job_goes_on_with_what_was_left(
    declare: Callable[..., str], monkeypatch: pytest.MonkeyPatch, announced: list[int]
) -> None:
    kind = declare(work=fail_on(12), finish=counting.finish)
    job = actions.run_now(ask(kind, [11, 12, 13]), NOW)
    del registry._KINDS["test_own"]
    declare(finish=counting.finish)
    hr = hr_user()
    resumed = actions.resume_job(job_id=job.pk, by=hr, now=NOW)
    assert (resumed.state, resumed.error, resumed.parts_failed) == (JobState.RUNNING, "", 0)
    assert actions.resume_job(job_id=job.pk, by=hr, now=NOW).state == JobState.RUNNING
    assert AuditEntry.objects.get(action="job.resumed").actor == hr
    assert actions.run_now(resumed, NOW).state == JobState.DONE
    assert (sorted(counted()), ended()) == ([11, 12, 13], 1)


def test_a_finished_job_and_one_that_was_replaced_do_not_go_on(declare: Callable[..., str]) -> None:
    done = actions.run_now(ask(), NOW)
    with pytest.raises(ValidationError) as caught:
        actions.resume_job(job_id=done.pk, by=None, now=NOW)
    assert caught.value.code == "job_done"
    kind = declare(work=fail_on(11))
    failed = actions.run_now(ask(kind, [11]), NOW)
    ask(kind, [11])
    with pytest.raises(ValidationError) as caught:
        actions.resume_job(job_id=failed.pk, by=None, now=NOW)
    assert caught.value.code == "job_replaced"


def test_parts_are_announced_after_the_commit_and_the_last_step_when_its_turn_has_come(
    announced: list[int], django_capture_on_commit_callbacks: Callable[..., object]
) -> None:
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]
        job = ask()
        assert announced == []
    waiting = list_waiting_parts(job)
    assert announced == waiting
    announced.clear()
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]
        for part_id in waiting:
            actions.run_part(part_id=part_id, now=NOW)
    assert announced == [JobPart.objects.get(job=job, finishes=True).pk]


def test_the_sweep_rings_only_for_jobs_that_have_been_quiet(announced: list[int]) -> None:
    job = ask()
    waiting = list_waiting_parts(job)
    soon = NOW + actions.QUIET_BEFORE_RINGING_AGAIN - timedelta(seconds=1)
    assert actions.sweep(now=soon) == 0
    later = NOW + actions.QUIET_BEFORE_RINGING_AGAIN
    assert actions.sweep(now=later) == len(waiting)
    assert announced == waiting
    assert actions.sweep(now=later + timedelta(seconds=1)) == 0


def test_the_bell_names_a_task_that_exists() -> None:
    assert tasks.run_part.name == doorbell.RUN_PART


def test_two_kinds_of_one_name_are_refused(declare: Callable[..., str]) -> None:
    declare()
    with pytest.raises(ValueError, match="test_own"):
        declare(part_size=7)
    with pytest.raises(ValueError, match="holds no item"):
        declare(name="empty", part_size=0)
