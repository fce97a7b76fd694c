"""The overall as a calculation: from dimensions, from parts of the cycle, or from the quarters of a year."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from django.utils.translation import gettext as _

from appraisal.kpis.models import LineRole
from appraisal.kpis.queries import AppliedScheme
from appraisal.reports.steps import Step, precise, short, step
from appraisal.reviews.figures.lines import ReviewLine
from appraisal.reviews.figures.sheet import SegmentSheet
from appraisal.reviews.figures.years import Year
from appraisal.scoring.rollup import RollUp
from appraisal.scoring.segments import Segment


def total_steps(scheme: AppliedScheme, lines: Sequence[ReviewLine], total: RollUp) -> tuple[Step, ...]:
    """Add up what the lines give: the weighted score, bonus points up to their cap, deductions, the bounds."""
    if total.base is None:
        return ()
    dimensions = [d for d in total.dimensions if d.score is not None and d.weight]
    weights = sum((d.weight for d in dimensions), Fraction(0))
    calculation = " + ".join(f"{precise(d.weight)} × {precise(d.score)}" for d in dimensions)
    steps = [step(_("Dimensions, each by its weight"), total.base, f"({calculation}) ÷ {precise(weights)}")]
    bonus, deduction = _extras(lines, LineRole.BONUS), _extras(lines, LineRole.DEDUCTION)
    if bonus:
        words = " + ".join(precise(extra) for extra in bonus)
        steps.append(step(_("Bonus points, at most %(cap)s") % {"cap": short(scheme.bonus_cap)}, total.bonus, words))
    if deduction:
        words = " + ".join(precise(extra) for extra in deduction)
        steps.append(step(_("Points taken off"), total.deduction, words))
    whole = (
        f"{precise(total.base)} + {precise(total.bonus)} − {precise(total.deduction)}" if bonus or deduction else ""
    )
    label = _("Overall, between 0 and %(ceiling)s") % {"ceiling": short(scheme.ceiling)}
    steps.append(step(label, total.overall, whole if bonus or deduction else ""))
    return tuple(steps)


def segments_steps(segments: Sequence[SegmentSheet], overall: Fraction | None) -> tuple[Step, ...]:
    """Add up parts of the cycle by the workdays spent in each; short ones do not count."""
    counted = [
        (part.segment.workdays, part.total.overall)
        for part in segments
        if Segment(workdays=part.segment.workdays, score=part.total.overall).is_scored()
    ]
    return _by_days(_("Parts of the cycle, each by its workdays"), counted, overall)


def year_steps(year: Year) -> tuple[Step, ...]:
    """Add up the quarters by the workdays present in each; quarters that are not rated do not count."""
    counted = [(year.quarters[at].eligible_workdays, year.quarters[at].score) for at in year.score.rated]
    present = step(
        _("Workdays present, of those of the year"),
        year.score.eligible_percent,
        f"100 × {sum(q.eligible_workdays for q in year.quarters)} ÷ {sum(q.workdays for q in year.quarters)}",
        "%",
    )
    return (present, *_by_days(_("Quarters, each by its workdays present"), counted, year.score.score))


def _by_days(label: str, counted: Sequence[tuple[int, Fraction | None]], overall: Fraction | None) -> tuple[Step, ...]:
    if not counted:
        return ()
    calculation = " + ".join(f"{days} × {precise(score)}" for days, score in counted)
    return (step(label, overall, f"({calculation}) ÷ {sum(days for days, _score in counted)}"),)


def _extras(lines: Sequence[ReviewLine], role: str) -> list[Fraction]:
    return [line.extra for line in lines if line.line.role == role and line.extra]
