"""What can be wrong with a file, a row or a request: codes and data, and sentences in the reader's language.

The exceptions are named for what happened; for the one who catches them none of them is a program's error.
"""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext_lazy as _

Sentence = Any  # a lazy translation; Django has no public type for it


class IntakeMisuse(Exception):
    """The request itself makes no sense: unknown preset, kind it does not map, unknown time zone."""


class PresetInvalid(Exception):
    """A preset breaks the schema; the message names the preset and the place in it."""


class RejectReason(StrEnum):
    MISSING_REQUIRED = "missing_required"
    BAD_DATETIME = "bad_datetime"
    BAD_DATE = "bad_date"
    BAD_NUMBER = "bad_number"
    BAD_BOOLEAN = "bad_boolean"
    BAD_CHOICE = "bad_choice"
    BAD_CODE = "bad_code"
    OUT_OF_RANGE = "out_of_range"
    TOO_LONG = "too_long"
    NUL_CHARACTER = "nul_character"
    WRONG_COLUMN_COUNT = "wrong_column_count"
    DUPLICATE_ID = "duplicate_id"
    UNKNOWN_ENGINEER = "unknown_engineer"
    AMBIGUOUS_ENGINEER = "ambiguous_engineer"
    UNKNOWN_FIELD = "unknown_field"
    NOT_A_VALUE = "not_a_value"


REASON_TEXTS: dict[str, Sentence] = {
    RejectReason.MISSING_REQUIRED: _("The cell is empty, but this column must be filled."),
    RejectReason.BAD_DATETIME: _("This is not a date and time in the form the preset states."),
    RejectReason.BAD_DATE: _("This is not a date in the form the preset states."),
    RejectReason.BAD_CODE: _("A code consists of letters, digits, hyphens and underscores only."),
    RejectReason.UNKNOWN_FIELD: _("There is no such field."),
    RejectReason.NOT_A_VALUE: _("A field holds one text, number, yes or no."),
    RejectReason.BAD_NUMBER: _("This is not a number of the kind expected."),
    RejectReason.BAD_BOOLEAN: _("This is neither one of the preset's words for yes nor one for no."),
    RejectReason.BAD_CHOICE: _("The preset does not know this value."),
    RejectReason.OUT_OF_RANGE: _("The value lies outside the range that makes sense here."),
    RejectReason.TOO_LONG: _("The text is too long."),
    RejectReason.NUL_CHARACTER: _("The text contains a NUL character."),
    RejectReason.WRONG_COLUMN_COUNT: _("The row has more or fewer cells than the header."),
    RejectReason.DUPLICATE_ID: _("An earlier row has the same number but different content."),
    RejectReason.UNKNOWN_ENGINEER: _("No engineer has this employee number or name."),
    RejectReason.AMBIGUOUS_ENGINEER: _("Several engineers have this name; use the employee number."),
}


def reason_text(code: str) -> str:
    """Return the sentence for a reject's reason in the active language."""
    return str(REASON_TEXTS.get(code, code))


REFUSALS: dict[str, Sentence] = {
    "file_not_found": _("The file is not there any more. Upload it again."),
    "too_large": _("The file is larger than %(limit)s bytes. Split it into several files."),
    "empty_file": _("The file is empty. Export it again and check that it has content."),
    "header_only": _("The file has a header but no rows. Export it again with data."),
    "not_a_table": _(
        "This is not a table but %(found)s, whatever its name says. Upload a csv, tsv or xlsx file, "
        "also zipped or gzipped."
    ),
    "bad_encoding": _(
        "The text is neither UTF-8 nor GB18030 (first fault at byte %(byte)s). Save the file as “CSV "
        "UTF-8” and upload it again."
    ),
    "line_too_long": _(
        "Line %(line)s is longer than %(limit)s bytes, so this is not a table with rows. Export the file again as csv."
    ),
    "broken_quotes": _(
        "The quotation marks of row %(row)s do not match (%(detail)s). Correct the row or export again."
    ),
    "missing_columns": _(
        "The file lacks these columns of the preset “%(preset)s”: %(columns)s. Choose another preset or file."
    ),
    "missing_columns_other_preset": _(
        "The file lacks these columns of the preset “%(preset)s”: %(columns)s. Its header fits the "
        "preset “%(fits)s”: choose that one."
    ),
    "duplicate_column": _(
        "The header has the column “%(column)s” more than once. Rename the copies so that one is left."
    ),
    "truncated": _("The compressed file is damaged or ends too early (%(detail)s). Copy or compress it again."),
    "encrypted": _("The archive is protected by a password. Upload it without one."),
    "no_table_in_archive": _("The archive holds no table. Put one csv, tsv or xlsx file into it."),
    "several_tables": _("The archive holds several files: %(names)s. Upload one archive for each."),
    "unpacks_too_large": _("Unpacked, the file is larger than %(limit)s bytes. Split it into several files."),
    "broken_workbook": _("The Excel file cannot be read (%(detail)s). Open it in Excel and save it again as xlsx."),
    "missing_sheet": _(
        "The workbook has no sheet “%(sheet)s”; it has: %(names)s. Rename the sheet or choose another preset."
    ),
    "interrupted": _(
        "The import was interrupted and its file is not kept. Start it again: what is stored stays right."
    ),
    "failed": _(
        "The import stopped at a fault of the portal; the administrators find it in the log. Tell "
        "them the number of the import."
    ),
    "unusable_request": _("The import cannot be done as asked: %(detail)s"),
}


class FileRefused(Exception):
    """Nothing of the file can be used or is stored. The sentence says what is wrong and what to do."""

    def __init__(self, code: str, **data: Any) -> None:
        self.code = code
        self.data = data
        super().__init__(code, data)

    def __str__(self) -> str:
        return str(REFUSALS[self.code]) % self.data

    def as_stored(self) -> str:
        """Return code and data as text, so that every reader gets the sentence in the own language."""
        return json.dumps({"code": self.code, "data": self.data}, ensure_ascii=False)


def refusal_text(stored: str) -> str:
    """Return the sentence for ``EvidenceImport.refusal`` in the active language."""
    if not stored:
        return ""
    content = json.loads(stored)
    return str(FileRefused(content["code"], **content["data"]))
