"""Who is reminded of a day that is not logged: once, in the morning of the next workday, while it is in time."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from appraisal.evidence.models import Exclusion
from appraisal.evidence.reminders import remind_of_missing_logs
from appraisal.evidence.tasks import remind_of_missing_logs as task
from appraisal.notices.actions import mark_all_read, next_digest, save_choices
from appraisal.notices.models import Delivery, Notice, Pace
from appraisal.notices.queries import Choice
from appraisal.notices.registry import get_topic
from engineers.models import Engineer, Leave
from tests.factories import EngineerFactory, UserFactory, WorkLogFactory

pytestmark = pytest.mark.django_db


def at(day: int, hour: int = 8, *, month: int = 3) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.fixture
def one() -> Engineer:
    """An engineer with an account, in an organisation that keeps work logs."""
    WorkLogFactory(engineer=EngineerFactory(), day=date(2026, 1, 5))
    made: Engineer = EngineerFactory(user=UserFactory(email="one@example.org"))
    return made


def told() -> list[tuple[str, str]]:
    return [(notice.user.username, notice.path) for notice in Notice.objects.order_by("pk")]


def test_a_missing_day_is_told_once_from_the_morning_on(one: Engineer) -> None:
    assert one.user
    assert remind_of_missing_logs(now=at(4, 7)) == 0
    assert remind_of_missing_logs(now=at(4, 8)) == 1
    assert told() == [(one.user.username, "/worklog/2026-03-03/")]
    mark_all_read(by=one.user, now=at(4, 9))
    assert remind_of_missing_logs(now=at(4, 10)) == 0
    assert len(told()) == 1
    assert remind_of_missing_logs(now=at(5)) == 1
    with translation.override("en"):
        notice = Notice.objects.get(path="/worklog/2026-03-04/")
        words = get_topic(notice.topic).text_with(notice.params)
    assert words == "Your work log of 2026-03-04 is still missing. It is in time until the end of 2026-03-05."


def test_on_days_off_nobody_is_told_and_after_them_of_the_last_workday(one: Engineer) -> None:
    # Friday 13 and Saturday 14 February are worked, then comes the festival until the 23rd.
    assert remind_of_missing_logs(now=at(16, month=2)) == 0
    assert remind_of_missing_logs(now=at(24, month=2)) == 1
    assert told()[0][1] == "/worklog/2026-02-14/"


def test_who_has_logged_or_was_away_or_has_no_account_is_not_told(one: Engineer) -> None:
    WorkLogFactory(engineer=one, day=date(2026, 3, 3))
    away = EngineerFactory(user=UserFactory())
    Leave.objects.create(engineer=away, start_date=date(2026, 3, 3), end_date=date(2026, 3, 3))
    EngineerFactory(user=UserFactory(is_active=False))
    assert remind_of_missing_logs(now=at(4)) == 0


def test_a_log_that_counts_nowhere_is_none(one: Engineer) -> None:
    WorkLogFactory(engineer=one, day=date(2026, 3, 3), exclusion=Exclusion.WITHDRAWN)
    assert remind_of_missing_logs(now=at(4)) == 1


def test_nobody_is_told_where_no_work_logs_are_kept() -> None:
    EngineerFactory(user=UserFactory())
    assert remind_of_missing_logs(now=at(4)) == 0


def test_it_goes_by_the_digest_and_as_each_person_chose(one: Engineer) -> None:
    quiet = EngineerFactory(user=UserFactory(email="two@example.org")).user
    choice = Choice(group="evidence", label="", email=False, chat=False, pace=Pace.DAILY)
    save_choices(by=quiet, choices=[choice])
    assert remind_of_missing_logs(now=at(4)) == 2
    assert [(sent.user, sent.due_at) for sent in Delivery.objects.all()] == [(one.user, next_digest(at(4)))]


def test_the_number_of_questions_does_not_grow_with_the_engineers(one: Engineer) -> None:
    counts = []
    for day, more in ((4, 0), (5, 3)):
        for _number in range(more):
            EngineerFactory(user=UserFactory())
        with CaptureQueriesContext(connection) as captured:
            assert remind_of_missing_logs(now=at(day)) == 1 + more
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_the_periodic_task_reminds(one: Engineer) -> None:
    assert task.name in {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    with time_machine.travel(at(4), tick=False):
        task()
    assert [path for _name, path in told()] == ["/worklog/2026-03-03/"]
