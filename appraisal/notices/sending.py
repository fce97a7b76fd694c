"""Sends what is due. The rows say what was sent: they are marked right after each letter.

A sender claims rows for a while, sends outside any transaction, and marks them. One that is killed between letter
and mark leaves rows that are sent again when its claim ends: at least once, hardly ever twice.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from smtplib import SMTPException

import structlog
from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db.models import Q
from django.utils import translation

from appraisal.notices import letters
from appraisal.notices.models import Channel, Delivery, DeliveryState
from engineers.models import User
from engineers.queries import language_of

PEOPLE_A_ROUND = 50
CLAIM = timedelta(minutes=15)  # longer than a round of letters takes even when each waits for its time limit
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=5), timedelta(hours=6)
ATTEMPTS = 12
FAILURES_IN_A_ROW = 3

logger = structlog.get_logger(__name__)


def deliver(*, now: datetime) -> int:
    """Send one round of what is due; return for how many people there was something."""
    return _send_letters(now) + _send_to_chat(now)


def _send_letters(now: datetime) -> int:
    due = _claim(Channel.EMAIL, now)
    connection, failures = get_connection(), 0
    for user, deliveries in due:
        if failures == FAILURES_IN_A_ROW:
            # The server is down: no use in waiting for its time limit once for everybody.
            _put_off(deliveries, "not tried", now)
            continue
        try:
            connection.open()
            _letter(user, deliveries, connection).send()
        except (SMTPException, OSError, ValueError) as error:
            failures += 1
            _put_off(deliveries, type(error).__name__, now)
            connection.close()
        else:
            failures = 0
            _mark(deliveries, DeliveryState.SENT, now)
    connection.close()
    return len(due)


def _letter(user: User, deliveries: Sequence[Delivery], connection: BaseEmailBackend) -> EmailMessage:
    with translation.override(language_of(user)):
        subject, body = letters.write_letter([delivery.notice for delivery in deliveries])
    return EmailMessage(subject, body, to=[user.email], connection=connection)


def _send_to_chat(now: datetime) -> int:
    due = _claim(Channel.CHAT, now)
    by_language: dict[str, list[tuple[User, list[Delivery]]]] = defaultdict(list)
    for user, deliveries in due:
        by_language[language_of(user)].append((user, deliveries))
    for language, people in by_language.items():
        with translation.override(language):
            title, text = letters.write_chat([(str(user), len(deliveries)) for user, deliveries in people])
        deliveries = [delivery for _user, own in people for delivery in own]
        if post(title, text):
            _mark(deliveries, DeliveryState.SENT, now)
        else:
            _put_off(deliveries, "refused", now)
    return len(due)


def post(title: str, text: str) -> bool:
    """Post to the organisation's robots; True when one took it. Their addresses are secrets and are not logged."""
    from apprise import Apprise, NotifyFormat  # slow to import, and only workers need it

    taken = 0
    for number, address in enumerate(settings.CHAT_CHANNEL_SECRETS, start=1):
        robot = Apprise()
        if robot.add(address) and robot.notify(body=text, title=title, body_format=NotifyFormat.TEXT):
            taken += 1
        else:
            logger.warning("chat_robot_refused", number=number)
    return taken > 0


def _claim(channel: str, now: datetime) -> list[tuple[User, list[Delivery]]]:
    """Take what is due for some people; return it by person. Two senders never take the same."""
    due = Delivery.objects.filter(
        Q(claimed_until__isnull=True) | Q(claimed_until__lt=now),
        channel=channel,
        state=DeliveryState.WAITING,
        due_at__lte=now,
    )
    people = list(due.order_by("user").values_list("user", flat=True).distinct()[:PEOPLE_A_ROUND])
    if not people:
        return []
    token = uuid.uuid4()
    due.filter(user__in=people).update(claim=token, claimed_until=now + CLAIM)
    taken = Delivery.objects.filter(claim=token).select_related("notice", "user").order_by("user", "notice")
    by_person: dict[User, list[Delivery]] = defaultdict(list)
    needless = []
    for delivery in taken:
        reachable = delivery.user.is_active and (channel == Channel.CHAT or delivery.user.email)
        if delivery.notice.read_at or not reachable:
            needless.append(delivery)
        else:
            by_person[delivery.user].append(delivery)
    _mark(needless, DeliveryState.SKIPPED, now)
    return list(by_person.items())


def _mark(deliveries: Iterable[Delivery], state: str, now: datetime) -> None:
    ids = [delivery.pk for delivery in deliveries]
    if ids:
        Delivery.objects.filter(pk__in=ids, state=DeliveryState.WAITING).update(
            state=state, ended_at=now, claim=None, claimed_until=None
        )


def _put_off(deliveries: Sequence[Delivery], reason: str, now: datetime) -> None:
    """Try again later, ever later; in the end give up. The notice stays in the portal."""
    logger.warning("notice_not_sent", reason=reason, user=deliveries[0].user_id, notices=len(deliveries))
    for delivery in deliveries:
        delivery.attempts += 1
        delivery.due_at = now + min(FIRST_PAUSE * 2 ** (delivery.attempts - 1), LONGEST_PAUSE)
        delivery.claim = delivery.claimed_until = None
        delivery.error = reason[:100]
        if delivery.attempts >= ATTEMPTS:
            delivery.state, delivery.ended_at = DeliveryState.FAILED, now
    Delivery.objects.bulk_update(
        deliveries, ["attempts", "due_at", "claim", "claimed_until", "error", "state", "ended_at"]
    )
