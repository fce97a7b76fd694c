"""A cycle's results as json, csv and xlsx: streamed from scorecards, memory flat."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import xlsxwriter
from django.utils.translation import gettext as _

from appraisal.cycles.models import Cycle
from appraisal.evidence.intake.rejects import safe_cell
from appraisal.reports.scorecards import DimensionView, LineView, Scorecard, SegmentView, iter_scorecards
from appraisal.scoring.numbers import decimal_text


def write_export(*, cycle: Cycle, export_format: str, path: Path, review_ids: Sequence[int] | None = None) -> None:
    """Write a cycle's results: all by employee number, or the reviews named in their order.

    Raises KeyError for a format that is not one of ``FORMATS``, OSError for a bad path.
    """
    # The spreadsheet writer would find out at its end, after all the work.
    path.open("wb").close()
    FORMATS[export_format](cycle, iter_scorecards(cycle, review_ids), path)


def cycle_entry(cycle: Cycle) -> dict[str, Any]:
    """Return the head of the json export."""
    general = cycle.schemes.filter(profile__isnull=True).select_related("version__scheme").first()
    return {
        "code": cycle.code,
        "name": cycle.name,
        "start": cycle.start_date.isoformat(),
        "end": cycle.end_date.isoformat(),
        "state": cycle.state,
        "scheme": general.version.scheme.code if general else None,
        "scheme_version": general.version.number if general else None,
    }


def review_entry(card: Scorecard) -> dict[str, Any]:
    """Return one review as the json export and the API show it: numbers as decimal strings, absent as null."""
    return {
        "employee_no": card.employee_no,
        "name": card.name,
        "team": card.team or None,
        "state": card.state,
        "grade": card.grade or None,
        "overall": decimal_text(card.overall),
        "dimensions": _dimension_entries(card.dimensions),
        "lines": [line_entry(line) for line in card.lines],
        "band_grade": card.band_grade or None,
        "calibration": asdict(card.decision) if card.decision else None,
        # What the overall of somebody who moved, or of a year, is made of.
        "segments": [
            {
                "number": part.number,
                "first_date": part.first_date.isoformat(),
                "last_date": part.last_date.isoformat(),
                "team": part.team or None,
                "profile": part.profile or None,
                "workdays": part.workdays,
                "overall": decimal_text(part.overall),
                "counts": part.counts,
                "dimensions": _dimension_entries(part.dimensions),
                "lines": [line_entry(line) for line in part.lines],
            }
            for part in card.segments
        ],
        "quarters": [
            {
                "name": quarter.name,
                "workdays": quarter.workdays,
                "eligible_days": quarter.eligible_days,
                "score": decimal_text(quarter.score),
                "counts": quarter.counts,
            }
            for quarter in card.quarters
        ],
    }


def _dimension_entries(dimensions: Iterable[DimensionView]) -> list[dict[str, Any]]:
    return [{"code": d.code, "score": decimal_text(d.score), "weight": decimal_text(d.weight)} for d in dimensions]


def line_entry(line: LineView) -> dict[str, Any]:
    """Return one line as the json export and the API show it."""
    return {
        "kpi": line.kpi,
        "measure": line.measure,
        "statistic": line.statistic,
        "clock": line.clock or None,
        "value": decimal_text(line.value),
        "unit": line.unit,
        "numerator": decimal_text(line.numerator),
        "denominator": decimal_text(line.denominator),
        "n": line.n,
        "points": decimal_text(line.points),
        "weight": decimal_text(line.weight),
        "reason": line.reason or None,
        "scored_value": decimal_text(line.scored_value),
        "computed_points": decimal_text(line.computed_points),
        "override_reason": line.override_reason or None,
        "carries": decimal_text(line.carries),
        "handed": [{"kpi": share.kpi, "percent": decimal_text(share.percent)} for share in line.handed],
        "explanation": line.explanation,
    }


def _write_json(cycle: Cycle, cards: Iterator[Scorecard], path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write('{"cycle": ' + json.dumps(cycle_entry(cycle), ensure_ascii=False) + ', "reviews": [')
        for number, card in enumerate(cards):
            file.write(",\n" if number else "\n")
            file.write(json.dumps(review_entry(card), ensure_ascii=False))
        file.write("\n]}\n")


def _write_csv(cycle: Cycle, cards: Iterator[Scorecard], path: Path) -> None:
    # The mark makes spreadsheet programs read the file as UTF-8.
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        review_columns, line_columns = _review_columns(), _line_columns()
        decision_columns = _decision_columns()
        titles = [title for title, _read in (*review_columns, *line_columns, *decision_columns)]
        writer.writerow([*titles, _("Part of the cycle")])
        for card in cards:
            review = [csv_cell(read(card)) for _title, read in review_columns]
            decision = [csv_cell(read(card)) for _title, read in decision_columns]
            for part, line in _all_lines(card):
                own = [csv_cell(read(line)) for _title, read in line_columns]
                writer.writerow([*review, *own, *decision, csv_cell(part)])


def csv_cell(value: Any) -> str:
    if isinstance(value, Decimal):
        return decimal_text(value) or ""
    return "" if value is None else safe_cell(str(value))


def _all_lines(card: Scorecard) -> Iterator[tuple[str, LineView]]:
    """Yield the lines of the whole cycle, then those of its parts, each with the name of the part."""
    yield from (("", line) for line in card.lines)
    for part in card.segments:
        yield from ((_part_name(part), line) for line in part.lines)


def _part_name(part: SegmentView) -> str:
    return f"{part.first_date} – {part.last_date}"


Column = tuple[str, Callable[[Any], Any]]


def _review_columns() -> list[Column]:
    return [
        (_("Employee number"), lambda card: card.employee_no),
        (_("Full name"), lambda card: card.name),
        (_("Team"), lambda card: card.team),
        (_("State"), lambda card: str(card.state_label)),
        (_("Grade"), lambda card: card.grade),
        (_("Overall"), lambda card: card.overall),
        (_("Measured weight, %"), lambda card: card.active_percent),
    ]


def _line_columns() -> list[Column]:
    return [
        (_("Dimension"), lambda line: line.dimension),
        (_("KPI"), lambda line: line.kpi),
        (_("KPI name"), lambda line: line.name),
        (_("Statistic"), lambda line: str(line.statistic_label)),
        (_("Clock"), lambda line: str(line.clock_label)),
        (_("Value"), lambda line: line.value),
        (_("Unit"), lambda line: str(line.unit_label)),
        (_("Numerator"), lambda line: line.numerator),
        (_("Denominator"), lambda line: line.denominator),
        (_("Cases"), lambda line: line.n),
        (_("Points"), lambda line: line.points),
        (_("Weight"), lambda line: line.weight),
        (_("Carries of 100"), lambda line: line.carries),
        (_("Why no points"), lambda line: str(line.reason_label)),
        (_("Scored value"), lambda line: line.scored_value),
        (_("Computed points, where others were given"), lambda line: line.computed_points),
        (_("Why other points were given"), lambda line: line.override_reason),
        (_("Weight from other lines"), lambda line: line.received),
        (_("Weight handed to"), lambda line: "; ".join(f"{s.name}: {decimal_text(s.percent)}" for s in line.handed)),
        (_("On top of or off the overall"), lambda line: line.extra),
        (_("Explanation"), lambda line: line.explanation),
    ]


def _decision_columns() -> list[Column]:
    """What the score alone gave, and why people decided another grade; last, so that no column moves."""
    return [
        (_("Grade of the score"), lambda card: card.band_grade),
        (_("Why the grade was calibrated"), lambda card: card.decision.reason if card.decision else ""),
    ]


def _total_columns() -> list[Column]:
    """What a reader needs to add up the overall again; on the sheet of reviews alone."""
    return [
        (_("Before bonus points and deductions"), lambda card: card.base),
        (_("Bonus points"), lambda card: card.bonus),
        (_("Points taken off"), lambda card: card.deduction),
        (_("Workdays"), lambda card: card.workdays),
        (_("Workdays present"), lambda card: card.eligible_days),
        (_("Why not rated"), lambda card: str(card.unrated_label)),
    ]


def _write_xlsx(cycle: Cycle, cards: Iterator[Scorecard], path: Path) -> None:
    """A sheet per level; constant memory needs rows in order, so each level's rows are written as they come."""
    workbook = xlsxwriter.Workbook(
        str(path), {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    head = workbook.add_format({"bold": True, "bg_color": "#E8EEF4", "bottom": 1})
    review_columns, line_columns = _review_columns(), _line_columns()
    dimension_columns: list[Column] = [
        (_("Dimension"), lambda d: d.name),
        (_("Score"), lambda d: d.score),
        (_("Weight"), lambda d: d.weight),
        (_("Carries of 100"), lambda d: d.carries),
        (_("Brings of the overall"), lambda d: d.contribution),
    ]
    who = review_columns[:3]
    review_columns = [*review_columns, *_total_columns(), *_decision_columns()]
    part_columns = [_("Part of the cycle"), _("Team"), _("Workdays"), _("Workdays present"), _("Score"), _("Counts")]
    reviews = Sheet(workbook, _("Reviews"), [title for title, _read in review_columns], head)
    dimensions = Sheet(
        workbook, _("Dimensions"), [*(t for t, _read in (*who, *dimension_columns)), _("Part of the cycle")], head
    )
    lines = Sheet(workbook, _("Lines"), [*(t for t, _read in (*who, *line_columns)), _("Part of the cycle")], head)
    parts = Sheet(workbook, _("Parts"), [*(t for t, _read in who), *part_columns], head)
    for card in cards:
        person = [read(card) for _title, read in who]
        reviews.add(read(card) for _title, read in review_columns)
        for part, own in (("", card.dimensions), *((_part_name(part), part.dimensions) for part in card.segments)):
            for dimension in own:
                dimensions.add([*person, *(read(dimension) for _title, read in dimension_columns), part])
        for part, line in _all_lines(card):
            lines.add([*person, *(read(line) for _title, read in line_columns), part])
        for segment in card.segments:
            counts = _("yes") if segment.counts else _("no")
            parts.add([*person, _part_name(segment), segment.team, segment.workdays, None, segment.overall, counts])
        for quarter in card.quarters:
            counts = _("yes") if quarter.counts else _("no")
            days = (quarter.workdays, quarter.eligible_days)
            parts.add([*person, quarter.name, "", *days, quarter.score, counts])
    for sheet in (reviews, dimensions, lines, parts):
        sheet.finish()
    workbook.close()


class Sheet:
    """A worksheet with a frozen head: numbers become number cells, texts stay texts."""

    def __init__(self, workbook: xlsxwriter.Workbook, name: str, titles: list[str], head: Any) -> None:
        self._sheet = workbook.add_worksheet(name)
        self._sheet.freeze_panes(1, 0)
        self._width = len(titles)
        self._sheet.set_column(0, self._width - 1, 16)
        self._row = 0
        for column, title in enumerate(titles):
            self._sheet.write_string(0, column, title, head)

    def add(self, values: Iterable[Any]) -> None:
        self._row += 1
        for column, value in enumerate(values):
            if isinstance(value, int | Decimal):
                self._sheet.write_number(self._row, column, float(value))
            elif value:
                self._sheet.write_string(self._row, column, str(value))

    def finish(self) -> None:
        self._sheet.autofilter(0, 0, max(self._row, 1), self._width - 1)


FORMATS: dict[str, Callable[[Cycle, Iterator[Scorecard], Path], None]] = {
    "json": _write_json,
    "csv": _write_csv,
    "xlsx": _write_xlsx,
}
