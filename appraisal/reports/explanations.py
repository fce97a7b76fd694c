"""Sentences for figures: how a value came about, how it became points, where its weight went.

From what is stored alone, so that an export can write them for every line without asking the database.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from appraisal.kpis.choices import EmptyPolicy
from appraisal.kpis.measures import Evidence, Statistic, Unit
from appraisal.kpis.models import LineRole
from appraisal.kpis.questions import scores_mean_of_durations
from appraisal.reports.formulas import COUNTED_PARTS
from appraisal.reports.point_steps import informs_only, points_words
from appraisal.reports.steps import short
from appraisal.reviews.figures.lines import ReviewLine
from appraisal.scoring.rollup import Reason
from appraisal.scoring.values import WINSORISED_FROM

NAMED_LINES = 3

_REASONS: dict[str, str | Promise] = {
    Reason.NO_EVIDENCE_KIND: gettext_lazy("this kind of evidence is not collected"),
    Reason.NO_DATA: gettext_lazy("no case in this cycle"),
    Reason.NOT_OFFERED: gettext_lazy("nothing of this kind was offered"),
    Reason.OBLIGATION: gettext_lazy("nothing was delivered although it was expected: counts 0"),
    Reason.VETOED: gettext_lazy("vetoed: counts 0"),
    Reason.SUPPRESSED: gettext_lazy("too few answers to stay anonymous"),
    Reason.SEGMENT_TOO_SHORT: gettext_lazy("no part of the cycle was long enough to be scored"),
    Reason.TOO_SHORT_PERIOD: gettext_lazy("present for too small a part of the period to be rated"),
    Reason.TOO_FEW: gettext_lazy("too few cases to score"),
    Reason.AWAITING_MANAGER: gettext_lazy("awaiting the manager's rating"),
    Reason.AWAITING_FEEDBACK: gettext_lazy("awaiting the 360° feedback"),
    Reason.NOT_APPLICABLE: gettext_lazy("does not apply to this job"),
}


def reason_text(reason: str) -> str | Promise:
    return _REASONS.get(reason, "")


def value_sentence(line: ReviewLine) -> str:
    """Say how the value came about, with the numbers in it."""
    if line.value is None and line.is_feedback:
        return _("360° feedback shows no figure here.")
    if line.value is None:
        return _("No case of this cycle counts here, so there is no value.")
    if line.is_manual:
        return _("%(value)s %(unit)s was entered by hand, in place of what the records say.") % _numbers(line)
    if line.is_feedback:
        return _(
            "In 360° feedback %(n)s people gave %(value)s of 100 on average, weighed by the groups that are shown."
        ) % _numbers(line)
    if line.measure.is_rated:
        return _(
            "The manager's scores, 5 being 100, add up to %(sum)s over %(n)s criteria: %(sum)s ÷ %(n)s = %(value)s."
        ) % _numbers(line)
    if line.measure.formula:
        return _composed_sentence(line)
    return _plain_sentence(line)


def _plain_sentence(line: ReviewLine) -> str:
    numbers = _numbers(line)
    match line.kpi.statistic:
        case Statistic.RATE:
            return _("%(sum)s of %(whole)s cases counted: %(sum)s ÷ %(whole)s = %(value)s %%.") % numbers
        case Statistic.MEAN if scores_mean_of_durations(line.kpi):
            if line.n < WINSORISED_FROM:
                return (
                    _("The mean scores; of fewer than %(from)s cases it is their middle: %(value)s %(unit)s.")
                    % numbers
                )
            return (
                _(
                    "The mean scores; the slowest of its %(n)s cases count as the 95th percentile, "
                    "so the sum is %(sum)s: %(sum)s ÷ %(n)s = %(value)s %(unit)s."
                )
                % numbers
            )
        case Statistic.MEAN | Statistic.SCORE:
            return _("The sum %(sum)s over %(n)s cases: %(sum)s ÷ %(n)s = %(value)s %(unit)s.") % numbers
        case Statistic.MEDIAN:
            return _("The middle of %(n)s cases in order of size is %(value)s %(unit)s.") % numbers
        case Statistic.P90:
            return _("Nine of ten of the %(n)s cases stay within %(value)s %(unit)s.") % numbers
    if line.value == line.n:
        return _("%(n)s cases counted.") % numbers
    return _("The shares in %(n)s cases add up to %(value)s.") % numbers


def _composed_sentence(line: ReviewLine) -> str:
    numbers = _numbers(line) | {"calculation": quotient_text(line.value, line.numerator, line.denominator)}
    if numbers["calculation"]:
        return _("From its parts: %(calculation)s = %(value)s %(unit)s.") % numbers
    return _("From its parts, %(value)s %(unit)s.") % numbers


def quotient_text(value: Fraction | None, numerator: Fraction | None, denominator: Fraction | None) -> str:
    """Write the division that gives a value; "" where it is no single one."""
    if value is None or numerator is None or not denominator:
        return ""
    division = f"{short(numerator)} ÷ {short(denominator)}"
    if value * denominator == numerator:
        return division
    return f"100 × {division}" if value * denominator == 100 * numerator else ""


def _numbers(line: ReviewLine) -> dict[str, object]:
    return {
        "value": short(line.value),
        "sum": short(line.numerator),
        "whole": short(line.denominator),
        "n": line.n,
        "from": WINSORISED_FROM,
        "unit": Unit(line.measure.unit).label,
    }


def n_sentence(line: ReviewLine) -> str:
    """Say what ``n`` counts; in the words of the measure's own parts."""
    if line.is_manual:
        return _("n = %(n)s, as entered by hand.") % {"n": line.n}
    if line.is_feedback:
        return _("n = %(n)s: people whose answers are shown.") % {"n": line.n}
    if line.measure.is_rated:
        return _("n = %(n)s: the criteria that were rated.") % {"n": line.n}
    if not line.measure.formula:
        what = str(Evidence(line.measure.evidence).label)
        return _("n = %(n)s: %(what)s that belong here by their date and that no rule leaves out.") % {
            "n": line.n,
            "what": what,
        }
    parts = COUNTED_PARTS[line.measure.id]
    return _("n = %(n)s: %(what)s.") % {
        "n": line.n,
        "what": " + ".join(str(line.measure.parts[name].label) for name in parts),
    }


