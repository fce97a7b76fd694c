"""Customers' links: sent, sent once more, refused by the mail server, and how long they work."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from smtplib import SMTPRecipientsRefused
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.core.exceptions import ValidationError
from django.core.mail.backends import locmem
from django.test import Client
from django.urls import reverse

from appraisal.cycles.models import Cycle, CycleState
from appraisal.feedback import actions, links, nominations
from appraisal.feedback.models import FeedbackRequest, FeedbackRound
from appraisal.jobs.actions import resume_job, run_now
from appraisal.jobs.models import Job, JobState
from engineers.models import AuditEntry
from tests.factories import EngineerFactory, hr_user
from tests.integration.feedback.asking import AFTER, DURING, OPENS, ask, make_round, token_of

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


class Refusing(locmem.EmailBackend):
    """Takes letters, but none to the customer with number 1."""

    def send_messages(self, messages: Sequence[Any]) -> int:
        if any("customer1@example.org" in message.to for message in messages):
            raise SMTPRecipientsRefused({"customer1@example.org": (550, b"no such mailbox")})
        return super().send_messages(messages)


def test_a_letter_that_is_not_taken_is_said_and_the_next_attempt_sends_a_link_that_works(
    asked: FeedbackRequest, settings: Any
) -> None:
    ask(asked.round, asked.ratee, "customer", by=hr_user())
    second = FeedbackRequest.objects.get(contact_address="customer1@example.org")
    settings.EMAIL_BACKEND = f"{__name__}.Refusing"
    client = Client(headers={"accept-language": "en"})
    client.force_login(hr_user())
    address = reverse("feedback_send_again", kwargs={"code": asked.round.cycle.code, "request_id": second.pk})
    with time_machine.travel(DURING, tick=False):
        page = client.post(address, follow=True).content.decode()
    assert "The letter to customer1@example.org was not taken" in page
    second.refresh_from_db()
    assert second.invited_at is None


def test_one_address_nobody_takes_letters_at_stops_no_other_invitation(settings: Any) -> None:
    feedback, hr, ratee = make_round(), hr_user(), EngineerFactory()
    requests = [ask(feedback, ratee, "customer", by=hr) for _number in range(3)]
    settings.EMAIL_BACKEND = f"{__name__}.Refusing"
    job = actions.send_invitations(round_id=feedback.pk, origin="https://portal.example", by=hr, now=DURING)
    job = run_now(job, DURING)
    assert (job.state, job.parts_failed) == (JobState.FAILED, 1)
    assert [letter.to for letter in mail.outbox] == [["customer0@example.org"], ["customer2@example.org"]]
    for letter in mail.outbox:
        assert links.get_request(link_of(letter), now=DURING).contact_address == letter.to[0], (
            "the link of each letter works"
        )
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    job = run_now(resume_job(job_id=job.pk, by=hr, now=DURING), DURING)
    assert job.state == JobState.DONE
    assert [letter.to for letter in mail.outbox[2:]] == [["customer1@example.org"]], "nobody is written to twice"
    assert all(FeedbackRequest.objects.get(pk=request.pk).invited_at == DURING for request in requests)


def link_of(letter: Any) -> str:
    [token] = re.findall(r"/f/(\S+)/", str(letter.body))
    return str(token)


def remind(feedback: FeedbackRound, now: datetime) -> Job:
    job = actions.remind_customers(round_id=feedback.pk, origin="https://portal.example", by=hr_user(), now=now)
    return run_now(job, now)


def test_customers_who_are_silent_are_reminded_once_and_both_links_work() -> None:
    feedback, ratee, hr = make_round(), EngineerFactory(), hr_user()
    silent, answered, late = (ask(feedback, ratee, "customer", by=hr) for _number in range(3))
    invite = actions.send_invitations(round_id=feedback.pk, origin="https://portal.example", by=hr, now=DURING)
    FeedbackRequest.objects.filter(pk=late.pk).update(state="nominated")
    assert run_now(invite, DURING).state == JobState.DONE
    FeedbackRequest.objects.filter(pk=late.pk).update(state="approved")
    FeedbackRequest.objects.filter(pk=answered.pk).update(state="answered", link_key=None)
    first = mail.outbox[0]
    with pytest.raises(ValidationError):
        remind(feedback, DURING + timedelta(hours=23))
    soon = DURING + timedelta(days=1)
    assert remind(feedback, soon).state == JobState.DONE
    [reminder] = mail.outbox[2:]
    assert reminder.to == [silent.contact_address], "not who has answered, not who has no letter yet"
    for letter in (first, reminder):
        assert links.get_request(link_of(letter), now=soon).pk == silent.pk
    silent.refresh_from_db()
    assert silent.reminded_at == soon
    with pytest.raises(ValidationError) as caught:
        remind(feedback, soon + timedelta(days=1))
    assert (caught.value.code, len(mail.outbox)) == ("nobody", 3), "nobody is reminded twice"


def test_a_reminder_brings_a_new_link_where_the_old_one_has_expired() -> None:
    feedback, hr = make_round(closes_at=DURING + timedelta(days=90)), hr_user()
    asked = ask(feedback, EngineerFactory(), "customer", by=hr)
    run_now(actions.send_invitations(round_id=feedback.pk, origin="https://portal.example", by=hr, now=DURING), DURING)
    later = DURING + links.LONGEST
    with time_machine.travel(later, tick=False):
        assert remind(feedback, later).state == JobState.DONE
        assert links.get_request(link_of(mail.outbox[1]), now=later).pk == asked.pk
        with pytest.raises(links.LinkRefused):
            links.get_request(link_of(mail.outbox[0]), now=later)


@pytest.mark.parametrize("door", ["feedback_remind_customers", "api:feedback-round-remind-customers"])
def test_hr_reminds_customers_while_answers_are_taken(door: str) -> None:
    feedback, hr = make_round(), hr_user()
    asked = ask(feedback, EngineerFactory(), "customer", by=hr)
    FeedbackRequest.objects.filter(pk=asked.pk).update(invited_at=DURING - timedelta(days=1))
    client = Client(headers={"accept-language": "en"})
    client.force_login(hr)
    code = feedback.cycle.code
    with time_machine.travel(DURING, tick=False):
        assert "Remind 1 customer" in client.get(reverse("feedback_round", args=[code])).content.decode()
        assert client.post(reverse(door, args=[code])).status_code in (202, 302)
    assert AuditEntry.objects.filter(action="feedback.customers_reminded", actor=hr).count() == 1
    with time_machine.travel(AFTER, tick=False):
        client.post(reverse(door, args=[code]))
    assert AuditEntry.objects.filter(action="feedback.customers_reminded").count() == 1


def test_links_go_with_the_last_moment_of_their_round(asked: FeedbackRequest) -> None:
    token, hr = token_of(asked), hr_user()
    FeedbackRequest.objects.filter(pk=asked.pk).update(invited_at=DURING)
    with pytest.raises(links.LinkRefused):
        links.get_request(token, now=AFTER)
    given = {"round_id": asked.round.pk, "rules": actions.rules_in_force(asked.round), "by": hr, "now": DURING}
    actions.change_round(**given, opens_at=OPENS, closes_at=AFTER + timedelta(days=1))
    assert links.get_request(token, now=AFTER).pk == asked.pk
    actions.change_round(**given, opens_at=OPENS, closes_at=DURING + timedelta(days=400))
    asked.refresh_from_db()
    assert asked.link_expires_at == DURING + links.LONGEST


def test_after_the_release_nobody_is_asked_any_more(asked: FeedbackRequest) -> None:
    hr = hr_user()
    actions.release_round(round_id=asked.round.pk, by=hr, now=AFTER)
    FeedbackRequest.objects.filter(pk=asked.pk).update(state="nominated")
    with pytest.raises(ValidationError) as caught:
        nominations.decide_rater(round_id=asked.round.pk, request_id=asked.pk, approve=True, by=hr, now=AFTER)
    assert caught.value.code == "released"


def test_links_and_nominating_end_with_the_publication_although_nothing_was_released(asked: FeedbackRequest) -> None:
    hr, token, feedback = hr_user(), token_of(asked), asked.round
    Cycle.objects.filter(pk=feedback.cycle_id).update(state=CycleState.PUBLISHED)
    client = Client(headers={"accept-language": "en"})
    with time_machine.travel(DURING, tick=False):
        answer = client.get(reverse("customer_feedback", args=[token]))
        assert answer.status_code == 410
        assert "expired" in answer.content.decode()
        client.force_login(hr)
        page = client.get(reverse("feedback_round", args=[feedback.cycle.code])).content.decode()
    assert reverse("feedback_nominate", args=[feedback.cycle.code]) not in page
    with pytest.raises(ValidationError) as caught:
        actions.nominate_all(round_id=feedback.pk, by=hr, now=DURING)
    assert caught.value.code == "wrong_state"


@pytest.mark.parametrize("door", ["page", "api"])
def test_a_round_planned_by_mistake_is_taken_back_until_somebody_has_answered(
    asked: FeedbackRequest, door: str
) -> None:
    hr, code = hr_user(), asked.round.cycle.code
    client = Client(headers={"accept-language": "en"})
    client.force_login(hr)

    def take_back() -> int:
        if door == "api":
            return client.delete(reverse("api:feedback-round-detail", args=[code])).status_code
        return client.post(reverse("feedback_withdraw", args=[code])).status_code

    FeedbackRequest.objects.filter(pk=asked.pk).update(state="answered")
    assert take_back() in (302, 409)
    assert FeedbackRound.objects.count() == 1
    FeedbackRequest.objects.filter(pk=asked.pk).update(state="approved")
    with time_machine.travel(DURING, tick=False):
        assert take_back() in (204, 302)
    assert not FeedbackRound.objects.exists()
    assert AuditEntry.objects.get(action="feedback.withdrawn").before["rules"]["peer"]["fewest"] == 3
