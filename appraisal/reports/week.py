"""What moved an engineer's overall since last week, from the figures kept then (``reviews.days``)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

from appraisal.reviews.figures.days import day_to_compare
from appraisal.reviews.figures.lines import weighted
from appraisal.reviews.figures.sheet import Sheet
from appraisal.scoring.numbers import round_half_up
from appraisal.scoring.weights import weight_flow

SHOWN = 3


@dataclass(frozen=True, kw_only=True)
class Move:
    """A line whose points changed, what that makes of the overall, and how many cases came in (None: not known)."""

    line_id: int
    name: str
    before: Decimal
    points: Decimal
    effect: Decimal
    cases: int | None = None


@dataclass(frozen=True, kw_only=True)
class Week:
    """``day`` is that of the figures compared with: a week ago or more, or less where none are older."""

    day: date
    before: Decimal | None
    change: Decimal | None
    moves: tuple[Move, ...]


def get_week(sheet: Sheet, *, now: datetime) -> Week | None:
    """Return what moved since last week; None where nothing was kept before today. One query."""
    then = day_to_compare(sheet.review, now=now)
    if then is None:
        return None
    overall = None if sheet.overall is None else round_half_up(sheet.overall)
    points = {code: Fraction(text) for code, (text, _n) in then.lines.items() if text is not None}
    return Week(
        day=then.day,
        before=then.overall,
        change=None if overall is None or then.overall is None else overall - then.overall,
        moves=moves_since(sheet, points, cases={code: n for code, (_text, n) in then.lines.items()}),
    )


def moves_since(
    sheet: Sheet, before: Mapping[str, Fraction], *, cases: Mapping[str, int] | None = None
) -> tuple[Move, ...]:
    """Return the lines with the greatest change of points × what they carry, of those that had points both times.

    ``before`` are points by code of the KPI. Nothing where the overall is not made of these lines: over several
    parts, or for a year.
    """
    if sheet.scheme is None or sheet.segments or sheet.year:
        return ()
    flows = weight_flow(dimension_weights=sheet.scheme.dimension_weights, lines=weighted(sheet.lines))
    moves = []
    for line, flow in zip(sheet.lines, flows, strict=True):
        code = line.kpi.kpi.code
        was = before.get(code)
        if line.points is None or was is None or not flow.overall_percent:
            continue
        effect = round_half_up(flow.overall_percent * (line.points - was) / 100)
        if effect:
            moves.append(
                Move(
                    line_id=line.line.pk,
                    name=line.kpi.name,
                    before=round_half_up(was),
                    points=round_half_up(line.points),
                    effect=effect,
                    cases=None if cases is None else line.n - cases[code],
                )
            )
    return tuple(sorted(moves, key=lambda move: -abs(move.effect))[:SHOWN])
