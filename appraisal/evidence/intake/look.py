"""The first rows of a file as they stand in it, by column, before anybody has said what they mean."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from appraisal.evidence.intake.errors import FileRefused
from appraisal.evidence.intake.files import Form, TableFile, open_table
from appraisal.evidence.intake.presets import Preset, shipped_presets
from appraisal.evidence.intake.scratch import scratch_folder
from appraisal.evidence.intake.tables import read_table, sheet_names

READ_ROWS = 2_000
READ_SHEETS = 8
MOST_COLUMNS = 300  # a select of more helps nobody; a declaration may name any column


@dataclass(frozen=True, kw_only=True)
class SheetLook:
    """One table: every name of its header, and the cells of the columns that have a name of their own.

    ``name`` is "" for a text file and for the only sheet of a workbook.
    """

    name: str
    header: tuple[str, ...]
    cells: Mapping[str, Sequence[str]]
    typed: bool


@dataclass(frozen=True, kw_only=True)
class Look:
    """The tables with rows of a file; ``first`` is the sheet that is read where none is named."""

    sheets: tuple[SheetLook, ...]
    first: str = ""

    def sheet(self, name: str | None) -> SheetLook:
        """Return a sheet by name, else the first."""
        return next((each for each in self.sheets if each.name == name), self.sheets[0])

    def fits(self, preset: Preset) -> bool:
        """Tell whether the table a preset would read has all columns that it needs."""
        if (preset.sheet or self.first) not in [each.name for each in self.sheets]:
            return False
        return set(preset.required_columns()) <= set(self.sheet(preset.sheet).header)


def look_at(path: Path) -> Look:
    """Read the beginning of every table of a file. Raises FileRefused."""
    with scratch_folder() as folder:
        file = open_table(path, folder=folder)
        names = sheet_names(file) if file.form is Form.WORKBOOK else ()
        if len(names) < 2:
            return Look(sheets=(_sheet(file, None),))
        found = [look for look in (_readable(file, name) for name in names[:READ_SHEETS]) if look]
    if not found:
        raise FileRefused("header_only")
    return Look(sheets=tuple(found), first=names[0])


def _readable(file: TableFile, name: str) -> SheetLook | None:
    """Return a sheet with rows; one without is no table."""
    try:
        return _sheet(file, name)
    except FileRefused:
        return None


def _sheet(file: TableFile, name: str | None) -> SheetLook:
    # Any column of any preset tells the delimiter as well as another.
    wanted = chain.from_iterable(preset.columns() for preset in shipped_presets().values())
    with read_table(file, wanted=wanted, sheet=name) as table:
        counted = Counter(table.header)
        names = [each for each in table.header if each and counted[each] == 1][:MOST_COLUMNS]
        batch = next(table.batches(names, size=READ_ROWS), None)
        if batch is None and name is not None:
            raise FileRefused("header_only")
        cells = {
            each: tuple(cell.strip() for cell in column)
            for each, column in zip(names, batch.columns if batch else [[] for _ in names], strict=True)
        }
        return SheetLook(name=name or "", header=tuple(table.header), cells=cells, typed=table.typed)
