"""Reads a staff list: csv or xlsx, columns by header in Chinese or English, each problem with its place."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from typing import Any

from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _

from engineers.models import Role

MAX_FILE_BYTES = 20 << 20
MAX_UNPACKED_BYTES = 200 << 20
MAX_CELL = 100

# Column -> the headers it is known by, in lower case and without blanks, hyphens and underscores.
HEADERS: dict[str, tuple[str, ...]] = {
    "employee_no": ("工号", "员工编号", "员工号", "employeeno", "employeenumber", "employeeid"),
    "name": ("姓名", "name"),
    "team": ("团队", "部门", "班组", "team"),
    "leads_team": ("团队负责人", "leadsteam", "teamlead", "teammanager", "managerofteam"),
    "manager": ("直接上级", "直属上级", "上级工号", "manager", "managerno"),
    "profile": ("岗位", "profile", "jobprofile"),
    "start_date": ("入职日期", "startdate"),
    "end_date": ("离职日期", "enddate"),
    "team_from": ("团队生效日期", "teamfrom"),
    "username": ("账号", "帐号", "用户名", "username", "account"),
    "email": ("邮箱", "电子邮箱", "email"),
    "role": ("角色", "role"),
}
_COLUMN_OF = {header: column for column, headers in HEADERS.items() for header in headers}
_YES = frozenset({"yes", "y", "true", "1", "是"})
_NO = frozenset({"no", "n", "false", "0", "否"})
_ROLES = {role.value: role.value for role in Role} | {
    "人事": Role.HR.value,
    "人力资源": Role.HR.value,
    "审计": Role.AUDITOR.value,
    "审计员": Role.AUDITOR.value,
    "管理员": Role.ADMINISTRATOR.value,
}
# The year comes first: the order of day and month is never guessed.
_DATE = re.compile(r"(\d{4})\s*(?:[-/.]|年)\s*(\d{1,2})\s*(?:[-/.]|月)\s*(\d{1,2})\s*日?(?:[ T]00:00(?::00)?)?")

REASONS = {
    "missing_required": _("The cell is empty, but this column must be filled."),
    "too_long": _("The text is longer than 100 characters."),
    "wrong_column_count": _("The row has more cells than the header."),
    "bad_date": _("This is no date. Write year, month and day, for instance 2026-03-31."),
    "bad_yes_no": _("Write yes or no."),
    "bad_role": _("A role is hr, auditor or administrator; several are separated by a semicolon."),
    "bad_username": _("An account name consists of letters, digits and @ . + - _ only."),
    "bad_email": _("This is no e-mail address."),
    "bad_profile": _("A new job profile needs a code of letters, digits, hyphens and underscores."),
    "ends_before_start": _("The period ends before it starts."),
    "periods_overlap": _("The period overlaps another employment period of this person."),
    "team_from_too_early": _("The day lies before the start of the team period in force."),
    "needs_team": _("This needs a team in the same row."),
    "needs_employee_no": _("A row without an employee number makes an account only; this column needs one."),
    "duplicate_employee_no": _("An earlier row of this file has the same employee number."),
    "duplicate_username": _("An earlier row of this file has the same account."),
    "account_taken": _("This account belongs to somebody else."),
    "protected_account": _("Only an administrator may change the account of an administrator."),
    "protected_role": _("Only an administrator may give this role."),
    "ambiguous_team": _("Several teams have this name. Write the path from the top: A/B/C."),
    "unknown_manager": _("Nobody has this employee number or account."),
    "manager_without_account": _("This manager has no account. Give one in the manager's row."),
    "needs_account": _("Who leads a team needs an account. Fill in the account column."),
    "other_manager": _("Another row of this file names a different manager for the same team."),
    "no_team_above": _("Noted, but not stored: the team has no team above it that this manager could lead."),
}

REFUSALS = {
    "empty_file": _("The file is empty."),
    "too_large": _("The file is larger than 20 MB."),
    "bad_encoding": _("The text is neither UTF-8 nor GB18030. Save the file as “CSV UTF-8”."),
    "not_a_table": _("This is no csv or xlsx file, whatever its name says."),
    "broken_table": _("The file cannot be read: %(detail)s"),
    "missing_columns": _("The header lacks these columns: %(columns)s."),
    "duplicate_column": _("The header has this column more than once: %(column)s."),
    "no_rows": _("The file has a header but no rows."),
}


class StaffRefused(Exception):
    """Nothing of the file can be used; nothing of it is stored."""

    def __init__(self, code: str, **data: str) -> None:
        self.code = code
        self.data = data
        super().__init__(code, data)

    def __str__(self) -> str:
        return str(REFUSALS[self.code]) % self.data


@dataclass(frozen=True, kw_only=True)
class StaffProblem:
    """What is wrong, and where: row (the header is row 1), column as the file calls it, value, reason."""

    row: int
    column: str
    value: str
    code: str

    @property
    def reason(self) -> str:
        return str(REASONS[self.code])


@dataclass(frozen=True, kw_only=True)
class StaffRow:
    """A row that reads well. An empty cell, or a column the file lacks, is None and changes nothing."""

    number: int
    employee_no: str | None = None
    name: str | None = None
    team: str | None = None
    leads_team: bool | None = None
    manager: str | None = None
    profile: str | None = None
    start_date: date | None = None
    end_date: date | None = None
    team_from: date | None = None
    username: str | None = None
    email: str | None = None
    role: tuple[str, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class StaffList:
    """A file as read: rows that read well, problems of the others, headers nobody asked for.

    ``titles`` tells how the file calls a column.
    """

    rows: tuple[StaffRow, ...]
    problems: tuple[StaffProblem, ...]
    unused: tuple[str, ...]
    titles: dict[str, str]

    def problem(self, row: StaffRow, column: str, code: str) -> StaffProblem:
        value = getattr(row, column)
        return StaffProblem(row=row.number, column=self.titles.get(column, column), value=_as_text(value), code=code)


def read_staff(content: bytes) -> StaffList:
    """Read a staff list. Raises StaffRefused when it is no table or lacks a necessary column."""
    if len(content) > MAX_FILE_BYTES:
        raise StaffRefused("too_large")
    table = read_rows(content)
    header = next((row for row in table if any(row[1])), None)
    if header is None:
        raise StaffRefused("empty_file")
    columns, unused = _columns(header[1])
    rows: list[StaffRow] = []
    problems: list[StaffProblem] = []
    seen = 0
    for number, cells in table:
        if not any(cells):
            continue
        seen += 1
        row, found = _read_row(number, cells, columns, width=len(header[1]))
        problems += found
        if row:
            rows.append(row)
    if not seen:
        raise StaffRefused("no_rows")
    titles = {column: header[1][index] for column, index in columns.items()}
    named = tuple(replace(problem, column=titles.get(problem.column, "")) for problem in problems)
    return StaffList(rows=tuple(rows), problems=named, unused=unused, titles=titles)


def _columns(header: Sequence[str]) -> tuple[dict[str, int], tuple[str, ...]]:
    columns: dict[str, int] = {}
    unused = []
    for index, title in enumerate(header):
        column = _COLUMN_OF.get(re.sub(r"[\s_\-]+", "", title).lower())
        if column is None:
            unused += [title] if title else []
        elif column in columns:
            raise StaffRefused("duplicate_column", column=title)
        else:
            columns[column] = index
    missing = [f"{column} ({HEADERS[column][0]})" for column in ("employee_no", "name") if column not in columns]
    if missing:
        raise StaffRefused("missing_columns", columns=", ".join(missing))
    return columns, tuple(unused)


def _read_row(
    number: int, cells: Sequence[str], columns: dict[str, int], *, width: int
) -> tuple[StaffRow | None, list[StaffProblem]]:
    problems = []
    values: dict[str, Any] = {}
    if any(cells[width:]):
        extra = next(cell for cell in cells[width:] if cell)
        problems.append(StaffProblem(row=number, column="", value=extra[:MAX_CELL], code="wrong_column_count"))
    for column, index in columns.items():
        text = cells[index] if index < len(cells) else ""
        if not text:
            continue
        try:
            values[column] = _PARSERS.get(column, _plain)(text)
        except BadCell as bad:
            problems.append(StaffProblem(row=number, column=column, value=text[:MAX_CELL], code=str(bad.args[0])))
    is_account_only = not values.get("employee_no") and values.get("username")
    required = ["name"] if is_account_only else ["employee_no", "name"]
    broken = {problem.column for problem in problems}
    problems += [
        StaffProblem(row=number, column=column, value="", code="missing_required")
        for column in required
        if column not in values and column not in broken
    ]
    return (None if problems else StaffRow(number=number, **values)), problems


class BadCell(Exception):
    """A cell that does not read as its column asks; the argument is the reason's code."""


