"""Reads a list of leaves: csv or xlsx, columns by header in Chinese or English, each problem with its place."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy as _

from engineers.models import LeaveKind
from engineers.staff import MAX_FILE_BYTES, REASONS, BadCell, StaffRefused, read_date, read_rows

# Column -> the headers it is known by, in lower case and without blanks, hyphens and underscores.
HEADERS: dict[str, tuple[str, ...]] = {
    "employee_no": ("工号", "员工编号", "employeeno", "employeenumber"),
    "start_date": ("开始日期", "from", "startdate"),
    "end_date": ("结束日期", "to", "enddate"),
    "kind": ("假别", "kind", "type"),
}
_KINDS = {kind.value: kind.value for kind in LeaveKind} | {
    "年假": LeaveKind.ANNUAL.value,
    "病假": LeaveKind.SICK.value,
    "产假": LeaveKind.PARENTAL.value,
    "陪产假": LeaveKind.PARENTAL.value,
    "育儿假": LeaveKind.PARENTAL.value,
    "婚假": LeaveKind.MARRIAGE.value,
    "丧假": LeaveKind.BEREAVEMENT.value,
    "工伤假": LeaveKind.INJURY.value,
    "其他": LeaveKind.OTHER.value,
}

LEAVE_REASONS = REASONS | {
    "bad_kind": _("A kind of leave is annual, sick, parental, marriage, bereavement, injury or other."),
    "unknown_engineer": _("No engineer has this employee number."),
    "leaves_overlap": _("The days overlap another leave of this person."),
}


@dataclass(frozen=True, kw_only=True)
class LeaveProblem:
    """What is wrong, and where: row (the header is row 1), column, value, reason."""

    row: int
    column: str
    value: str
    code: str

    @property
    def reason(self) -> str:
        return str(LEAVE_REASONS[self.code])


@dataclass(frozen=True, kw_only=True)
class LeaveRow:
    number: int
    employee_no: str
    start_date: date
    end_date: date
    kind: str


@dataclass(frozen=True, kw_only=True)
class LeaveList:
    """A file as read: rows that read well, and the problems of the others."""

    rows: tuple[LeaveRow, ...]
    problems: tuple[LeaveProblem, ...]


def read_leaves(content: bytes) -> LeaveList:
    """Read a list of leaves. Raises StaffRefused when it is no table or lacks a column."""
    if len(content) > MAX_FILE_BYTES:
        raise StaffRefused("too_large")
    table = read_rows(content)
    header = next((row for row in table if any(row[1])), None)
    if header is None:
        raise StaffRefused("empty_file")
    columns = _columns(header[1])
    rows, problems = [], []
    for number, cells in table:
        if not any(cells):
            continue
        values, found = _read_row(number, cells, columns)
        problems += found
        if not found:
            rows.append(LeaveRow(number=number, **values))
    if not rows and not problems:
        raise StaffRefused("no_rows")
    return LeaveList(rows=tuple(rows), problems=tuple(problems))


def _columns(header: list[str]) -> dict[str, int]:
    titles = [re.sub(r"[\s_\-]+", "", title).lower() for title in header]
    columns: dict[str, int] = {}
    for column, names in HEADERS.items():
        places = [place for place, title in enumerate(titles) if title in names]
        if len(places) > 1:
            raise StaffRefused("duplicate_column", column=header[places[1]])
        if places:
            columns[column] = places[0]
    missing = [f"{column} ({HEADERS[column][0]})" for column in HEADERS if column not in columns]
    if missing:
        raise StaffRefused("missing_columns", columns=", ".join(missing))
    return columns


def _read_row(number: int, cells: list[str], columns: dict[str, int]) -> tuple[dict[str, Any], list[LeaveProblem]]:
    values: dict[str, Any] = {}
    problems = []
    for column, place in columns.items():
        text = cells[place] if place < len(cells) else ""
        try:
            values[column] = _PARSERS[column](text) if text else _fail("missing_required")
        except BadCell as bad:
            problems.append(LeaveProblem(row=number, column=column, value=text[:100], code=str(bad.args[0])))
    if not problems and values["end_date"] < values["start_date"]:
        end = str(values["end_date"])
        problems.append(LeaveProblem(row=number, column="end_date", value=end, code="ends_before_start"))
    return values, problems


def _kind(text: str) -> str:
    return _KINDS.get(text.lower()) or _fail("bad_kind")


def _fail(code: str) -> Any:
    raise BadCell(code)


_PARSERS: dict[str, Callable[[str], Any]] = {
    "employee_no": str,
    "start_date": read_date,
    "end_date": read_date,
    "kind": _kind,
}
