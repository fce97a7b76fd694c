"""Rejected rows as a file that a spreadsheet opens without running anything."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.utils.translation import gettext as _

from appraisal.database.cells import BOM, csv_line, safe_cell
from appraisal.evidence.intake.errors import reason_text

__all__ = ["BOM", "rejects_csv", "safe_cell"]


def rejects_csv(rows: Iterable[tuple[int, str, str, str]]) -> Iterator[str]:
    """Yield a csv file, line by line, of (row number, column, value, reason)."""
    yield BOM + csv_line([_("row"), _("column"), _("value"), _("reason"), _("explanation")])
    for row_number, column, value, reason in rows:
        yield csv_line([str(row_number), safe_cell(column), safe_cell(value), reason, reason_text(reason)])
