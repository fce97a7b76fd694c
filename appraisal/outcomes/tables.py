"""Lists of this room as csv and xlsx: titles, then rows of texts and figures, written as they come."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal

import xlsxwriter
from django.http import HttpResponse

from appraisal.database.cells import safe_cell
from appraisal.scoring.numbers import decimal_text

Cell = str | int | Decimal | None


def _csv(titles: Sequence[str], rows: Iterable[Sequence[Cell]]) -> tuple[bytes, str]:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([safe_cell(title) for title in titles])
    writer.writerows([_csv_cell(cell) for cell in row] for row in rows)
    # The mark makes spreadsheet programs read the file as UTF-8.
    return out.getvalue().encode("utf-8-sig"), "text/csv"


def _csv_cell(cell: Cell) -> str:
    if isinstance(cell, Decimal):
        return decimal_text(cell) or ""
    return "" if cell is None else safe_cell(str(cell)) if isinstance(cell, str) else str(cell)


def _xlsx(titles: Sequence[str], rows: Iterable[Sequence[Cell]]) -> tuple[bytes, str]:
    out = io.BytesIO()
    options = {"constant_memory": True, "in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, options) as workbook:
        sheet = workbook.add_worksheet()
        sheet.freeze_panes(1, 0)
        bold = workbook.add_format({"bold": True})
        for column, title in enumerate(titles):
            sheet.write_string(0, column, title, bold)
        for number, row in enumerate(rows, start=1):
            for column, cell in enumerate(row):
                if isinstance(cell, str):
                    sheet.write_string(number, column, cell)
                elif cell is not None:
                    sheet.write_number(number, column, float(cell))
    return out.getvalue(), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


FORMATS: dict[str, Callable[[Sequence[str], Iterable[Sequence[Cell]]], tuple[bytes, str]]] = {
    "csv": _csv,
    "xlsx": _xlsx,
}


def as_file(name: str, file_format: str, titles: Sequence[str], rows: Iterable[Sequence[Cell]]) -> HttpResponse:
    """Return a list as a file to keep. Raises KeyError for a format that is not one of ``FORMATS``."""
    content, kind = FORMATS[file_format](titles, rows)
    answer = HttpResponse(content, content_type=kind)
    answer["Content-Disposition"] = f'attachment; filename="{name}.{file_format}"'
    return answer