def points_sentence(line: ReviewLine) -> str:
    """Say how the value became points, or why it did not."""
    if line.reason == Reason.VETOED:
        return _("A confirmed event vetoes this line: it counts 0 points, whatever its value.")
    if informs_only(line.kpi):
        return _("This line informs only; it gives no points.")
    if line.is_overridden:
        given = _("The manager gives %(points)s points instead, because: %(reason)s") % {
            "points": short(line.points),
            "reason": line.override_reason,
        }
        computed = replace(line, points=line.rule_points, is_overridden=False)
        return f"{points_sentence(computed)} {given}" if computed.points is not None else given
    if line.points is None:
        if line.reason == Reason.TOO_FEW:
            return _("No points: %(n)s cases are fewer than the %(minimum)s that are needed.") % {
                "n": line.n,
                "minimum": line.kpi.minimum_n,
            }
        return _("No points: %(reason)s.") % {"reason": reason_text(line.reason)}
    if line.reason == Reason.OBLIGATION:
        return _("Nothing was delivered although it was expected: 0 points.")
    if line.reason == Reason.NO_DATA and line.kpi.empty_policy == EmptyPolicy.FULL:
        return _("No case, so nothing went wrong: full points, %(points)s.") % {"points": short(line.points)}
    if line.scored_value is None:
        return points_words(line.kpi, line.value, line.points)
    return f"{_scored_words(line)} {points_words(line.kpi, line.scored_value, line.points)}"


def _scored_words(line: ReviewLine) -> str:
    numbers = {"value": short(line.value), "scored": short(line.scored_value), "unit": Unit(line.measure.unit).label}
    if line.kpi.statistic == Statistic.COUNT:
        return _("For the days present, %(value)s %(unit)s is scored as %(scored)s, as in a whole cycle.") % numbers
    if line.kpi.scores_adjusted and line.kpi.strata:
        return _("Adjusted for the mix of cases, %(value)s %(unit)s is scored as %(scored)s.") % numbers
    drawn = _(
        "Drawn toward the mean of the job family, the less the more cases there are, %(value)s %(unit)s is scored as "
        "%(scored)s."
    )
    return drawn % numbers


def weight_sentence(
    line: ReviewLine,
    *,
    nominal: Decimal | None,
    carries: Decimal | None,
    received: Decimal | None,
    heirs: Sequence[str],
) -> str:
    """Say what the line weighs in the overall, or which lines carry its weight instead."""
    if line.line.role == LineRole.BONUS:
        return _("It adds %(points)s points on top of the overall.") % {"points": short(line.extra)}
    if line.line.role == LineRole.DEDUCTION:
        return _("It takes %(points)s points off the overall.") % {"points": short(line.extra)}
    if not line.is_scored:
        return _("It carries no weight.")
    if carries is not None:
        numbers = {"carries": short(carries), "own": short(nominal), "received": short(received)}
        if received:
            return (
                _("It carries %(carries)s of 100: %(own)s of its own and %(received)s from lines without points.")
                % numbers
            )
        return _("It carries %(carries)s of 100.") % numbers
    if not heirs:
        return _("Nothing could be measured, so its weight goes nowhere.")
    return _("Its %(own)s of 100 go to: %(lines)s.") % {"own": short(nominal), "lines": _listed(heirs)}


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:NAMED_LINES])
    rest = len(names) - NAMED_LINES
    if rest <= 0:
        return shown
    return ngettext("%(shown)s and %(rest)s other", "%(shown)s and %(rest)s others", rest) % {
        "shown": shown,
        "rest": rest,
    }
