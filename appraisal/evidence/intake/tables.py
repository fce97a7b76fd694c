"""Reads the rows of a table file in batches: exact row numbers, only the columns that are asked for."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import blake2b
from itertools import islice
from operator import itemgetter
from typing import Any

import python_calamine

from appraisal.evidence.intake.errors import FileRefused
from appraisal.evidence.intake.files import Form, TableFile

DELIMITERS = (",", "\t", ";", "|")

Row = Sequence[str]


@dataclass(frozen=True, kw_only=True)
class RowBatch:
    """Some rows: ``numbers[i]`` is the row's number in the file, the header being 1; ``columns`` hold its cells.

    ``ragged`` are rows with another number of cells than the header: (row number, number of cells).
    ``digests``, where asked for, are equal for rows equal in every cell, also in those not read.
    """

    numbers: list[int]
    columns: list[Sequence[str]]
    ragged: list[tuple[int, int]]
    digests: list[bytes]


class Table:
    """An open table: its header, and its rows once. ``typed`` says that cells know whether they are dates."""

    def __init__(self, header: list[str], rows: Iterator[tuple[int, Row]], *, typed: bool) -> None:
        self.header = header
        self.typed = typed
        self._rows = rows

    def batches(self, names: Sequence[str], *, size: int, digests: bool = False) -> Iterator[RowBatch]:
        """Yield the named columns of all rows that are not blank, ``size`` rows at a time."""
        pick = _picker([self.header.index(name) for name in names])
        width = len(self.header)
        while chunk := list(islice(self._rows, size)):
            ragged = [(number, len(row)) for number, row in chunk if len(row) != width]
            good = [(number, row) for number, row in chunk if len(row) == width] if ragged else chunk
            columns: list[Sequence[str]] = list(zip(*[pick(row) for _number, row in good], strict=True))
            yield RowBatch(
                numbers=[number for number, _row in good],
                columns=columns or [() for _name in names],
                ragged=ragged,
                digests=[_digest(row) for _number, row in good] if digests else [],
            )


@contextmanager
def read_table(file: TableFile, *, wanted: Iterable[str], sheet: str | None) -> Iterator[Table]:
    """Open a table for reading. ``wanted`` columns help to tell the delimiter. Raises FileRefused."""
    if file.form is Form.WORKBOOK:
        yield _workbook(file, sheet)
        return
    # newline="": the csv module itself tells a line end inside quotes from the end of a row.
    with file.path.open(encoding=file.encoding, newline="") as stream:
        delimiter = _delimiter(stream.readline(), set(wanted))
        stream.seek(0)
        rows = _numbered(csv.reader(stream, delimiter=delimiter, strict=True))
        header = next(rows, None)
        if header is None:
            raise FileRefused("empty_file")
        yield Table([name.strip() for name in header[1]], _data(rows), typed=False)


def _digest(row: Row) -> bytes:
    return blake2b("\x1f".join(row).encode(errors="surrogatepass"), digest_size=16).digest()


def _picker(positions: list[int]) -> Callable[[Row], Sequence[str]]:
    if len(positions) == 1:
        only = positions[0]
        return lambda row: (row[only],)
    return itemgetter(*positions)


def _delimiter(line: str, wanted: set[str]) -> str:
    """Return the delimiter with which the header shows most of the wanted columns; the comma when in doubt."""

    def found(delimiter: str) -> tuple[int, int]:
        try:
            names = next(csv.reader([line], delimiter=delimiter), [])
        except csv.Error:
            return (0, 0)
        return (len({name.strip() for name in names} & wanted), len(names))

    return max(DELIMITERS, key=found)


def _numbered(reader: Iterator[list[str]]) -> Iterator[tuple[int, Row]]:
    number = 0
    try:
        for number, row in enumerate(reader, start=1):
            yield number, row
    except csv.Error as error:
        raise FileRefused("broken_quotes", row=number + 1, detail=str(error)) from error


def _data(rows: Iterator[tuple[int, Row]]) -> Iterator[tuple[int, Row]]:
    """Leave out blank rows, which keep their number: spreadsheets write many at the end."""
    return ((number, row) for number, row in rows if any(row))


def _workbook(file: TableFile, sheet: str | None) -> Table:
    try:
        book = python_calamine.CalamineWorkbook.from_path(str(file.path))
        names = book.sheet_names
        if sheet is not None and sheet not in names:
            raise FileRefused("missing_sheet", sheet=sheet, names=", ".join(names))
        # Empty rows and columns at the top are kept: row numbers are those a reader of the sheet sees.
        content = book.get_sheet_by_name(sheet or names[0]).to_python(skip_empty_area=False)
    except FileRefused:
        raise
    except Exception as error:  # calamine has an exception of its own for every fault of a workbook
        raise FileRefused("broken_workbook", detail=str(error)) from error
    first = next((index for index, row in enumerate(content) if any(cell != "" for cell in row)), None)
    if first is None:
        raise FileRefused("empty_file")
    header = [_cell(cell).strip() for cell in content[first]]
    while header and not header[-1]:
        header.pop()
    width = len(header)

    def rows() -> Iterator[tuple[int, Row]]:
        for number, row in enumerate(content[first + 1 :], start=first + 2):
            cells = [_cell(cell) for cell in row]
            if not any(cells):
                continue
            # A sheet is a rectangle: a cell to the right of the header is a cell too many.
            extra = max((index + 1 for index, cell in enumerate(cells[width:]) if cell), default=0)
            yield number, cells[: width + extra]

    return Table(header, rows(), typed=True)


def _cell(cell: Any) -> str:
    """Write a typed cell as text: dates in ISO form, whole numbers without a decimal point."""
    match cell:
        case str():
            return cell
        case bool():
            return "true" if cell else "false"
        case float():
            return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
        case datetime():
            return cell.isoformat(sep=" ", timespec="microseconds" if cell.microsecond else "seconds")
        case date():
            return cell.isoformat()
        case None:
            return ""
        case _:
            return str(cell)
