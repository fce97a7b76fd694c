"""Released aggregates as csv and xlsx; both from the same rows as the pages."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal

import xlsxwriter
from django.utils.translation import gettext as _

from appraisal.evidence.intake.rejects import safe_cell
from appraisal.feedback.models import Group
from appraisal.feedback.queries import ResultView
from appraisal.feedback.questions import get_feeds, items_of
from appraisal.kpis.measures import get_measure

Cell = str | int | Decimal | None


def head() -> list[str]:
    """Return the column titles: person, totals, then for each group raters, mean and items, then the measures."""
    titles = [_("Employee number"), _("Full name"), _("Score, 1 to 5"), _("Score, %"), _("Shown weight, %")]
    for group in Group:
        titles += [f"{group.label}: {_('raters')}", f"{group.label}: {_('mean')}"]
        titles += [f"{group.label}: {item.name}" for item in items_of(group)]
    titles.append(_("Superiors: mean without leniency"))
    for measure in get_feeds():
        titles.append(f"{get_measure(measure).name}, %")
    return titles


def rows(results: Sequence[ResultView]) -> Iterator[list[Cell]]:
    for result in results:
        row: list[Cell] = [
            result.employee_no,
            result.name,
            result.score,
            result.percent,
            result.shown_percent,
        ]
        shown = {view.group: view for view in result.groups}
        for group in Group:
            view = shown.get(group.value)
            means = {item.code: item.mean for item in view.items} if view else {}
            row += [view.n if view else None, view.mean if view else None]
            row += [means.get(item.code) for item in items_of(group)]
        row.append(result.adjusted)
        measures = {view.measure: view.percent for view in result.measures}
        row += [measures.get(measure) for measure in get_feeds()]
        yield row


def csv_file(titles: Sequence[str], table: Iterable[Sequence[Cell]]) -> tuple[bytes, str]:
    """Return a table as a csv file that spreadsheet programs read as UTF-8, and its content type."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(titles)
    for row in table:
        writer.writerow([safe_cell(cell) if isinstance(cell, str) else "" if cell is None else cell for cell in row])
    return out.getvalue().encode("utf-8-sig"), "text/csv"


def xlsx_file(name: str, titles: Sequence[str], table: Iterable[Sequence[Cell]]) -> tuple[bytes, str]:
    """Return a table as a workbook of one sheet, and its content type; texts stay texts."""
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, options) as workbook:
        sheet = workbook.add_worksheet(name)
        sheet.freeze_panes(1, 2)
        bold = workbook.add_format({"bold": True})
        for column, title in enumerate(titles):
            sheet.write_string(0, column, title, bold)
        for number, row in enumerate(table, start=1):
            for column, cell in enumerate(row):
                if isinstance(cell, str):
                    sheet.write_string(number, column, cell)
                elif cell is not None:
                    sheet.write_number(number, column, float(cell))
    return out.getvalue(), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _csv(results: Sequence[ResultView]) -> tuple[bytes, str]:
    return csv_file(head(), rows(results))


def _xlsx(results: Sequence[ResultView]) -> tuple[bytes, str]:
    return xlsx_file("360", head(), rows(results))


FORMATS: dict[str, Callable[[Sequence[ResultView]], tuple[bytes, str]]] = {"csv": _csv, "xlsx": _xlsx}
