"""Every form of scoring in words and as a calculation; the numbers are those of SPEC 6, E9."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from django.utils import translation

from appraisal.kpis.models import KpiVersion
from appraisal.kpis.points import rule_of
from appraisal.reports.point_steps import points_steps, points_words

MTTR = {"direction": "down", "anchors": [["3", "110"], ["4", "100"], ["8", "60"]]}
STEPS = {
    "form": "deduction",
    "direction": "up",
    "target": Decimal(90),
    "step": Decimal(1),
    "per_step": Decimal(2),
    "full_points": Decimal(20),
}
BONUS = STEPS | {"form": "bonus", "full_points": Decimal(5)}
BANDS = {"form": "bands", "direction": "up", "anchors": [["95", "10"], ["85", "8"], ["75", "6"], ["65", "4"]]}
COMPLAINTS = {"form": "bands", "direction": "down", "anchors": [["0", "10"], ["1", "8"]]}


@pytest.fixture(autouse=True)
def _english() -> Any:
    with translation.override("en"):
        yield


@pytest.mark.parametrize(
    ("settings", "value", "sentence", "last"),
    [
        (
            MTTR,
            "5.3",
            "straight from 4 → 100 points to 8 → 60 points; 5.3 gives 87.",
            "100 + (60 − 100) × (5.3 − 4) ÷ (8 − 4)",
        ),
        (MTTR, "2.5", "The curve gives 110 points up to 3.", ""),
        (MTTR, "9", "The curve gives 60 points from 8 on.", ""),
        (MTTR | {"cliff": True}, "8.01", "Above 8 the curve ends: no points.", ""),
        (
            MTTR | {"zero_at": Decimal(12)},
            "9",
            "from 8 → 60 points to 12 → 0 points; 9 gives 45.",
            "60 + (0 − 60) × (9 − 8) ÷ (12 − 8)",
        ),
        (STEPS, "87.35", "87.35 is 2.65 short of 90: 20 − 2 × 2 = 16 points.", "20 − 2 × 2"),
        (STEPS | {"steps": "ceil"}, "87.35", "20 − 2 × 3 = 14 points.", "20 − 2 × 3"),
        (STEPS | {"steps": "prorata"}, "87.35", "20 − 2 × 2.65 = 14.7 points.", "20 − 2 × 2.65"),
        (STEPS, "80", "20 − 2 × 10 = 0 points.", "20 − 2 × 10"),
        (STEPS, "70", "20 − 2 × 20, at least 0 = 0 points.", "20 − 2 × 20, at least 0"),
        (STEPS, "90", "90 reaches the target of 90: 20 points.", ""),
        (BONUS, "91.5", "91.5 is 1.5 better than 90: 2 × 1 = 2 points.", "2 × 1"),
        (BONUS, "99", "2 × 9, at most 5 = 5 points.", "2 × 9, at most 5"),
        (BONUS, "90", "90 is not better than the target of 90: no points on top.", ""),
        (BANDS, "95", "95 lies in the band “95 ≤ value”: 10 points.", "95 ≤ value"),
        (BANDS, "94.999", "in the band “85 ≤ value < 95”: 8 points.", "85 ≤ value < 95"),
        (BANDS, "64.99", "64.99 lies in the band “value < 65”: 0 points.", "value < 65"),
        (COMPLAINTS, "0.5", "0.5 lies in the band “0 < value ≤ 1”: 8 points.", "0 < value ≤ 1"),
        (COMPLAINTS, "2", "2 lies in the band “1 < value”: 0 points.", "1 < value"),
        (
            {"form": "ratio", "direction": "up", "target": Decimal(40)},
            "38",
            "Against the target of 40: 100 × 38 ÷ 40 = 95 points.",
            "100 × 38 ÷ 40",
        ),
        (
            {"form": "ratio", "direction": "down", "target": Decimal(4)},
            "5",
            "100 × (2 − 5 ÷ 4) = 75 points.",
            "100 × (2 − 5 ÷ 4)",
        ),
        (
            {"form": "ratio", "direction": "down", "target": Decimal(4)},
            "0",
            "100 × (2 − 0 ÷ 4), at most 120 = 120 points.",
            "100 × (2 − 0 ÷ 4), at most 120",
        ),
        (
            {"form": "ratio", "direction": "down", "target": Decimal(4)},
            "12",
            "100 × (2 − 12 ÷ 4), at least 0 = 0 points.",
            "100 × (2 − 12 ÷ 4), at least 0",
        ),
    ],
)
def test_points_are_said_and_calculated(settings: dict[str, Any], value: str, sentence: str, last: str) -> None:
    version = KpiVersion(measure_id="resolution_time", statistic="median", **settings)
    rule = rule_of(version)
    assert rule is not None
    points = rule.points(Fraction(value))
    assert points_words(version, Fraction(value), points).endswith(sentence)
    steps = points_steps(version, Fraction(value), points)
    assert steps[-1].calculation == last
    assert steps[-1].result == points


def test_a_kpi_that_informs_has_no_calculation() -> None:
    version = KpiVersion(measure_id="resolution_time", statistic="median", anchors=[])
    assert points_steps(version, Fraction(1), Fraction(1)) == ()
