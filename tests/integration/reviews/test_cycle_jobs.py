"""Opening and publishing by parts: nobody is left out, nothing is seen or written half-way, interrupted it goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.http import Http404
from django.urls import reverse
from django.utils import translation

from appraisal.cycles.actions import request_run
from appraisal.cycles.manual import enter_value
from appraisal.cycles.models import Cycle, CycleState
from appraisal.jobs import registry
from appraisal.jobs.actions import resume_job, run_now, run_part
from appraisal.jobs.models import Job, JobState
from appraisal.jobs.queries import list_waiting_parts
from appraisal.kpis.models import Kpi
from appraisal.notices import actions as notice_actions
from appraisal.notices.models import Notice
from appraisal.reports.scorecards import get_scorecard
from appraisal.reviews.figures import seals
from appraisal.reviews.figures.runs import rescore
from appraisal.reviews.models import CycleSeal, Review, ReviewSeal, ReviewState
from appraisal.reviews.rating import actions
from appraisal.reviews.rating.overrides import override_line
from appraisal.reviews.reminders import REMIND, remind
from appraisal.reviews.steps import jobs as cycle_jobs
from appraisal.reviews.steps import moves
from appraisal.reviews.steps.jobs import OPEN, PUBLISH
from appraisal.reviews.vetoes.actions import propose_veto
from engineers.models import AuditEntry
from tests.factories import CycleFactory, EngineerFactory
from tests.integration.reports.lines import client_of
from tests.once import once_a_module
from tests.world import NOW, World, advance, build_world

pytestmark = pytest.mark.django_db

REASON = "Because this test wants to see it done"
LATER = NOW + timedelta(minutes=5)


@once_a_module
def built() -> World:
    return build_world()


@pytest.fixture
def parts_of_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make two engineers many: a part each."""
    for name in (OPEN, PUBLISH, REMIND):
        monkeypatch.setitem(registry._KINDS, name, replace(registry.get_kind(name), part_size=1))


def start(world: World, cycle: Cycle, transition: str) -> Job:
    """Ask for a step and do its first part alone."""
    by = world.users["HR"]
    _cycle, job = moves.start_step(cycle_id=cycle.pk, transition=transition, by=by, now=NOW, reason=REASON)
    assert job is not None
    run_part(part_id=list_waiting_parts(job)[0], now=NOW)
    cycle.refresh_from_db()
    return job


def go_on(job: Job, cycle: Cycle) -> Job:
    with translation.override("en"):
        job = run_now(job, LATER)
    cycle.refresh_from_db()
    return job


@pytest.fixture
def draft(world: World) -> Cycle:
    made: Cycle = CycleFactory(
        code="2026-Q2",
        start_date=date(2026, 4, 1),
        end_date=date(2026, 6, 30),
        scheme=world.version,
        asks_self_review=True,
    )
    return made


@pytest.mark.usefixtures("parts_of_one")
class TestOpening:
    def test_half_done_the_cycle_is_a_draft_that_nobody_sees(self, world: World, draft: Cycle) -> None:
        start(world, draft, "open")
        assert (draft.state, draft.reviews.count()) == (CycleState.DRAFT, 1)
        with pytest.raises(Http404):
            get_scorecard(viewer=world.users["engineer"], review_id=draft.reviews.get().pk)

    def test_gone_on_with_everybody_has_a_review_also_who_joined_meanwhile(self, world: World, draft: Cycle) -> None:
        job = start(world, draft, "open")
        joined = EngineerFactory(employee_no="E9", team=world.team)
        job = go_on(job, draft)
        assert (job.state, draft.state) == (JobState.DONE, CycleState.OPEN)
        found = {review.engineer_id: review for review in draft.reviews.all()}
        assert found.keys() == {world.one.pk, world.two.pk, joined.pk}
        assert found[joined.pk].manager == world.users["manager"]
        assert found[world.one.pk].state == ReviewState.AWAITING_SELF

    def test_asked_twice_it_is_one_job(self, world: World, draft: Cycle) -> None:
        assert start(world, draft, "open").pk == start(world, draft, "open").pk
        assert go_on(Job.objects.get(kind=OPEN, subject=draft.code), draft).state == JobState.DONE
        assert AuditEntry.objects.filter(action="cycle.open", target_id=str(draft.pk)).count() == 1

    def test_what_must_hold_is_looked_at_again_in_the_end(self, world: World, draft: Cycle) -> None:
        job = start(world, draft, "open")
        draft.schemes.all().delete()
        job = go_on(job, draft)
        assert (job.state, draft.state) == (JobState.FAILED, CycleState.DRAFT)
        assert "no scheme is chosen" in job.error


