"""Writes of notices, one verb each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, time, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from appraisal.jobs.actions import request_job
from appraisal.notices.access import own_notices
from appraisal.notices.models import Channel, Delivery, Notice, NoticeSettings, Pace
from appraisal.notices.queries import Choice, has_chat
from appraisal.notices.registry import GROUPS, Topic, get_topic
from engineers.models import User

PEOPLE_AT_ONCE = 500
TELL = "notices.tell"
PEOPLE_IN_A_PART = 100


@transaction.atomic
def notify(*, to: Iterable[int], topic: str, params: Mapping[str, str], path: str, now: datetime) -> None:
    """Tell some accounts something; ``path`` is the page it is about, and where the notice leads.

    Who has an unread notice of the same topic and path gets that one renewed, never a second, and hears of it
    again by e-mail or chat in the next digest only. Raises LookupError for an unknown topic or a missing part of
    its text, ValueError for a path that leads out of the portal.
    """
    declared = get_topic(topic)
    declared.text_with(params)
    if path and (not path.startswith("/") or path.startswith("//")):
        raise ValueError(f"a notice leads to a page of the portal, not to {path!r}")
    people = sorted(set(to))
    for at in range(0, len(people), PEOPLE_AT_ONCE):
        _notify(people[at : at + PEOPLE_AT_ONCE], declared, dict(params), path, now)


def notify_all(*, to: Iterable[int], topic: str, params: Mapping[str, str], path: str, now: datetime) -> None:
    """Tell very many accounts something: in the background where they are more than a part of a job.

    Raises as ``notify`` does.
    """
    people = sorted(set(to))
    if len(people) <= PEOPLE_IN_A_PART:
        notify(to=people, topic=topic, params=params, path=path, now=now)
        return
    declared = get_topic(topic)
    declared.text_with(params)
    # Each is a job of its own: who is told the same twice at once is told once by ``notify``.
    subject = f"{declared.code} {uuid4()}"
    request_job(
        kind=TELL,
        item_ids=people,
        by=None,
        now=now,
        subject=subject,
        params={"topic": topic, "params": dict(params), "path": path},
        path=path,
    )


@transaction.atomic
def mark_read(*, notice: Notice, now: datetime) -> None:
    """Mark one's notice as read; twice changes nothing."""
    Notice.objects.filter(pk=notice.pk, read_at__isnull=True).update(read_at=now)


@transaction.atomic
def mark_all_read(*, by: User, now: datetime) -> int:
    """Mark all of one's notices as read; return how many were not."""
    return own_notices(by).filter(read_at__isnull=True).update(read_at=now)


@transaction.atomic
def save_choices(*, by: User, choices: Sequence[Choice]) -> None:
    """Store what a person chose by group. Raises ValidationError for what cannot be chosen."""
    for choice in choices:
        if choice.group not in GROUPS or choice.pace not in Pace.values:
            name = f"{choice.group}: {choice.pace}"[:100]
            raise ValidationError(_("“%(name)s” cannot be chosen."), params={"name": name})
    NoticeSettings.objects.bulk_create(
        [
            NoticeSettings(user=by, group=choice.group, email=choice.email, chat=choice.chat, pace=choice.pace)
            for choice in choices
        ],
        update_conflicts=True,
        unique_fields=["user", "group"],
        update_fields=["email", "chat", "pace"],
    )


def next_digest(now: datetime) -> datetime:
    """Return when the digest after ``now`` is sent: once a day, at the organisation's hour."""
    local = now.astimezone(ZoneInfo(settings.TIME_ZONE))
    digest = datetime.combine(local.date(), time(settings.NOTICE_DIGEST_HOUR), local.tzinfo)
    if digest <= local:
        digest = datetime.combine(local.date() + timedelta(days=1), time(settings.NOTICE_DIGEST_HOUR), local.tzinfo)
    return digest


def _notify(people: Sequence[int], topic: Topic, params: dict[str, str], path: str, now: datetime) -> None:
    active = set(User.objects.filter(pk__in=people, is_active=True).values_list("pk", flat=True))
    unread = Notice.objects.filter(user__in=active, topic=topic.code, path=path, read_at__isnull=True)
    renewed = set(unread.select_for_update().values_list("pk", flat=True))
    if renewed:
        Notice.objects.filter(pk__in=renewed).update(params=params, at=now)
    Notice.objects.bulk_create(
        [Notice(user_id=user_id, topic=topic.code, params=params, path=path, at=now) for user_id in sorted(active)],
        # For those renewed, and for those told the same at this very moment.
        ignore_conflicts=True,
    )
    chosen = {row.user_id: row for row in NoticeSettings.objects.filter(user__in=active, group=topic.group)}
    default, digest_at = NoticeSettings(), next_digest(now)
    deliveries = []
    for notice_id, user_id in unread.values_list("pk", "user_id"):
        choice = chosen.get(user_id, default)
        at_once = (topic.is_urgent or choice.pace == Pace.AT_ONCE) and notice_id not in renewed
        wanted = [Channel.EMAIL] * choice.email + [Channel.CHAT] * (choice.chat and has_chat())
        deliveries += [
            Delivery(notice_id=notice_id, user_id=user_id, channel=channel, due_at=now if at_once else digest_at)
            for channel in wanted
        ]
    # One that waits already will carry the renewed words.
    Delivery.objects.bulk_create(deliveries, ignore_conflicts=True)
