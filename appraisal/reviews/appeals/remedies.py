"""What upheld disputes and appeals change: one review anew, and never for the worse (SPEC 4, no raise-the-penalty)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

from django.db import transaction

from appraisal.calendars.roster import rosters_of
from appraisal.cycles.figures import write_differences
from appraisal.cycles.queries import CycleSchemes, get_schemes
from appraisal.cycles.rules import Rules
from appraisal.kpis.left_out import LeftOut
from appraisal.reviews.figures.lines import ReviewLine
from appraisal.reviews.figures.participants import iter_participants
from appraisal.reviews.figures.runs import roll_up_reviews
from appraisal.reviews.figures.sheet import Sheet
from appraisal.reviews.figures.sheets import compute_sheets, iter_sheets
from appraisal.reviews.models import Review
from appraisal.scoring.numbers import round_half_up
from appraisal.scoring.rollup import GradeRules


@dataclass(frozen=True)
class Standing:
    """Where a review stands: its exact overall and its grade."""

    overall: Fraction | None
    grade: str
    rules: GradeRules | None

    @classmethod
    def of(cls, sheet: Sheet) -> Standing:
        return cls(sheet.overall, sheet.grade, sheet.scheme.rules if sheet.scheme else None)

    def is_worse_than(self, other: Standing) -> bool:
        """True when the overall or the grade is below the other's; no overall is below any."""
        if other.overall is not None and (self.overall is None or self.overall < other.overall):
            return True
        return self._place() > other._place()

    def told(self) -> dict[str, Any]:
        """Return it as it is shown and kept: the overall with two decimals."""
        return {"overall": shown_text(self.overall), "grade": self.grade}

    def _place(self) -> int:
        names = [name for name, _lower in self.rules.bands] if self.rules else []
        return names.index(self.grade) if self.grade in names else len(names)


def grade_beside(before: Sheet, after: Sheet) -> dict[str, str]:
    """Return the band and the calibrated grade where a changed score lies in another band than the one decided.

    Recomputing overwrites no decision (SPEC 4): the calibrated grade stands, and whoever calibrates is asked to look
    again. Empty where nothing of the kind happened.
    """
    decision = after.decision
    if decision is None or after.band_grade in (before.band_grade, decision.grade):
        return {}
    return {"band_grade": after.band_grade, "calibrated": decision.grade}


def shown_text(exact: Fraction | None) -> str | None:
    """Return a figure as it is shown and kept in a decision: with two decimals."""
    return None if exact is None else f"{round_half_up(exact):.2f}"


# A line of a review: the number of the segment, 0 for the whole cycle, and the id of the line.
Place = tuple[int, int]


def lines_that_count(sheet: Sheet) -> dict[Place, ReviewLine]:
    """Return the lines that carry weight: those of the segments where there are any, else those of the whole cycle."""
    parts = [(part.segment.number, part.lines) for part in sheet.segments] or [(0, sheet.lines)]
    return {(number, line.line.pk): line for number, lines in parts for line in lines if line.line.weight}


class _Worse(Exception):
    """The attempt would lower the result; its transaction is undone."""


def sheet_of(review: Review, schemes: CycleSchemes) -> Sheet:
    """Return the sheet of a review: as it was published, else as it stands now."""
    return next(iter_sheets([review], schemes))


def unless_worse(review: Review, than: Standing, change: Callable[[], None]) -> Standing | None:
    """Do a change, in a savepoint; return where the review stands then, None when that would be worse.

    A change that is worse leaves nothing behind.
    """
    try:
        with transaction.atomic():
            change()
            after = Standing.of(next(compute_sheets([review], get_schemes(review.cycle))))
            if after.is_worse_than(than):
                raise _Worse
    except _Worse:
        review.refresh_from_db()
        return None
    review.refresh_from_db()
    return after


def strike(review: Review, *, before: LeftOut, after: LeftOut, as_of: datetime) -> None:
    """Compute the lines of one published review that change when more records are left out, by the cycle's rules.

    Teams, parts and days of presence stay those of the publication.
    """
    cycle, schemes = review.cycle, get_schemes(review.cycle)
    rosters = rosters_of([review.engineer_id], first_date=cycle.start_date, last_date=cycle.end_date)
    segments = list(review.segments.select_related("profile"))
    rules = Rules(schemes.all())
    for stretch, participants in iter_participants([review], segments, schemes, rosters):
        write_differences(
            cycle=cycle,
            window=stretch.window(cycle, as_of=as_of),
            rules=rules,
            participants=participants,
            rosters=rosters,
            homes={review.engineer_id: review.profile_id},
            before=before,
            after=after,
        )


def add_up(review: Review) -> None:
    roll_up_reviews([review], get_schemes(review.cycle))
