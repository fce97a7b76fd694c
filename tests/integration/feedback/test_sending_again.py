"""A customer's link sent once more, by page and API: a new link, the old one stops working."""

from __future__ import annotations

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from appraisal.feedback.models import FeedbackRequest
from engineers.models import AuditEntry
from tests.factories import EngineerFactory, hr_user
from tests.integration.feedback.asking import AFTER, DURING, ask, make_round

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked() -> FeedbackRequest:
    return ask(make_round(), EngineerFactory(), "customer", by=hr_user())


@pytest.mark.parametrize("door", ["feedback_send_again", "api:feedback-round-link"])
def test_hr_sends_the_link_again_until_the_customer_can_no_longer_answer(asked: FeedbackRequest, door: str) -> None:
    client = Client(headers={"accept-language": "en"})
    hr = hr_user()
    client.force_login(hr)
    address = reverse(door, kwargs={"code": asked.round.cycle.code, "request_id": asked.pk})
    with time_machine.travel(DURING, tick=False):
        assert client.post(address).status_code in (204, 302)
    asked.refresh_from_db()
    assert asked.invited_at == DURING
    assert AuditEntry.objects.filter(action="feedback.link_sent", actor=hr).count() == 1
    with time_machine.travel(AFTER, tick=False):
        late = client.post(address, follow=True)
    assert "This customer can no longer answer." in late.content.decode()
    assert AuditEntry.objects.filter(action="feedback.link_sent").count() == 1