@pytest.fixture
def calibration(world: World) -> Cycle:
    return advance(world.cycle, CycleState.CALIBRATION)


def writes(world: World) -> dict[str, Callable[[], Any]]:
    """Return everything that would change what is being sealed."""
    review = Review.objects.get(pk=world.review.pk)
    by, at = world.users, {"now": LATER}
    kpi = Kpi.objects.get(code="in_time")
    on_line = {"review_id": review.pk, "line_id": world.result.line_id, "points": Decimal(80)}
    value = {"cycle": world.cycle, "engineer": world.one, "kpi": kpi, "value": Decimal(90), "n": 10}
    veto = {"cause": "safety_accident", "effect": "grade_cap", "grade": "D", "happened_on": date(2026, 3, 1)}
    scores = dict.fromkeys(world.rating_keys, 5)
    given = {"review_id": review.pk, "version": review.version, "by": by["manager"]}
    return {
        "rating": lambda: actions.save_rating(**given, scores=scores, comment="", **at),
        "points": lambda: override_line(**on_line, reason=REASON, by=by["manager"], **at),
        "veto": lambda: propose_veto(review_id=review.pk, **veto, evidence=REASON, by=by["HR"], **at),
        "value": lambda: enter_value(**value, evidence=REASON, by=by["HR"], **at),
        "run": lambda: request_run(cycle_id=world.cycle.pk, by=by["HR"], **at),
        "recompute": lambda: rescore(cycle_id=world.cycle.pk, engineer_ids=[world.one.pk], **at),
        "give back": lambda: moves.move_review(
            review_id=review.pk, transition="send_back", reason=REASON, by=by["HR"], **at
        ),
        "publish": lambda: moves.start_step(
            cycle_id=world.cycle.pk, transition="publish", reason=REASON, by=by["HR"], **at
        ),
    }


def refused(write: Callable[[], Any]) -> bool:
    try:
        write()
    except ValidationError:
        return True
    return False


