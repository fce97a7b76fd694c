"""Rejected rows as a file that a spreadsheet opens without running anything."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator

from django.utils.translation import gettext as _

from appraisal.evidence.intake.errors import reason_text

BOM = "\ufeff"  # without it Excel takes UTF-8 for the local code page
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def rejects_csv(rows: Iterable[tuple[int, str, str, str]]) -> Iterator[str]:
    """Yield a csv file, line by line, of (row number, column, value, reason)."""
    yield BOM + _line([_("row"), _("column"), _("value"), _("reason"), _("explanation")])
    for row_number, column, value, reason in rows:
        yield _line([str(row_number), safe_cell(column), safe_cell(value), reason, reason_text(reason)])


def safe_cell(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    return "'" + cell if cell.startswith(FORMULA_STARTS) else cell


def _line(cells: list[str]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue()
