"""Reads of notices and of what people chose."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet
from django.utils.functional import Promise

from appraisal.notices.access import own_notices
from appraisal.notices.models import Notice, NoticeSettings
from appraisal.notices.registry import GROUPS, find_topic
from engineers.models import User


@dataclass(frozen=True, kw_only=True)
class NoticeView:
    """A notice in the language at hand."""

    pk: int
    topic: str
    label: str
    text: str
    path: str
    at: datetime
    is_read: bool
    is_urgent: bool


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What a person chose for a group of topics, or the defaults."""

    group: str
    label: str | Promise
    email: bool
    chat: bool
    pace: str


def list_notices(viewer: User) -> QuerySet[Notice]:
    """Return one's notices: unread ones first, then by time, the latest first."""
    is_read = ExpressionWrapper(Q(read_at__isnull=False), output_field=BooleanField())
    return own_notices(viewer).order_by(is_read, "-at", "-pk")


def count_unread(viewer: User) -> int:
    return own_notices(viewer).filter(read_at__isnull=True).count()


def describe(notices: Iterable[Notice]) -> list[NoticeView]:
    return [_view(notice) for notice in notices]


def choices_of(user: User) -> list[Choice]:
    """Return a person's choice for every group of topics."""
    stored = {row.group: row for row in NoticeSettings.objects.filter(user=user)}
    rows = [(group, label, stored.get(group, NoticeSettings())) for group, label in GROUPS.items()]
    return [
        Choice(group=group, label=label, email=row.email, chat=row.chat, pace=row.pace) for group, label, row in rows
    ]


def has_chat() -> bool:
    """True where the organisation has a chat robot."""
    return bool(settings.CHAT_CHANNEL_SECRETS)


def _view(notice: Notice) -> NoticeView:
    topic = find_topic(notice.topic)
    return NoticeView(
        pk=notice.pk,
        topic=notice.topic,
        label=str(topic.label) if topic else notice.topic,
        text=topic.text_with(notice.params) if topic else "",
        path=notice.path,
        at=notice.at,
        is_read=notice.read_at is not None,
        is_urgent=bool(topic and topic.is_urgent),
    )
