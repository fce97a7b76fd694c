"""Business time of 1,000,000 pairs of instants against numpy's plain subtraction of the same columns."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from time import perf_counter
from zoneinfo import ZoneInfo

import numpy as np

from appraisal.scoring.clock import OFFICE_WEEK, WorkingClock

PAIRS, RUNS = 1_000_000, 15
DAY_US = 24 * 3600 * 1_000_000


def main() -> None:
    draw = np.random.default_rng(1)
    clock = WorkingClock(
        zone=ZoneInfo("Asia/Shanghai"), week=OFFICE_WEEK, first_date=date(2024, 1, 1), last_date=date(2026, 12, 31)
    )
    first = 1_704_067_200_000_000  # 2024-01-01 UTC
    starts = first + draw.integers(DAY_US, 700 * DAY_US, PAIRS)
    stops = starts + draw.integers(0, 30 * DAY_US, PAIRS)
    plain = _median_seconds(lambda: stops - starts)
    business = _median_seconds(lambda: clock.elapsed_columns(starts, stops))
    print(f"{PAIRS:,} pairs: subtraction {1000 * plain:.2f} ms, business time {1000 * business:.2f} ms")
    print(f"RATIO business time / plain subtraction: {business / plain:.1f}")


def _median_seconds(work: Callable[[], object]) -> float:
    taken = []
    for _ in range(RUNS):
        began = perf_counter()
        work()
        taken.append(perf_counter() - began)
    return sorted(taken)[RUNS // 2]


if __name__ == "__main__":
    main()
