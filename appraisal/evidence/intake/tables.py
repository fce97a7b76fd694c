"""Reads the rows of a table file in batches: exact row numbers, only the columns that are asked for."""

from __future__ import annotations

import csv
import gc
from collections.abc import Iterable, Iterator, Sequence
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
    """Some rows: their numbers in the file, the header being 1, and their cells by column.

    ``ragged`` are rows with another number of cells than the header: (row number, number of cells).
    ``digests``, where asked for, are equal for rows equal in every cell, also in those not read.
    """

    numbers: Sequence[int]
    columns: list[Sequence[str]]
    ragged: list[tuple[int, int]]
    digests: list[bytes]


class Table:
    """An open table: its header, and its rows once. ``typed`` says that cells know whether they are dates.

    ``rows`` yields every row below the header, blank ones too; the first of them has the number ``first``.
    """

    def __init__(self, header: list[str], rows: Iterator[Row], *, first: int = 2, typed: bool) -> None:
        self.header = header
        self.typed = typed
        self._rows = rows
        self._next = first

    def batches(self, names: Sequence[str], *, size: int, digests: bool = False) -> Iterator[RowBatch]:
        """Yield the named columns of all rows that are not blank, ``size`` rows at a time."""
        picks = [itemgetter(self.header.index(name)) for name in names]
        width = len(self.header)
        while chunk := self._take(size):
            numbers: Sequence[int] = range(self._next - len(chunk), self._next)
            ragged: list[tuple[int, int]] = []
            # Blank rows keep their number but are no rows: spreadsheets write many at the end.
            if set(map(len, chunk)) != {width} or not all(map(any, chunk)):
                filled = [(number, row) for number, row in zip(numbers, chunk, strict=True) if any(row)]
                ragged = [(number, len(row)) for number, row in filled if len(row) != width]
                numbers = [number for number, row in filled if len(row) == width]
                chunk = [row for _number, row in filled if len(row) == width]
            yield RowBatch(
                numbers=numbers,
                columns=[list(map(pick, chunk)) for pick in picks],
                ragged=ragged,
                digests=[_digest(row) for row in chunk] if digests else [],
            )

    def _take(self, size: int) -> list[Row]:
        """Read the next rows. Raises FileRefused where quotation marks do not match."""
        chunk: list[Row] = []
        collecting = gc.isenabled()
        # Rows of text cannot form cycles; looking for some takes longer than reading them.
        gc.disable()
        try:
            chunk.extend(islice(self._rows, size))
        except csv.Error as error:
            raise FileRefused("broken_quotes", row=self._next + len(chunk), detail=str(error)) from error
        finally:
            if collecting:
                gc.enable()
        self._next += len(chunk)
        return chunk


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
        rows = csv.reader(stream, delimiter=delimiter, strict=True)
        try:
            header = next(rows, [])
        except csv.Error as error:
            raise FileRefused("broken_quotes", row=1, detail=str(error)) from error
        yield Table([name.strip() for name in header], rows, typed=False)


def _digest(row: Row) -> bytes:
    return blake2b("\x1f".join(row).encode(errors="surrogatepass"), digest_size=16).digest()


def _delimiter(line: str, wanted: set[str]) -> str:
    """Return the delimiter by which the header has most of the wanted columns; the comma when in doubt."""

    def found(delimiter: str) -> tuple[int, int]:
        try:
            names = next(csv.reader([line], delimiter=delimiter), [])
        except csv.Error:
            return (0, 0)
        return (len({name.strip() for name in names} & wanted), len(names))

    return max(DELIMITERS, key=found)


def sheet_names(file: TableFile) -> tuple[str, ...]:
    """Return the sheets of a workbook in their order. Raises FileRefused."""
    try:
        return tuple(python_calamine.CalamineWorkbook.from_path(str(file.path)).sheet_names)
    except Exception as error:  # calamine has an exception of its own for every fault of a workbook
        raise FileRefused("broken_workbook", detail=str(error)) from error


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

    def rows() -> Iterator[Row]:
        for row in content[first + 1 :]:
            cells = [_cell(cell) for cell in row]
            # A sheet is a rectangle: a cell to the right of the header is a cell too many.
            extra = max((index + 1 for index, cell in enumerate(cells[width:]) if cell), default=0)
            yield cells[: width + extra]

    return Table(header, rows(), first=first + 2, typed=True)


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
