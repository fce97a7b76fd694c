"""Nominating, inviting and reminding by parts: interrupted they go on where they were, and nothing happens twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.core import mail

from appraisal.feedback import actions
from appraisal.feedback.actions import INVITE, NOMINATE, REMIND, REMIND_CUSTOMERS
from appraisal.feedback.models import FeedbackRequest, FeedbackRound
from appraisal.jobs import registry
from appraisal.jobs.actions import run_now, run_part
from appraisal.jobs.models import Job, JobState
from appraisal.jobs.queries import list_waiting_parts
from appraisal.notices.models import Notice
from engineers.models import Team
from tests.factories import EngineerFactory, TeamFactory, UserFactory, hr_user
from tests.integration.feedback.asking import DURING, ask, make_round

pytestmark = pytest.mark.django_db

PEOPLE = 5


@pytest.fixture(autouse=True)
def _parts_of_two(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (NOMINATE, REMIND, INVITE, REMIND_CUSTOMERS):
        monkeypatch.setitem(registry._KINDS, name, replace(registry.get_kind(name), part_size=2))


@pytest.fixture
def team() -> Team:
    made: Team = TeamFactory(manager=UserFactory(username="lead"))
    for number in range(PEOPLE):
        EngineerFactory(employee_no=f"N{number}", user=UserFactory(username=f"n{number}"), team=made)
    return made


@pytest.fixture
def feedback(team: Team) -> FeedbackRound:
    return make_round()


def asked(feedback: FeedbackRound) -> list[tuple[str, str]]:
    rows = FeedbackRequest.objects.filter(round=feedback).order_by("ratee__employee_no", "rater__username")
    return list(rows.values_list("ratee__employee_no", "rater__username"))


def begin(job: Job, now: datetime = DURING) -> None:
    """Do the first part alone, as a worker that is killed after it; rung again, it is not done again."""
    [first, *_others] = list_waiting_parts(job)
    run_part(part_id=first, now=now)
    run_part(part_id=first, now=now)
    job.refresh_from_db()
    assert (job.state, job.items_done) == (JobState.RUNNING, 2)


def test_interrupted_nominating_goes_on_and_asks_nobody_twice(feedback: FeedbackRound) -> None:
    hr = hr_user()
    begun = actions.nominate_all(round_id=feedback.pk, by=hr, now=DURING)
    begin(begun)
    some = asked(feedback)
    assert {ratee for ratee, _rater in some} == {"N0", "N1"}
    assert not Notice.objects.filter(topic__startswith="feedback").exists(), "who is asked is told at the end, once"
    assert run_now(begun, DURING).state == JobState.DONE
    everybody = asked(feedback)
    assert {ratee for ratee, _rater in everybody} == {f"N{number}" for number in range(PEOPLE)}
    assert len(everybody) == len(set(everybody))
    assert set(some) <= set(everybody)
    told = list(Notice.objects.filter(topic__startswith="feedback").values_list("user__username", flat=True))
    assert sorted(told) == sorted({rater for _ratee, rater in everybody}), "each is told once"


def test_interrupted_reminding_goes_on_and_reminds_nobody_twice(feedback: FeedbackRound) -> None:
    hr = hr_user()
    run_now(actions.nominate_all(round_id=feedback.pk, by=hr, now=DURING), DURING)
    Notice.objects.all().delete()
    begun = actions.remind_raters(round_id=feedback.pk, by=hr, now=DURING)
    begin(begun)
    assert Notice.objects.count() == 2
    assert run_now(begun, DURING).state == JobState.DONE
    reminded = list(Notice.objects.values_list("user__username", flat=True))
    assert sorted(reminded) == sorted({rater for _ratee, rater in asked(feedback)})


def test_interrupted_letters_to_customers_go_on_and_nobody_is_written_to_twice(feedback: FeedbackRound) -> None:
    hr, ratee = hr_user(), EngineerFactory()
    addresses = [[ask(feedback, ratee, "customer", by=hr).contact_address] for _number in range(PEOPLE)]
    for request_letters in (actions.send_invitations, actions.remind_customers):
        mail.outbox.clear()
        now = DURING + timedelta(days=1) if request_letters == actions.remind_customers else DURING
        begun = request_letters(round_id=feedback.pk, origin="https://portal.example", by=hr, now=now)
        begin(begun, now)
        assert [letter.to for letter in mail.outbox] == addresses[:2]
        assert run_now(begun, now).state == JobState.DONE
        assert [letter.to for letter in mail.outbox] == addresses
