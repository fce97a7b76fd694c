"""Grades by rank where an organisation wants shares of each. Source: SPEC 4 (distribution), E14."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import accumulate
from typing import TypeVar

SMALLEST_POOL = 10
Score = TypeVar("Score", Fraction, Decimal)


@dataclass(frozen=True, kw_only=True)
class GradeShare:
    """The share of a pool that gets a grade; a cap is never rounded up."""

    grade: str
    percent: Fraction
    is_cap: bool = False


def quotas(n: int, shares: Sequence[GradeShare]) -> dict[str, int]:
    """Divide n people by largest remainder; the parts add up to n. ``shares`` come best first.

    Ties of remainders go to the larger percentage, then to the better grade. Caps are rounded down, and the
    others share what is left in proportion. Raises ValueError unless the shares add up to 100 and one is no cap.
    """
    if sum(share.percent for share in shares) != 100:
        raise ValueError("the shares of a distribution must add up to 100")
    open_shares = [share for share in shares if not share.is_cap and share.percent > 0]
    if not open_shares:
        raise ValueError("a distribution needs a grade that is no cap")
    found = {share.grade: math.floor(n * share.percent / 100) if share.is_cap else 0 for share in shares}
    left = n - sum(found.values())
    whole = sum((share.percent for share in open_shares), Fraction(0))
    exact = {share.grade: left * share.percent / whole for share in open_shares}
    for grade, part in exact.items():
        found[grade] = math.floor(part)
    # Sorting is stable: of what is equal, the better grade stays in front.
    by_remainder = sorted(
        open_shares,
        key=lambda share: (exact[share.grade] - found[share.grade], share.percent),
        reverse=True,
    )
    for share in by_remainder[: n - sum(found.values())]:
        found[share.grade] += 1
    return found


def assign(scores: Sequence[Fraction], quota: Mapping[str, int]) -> list[str]:
    """Give each score, as shown, its grade by rank; ``quota`` names the grades best first and adds up to all.

    Equal scores get equal grades: at the cut of the top grade all of them drop, at the other cuts all rise.
    """
    if sum(quota.values()) != len(scores):
        raise ValueError("the quotas do not add up to the number of scores")
    by_score = assign_counted(Counter(scores), quota)
    return [by_score[score] for score in scores]


def assign_counted(numbers: Mapping[Score, int], quota: Mapping[str, int]) -> dict[Score, str]:
    """Return the grade by rank of each score that so many people have; as ``assign``, in any order."""
    grades, cuts = list(quota), list(accumulate(quota.values()))
    by_score: dict[Score, str] = {}
    rank = 0
    for score in sorted(numbers, reverse=True):
        behind = rank + numbers[score]
        # Those who straddle the top cut stand as if they began below it.
        standing = cuts[0] if rank < cuts[0] < behind else rank
        by_score[score] = grades[bisect_right(cuts, standing)]
        rank = behind
    return by_score


def gated_grade(*, by_rank: str, by_band: str, ranked: Sequence[str], bands: Sequence[str]) -> str:
    """Return the worse of the grade by rank and that by band; the bottom grade only if the band is as bad.

    ``ranked`` and ``bands`` name the grades of distribution and bands, best first. The lowest rank alone proves
    nothing: it becomes the grade above, unless the score itself is no better than the bottom grade.
    """
    place = bands.index(by_rank)
    if by_rank == ranked[-1] and bands.index(by_band) < place and len(ranked) > 1:
        place = bands.index(ranked[-2])
    return bands[max(place, bands.index(by_band))]


def distribute(
    scores: Sequence[Fraction], shares: Sequence[GradeShare], *, smallest_pool: int = SMALLEST_POOL
) -> list[str] | None:
    """Return the grades by rank of a pool, before the gate of the bands; None when it is too small to be ranked.

    Pools too small are merged upward first (``pools.merge_upward``); where even that leaves too few, bands decide.
    """
    if len(scores) < smallest_pool:
        return None
    return assign(scores, quotas(len(scores), shares))
