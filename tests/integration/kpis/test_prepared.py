"""Passes over the evidence are put together once; windows and engineers are given each time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest
from django.db import connection
from django.db.models import DateField
from django.test.utils import CaptureQueriesContext

from appraisal.database.prepared import Slot
from appraisal.kpis.facts import collect_facts, places_with_records
from appraisal.kpis.measures import Window
from appraisal.kpis.models import KpiVersion
from appraisal.kpis.questions import KpiQuestion
from engineers.models import Engineer
from tests.factories import EngineerFactory, VisitFactory
from tests.world import add_ticket

pytestmark = pytest.mark.django_db

DAY = date(2026, 2, 2)


def days(count: int) -> Window:
    start = datetime(2026, 2, 1, 16, tzinfo=UTC)
    return Window(start, start + timedelta(days=count), DAY, DAY + timedelta(days=count - 1))


def shares(window: Window, engineers: Sequence[Engineer]) -> list[tuple[int, Fraction | None]]:
    """Return cases and share in time of each engineer."""
    question = KpiQuestion.of(KpiVersion(measure_id="response_sla_rate", statistic="rate"))
    ids = [engineer.pk for engineer in engineers]
    found = collect_facts({1: question}, window=window, engineer_ids=ids)
    facts = [found[pk][1] for pk in ids]
    return [(each.n, each.value) for each in facts]


def test_the_same_pass_answers_for_any_window_and_any_engineers() -> None:
    engineers = [EngineerFactory() for _ in range(5)]
    for at, engineer in enumerate(engineers):
        for number in (0, 1, 24, 48):  # hours after ten in the morning of the 2nd
            add_ticket(engineer, number, in_time=number <= at)
    first, second, *_, last = engineers
    assert shares(days(1), [first]) == [(2, Fraction(50))]
    assert shares(days(1), [second]) == [(2, Fraction(100))]
    assert shares(days(2), [first]) == [(3, Fraction(100, 3))]
    assert shares(days(3), [first, second]) == [(4, Fraction(25)), (4, Fraction(50))]
    # Far apart, they are named one by one and not as a range.
    assert shares(days(3), [first, last]) == [(4, Fraction(25)), (4, Fraction(50))]
    assert shares(days(1), [first]) == [(2, Fraction(50))]


def test_questions_are_the_same_by_what_they_ask() -> None:
    def question(**given: object) -> KpiQuestion:
        return KpiQuestion.of(KpiVersion(**{"measure_id": "resolution_time", "statistic": "mean"} | given))

    plain = question(clock="calendar")
    assert plain == question(clock="calendar")
    assert hash(plain) == hash(question(clock="calendar"))
    others = [
        question(clock="business"),
        question(clock="calendar", statistic="median"),
        question(clock="calendar", filters={"priority": [1]}),
        question(clock="calendar", direction="down", anchors=[[0, 100], [9, 0]]),
    ]
    assert len({plain, *others}) == 5


def test_only_tables_that_name_an_engineer_are_asked() -> None:
    engineer = EngineerFactory()
    VisitFactory(engineer=engineer)
    questions = {
        number: KpiQuestion.of(KpiVersion(measure_id=measure, statistic="rate"))
        for number, measure in enumerate(("response_sla_rate", "arrival_sla_rate", "report_timeliness"))
    }
    present = places_with_records(questions, [engineer.pk])
    assert present is not None
    assert {model._meta.model_name for model, _column in present} == {"visit"}
    with CaptureQueriesContext(connection) as queries:
        collect_facts(questions, window=days(1), engineer_ids=[engineer.pk], present=present)
    assert len(queries) == 1
    assert places_with_records(questions, list(range(1, 30))) is None


@pytest.mark.parametrize("other", [timedelta(hours=1), 1])
def test_a_window_that_is_left_open_is_shifted_by_days_and_nothing_else(other: object) -> None:
    slot = Slot("first_date", DateField())
    assert (slot - timedelta(days=2)).value({"first_date": DAY}) == Slot("x", DateField()).value(
        {"x": DAY - timedelta(days=2)}
    )
    with pytest.raises(TypeError):
        slot - other
