"""Letters and chat messages: in the recipient's language, once, again after a failure, and without a secret."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from smtplib import SMTPServerDisconnected

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.utils.translation import override
from pytest_django.fixtures import Settings

from appraisal.notices import actions, letters, sending, tasks
from appraisal.notices.models import Delivery, DeliveryState, Notice, Pace
from engineers.models import User
from tests.factories import UserFactory
from tests.integration.notices.conftest import DIGEST, NOW, OTHERS, URGENT
from tests.integration.notices.test_notify import NAME, choose, tell

pytestmark = pytest.mark.django_db

SECRET = "json://secret-token@127.0.0.1:9/robot"


@pytest.fixture
def robot(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A robot that takes everything; what it was told."""
    settings.CHAT_CHANNEL_SECRETS = (SECRET,)
    told: list[str] = []
    monkeypatch.setattr(sending, "post", lambda _title, text: told.append(text) or True)
    return told


@pytest.fixture
def broken_server(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """A mail server that is down until the returned function is called."""
    tried: list[int] = []

    def refuse(*_: object) -> None:
        tried.append(1)
        raise SMTPServerDisconnected("secret-token")

    monkeypatch.setattr(EmailBackend, "send_messages", refuse)
    return monkeypatch.undo


def states() -> list[str]:
    return list(Delivery.objects.order_by("pk").values_list("state", flat=True))


def test_an_urgent_notice_is_a_letter_of_its_own_with_its_place(ann: User, settings: Settings) -> None:
    settings.PORTAL_URL = "https://portal.example.org"
    tell(ann, topic=URGENT, params=NAME, path="/reviews/7/")
    assert sending.deliver(now=NOW) == 1
    [letter] = mail.outbox
    assert (letter.to, letter.subject) == (["ann@example.org"], "[Engineer appraisal] An appeal waits")
    assert "Li Wei appeals.\nhttps://portal.example.org/reviews/7/\n" in letter.body
    assert "https://portal.example.org/notices/settings/" in letter.body


def test_the_rest_comes_in_one_letter_a_day_and_never_again(ann: User) -> None:
    tell(ann)
    tell(ann, topic=OTHERS, params={}, path="/b/")
    assert sending.deliver(now=DIGEST - timedelta(seconds=1)) == 0
    assert sending.deliver(now=DIGEST) == 1
    assert sending.deliver(now=DIGEST) == 0
    assert sending.deliver(now=DIGEST + timedelta(days=3)) == 0
    [letter] = mail.outbox
    assert letter.subject == "[Engineer appraisal] 2 notices"
    assert "“First quarter” is open." in letter.body
    assert "Something happened." in letter.body


def test_everybody_is_written_to_in_their_own_language(ann: User, bo: User, settings: Settings) -> None:
    nobodys = UserFactory(username="cy", language="")
    tell(ann, bo, nobodys)
    with override("en"):
        sending.deliver(now=DIGEST)
    with override("zh-hans"):
        chinese = letters.write_letter(list(Notice.objects.filter(user=bo)))[0]
    with override("en"):
        english = letters.write_letter(list(Notice.objects.filter(user=ann)))[0]
    subjects = {letter.to[0]: letter.subject for letter in mail.outbox}
    assert subjects == {"ann@example.org": english, "bo@example.org": chinese, "cy@example.org": chinese}
    assert english != chinese


def test_a_notice_read_meanwhile_and_a_person_who_cannot_be_reached_get_no_letter(ann: User, bo: User) -> None:
    User.objects.filter(pk=bo.pk).update(email="")
    gone = UserFactory(username="gone")
    tell(ann, bo, gone)
    User.objects.filter(pk=gone.pk).update(is_active=False)
    actions.mark_all_read(by=ann, now=NOW)
    assert sending.deliver(now=DIGEST) == 0
    assert (mail.outbox, states()) == ([], [DeliveryState.SKIPPED] * 3)


def test_a_letter_that_failed_is_sent_again_later_and_the_reason_names_no_secret(
    ann: User, broken_server: Callable[[], None]
) -> None:
    tell(ann, topic=URGENT, params=NAME)
    sending.deliver(now=NOW)
    waiting = Delivery.objects.get()
    assert (waiting.state, waiting.error, waiting.claim) == (DeliveryState.WAITING, "SMTPServerDisconnected", None)
    assert waiting.due_at == NOW + sending.FIRST_PAUSE
    broken_server()
    assert sending.deliver(now=waiting.due_at - timedelta(seconds=1)) == 0
    sending.deliver(now=waiting.due_at)
    assert (len(mail.outbox), states()) == (1, [DeliveryState.SENT])


def test_a_server_that_is_down_is_not_tried_for_everybody(
    monkeypatch: pytest.MonkeyPatch, broken_server: Callable[[], None]
) -> None:
    opened: list[int] = []
    monkeypatch.setattr(EmailBackend, "open", lambda _self: opened.append(1))
    tell(*(UserFactory() for _ in range(8)), topic=URGENT, params=NAME)
    sending.deliver(now=NOW)
    assert len(opened) == sending.FAILURES_IN_A_ROW
    assert states() == [DeliveryState.WAITING] * 8


def test_one_address_that_is_refused_keeps_nobody_else_waiting(
    ann: User, bo: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = EmailBackend.send_messages

    def send_to_all_but_ann(self: EmailBackend, messages: list[mail.EmailMessage]) -> int:
        if messages[0].to == ["ann@example.org"]:
            raise SMTPServerDisconnected
        return send(self, messages)

    monkeypatch.setattr(EmailBackend, "send_messages", send_to_all_but_ann)
    tell(ann, bo, topic=URGENT, params=NAME)
    sending.deliver(now=NOW)
    assert [letter.to for letter in mail.outbox] == [["bo@example.org"]]


def test_after_many_attempts_a_letter_is_given_up_and_the_notice_stays(
    ann: User, broken_server: Callable[[], None]
) -> None:
    tell(ann, topic=URGENT, params=NAME)
    for _ in range(sending.ATTEMPTS):
        sending.deliver(now=Delivery.objects.get().due_at)
    assert states() == [DeliveryState.FAILED]
    assert Notice.objects.get().read_at is None


def test_what_a_killed_sender_had_taken_is_sent_when_its_claim_ends(ann: User) -> None:
    tell(ann, topic=URGENT, params=NAME)
    sending._claim("email", NOW)
    assert sending.deliver(now=NOW + sending.CLAIM) == 0, "another sender has it"
    assert sending.deliver(now=NOW + sending.CLAIM + timedelta(seconds=1)) == 1
    assert len(mail.outbox) == 1


def test_a_round_takes_some_people_and_says_that_there_may_be_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "PEOPLE_A_ROUND", 2)
    tell(*(UserFactory() for _ in range(3)), topic=URGENT, params=NAME)
    assert [sending.deliver(now=NOW) for _ in range(3)] == [2, 1, 0]


def test_the_periodic_task_sends_until_nothing_is_due(ann: User) -> None:
    tell(ann, topic=URGENT, params=NAME)
    tasks.deliver()
    assert len(mail.outbox) == 1


def test_a_robot_tells_how_many_and_never_what(ann: User, bo: User, robot: list[str]) -> None:
    for user in (ann, bo):
        choose(user, "appeals", email=False, chat=True)
    choose(ann, "cycles", email=False, chat=True, pace=Pace.AT_ONCE)
    tell(ann, bo, topic=URGENT, params=NAME)
    tell(ann)
    sending.deliver(now=NOW)
    with override("en"):
        english = letters.write_chat([(str(ann), 2)])[1]
    with override("zh-hans"):
        chinese = letters.write_chat([(str(bo), 1)])[1]
    assert robot == [english, chinese]
    assert "Ann (2)" in english
    assert not any("Li Wei" in text or "First quarter" in text for text in robot)
    assert states() == [DeliveryState.SENT] * 3


def test_a_robot_that_cannot_be_reached_is_tried_again_and_its_address_stays_secret(
    ann: User, settings: Settings, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    settings.CHAT_CHANNEL_SECRETS = (SECRET, "nonsense://secret-token")
    choose(ann, "appeals", email=False, chat=True)
    tell(ann, topic=URGENT, params=NAME)
    with caplog.at_level(logging.DEBUG):
        sending.deliver(now=NOW)
    waiting = Delivery.objects.get()
    assert (waiting.state, waiting.error, waiting.due_at) == ("waiting", "refused", NOW + sending.FIRST_PAUSE)
    logged = caplog.text + "".join(capfd.readouterr())
    assert "secret-token" not in logged
    assert "chat_robot_refused" in logged