def _plain(text: str) -> str:
    if len(text) > MAX_CELL:
        raise BadCell("too_long")
    return text


def read_date(text: str) -> date:
    """Read a day, the year first. Raises BadCell."""
    match = _DATE.fullmatch(text)
    try:
        return date(*(int(part) for part in match.groups())) if match else _fail("bad_date")
    except ValueError as error:
        raise BadCell("bad_date") from error


def _yes_no(text: str) -> bool:
    word = text.lower()
    return True if word in _YES else False if word in _NO else _fail("bad_yes_no")


def _roles(text: str) -> tuple[str, ...]:
    words = [word for word in re.split(r"[;；,，、/|\s]+", text.lower()) if word]
    if not words or any(word not in _ROLES for word in words):
        raise BadCell("bad_role")
    return tuple(sorted({_ROLES[word] for word in words}))


def _username(text: str) -> str:
    try:
        UnicodeUsernameValidator()(_plain(text))
    except ValidationError as error:
        raise BadCell("bad_username") from error
    return text


def _email(text: str) -> str:
    try:
        validate_email(_plain(text))
    except ValidationError as error:
        raise BadCell("bad_email") from error
    return text


def _fail(code: str) -> Any:
    raise BadCell(code)


_PARSERS: dict[str, Callable[[str], Any]] = {
    "start_date": read_date,
    "end_date": read_date,
    "team_from": read_date,
    "leads_team": _yes_no,
    "role": _roles,
    "username": _username,
    "email": _email,
}


