"""Words for figures: why a line has no points, and how a value came about."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from appraisal.kpis.facts import Facts
from appraisal.kpis.measures import Statistic, Unit
from appraisal.kpis.models import KpiVersion
from appraisal.scoring.numbers import decimal_text, round_half_up
from appraisal.scoring.rollup import Reason

_REASONS: dict[str, str | Promise] = {
    Reason.NO_EVIDENCE_KIND: gettext_lazy("not measurable yet: this evidence is not collected"),
    Reason.NO_DATA: gettext_lazy("no case in this cycle"),
    Reason.TOO_FEW: gettext_lazy("too few cases to score"),
    Reason.AWAITING_MANAGER: gettext_lazy("awaiting the manager's rating"),
    Reason.NOT_APPLICABLE: gettext_lazy("does not apply to this job"),
}


def reason_text(reason: str) -> str | Promise:
    return _REASONS.get(reason, "")


def value_sentence(facts: Facts, version: KpiVersion) -> str:
    """Say how the value came about, with the numbers in it."""
    if not facts.n:
        return _("No case of this cycle counts here, so there is no value.")
    unit = Unit(version.measure.unit).label
    value = _short(facts.value)
    n = facts.n
    match version.statistic:
        case Statistic.RATE:
            return _("%(met)s of %(n)s cases counted: %(met)s ÷ %(n)s = %(value)s %%.") % {
                "met": _short(facts.numerator),
                "n": n,
                "value": value,
            }
        case Statistic.MEAN | Statistic.SCORE:
            return _("The sum %(sum)s over %(n)s cases: %(sum)s ÷ %(n)s = %(value)s %(unit)s.") % {
                "sum": _short(facts.numerator),
                "n": n,
                "value": value,
                "unit": unit,
            }
        case Statistic.MEDIAN:
            return _("The middle of %(n)s cases in order of size is %(value)s %(unit)s.") % {
                "n": n,
                "value": value,
                "unit": unit,
            }
        case Statistic.P90:
            return _("Nine of ten of the %(n)s cases stay within %(value)s %(unit)s.") % {
                "n": n,
                "value": value,
                "unit": unit,
            }
    return _("%(n)s cases counted.") % {"n": n}


def points_sentence(value: Fraction | None, points: Fraction | None, version: KpiVersion, reason: str) -> str:
    """Say how the value became points, naming the two anchors it lies between."""
    if not version.anchors:
        return _("This line informs only; it gives no points.")
    if points is None or value is None:
        return _("No points: %(reason)s. Its weight goes to the other lines.") % {"reason": reason_text(reason)}
    low, high = _neighbours(version.anchors, value)
    if low == high:
        outside = {"points": _short(points), "x": _plain(low[0])}
        if value <= Fraction(low[0]):
            return _("The curve gives %(points)s points up to %(x)s.") % outside
        return _("The curve gives %(points)s points from %(x)s on.") % outside
    return _(
        "The curve runs straight from %(x1)s → %(p1)s points to %(x2)s → %(p2)s points; %(value)s gives %(points)s."
    ) % {
        "x1": _plain(low[0]),
        "p1": _plain(low[1]),
        "x2": _plain(high[0]),
        "p2": _plain(high[1]),
        "value": _short(value),
        "points": _short(points),
    }


def _neighbours(
    anchors: Sequence[Sequence[str]], value: Fraction
) -> tuple[tuple[Decimal, Decimal], tuple[Decimal, Decimal]]:
    pairs = [(Decimal(x), Decimal(points)) for x, points in anchors]
    if value <= Fraction(pairs[0][0]):
        return pairs[0], pairs[0]
    for left, right in pairwise(pairs):
        if value <= Fraction(right[0]):
            return left, right
    return pairs[-1], pairs[-1]


def _short(value: Fraction | None) -> str:
    return "–" if value is None else decimal_text(round_half_up(value)) or "0"


def _plain(value: Decimal) -> str:
    return decimal_text(value) or "0"
