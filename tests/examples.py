"""The worked examples E1 to E19 of the specification as numbers: ``tests/data/cases.json``.

Keys named ``wrong_`` say what a tempting mistake gives. ``tests/unit/test_examples.py`` fails when a key has no test.
"""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

from appraisal.scoring.numbers import round_half_up

CASES: dict[str, dict[str, Any]] = json.loads(
    (Path(__file__).parent / "data" / "cases.json").read_text(encoding="utf-8")
)


def case(example: str, key: str) -> Any:
    """Return a figure of an example: ``case("E1", "correct_min")``."""
    name = next(name for name in CASES if name.split("_")[0] == example)
    return CASES[name][key]


def shown(value: Fraction | None, places: int = 2) -> str | None:
    """Round a figure as the examples do."""
    return None if value is None else str(round_half_up(value, places))
