"""A target of so many is that of a whole cycle: of whom was there for a part of it, a part is asked (SPEC 4)."""

from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from django.urls import reverse

from appraisal.cycles.models import Cycle, KpiResult
from engineers.models import Employment, Engineer, Leave, TeamMembership
from tests.factories import ArticleFactory, EngineerFactory, TeamFactory, UserFactory
from tests.integration.reports.lines import (
    INSIDE,
    add_tickets,
    calculations,
    client_of,
    kpi,
    line_of,
    open_cycle,
    page_of,
    review_of,
    scored,
    told,
)

pytestmark = pytest.mark.django_db

WORKDAYS = 59  # of the first quarter of 2026 in China (SPEC E15)
# Ten cases in a cycle are the target.
VOLUME = {"statistic": "count", "form": "ratio", "target": 10, "curve": []}


def volume(**settings: Any) -> Cycle:
    return scored(open_cycle(kpi("resolved_volume", **VOLUME | settings)))


def points_of(cycle: Cycle, engineer: Engineer, segment: int = 0) -> Fraction | None:
    points = KpiResult.objects.get(cycle=cycle, engineer=engineer, segment=segment).points
    return Fraction(points) if points else None


@pytest.fixture
def engineer() -> Engineer:
    return EngineerFactory()


def test_leave_lowers_no_count(engineer: Engineer) -> None:
    # Seven of 59 workdays are left.
    Leave.objects.create(engineer=engineer, start_date=date(2026, 1, 1), end_date=date(2026, 3, 21))
    add_tickets(engineer, 1)
    cycle = volume()
    line = told(cycle, engineer, "resolved_volume")
    assert (line["n"], line["value"], line["scored_value"]) == (1, "1", "8.428571")
    assert points_of(cycle, engineer) == Fraction(100 * WORKDAYS, 10 * 7)
    assert calculations(line["explanation"]["value_steps"]) == ["1 × 59 ÷ 7"]
    said = "For the days present, 1 cases is scored as 8.43, as in a whole cycle."
    assert said in " ".join(line["explanation"]["sentences"])
    assert said in page_of(cycle, engineer, "resolved_volume")


def test_who_joins_late_is_asked_for_less(engineer: Engineer) -> None:
    Employment.objects.filter(engineer=engineer).update(start_date=date(2026, 3, 30))  # two workdays
    add_tickets(engineer, 1, resolved_at=INSIDE.replace(month=3, day=30), completed_at=INSIDE.replace(month=3, day=30))
    # 59 ÷ 2 is nearly three times the target: a ratio gives 120 at most.
    assert points_of(volume(), engineer) == 120


def test_who_was_there_throughout_is_scored_by_the_count_itself(engineer: Engineer) -> None:
    add_tickets(engineer, 9)
    cycle = volume()
    assert points_of(cycle, engineer) == 90
    assert KpiResult.objects.get(cycle=cycle).scored_value == ""


def test_of_whom_nothing_was_asked_the_line_does_not_apply(engineer: Engineer) -> None:
    Leave.objects.create(engineer=engineer, start_date=date(2026, 1, 1), end_date=date(2026, 3, 31))
    cycle = volume(minimum_n=0)
    result = KpiResult.objects.get(cycle=cycle)
    assert (result.n, result.points, result.reason) == (0, "", "not_applicable")


def test_a_count_that_only_informs_stays_as_it_is(engineer: Engineer) -> None:
    Leave.objects.create(engineer=engineer, start_date=date(2026, 1, 1), end_date=date(2026, 3, 21))
    add_tickets(engineer, 2)
    cycle = scored(open_cycle(kpi("resolved_volume", statistic="count", weight=0, curve=[]), kpi("response_sla_rate")))
    line = told(cycle, engineer, "resolved_volume")
    assert (line["value"], line["scored_value"], line["points"]) == ("2", None, None)


@pytest.fixture
def moved() -> Engineer:
    """Somebody who changed managers on 16 February."""
    north, south = (TeamFactory(manager=UserFactory()) for _ in range(2))
    engineer: Engineer = EngineerFactory(team=north, team__end_date=date(2026, 2, 15))
    TeamMembership.objects.create(engineer=engineer, team=south, start_date=date(2026, 2, 16))
    return engineer


def days_of_parts(cycle: Cycle, engineer: Engineer) -> list[int]:
    return list(review_of(cycle, engineer).segments.order_by("number").values_list("workdays", flat=True))


def test_a_part_of_a_cycle_is_asked_for_its_part(moved: Engineer) -> None:
    add_tickets(moved, 3)  # on 2 February
    cycle = volume()
    first, second = days_of_parts(cycle, moved)
    assert first + second == WORKDAYS
    assert points_of(cycle, moved) == 30, "three of ten in the whole cycle"
    assert points_of(cycle, moved, segment=1) == Fraction(30 * WORKDAYS, first)


def test_shared_knowledge_and_training_are_asked_for_by_parts_too(moved: Engineer) -> None:
    ArticleFactory(engineer=moved, approved_at=INSIDE)
    cycle = scored(open_cycle(kpi("knowledge_sharing", parameters={"cap": 15}, curve=[[0, 0], [15, 100]])))
    first, _second = days_of_parts(cycle, moved)
    values = dict(KpiResult.objects.filter(cycle=cycle).values_list("segment", "value"))
    assert (values[0], Fraction(values[1])) == ("1", Fraction(WORKDAYS, first))
    address = reverse("api:review-line", args=[review_of(cycle, moved).pk, line_of(cycle, "knowledge_sharing")])
    part = client_of().get(f"{address}?segment=1").json()
    assert calculations(part["explanation"]["value_steps"]) == [f"(1 × 1 + 0 × 2) × 59 ÷ {first}"]
