"""Whom of the team to talk to, and why: read off the board, those who stand lowest first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from django.urls import reverse
from django.utils.translation import gettext as _

from appraisal.cycles.models import Cycle
from appraisal.cycles.workflow import UNDER_WAY
from appraisal.reports.board import Board, Cell, Row, get_board
from appraisal.reports.results import ResultFilters
from appraisal.reviews import access
from appraisal.reviews.models import Interview, Review
from engineers.models import User
from engineers.templatetags.ui import amount, rounded

PEOPLE_SHOWN = 5
REASONS_SHOWN = 3
# Points an overall, or a line, has to fall by before it is worth a talk of its own.
FALL, LINE_FALL = Decimal(5), Decimal(20)
LOW_TONES = ("fair", "poor")


@dataclass(frozen=True, kw_only=True)
class Reason:
    text: str
    address: str


@dataclass(frozen=True, kw_only=True)
class Talk:
    review: Review
    reasons: tuple[Reason, ...]


def list_talks(*, viewer: User) -> list[Talk]:
    """Return whom a manager should talk to about the cycle under way, of the 25 who stand lowest.

    Named is who stands in the lower grades, fell by five points, or has a line that fell by twenty into the worst
    grade. Nobody where no cycle is under way. A fixed number of queries.
    """
    team = access.team_reviews(viewer)
    cycle = Cycle.objects.filter(pk__in=team.values("cycle"), state__in=UNDER_WAY).first()
    if cycle is None:
        return []
    board = get_board(viewer=viewer, cycle=cycle, filters=ResultFilters(sort="overall"), page=1)
    named = [row for row in board.rows if _is_low(row) or _fell(row) or any(map(_line_fell, row.cells))]
    named.sort(key=lambda row: (not _fell(row), row.review.overall or Decimal(0)))
    return [
        Talk(review=row.review, reasons=tuple(reasons)[:REASONS_SHOWN])
        for row, reasons in _with_reasons(named[:PEOPLE_SHOWN], board, viewer)
    ]


def _with_reasons(rows: list[Row], board: Board, viewer: User) -> Iterator[tuple[Row, list[Reason]]]:
    waiting = _interviews_to_hold(rows, board.earlier, viewer)
    for row in rows:
        reasons = [_about_overall(row, board.earlier)] if _is_low(row) or _fell(row) else []
        if row.review.engineer_id in waiting:
            reasons.append(_about_interview(waiting[row.review.engineer_id], board.earlier))
        cells = sorted((cell for cell in row.cells if cell.tone == "poor"), key=_severity)
        yield row, reasons + [_about_line(row, cell, board.earlier) for cell in cells]


def _is_low(row: Row) -> bool:
    return row.tone in LOW_TONES


def _fell(row: Row) -> bool:
    return row.change is not None and row.change <= -FALL


def _line_fell(cell: Cell) -> bool:
    return cell.tone == "poor" and cell.change is not None and cell.change <= -LINE_FALL


def _severity(cell: Cell) -> tuple[Decimal, Decimal]:
    """Return what sorts those that fell most first, then those with the fewest points."""
    return cell.change or Decimal(0), cell.points or Decimal(0)


def _about_overall(row: Row, earlier: Cycle | None) -> Reason:
    address = reverse("scorecard_detail", args=[row.review.pk])
    said = {"overall": amount(row.review.overall), "grade": row.review.grade}
    if earlier and row.change is not None and row.change < 0:
        return Reason(
            text=_("Stands at %(overall)s (%(grade)s), %(fall)s less than in “%(cycle)s”.")
            % {**said, "fall": rounded(-row.change), "cycle": earlier.name},
            address=address,
        )
    return Reason(text=_("Stands at %(overall)s (%(grade)s).") % said, address=address)


def _about_line(row: Row, cell: Cell, earlier: Cycle | None) -> Reason:
    address = reverse("line_cases", args=[row.review.pk, cell.line_id])
    said = {"kpi": cell.name, "points": rounded(cell.points)}
    if earlier and cell.change is not None and cell.change < 0:
        return Reason(
            text=_("%(kpi)s: %(points)s points, %(fall)s less than in “%(cycle)s”.")
            % {**said, "fall": rounded(-cell.change), "cycle": earlier.name},
            address=address,
        )
    return Reason(text=_("%(kpi)s: %(points)s points.") % said, address=address)


def _about_interview(review_id: int, earlier: Cycle | None) -> Reason:
    return Reason(
        text=_("The talk about “%(cycle)s” has not been held yet.") % {"cycle": earlier.name if earlier else ""},
        address=reverse("interview", args=[review_id]),
    )


def _interviews_to_hold(rows: list[Row], earlier: Cycle | None, viewer: User) -> dict[int, int]:
    """Return {engineer: review} of the last published cycle for whom no interview has been held."""
    if earlier is None:
        return {}
    held = Interview.objects.filter(held_on__isnull=False).values("review")
    reviews = access.team_reviews(viewer).filter(cycle=earlier, engineer__in=[row.review.engineer_id for row in rows])
    return dict(reviews.exclude(pk__in=held).values_list("engineer", "pk"))
