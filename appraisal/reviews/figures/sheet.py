"""What a review adds up to: roll-up, page, API, export and seal all hold this one, so that they cannot disagree."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from appraisal.kpis.queries import AppliedScheme
from appraisal.reviews.figures.lines import ReviewLine
from appraisal.reviews.figures.years import Year
from appraisal.reviews.models import Review, ReviewSegment, VetoEvent
from appraisal.scoring.numbers import round_half_up
from appraisal.scoring.rollup import NOT_RATED, RollUp


@dataclass(frozen=True, kw_only=True)
class GradeDecision:
    """A grade people decided in calibration; ``grade_before`` is what the score gave then."""

    grade: str
    grade_before: str
    reason: str
    source: str


@dataclass(frozen=True, kw_only=True)
class SegmentSheet:
    segment: ReviewSegment
    scheme: AppliedScheme
    lines: tuple[ReviewLine, ...]
    total: RollUp


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """Lines of the whole cycle; where there are segments or quarters, the overall comes from those.

    ``overall`` is exact. ``band_grade`` is what it gives by the bands, ``grade`` what counts after calibration
    (``decision``) and vetoes. ``unrated_reason`` says why there is none although lines have points.
    """

    review: Review
    scheme: AppliedScheme | None
    lines: tuple[ReviewLine, ...] = ()
    total: RollUp | None = None
    segments: tuple[SegmentSheet, ...] = ()
    year: Year | None = None
    vetoes: tuple[VetoEvent, ...] = ()
    overall: Fraction | None = None
    band_grade: str = ""
    decision: GradeDecision | None = None
    grade: str = ""
    unrated_reason: str = ""


def band_grade(overall: Fraction | None, scheme: AppliedScheme | None) -> str:
    """Return the grade of a score by the bands of its scheme, "" without a scheme."""
    if scheme is None:
        return ""
    return NOT_RATED if overall is None else scheme.rules.grade(round_half_up(overall))
