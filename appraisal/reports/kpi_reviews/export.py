"""The review of the KPIs as a file: one sheet for the KPIs, one for their points, one for pairs, one for causes."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import xlsxwriter
from django.utils.translation import gettext as _

from appraisal.reports.exports import Column, Sheet, csv_cell
from appraisal.reports.kpi_reviews.figures import KpiReview


def write_review(review: KpiReview, *, export_format: str, path: Path) -> None:
    """Write a review. Raises KeyError for a format that is not one of ``FORMATS``, OSError for a bad path."""
    FORMATS[export_format](review, path)


def _kpi_columns() -> list[Column]:
    return [
        (_("KPI"), lambda kpi: kpi.code),
        (_("KPI name"), lambda kpi: kpi.name),
        (_("Version"), lambda kpi: kpi.version),
        (_("Weight"), lambda kpi: max(kpi.weights, default=Decimal(0))),
        (_("Engineers"), lambda kpi: kpi.people),
        (_("Measured"), lambda kpi: kpi.measured),
        (_("Without a figure, %"), lambda kpi: kpi.without_percent),
        (_("With points"), lambda kpi: kpi.scored),
        (_("Mean points"), lambda kpi: kpi.mean),
        (_("Standard deviation"), lambda kpi: kpi.spread),
        (_("Highest points"), lambda kpi: kpi.highest),
        (_("At the highest points, %"), lambda kpi: kpi.highest_percent),
        (_("Lowest points"), lambda kpi: kpi.lowest),
        (_("At the lowest points, %"), lambda kpi: kpi.lowest_percent),
        (_("Other points given"), lambda kpi: kpi.overridden),
        (_("Disputes upheld"), lambda kpi: kpi.upheld),
        (_("Why there is no figure"), lambda kpi: "; ".join(f"{r.label}: {r.people}" for r in kpi.reasons)),
        (_("What stands out"), lambda kpi: " ".join(kpi.findings)),
    ]


def _write_csv(review: KpiReview, path: Path) -> None:
    columns = _kpi_columns()
    # The mark makes spreadsheet programs read the file as UTF-8.
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([title for title, _read in columns])
        for kpi in review.kpis:
            writer.writerow([csv_cell(read(kpi)) for _title, read in columns])


def _write_xlsx(review: KpiReview, path: Path) -> None:
    columns = _kpi_columns()
    workbook = xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False})
    head = workbook.add_format({"bold": True, "bg_color": "#E8EEF4", "bottom": 1})
    sheets: list[tuple[str, list[str], Iterator[list[Any]]]] = [
        (_("KPIs"), [title for title, _read in columns], ([read(k) for _t, read in columns] for k in review.kpis)),
        (
            _("Points"),
            [_("KPI"), _("From"), _("To"), _("Engineers")],
            ([kpi.code, each.first, each.last, each.people] for kpi in review.kpis for each in kpi.bins),
        ),
        (
            _("Pairs"),
            [_("KPI"), _("Goes along with"), "r", "n"],
            ([each.first, each.second, each.coefficient, each.people] for each in review.correlations),
        ),
        (
            _("Causes of failures"),
            [_("Kind"), _("Cause"), _("Records"), "%"],
            ([t.title, each.label, each.count, each.percent] for t in review.causes for each in t.causes),
        ),
    ]
    for name, titles, rows in sheets:
        sheet = Sheet(workbook, name, titles, head)
        for row in rows:
            sheet.add(row)
        sheet.finish()
    workbook.close()


FORMATS: dict[str, Callable[[KpiReview, Path], None]] = {"csv": _write_csv, "xlsx": _write_xlsx}
