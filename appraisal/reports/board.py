"""The manager's board: engineers × KPIs, each cell the points of a line, toned as the scheme's grades would tone them.

From the same sheets as the scorecard, so that board and scorecard cannot disagree.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.core.paginator import Page
from django.utils.functional import Promise
from django.utils.translation import ngettext

from appraisal.cycles.models import Cycle
from appraisal.cycles.queries import get_schemes
from appraisal.cycles.workflow import REVEALED
from appraisal.reports.explanations import reason_text
from appraisal.reports.results import ResultFilters, list_board
from appraisal.reviews import access
from appraisal.reviews.figures.lines import ReviewLine
from appraisal.reviews.figures.sheet import Sheet
from appraisal.reviews.figures.sheets import iter_sheets
from appraisal.reviews.models import Review
from appraisal.scoring.numbers import round_half_up
from appraisal.scoring.rollup import GradeRules
from engineers.models import User

_TENTH = Decimal("0.1")


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A line of one engineer; ``change`` is its points less those of the last published cycle, ``cases`` its n.

    ``line_id`` is None where the engineer's scheme does not have the KPI.
    """

    name: str
    line_id: int | None = None
    points: Decimal | None = None
    tone: str = "none"
    change: Decimal | None = None
    reason_label: str | Promise = ""
    cases: int | None = None

    @property
    def cases_label(self) -> str:
        """In words; of the hundreds of cells of a page each would be a block of the template's otherwise."""
        if self.cases is None:
            return ""
        return ngettext("of %(number)s case", "of %(number)s cases", self.cases) % {"number": self.cases}


@dataclass(frozen=True, kw_only=True)
class Row:
    """``tone`` is that of the overall, ``change`` the overall less that of the last published cycle."""

    review: Review
    tone: str
    change: Decimal | None
    cells: tuple[Cell, ...]


@dataclass(frozen=True, kw_only=True)
class Board:
    """``columns`` are the names of the KPIs that weigh something for anybody on the page, in the schemes' order.

    ``bands`` are the grades with their lower bounds and tones, for the legend; none where the schemes differ in them.
    """

    page: Page
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    bands: tuple[tuple[str, Decimal, str], ...]
    earlier: Cycle | None


def get_board(*, viewer: User, cycle: Cycle, filters: ResultFilters, page: Any) -> Board:
    """Return a page of the board; a fixed number of queries, however many engineers there are."""
    found = list_board(viewer=viewer, cycle=cycle, filters=filters, page=page)
    sheets = list(iter_sheets(list(found), get_schemes(cycle)))
    earlier = _last_published_before(cycle)
    before = _earlier_sheets(viewer, earlier, [sheet.review.engineer_id for sheet in sheets])
    names = _columns(sheets)
    rules = {tuple(sheet.scheme.rules.bands): sheet.scheme.rules for sheet in sheets if sheet.scheme}
    common = next(iter(rules.values())) if len(rules) == 1 else None
    return Board(
        page=found,
        columns=tuple(names.values()),
        rows=tuple(_row(sheet, before.get(sheet.review.engineer_id), names) for sheet in sheets),
        bands=tuple((grade, lower, tone_of(lower, common)) for grade, lower in common.bands) if common else (),
        earlier=earlier if before else None,
    )


def tone_of(points: Decimal, rules: GradeRules) -> str:
    """Return the tone of the grade that these points alone would give: the better half, the middle, and the rest."""
    names = [name for name, _lower in rules.bands]
    at, last = names.index(rules.grade(points)), len(names) - 1
    if 2 * at < last or not last:
        return "good"
    if 2 * at == last:
        return "plain"
    return "fair" if at < last else "poor"


def _last_published_before(cycle: Cycle) -> Cycle | None:
    """Return the last published cycle of the same kind: a year is compared with a year."""
    earlier = Cycle.objects.filter(state__in=REVEALED, start_date__lt=cycle.start_date)
    years = Cycle.parts.through.objects.values("from_cycle")
    is_year = cycle.parts.exists()
    return (earlier.filter(pk__in=years) if is_year else earlier.exclude(pk__in=years)).first()


def _earlier_sheets(viewer: User, cycle: Cycle | None, engineers: Sequence[int]) -> dict[int, Sheet]:
    """Return {engineer: sheet} of those reviews of an earlier cycle that the viewer may see, too."""
    if cycle is None:
        return {}
    reviews = access.visible_reviews(viewer).filter(cycle=cycle, engineer__in=engineers)
    found = list(reviews.select_related("cycle", "engineer", "profile", "team"))
    return {sheet.review.engineer_id: sheet for sheet in iter_sheets(found, get_schemes(cycle))}


def _columns(sheets: Iterable[Sheet]) -> dict[str, str]:
    """Return {code: name} of the KPIs that carry weight."""
    return {
        line.kpi.kpi.code: line.kpi.name
        for scheme in {sheet.scheme.key: sheet.scheme for sheet in sheets if sheet.scheme}.values()
        for line in (ReviewLine(line=line) for line in scheme.lines)
        if line.is_scored
    }


def _row(sheet: Sheet, before: Sheet | None, names: dict[str, str]) -> Row:
    lines = {line.kpi.kpi.code: line for line in sheet.lines if line.is_scored}
    old = {line.kpi.kpi.code: line.points for line in before.lines} if before else {}
    return Row(
        review=sheet.review,
        tone=_overall_tone(sheet),
        change=_change(sheet.review.overall, before.review.overall if before else None),
        cells=tuple(_cell(name, lines.get(code), sheet, old.get(code)) for code, name in names.items()),
    )


def _overall_tone(sheet: Sheet) -> str:
    overall = sheet.review.overall
    return "none" if overall is None or sheet.scheme is None else tone_of(overall, sheet.scheme.rules)


def _cell(name: str, line: ReviewLine | None, sheet: Sheet, old: Any) -> Cell:
    if line is None or sheet.scheme is None:
        return Cell(name=name)
    if line.points is None:
        return Cell(name=name, line_id=line.line.pk, reason_label=reason_text(line.reason), cases=line.n)
    points = round_half_up(line.points)
    return Cell(
        name=name,
        line_id=line.line.pk,
        points=points,
        tone=tone_of(points, sheet.scheme.rules),
        change=_change(points, None if old is None else round_half_up(old)),
        cases=line.n,
    )


def _change(now: Decimal | None, before: Decimal | None) -> Decimal | None:
    """Return the difference as it is shown, with one decimal: what is too small to show is no change."""
    return None if now is None or before is None else (now - before).quantize(_TENTH, rounding=ROUND_HALF_UP)
