"""What a review adds up to: roll-up, page, API, export and seal all hold this one, so that they cannot disagree."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from appraisal.kpis.queries import AppliedScheme
from appraisal.reviews.lines import ReviewLine
from appraisal.reviews.models import Review, ReviewSegment, VetoEvent
from appraisal.reviews.years import Year
from appraisal.scoring.rollup import RollUp


@dataclass(frozen=True, kw_only=True)
class SegmentSheet:
    segment: ReviewSegment
    scheme: AppliedScheme
    lines: tuple[ReviewLine, ...]
    total: RollUp


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """Lines of the whole cycle; where there are segments or quarters, the overall comes from those.

    ``overall`` is exact. ``unrated_reason`` says why there is none although lines have points.
    """

    review: Review
    scheme: AppliedScheme | None
    lines: tuple[ReviewLine, ...] = ()
    total: RollUp | None = None
    segments: tuple[SegmentSheet, ...] = ()
    year: Year | None = None
    vetoes: tuple[VetoEvent, ...] = ()
    overall: Fraction | None = None
    grade: str = ""
    unrated_reason: str = ""
