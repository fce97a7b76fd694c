"""The overall of a scorecard can be added up again: from dimensions, from parts of the cycle, from quarters."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import translation

from appraisal.cycles.models import Cycle, CycleScheme
from appraisal.reports.scorecards import Scorecard, get_scorecard
from appraisal.reviews.models import VetoEvent
from appraisal.reviews.rating import actions
from engineers.models import Engineer, Leave, TeamMembership
from tests.factories import CycleFactory, EngineerFactory, TeamFactory, UserFactory, hr_user
from tests.integration.reports.lines import add_tickets, client_of, kpi, open_cycle, review_of, scored
from tests.world import NOW

pytestmark = pytest.mark.django_db

BONUS = {"form": "bonus", "target": 70, "step": 5, "per_step": 4, "full_points": 10, "role": "bonus"}
MINUS = {"form": "deduction", "target": 110, "step": 5, "per_step": 2, "full_points": 10, "role": "deduction"}


def card_of(cycle: Cycle, engineer: Engineer) -> Scorecard:
    with translation.override("en"):
        return get_scorecard(viewer=hr_user(), review_id=review_of(cycle, engineer).pk)


def page_of(cycle: Cycle, engineer: Engineer) -> str:
    answer = client_of().get(reverse("scorecard_detail", args=[review_of(cycle, engineer).pk]))
    return " ".join(answer.content.decode().split())


def test_dimensions_bonus_points_and_deductions_add_up_to_the_overall() -> None:
    engineer = EngineerFactory()
    add_tickets(engineer, 10, met=8)
    cycle = scored(
        open_cycle(
            kpi("response_sla_rate", weight=60, dimension="response"),
            kpi("reopen_rate", weight=20, curve=[[0, 90], [10, 0]], dimension="quality"),
            kpi("nps", weight=20, dimension="customers"),
            kpi("resolution_sla_rate", weight=0, curve=[], **BONUS),
            kpi("problem_resolution_rate", weight=0, curve=[], **MINUS),
            bonus_cap=5,
            ceiling=100,
        )
    )
    card = card_of(cycle, engineer)
    assert [(d.code, d.score, d.carries, d.contribution) for d in card.dimensions] == [
        ("response", 80, 75, 60),
        ("quality", 90, 25, Decimal("22.5")),
        ("customers", None, None, None),
        ("work", None, None, None),
    ]
    assert sum(d.contribution or 0 for d in card.dimensions) == card.base == Decimal("82.5")
    assert sum(line.contribution or 0 for line in card.lines) == card.base
    assert [(step.label, step.calculation, step.result) for step in card.steps] == [
        ("Dimensions, each by its weight", "(60 × 80 + 20 × 90) ÷ 80", Decimal("82.5")),
        ("Bonus points, at most 5", "8", 5),
        ("Points taken off", "4", 4),
        ("Overall, between 0 and 100", "82.5 + 5 − 4", Decimal("83.5")),
    ]
    page = page_of(cycle, engineer)
    assert "82.5 + 5 − 4" in page
    assert "may differ from the sum by 0.01" in page
    assert "bonus points on top: 8.00" in page


def test_too_little_weight_measured_is_said_with_both_numbers() -> None:
    engineer = EngineerFactory()
    add_tickets(engineer, 10, met=8)
    cycle = scored(open_cycle(kpi("response_sla_rate", weight=50), kpi("nps", weight=50)))
    card = card_of(cycle, engineer)
    assert (card.overall, card.grade, card.steps) == (None, "NR", ())
    assert card.unrated_label == "only 50 % of the weight could be measured; 60 % are needed"
    assert "Not rated: only 50 % of the weight could be measured; 60 % are needed." in page_of(cycle, engineer)


def test_too_few_days_present_are_the_reason() -> None:
    engineer = EngineerFactory()
    Leave.objects.create(engineer=engineer, start_date=date(2026, 1, 1), end_date=date(2026, 3, 20))
    add_tickets(engineer, 10, met=8)
    cycle = scored(open_cycle(kpi("response_sla_rate")))
    assert "present for too small a part of the period to be rated" in page_of(cycle, engineer)


def test_a_cap_on_the_grade_is_shown_with_its_event() -> None:
    engineer = EngineerFactory()
    add_tickets(engineer, 10, met=10)
    cycle = scored(open_cycle(kpi("response_sla_rate")))
    VetoEvent.objects.create(
        review=review_of(cycle, engineer),
        cause="safety_accident",
        effect="grade_cap",
        grade="B",
        happened_on=date(2026, 2, 3),
        evidence="Protocol 3",
        proposed_by=hr_user(),
        proposed_at=NOW,
        decided_by=hr_user(),
        decided_at=NOW,
        is_approved=True,
    )
    assert "Safety accident, 2026-02-03: the grade is capped (B)" in page_of(cycle, engineer)
    assert card_of(cycle, engineer).grade == "B"


def test_parts_of_the_cycle_are_weighed_by_their_workdays() -> None:
    north, south = (TeamFactory(manager=UserFactory()) for _ in range(2))
    engineer = EngineerFactory(team=north, team__end_date=date(2026, 1, 31))
    TeamMembership.objects.create(engineer=engineer, team=south, start_date=date(2026, 2, 1))
    add_tickets(engineer, 10, met=8)
    cycle = scored(open_cycle(kpi("response_sla_rate"), rated_from_percent=0))
    card = card_of(cycle, engineer)
    first, second = card.segments
    assert (first.overall, second.overall, second.counts) == (None, 80, True)
    assert not first.counts
    assert [step.calculation for step in card.steps] == [f"({second.workdays} × 80) ÷ {second.workdays}"]
    page = page_of(cycle, engineer)
    assert 'id="segments"' in page
    assert "does not count" in page
    assert "For information: the whole cycle" in page


def test_a_year_is_weighed_by_the_days_of_its_quarters() -> None:
    engineer = EngineerFactory()
    add_tickets(engineer, 10, met=8)
    quarter = scored(open_cycle(kpi("response_sla_rate")))
    year = CycleFactory(code="2026", name="Year", start_date=date(2026, 1, 1), end_date=date(2026, 3, 31))
    CycleScheme.objects.create(cycle=year, version=quarter.schemes.get().version)
    year.parts.add(quarter)
    actions.open_cycle(cycle_id=year.pk, by=None, now=NOW)
    scored(year)
    card = card_of(year, engineer)
    assert [(each.name, each.workdays, each.score, each.counts) for each in card.quarters] == [
        ("First quarter", 59, 80, True)
    ]
    assert [step.calculation for step in card.steps] == ["100 × 59 ÷ 59", "(59 × 80) ÷ 59"]
    assert 'id="quarters"' in page_of(year, engineer)
