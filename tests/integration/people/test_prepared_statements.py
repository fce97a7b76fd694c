"""Small statements that are put together once: the same answers as those Django puts together each time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext

from appraisal.database.prepared import read, read_objects
from appraisal.database.ranges import IdRange, among
from engineers.models import Employment, Team, TeamMembership
from engineers.queries import reporting_lines
from tests.factories import EngineerFactory, UserFactory

pytestmark = pytest.mark.django_db

DAY = date(2026, 3, 2)


def started_until(ids: Sequence[int] | IdRange, *, day: date) -> QuerySet[Employment, Any]:
    begun = Employment.objects.filter(among("engineer_id", ids), start_date__lte=day)
    return begun.order_by("engineer_id").values_list("engineer_id", "start_date")


def with_engineers(*, day: date) -> QuerySet[Employment]:
    return Employment.objects.filter(start_date=day).select_related("engineer__profile").order_by("engineer_id")


def employed_from(day: date) -> Employment:
    engineer = EngineerFactory()
    engineer.employments.all().delete()
    return Employment.objects.create(engineer=engineer, start_date=day)


def test_a_statement_answers_for_any_ids_and_any_day() -> None:
    starts = [DAY + timedelta(days=number) for number in range(6)]
    ids = [employed_from(start).engineer_id for start in starts]
    known = dict(zip(ids, starts, strict=True))
    for asked, day in ((ids[:1], DAY), (ids[1:4], starts[2]), ([ids[0], ids[5]], starts[5]), ([], DAY)):
        found = {pk: start for pk, start in read(started_until, ids=asked, day=day) if pk in asked}
        assert found == {pk: known[pk] for pk in asked if known[pk] <= day}


def test_objects_come_with_what_is_selected_along() -> None:
    one = employed_from(DAY)
    employed_from(DAY + timedelta(days=1))
    [found] = read_objects(with_engineers, day=DAY)
    with CaptureQueriesContext(connection) as queries:
        assert (found, found.engineer, found.engineer.profile) == (one, one.engineer, one.engineer.profile)
        assert (found.start_date, found.end_date) == (DAY, None)
    assert not queries.captured_queries
    assert read_objects(with_engineers, day=DAY + timedelta(days=9)) == []


def test_a_value_of_a_kind_that_no_slot_stands_for_is_refused() -> None:
    with pytest.raises(KeyError):
        read(started_until, ids=[1], day=timedelta(days=1))


def test_who_answers_for_somebody_is_found_upwards_whatever_other_teams_there_are() -> None:
    head, lead = UserFactory(), UserFactory()
    top = Team.objects.create(code="top", name="top", manager=head)
    middle = Team.objects.create(code="middle", name="middle", parent=top)
    below = Team.objects.create(code="below", name="below", parent=middle, manager=lead)
    member, leader, nobody = EngineerFactory(), EngineerFactory(user=lead), EngineerFactory()
    for engineer in (member, leader):
        engineer.memberships.all().delete()
        TeamMembership.objects.create(engineer=engineer, team=below)
    nobody.memberships.all().delete()
    for number in range(30):
        Team.objects.create(code=f"other-{number}", name="other", parent=top)
    lines = reporting_lines(engineer_ids=[member.pk, leader.pk, nobody.pk], on=DAY)
    assert {pk: (line.team_id, line.manager_id) for pk, line in lines.items()} == {
        member.pk: (below.pk, lead.pk),
        leader.pk: (below.pk, head.pk),
        nobody.pk: (None, None),
    }
