"""Cells of csv files that a spreadsheet opens without running anything."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

BOM = "\ufeff"  # without it Excel takes UTF-8 for the local code page
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def safe_cell(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    return "'" + cell if cell.startswith(FORMULA_STARTS) else cell


def csv_line(cells: Sequence[str]) -> str:
    """Return one line of a csv file, its end included."""
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue()
