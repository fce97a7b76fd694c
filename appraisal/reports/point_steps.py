"""How a value became points, by the form of the KPI: as a sentence and as a calculation. Source: SPEC 2.1 to 2.4."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise

from django.utils.translation import gettext as _

from appraisal.kpis.choices import Form
from appraisal.kpis.models import KpiVersion
from appraisal.reports.steps import Step, precise, short, step
from appraisal.scoring.curves import Direction
from appraisal.scoring.deductions import StepRounding
from appraisal.scoring.ratios import Ratio

Anchor = tuple[Fraction, Fraction]


def informs_only(version: KpiVersion) -> bool:
    """True for a KPI without a rule that gives points."""
    return version.form in (Form.ANCHORS, Form.BANDS) and not version.anchors


def points_words(version: KpiVersion, value: Fraction | None, points: Fraction | None) -> str:
    """Say in a sentence how a value gives points."""
    if value is None or points is None:
        return ""
    match version.form:
        case Form.ANCHORS:
            return _curve_words(version, value, points)
        case Form.BANDS:
            return _band_words(version, value, points)
        case Form.RATIO:
            return _("Against the target of %(target)s: %(calculation)s = %(points)s points.") % {
                "target": short(version.target),
                "calculation": _ratio_text(version, value, short),
                "points": short(points),
            }
        case _:
            return _step_words(version, value, points)


def points_steps(version: KpiVersion, value: Fraction | None, points: Fraction | None) -> tuple[Step, ...]:
    """Return the calculation from a value to its points."""
    if value is None or points is None or informs_only(version):
        return ()
    match version.form:
        case Form.ANCHORS:
            return _curve_steps(version, value, points)
        case Form.BANDS:
            return (step(_("Band"), points, _band_text(version, value)),)
        case Form.RATIO:
            return (
                step(_("Target"), Fraction(version.target or 0)),
                step(_("Points, between 0 and 120"), points, _ratio_text(version, value, precise)),
            )
        case _:
            return _step_steps(version, value, points)


# Curves


def _curve_words(version: KpiVersion, value: Fraction, points: Fraction) -> str:
    low, high = _neighbours(version, value)
    if low != high:
        return _(
            "The curve runs straight from %(x1)s → %(p1)s points to %(x2)s → %(p2)s points; "
            "%(value)s gives %(points)s."
        ) % {
            "x1": short(low[0]),
            "p1": short(low[1]),
            "x2": short(high[0]),
            "p2": short(high[1]),
            "value": short(value),
            "points": short(points),
        }
    numbers = {"points": short(points), "x": short(low[0])}
    is_below = value <= low[0]
    if version.cliff and points == 0 and low[1]:
        if is_below:
            return _("Below %(x)s the curve ends: no points.") % numbers
        return _("Above %(x)s the curve ends: no points.") % numbers
    if is_below:
        return _("The curve gives %(points)s points up to %(x)s.") % numbers
    return _("The curve gives %(points)s points from %(x)s on.") % numbers


def _curve_steps(version: KpiVersion, value: Fraction, points: Fraction) -> tuple[Step, ...]:
    low, high = _neighbours(version, value)
    if low == high:
        return (_anchor_step(low), step(_("Points, the curve being flat there or at its end"), points))
    (x1, p1), (x2, p2) = low, high
    calculation = (
        f"{precise(p1)} + ({precise(p2)} − {precise(p1)}) × ({precise(value)} − {precise(x1)}) "
        f"÷ ({precise(x2)} − {precise(x1)})"
    )
    return (_anchor_step(low), _anchor_step(high), step(_("Points"), points, calculation))


def _anchor_step(anchor: Anchor) -> Step:
    return step(_("Anchor at %(x)s, in points") % {"x": precise(anchor[0])}, anchor[1])


def _neighbours(version: KpiVersion, value: Fraction) -> tuple[Anchor, Anchor]:
    """Return the anchors a value lies between, the same twice outside; a zero point is an anchor with 0 points."""
    anchors = _anchors(tuple((x, points) for x, points in version.anchors), version.zero_at)
    if value <= anchors[0][0]:
        return anchors[0], anchors[0]
    for left, right in pairwise(anchors):
        if value <= right[0]:
            return left, right
    return anchors[-1], anchors[-1]


@lru_cache(maxsize=1024)
def _anchors(written: tuple[tuple[str, str], ...], zero_at: Decimal | None) -> tuple[Anchor, ...]:
    """Read anchors once for all the lines of an export."""
    anchors = [(Fraction(x), Fraction(points)) for x, points in written]
    if zero_at is not None:
        anchors = sorted([*anchors, (Fraction(zero_at), Fraction(0))])
    return tuple(anchors)


# Bands


def _band_words(version: KpiVersion, value: Fraction, points: Fraction) -> str:
    return _("%(value)s lies in the band “%(band)s”: %(points)s points.") % {
        "value": short(value),
        "band": _band_text(version, value),
        "points": short(points),
    }


def _band_text(version: KpiVersion, value: Fraction) -> str:
    """Write the bounds of the band a value lies in: "85 ≤ value < 95"."""
    bounds = sorted(Fraction(Decimal(bound)) for bound, _points in version.anchors)
    is_up = version.direction == Direction.UP
    below = [bound for bound in bounds if (bound <= value if is_up else bound < value)]
    above = [bound for bound in bounds if bound not in below]
    lowest = f"{short(below[-1])} {'≤' if is_up else '<'} " if below else ""
    highest = f" {'<' if is_up else '≤'} {short(above[0])}" if above else ""
    return lowest + _("value") + highest


# Ratios


def _ratio_text(version: KpiVersion, value: Fraction, write: Callable[[Fraction | Decimal], str]) -> str:
    target = version.target or Decimal(0)
    if version.direction == Direction.UP:
        text = f"100 × {write(value)} ÷ {write(target)}"
        raw = 100 * value / Fraction(target)
    else:
        text = f"100 × (2 − {write(value)} ÷ {write(target)})"
        raw = 100 * (2 - value / Fraction(target))
    ceiling = Ratio.ceiling
    if raw > ceiling:
        return _("%(calculation)s, at most %(ceiling)s") % {"calculation": text, "ceiling": short(ceiling)}
    return _("%(calculation)s, at least 0") % {"calculation": text} if raw < 0 else text


# Deductions and bonuses


def _step_words(version: KpiVersion, value: Fraction, points: Fraction) -> str:
    distance = _distance(version, value)
    numbers = {
        "value": short(value),
        "target": short(version.target),
        "distance": short(abs(distance)),
        "points": short(points),
        "calculation": _step_text(version, distance, short),
    }
    if version.form == Form.BONUS:
        if distance <= 0:
            return _("%(value)s is not better than the target of %(target)s: no points on top.") % numbers
        return _("%(value)s is %(distance)s better than %(target)s: %(calculation)s = %(points)s points.") % numbers
    if distance <= 0:
        return _("%(value)s reaches the target of %(target)s: %(points)s points.") % numbers
    return _("%(value)s is %(distance)s short of %(target)s: %(calculation)s = %(points)s points.") % numbers


def _step_steps(version: KpiVersion, value: Fraction, points: Fraction) -> tuple[Step, ...]:
    distance = _distance(version, value)
    target = Fraction(version.target or 0)
    is_bonus = version.form == Form.BONUS
    if distance <= 0:
        return (step(_("Target"), target), step(_("Points"), points))
    better = _("Better than the target by") if is_bonus else _("Short of the target by")
    exact = distance / Fraction(version.step or 1)
    return (
        step(_("Target"), target),
        step(better, distance, f"|{precise(value)} − {precise(target)}|"),
        step(_("Steps"), exact, f"{precise(distance)} ÷ {precise(version.step)}"),
        step(_("Steps counted: %(how)s") % {"how": version.get_steps_display()}, _rounded(version, exact)),
        step(_("Points"), points, _step_text(version, distance, precise)),
    )


def _step_text(version: KpiVersion, distance: Fraction, write: Callable[[Fraction | Decimal], str]) -> str:
    """Write the points of so many steps: "20 − 2 × 2" off the full points, "1.5 × 3" on top."""
    steps = _rounded(version, distance / Fraction(version.step or 1))
    per_step, full = Fraction(version.per_step or 0), Fraction(version.full_points)
    if version.form == Form.BONUS:
        text = f"{write(per_step)} × {write(steps)}"
        if per_step * steps > full:
            return _("%(calculation)s, at most %(ceiling)s") % {"calculation": text, "ceiling": short(full)}
        return text
    text = f"{write(full)} − {write(per_step)} × {write(steps)}"
    return _("%(calculation)s, at least 0") % {"calculation": text} if per_step * steps > full else text


def _rounded(version: KpiVersion, exact: Fraction) -> Fraction:
    return StepRounding(version.steps).steps(exact)


def _distance(version: KpiVersion, value: Fraction) -> Fraction:
    """Return how far a value lies on the side that counts: short of the target, or beyond it for a bonus."""
    target = Fraction(version.target or 0)
    short_of = target - value if version.direction == Direction.UP else value - target
    return -short_of if version.form == Form.BONUS else short_of