def read_rows(content: bytes) -> Iterator[tuple[int, list[str]]]:
    """Yield (row number, trimmed cells); the numbers are those a reader of the file sees."""
    if content.startswith(b"PK\x03\x04"):
        rows: Iterator[Sequence[Any]] = _workbook_rows(content)
    else:
        rows = _text_rows(content)
    for number, row in enumerate(rows, start=1):
        yield number, [_as_text(cell).strip() for cell in row]


def _text_rows(content: bytes) -> Iterator[Sequence[str]]:
    text = _decode(content)
    first = text.lstrip().split("\n", 1)[0]
    delimiter = max(",\t;", key=first.count)
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    except csv.Error as error:
        raise StaffRefused("broken_table", detail=str(error)) from error


def _decode(content: bytes) -> str:
    if not content.strip():
        raise StaffRefused("empty_file")
    # A control character that no text has: the bytes of a picture or a PDF also decode as GB18030.
    if b"\0" in content[:8192] or content.startswith((b"%PDF", b"\xd0\xcf\x11\xe0")):
        raise StaffRefused("not_a_table")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise StaffRefused("bad_encoding")


def _workbook_rows(content: bytes) -> Iterator[Sequence[Any]]:
    import python_calamine

    _check_size(content)
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheet = book.get_sheet_by_index(0).to_python(skip_empty_area=False)
    except Exception as error:  # calamine has an exception of its own for every fault
        raise StaffRefused("broken_table", detail=str(error)) from error
    yield from sheet


def _check_size(content: bytes) -> None:
    """Count what a workbook really unpacks to: its reader holds all of it in memory."""
    unpacked = 0
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if "xl/workbook.xml" not in archive.namelist():
                raise StaffRefused("not_a_table")
            for item in archive.infolist():
                with archive.open(item) as source:
                    while piece := source.read(1 << 20):
                        unpacked += len(piece)
                        if unpacked > MAX_UNPACKED_BYTES:
                            raise StaffRefused("too_large")
    except (zipfile.BadZipFile, EOFError, OSError, NotImplementedError, RuntimeError, ValueError) as error:
        raise StaffRefused("broken_table", detail=str(error)) from error


def _as_text(cell: Any) -> str:
    match cell:
        case None:
            return ""
        case bool():
            return "yes" if cell else "no"
        case float():
            return str(int(cell)) if cell.is_integer() else repr(cell)
        case datetime():
            return cell.date().isoformat()
        case tuple():
            return "; ".join(cell)
        case _:
            return str(cell)


COLUMNS = tuple(field.name for field in fields(StaffRow) if field.name != "number")
