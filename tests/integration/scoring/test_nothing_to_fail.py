"""Where nothing could fail, full is what the KPI's own form calls full; nothing is added, nothing taken off (G12)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from appraisal.cycles.models import KpiResult
from engineers.models import Engineer
from tests.factories import EngineerFactory
from tests.integration.reports.lines import add_tickets, kpi, open_cycle, review_of, scored

pytestmark = pytest.mark.django_db

# No case was ever overdue: the measure has nothing to fail, though there were cases.
NOTHING_OVERDUE = {"measure": "followup_continuity", "empty_policy": "full"}
STEPS: dict[str, Any] = {"target": 90, "step": 1, "steps": "prorata", "curve": []}


@pytest.fixture
def engineer() -> Engineer:
    made: Engineer = EngineerFactory()
    add_tickets(made, 4, met=3)
    return made


def followed(**settings: Any) -> dict[str, Any]:
    return kpi(**NOTHING_OVERDUE | settings)


def outcome(engineer: Engineer, *kpis: dict[str, Any]) -> tuple[str, Decimal | None]:
    """Return the points of the empty line and the overall."""
    cycle = scored(open_cycle(*kpis))
    points = KpiResult.objects.get(cycle=cycle, line__kpi_version__kpi__code="followup_continuity").points
    return points, review_of(cycle, engineer).overall


def test_a_deduction_takes_nothing_off(engineer: Engineer) -> None:
    minus = followed(**STEPS, form="deduction", role="deduction", weight=0, per_step=2, full_points=20)
    assert outcome(engineer, kpi("response_sla_rate"), minus) == ("20", Decimal("75.00"))


def test_a_bonus_adds_nothing(engineer: Engineer) -> None:
    plus = followed(**STEPS, form="bonus", role="bonus", weight=0, per_step=1, full_points=3)
    assert outcome(engineer, kpi("response_sla_rate"), plus) == ("3", Decimal("75.00"))


def test_a_weighed_deduction_has_the_full_points_of_its_form(engineer: Engineer) -> None:
    # 50 × 75 + 50 × 20, of 100.
    weighed = followed(**STEPS, form="deduction", weight=50, per_step=2, full_points=20)
    assert outcome(engineer, kpi("response_sla_rate", weight=50), weighed) == ("20", Decimal("47.50"))


def test_a_curve_that_goes_beyond_100_gives_100(engineer: Engineer) -> None:
    curve = followed(weight=50, curve=[[0, 0], [100, 110]])
    assert outcome(engineer, kpi("response_sla_rate", weight=50), curve) == ("100", Decimal("87.50"))
