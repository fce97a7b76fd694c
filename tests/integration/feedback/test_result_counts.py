"""Pages of released feedback ask the same number of questions, whatever number of people was asked about."""

from __future__ import annotations

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from appraisal.feedback.models import FeedbackRound
from tests.factories import EngineerFactory, UserFactory, hr_user
from tests.integration.feedback.asking import AFTER, answer, ask, make_round, release, same

pytestmark = pytest.mark.django_db

FEW, MANY = 5, 15  # a superior of fewer than five has no leniency
PAGES = ("feedback_results", "api:feedback-round-results", "api:feedback-round-leniency", "feedback_round")


def released_round(ratees: int) -> FeedbackRound:
    feedback, hr = make_round(), hr_user()
    managers = [UserFactory() for _number in range(ratees // FEW)]
    for number in range(ratees):
        ratee = EngineerFactory()
        answer(ask(feedback, ratee, "manager", by=hr, rater=managers[number // FEW]), same("manager", 3 + number % 3))
        for given in (3, 4, 5):
            answer(ask(feedback, ratee, "peer", by=hr), same("peer", given))
    release(feedback, by=hr)
    return feedback


@pytest.mark.parametrize("page", PAGES)
def test_more_people_cost_no_more_queries(page: str) -> None:
    client = Client(headers={"accept-language": "en"})
    client.force_login(hr_user())
    asked, lengths = [], []
    for feedback in (released_round(FEW), released_round(MANY)):
        address = reverse(page, args=[feedback.cycle.code])
        with time_machine.travel(AFTER, tick=False):
            client.get(address)  # what is read once per process is not counted
            with CaptureQueriesContext(connection) as captured:
                body = client.get(address)
        assert body.status_code == 200
        asked.append(len(captured))
        lengths.append(len(body.content))
    assert asked[0] == asked[1]
    if page != "feedback_round":
        assert lengths[1] > lengths[0], "the page lists them"
