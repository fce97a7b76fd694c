"""Weak KPIs of somebody who moved: those of the segments that the grade comes from (SPEC 4)."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from appraisal.outcomes.models import OutcomeRules
from appraisal.outcomes.weak import weak_lines
from tests.integration.outcomes.published import build_published_after_a_move

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("first", "second", "weak"),
    [
        (1, 5, [("cooperation", 20)]),  # the whole cycle would show the last manager's 100
        (5, 1, [("cooperation", 20)]),
        (2, 1, [("cooperation", 20)]),  # weak in both: once, with the weaker
        (5, 5, []),
    ],
)
def test_a_kpi_is_weak_in_its_weakest_segment(first: int, second: int, weak: list[tuple[str, int]]) -> None:
    world = build_published_after_a_move(first=first, second=second)
    assert world.review.segments.count() == 2
    found = weak_lines([world.review], OutcomeRules(pk=1, weak_points=Decimal(60)))[world.review.pk]
    assert [(line.kpi.kpi.code, line.points) for line in found if line.kpi.kpi.code == "cooperation"] == [
        (code, Fraction(points)) for code, points in weak
    ]
    assert len({line.kpi.kpi_id for line in found}) == len(found)