@pytest.mark.usefixtures("parts_of_one")
class TestPublishing:
    def test_half_done_nobody_sees_a_result_and_nothing_is_written(self, world: World, calibration: Cycle) -> None:
        Review.objects.update(state=ReviewState.CALIBRATED)
        start(world, calibration, "publish")
        assert (calibration.state, ReviewSeal.objects.count()) == (CycleState.PUBLISHING, 1)
        assert set(Review.objects.values_list("state", flat=True)) == {ReviewState.CALIBRATED}
        for review, role in ((world.review, "engineer"), (world.other_review, "other engineer")):
            assert not get_scorecard(viewer=world.users[role], review_id=review.pk).rating_shown
        assert not Notice.objects.filter(topic="cycle.published").exists()
        world.cycle.refresh_from_db()
        for name, write in writes(world).items():
            assert refused(write), f"{name} was written"

    def test_gone_on_with_all_is_sealed_and_shown_at_once(self, world: World, calibration: Cycle) -> None:
        job = start(world, calibration, "publish")
        sealed = ReviewSeal.objects.get()
        job = go_on(job, calibration)
        assert (job.state, calibration.state) == (JobState.DONE, CycleState.PUBLISHED)
        assert ReviewSeal.objects.count() == 2
        assert ReviewSeal.objects.filter(pk=sealed.pk, digest=sealed.digest).exists(), "nothing is sealed twice"
        assert CycleSeal.objects.get().sealed_at == LATER
        assert list(seals.verify_cycle(calibration)) == []
        assert set(Review.objects.values_list("state", flat=True)) == {ReviewState.PUBLISHED}
        told = Notice.objects.filter(topic="cycle.published").values_list("user__username", flat=True)
        assert sorted(told) == ["one", "two"]
        entry = AuditEntry.objects.get(action="cycle.publish")
        assert (entry.before, entry.after["state"]) == ({"state": "calibration"}, "published")
        assert (entry.actor, entry.reason, len(entry.after["open"])) == (world.users["HR"], REASON, 1)

    def test_stopped_it_leaves_no_seal_and_the_job_can_no_longer_publish(
        self, world: World, calibration: Cycle
    ) -> None:
        job = start(world, calibration, "publish")
        with translation.override("en"):
            moves.move_cycle(cycle_id=calibration.pk, transition="stop_publishing", by=world.users["HR"], now=LATER)
        job = go_on(job, calibration)
        assert (job.state, calibration.state) == (JobState.FAILED, CycleState.CALIBRATION)
        assert not ReviewSeal.objects.exists()
        assert job.error == "Stopped: the cycle went back to calibration."
        resumed = go_on(resume_job(job_id=job.pk, by=world.users["HR"], now=LATER), calibration)
        assert (resumed.state, calibration.state) == (JobState.DONE, CycleState.CALIBRATION)
        assert not ReviewSeal.objects.exists()
        again = go_on(start(world, calibration, "publish"), calibration)
        assert (again.state, calibration.state) == (JobState.DONE, CycleState.PUBLISHED)
        assert list(seals.verify_cycle(calibration)) == []

    def test_a_part_that_fails_is_told_and_can_be_gone_on_with(
        self, world: World, calibration: Cycle, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as broken:

            def refuse(*_given: object) -> None:
                raise ValueError("no ink")

            broken.setattr(cycle_jobs, "seal_reviews", refuse)
            with pytest.raises(ValidationError, match="ValueError: no ink"):
                moves.move_cycle(
                    cycle_id=calibration.pk, transition="publish", by=world.users["HR"], now=NOW, reason=REASON
                )
        page = client_of(world.users["HR"]).get(reverse("cycle_detail", args=[calibration.code])).content.decode()
        job = Job.objects.get(kind=PUBLISH)
        assert reverse("job_detail", args=[job.pk]) in page
        assert "no ink" in page
        job = go_on(resume_job(job_id=job.pk, by=world.users["HR"], now=LATER), calibration)
        assert (job.state, calibration.state) == (JobState.DONE, CycleState.PUBLISHED)

    def test_many_reviews_lead_to_the_progress_page_or_to_the_job(self, world: World, calibration: Cycle) -> None:
        hr, sent = client_of(world.users["HR"]), {"transition": "publish", "reason": REASON}
        answer = hr.post(reverse("move_cycle", args=[calibration.code]), sent)
        job = Job.objects.get(kind=PUBLISH)
        assert answer["location"] == reverse("job_detail", args=[job.pk])
        assert (job.state, job.parts_done, job.requested_by) == (JobState.RUNNING, 0, world.users["HR"])
        moves.move_cycle(cycle_id=calibration.pk, transition="stop_publishing", by=world.users["HR"], now=NOW)
        answer = hr.post(reverse("api:cycle-transition-list", args=[calibration.code]), sent)
        assert (answer.status_code, answer.json()["kind"], answer.json()["percent"]) == (202, PUBLISH, 0)
        assert hr.get(reverse("api:job-detail", args=[answer.json()["id"]])).json()["state"] == "running"


def test_a_few_reviews_are_published_at_once(world: World) -> None:
    advance(world.cycle, CycleState.CALIBRATION)
    answer = client_of(world.users["HR"]).post(
        reverse("move_cycle", args=[world.cycle.code]), {"transition": "publish", "reason": REASON}
    )
    assert answer["location"] == reverse("cycle_detail", args=[world.cycle.code])
    world.cycle.refresh_from_db()
    assert world.cycle.state == CycleState.PUBLISHED


@pytest.mark.usefixtures("parts_of_one")
def test_reminding_goes_on_and_nobody_is_reminded_twice(world: World) -> None:
    world.cycle.deadlines.create(state=CycleState.MANAGER_REVIEW, due_date=NOW.date())
    assert remind(now=NOW) == 2
    job = Job.objects.get(kind=REMIND)
    run_part(part_id=list_waiting_parts(job)[0], now=NOW)
    assert remind(now=LATER) == 1, "asked again while the job runs"
    assert Job.objects.filter(kind=REMIND).count() == 1
    run_now(job, LATER)
    reminded = Notice.objects.filter(topic="review.reminder").values_list("user__username", flat=True)
    assert sorted(reminded) == ["manager", "other-manager"]
    assert remind(now=LATER) == 0


def test_very_many_people_are_told_by_a_job(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notice_actions, "PEOPLE_IN_A_PART", 1)
    advance(world.cycle, CycleState.PUBLISHED)
    assert not Notice.objects.filter(topic="cycle.published").exists()
    job = run_now(Job.objects.get(kind=notice_actions.TELL), NOW)
    assert (job.state, job.items_total) == (JobState.DONE, 2)
    told = Notice.objects.filter(topic="cycle.published")
    assert sorted(told.values_list("user__username", flat=True)) == ["one", "two"]
