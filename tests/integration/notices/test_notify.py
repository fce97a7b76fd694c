"""Telling people: who gets what, once, and what is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from pytest_django.fixtures import Settings

from appraisal.notices import actions, queries
from appraisal.notices.models import Channel, Delivery, DeliveryState, Notice, NoticeSettings, Pace
from appraisal.notices.registry import GROUPS, Topic, get_topic, register_topic
from engineers.models import User
from tests.factories import UserFactory
from tests.integration.notices.conftest import DIGEST, NOW, OTHERS, PLAIN, URGENT

pytestmark = pytest.mark.django_db

CYCLE = {"cycle": "First quarter"}
NAME = {"name": "Li Wei"}


def tell(
    *people: User, topic: str = PLAIN, params: Mapping[str, str] = CYCLE, path: str = "/a/", now: datetime = NOW
) -> None:
    actions.notify(to=[user.pk for user in people], topic=topic, params=params, path=path, now=now)


def choose(user: User, group: str, *, email: bool = True, chat: bool = False, pace: str = Pace.DAILY) -> None:
    choice = queries.Choice(group=group, label="", email=email, chat=chat, pace=pace)
    actions.save_choices(by=user, choices=[choice])


def due() -> list[tuple[str, str, datetime]]:
    return [
        (delivery.user.username, delivery.channel, delivery.due_at)
        for delivery in Delivery.objects.filter(state=DeliveryState.WAITING).order_by("user", "channel", "pk")
    ]


def test_everybody_gets_one_notice_and_a_letter_in_the_next_digest(ann: User, bo: User) -> None:
    tell(ann, bo, ann)
    assert [notice.user for notice in Notice.objects.order_by("user")] == [ann, bo]
    assert due() == [("ann", "email", DIGEST), ("bo", "email", DIGEST)]


def test_what_is_urgent_is_due_at_once(ann: User) -> None:
    tell(ann, topic=URGENT, params=NAME)
    assert due() == [("ann", "email", NOW)]


def test_accounts_that_are_closed_or_unknown_get_nothing(ann: User) -> None:
    actions.notify(to=[10**9, UserFactory(is_active=False).pk], topic=PLAIN, params=CYCLE, path="", now=NOW)
    assert not Notice.objects.exists()


def test_an_unread_notice_of_the_same_place_is_renewed_and_not_doubled(ann: User) -> None:
    tell(ann)
    later = NOW + timedelta(hours=1)
    tell(ann, params={"cycle": "Second quarter"}, now=later)
    [view] = queries.describe(queries.list_notices(ann))
    assert (view.text, view.at, view.is_read) == ("“Second quarter” is open.", later, False)
    assert due() == [("ann", "email", DIGEST)]


def test_another_place_or_topic_and_one_that_was_read_are_notices_of_their_own(ann: User) -> None:
    tell(ann)
    tell(ann, path="/b/")
    tell(ann, topic=OTHERS, params={})
    actions.mark_all_read(by=ann, now=NOW)
    tell(ann)
    assert (Notice.objects.count(), queries.count_unread(ann)) == (4, 1)


def test_an_urgent_notice_that_is_renewed_goes_into_the_digest_so_that_it_never_becomes_a_flood(ann: User) -> None:
    tell(ann, topic=URGENT, params=NAME)
    Delivery.objects.update(state=DeliveryState.SENT)
    for minute in range(5):
        tell(ann, topic=URGENT, params={"name": str(minute)}, now=NOW + timedelta(minutes=minute))
    assert due() == [("ann", "email", DIGEST)]


def test_the_database_holds_one_unread_notice_of_a_place(ann: User) -> None:
    tell(ann)
    with pytest.raises(IntegrityError), transaction.atomic():
        Notice.objects.create(user=ann, topic=PLAIN, path="/a/", at=NOW)


def test_the_database_holds_one_waiting_delivery_of_a_channel(ann: User) -> None:
    tell(ann)
    with pytest.raises(IntegrityError), transaction.atomic():
        Delivery.objects.create(notice=Notice.objects.get(), user=ann, channel=Channel.EMAIL, due_at=NOW)


def test_people_choose_channel_and_pace_by_group(ann: User, bo: User, settings: Settings) -> None:
    settings.CHAT_CHANNEL_SECRETS = ("json://localhost",)
    choose(ann, "cycles", email=False)
    choose(bo, "cycles", chat=True, pace=Pace.AT_ONCE)
    tell(ann, bo)
    assert due() == [("bo", "chat", NOW), ("bo", "email", NOW)]
    choose(ann, "cycles")
    tell(ann, path="/b/")
    assert NoticeSettings.objects.filter(user=ann).count() == 1
    assert due()[0] == ("ann", "email", DIGEST)


def test_without_a_robot_nothing_waits_for_chat(ann: User) -> None:
    choose(ann, "cycles", chat=True)
    tell(ann)
    assert due() == [("ann", "email", DIGEST)]


def test_what_is_urgent_does_not_go_where_a_person_wants_nothing(ann: User) -> None:
    choose(ann, "appeals", email=False)
    tell(ann, topic=URGENT, params=NAME)
    assert (due(), queries.count_unread(ann)) == ([], 1)


@pytest.mark.parametrize(
    ("topic", "params", "path", "error"),
    [
        ("nowhere", {}, "", LookupError),
        (PLAIN, {}, "", KeyError),
        (PLAIN, CYCLE, "https://elsewhere.example/", ValueError),
        (PLAIN, CYCLE, "//elsewhere.example/", ValueError),
    ],
)
def test_what_cannot_be_told_is_refused(
    ann: User, topic: str, params: Mapping[str, str], path: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        tell(ann, topic=topic, params=params, path=path)


@pytest.mark.parametrize(("group", "pace"), [("nowhere", Pace.DAILY), ("cycles", "sometimes")])
def test_what_cannot_be_chosen_is_refused(ann: User, group: str, pace: str) -> None:
    with pytest.raises(ValidationError):
        choose(ann, group, pace=pace)


def test_two_topics_of_one_code_are_refused_and_unknown_groups_are_everything_else() -> None:
    with pytest.raises(ValueError, match=PLAIN):
        register_topic(Topic(PLAIN, "", "Another sentence."))
    assert [get_topic(code).group for code in (PLAIN, URGENT, OTHERS)] == ["cycles", "appeals", "other"]
    assert len(GROUPS) == len(queries.choices_of(UserFactory()))


def test_a_notice_whose_topic_is_gone_is_still_listed(ann: User) -> None:
    Notice.objects.create(user=ann, topic="gone.topic", at=NOW)
    [view] = queries.describe(queries.list_notices(ann))
    assert (view.label, view.text) == ("gone.topic", "")


@pytest.mark.parametrize(
    ("now", "digest"),
    [
        (datetime(2026, 4, 2, 23, 59, tzinfo=UTC), datetime(2026, 4, 3, 0, 0, tzinfo=UTC)),
        (datetime(2026, 4, 3, 0, 0, tzinfo=UTC), datetime(2026, 4, 4, 0, 0, tzinfo=UTC)),
    ],
)
def test_the_digest_is_at_eight_in_the_morning_of_the_organisation(now: datetime, digest: datetime) -> None:
    assert actions.next_digest(now) == digest


def test_a_thousand_people_are_told_with_few_queries(
    django_assert_max_num_queries: Callable[..., object], ann: User
) -> None:
    people = User.objects.bulk_create([User(username=f"p{number}") for number in range(1000)])
    with django_assert_max_num_queries(32):  # type: ignore[attr-defined]
        tell(*people)
    assert Notice.objects.count() == Delivery.objects.count() == 1000
