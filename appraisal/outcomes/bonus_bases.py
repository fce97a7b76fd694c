"""Bases of single engineers as HR gives them: a file, or lines typed or pasted in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from engineers.staff import MAX_FILE_BYTES, StaffRefused, read_rows

MOST_PROBLEMS = 10
HIGHEST_BASE = Decimal(10) ** 10

# The first of these that a line holds ends its number; the comma comes last, for amounts have commas too.
SEPARATORS: Mapping[str, str | Promise] = {
    "\t": pgettext_lazy("separator", "tab"),
    ";": pgettext_lazy("separator", "semicolon"),
    "；": pgettext_lazy("separator", "full-width semicolon"),
    "，": pgettext_lazy("separator", "full-width comma"),
    ",": pgettext_lazy("separator", "comma"),
}
_AMOUNT = re.compile(r"(\d+|\d{1,3}(,\d{3})+)(\.\d{1,2})?")

Row = tuple[int, str, str]


class EngineerBasesForm(forms.Form):
    """Each row of the file, and each line, names an employee number and an amount."""

    file = forms.FileField(
        label=_("File"),
        required=False,
        help_text=_("csv or xlsx: employee number and amount; the first row is a header."),
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,.xlsx"}),
    )
    lines = forms.CharField(
        label=_("Or lines"),
        required=False,
        max_length=2_000_000,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 5, "placeholder": "E00001, 3000"}),
        help_text=_(
            "One engineer a line: employee number, then amount, with a comma, a semicolon or a tab between them, as a "
            "spreadsheet gives them. They replace the list there is."
        ),
    )

    def clean_file(self) -> list[Row]:
        file: UploadedFile | None = self.cleaned_data["file"]
        if file is None:
            return []
        if (file.size or 0) > MAX_FILE_BYTES:
            raise ValidationError(str(StaffRefused("too_large")))
        try:
            rows = [(number, row) for number, row in read_rows(file.read()) if any(row)]
        except StaffRefused as refusal:
            raise ValidationError(str(refusal)) from refusal
        padded = [(number, [*row, "", ""]) for number, row in rows[1:]]
        return [(number, row[0], row[1]) for number, row in padded]

    def clean_lines(self) -> list[Row]:
        text: str = self.cleaned_data["lines"]
        self._found: dict[str, None] = {}
        rows = []
        for number, line in enumerate(text.splitlines(), start=1):
            if line.strip():
                separator = next((each for each in SEPARATORS if each in line), "")
                self._found |= {separator: None} if separator else {}
                employee_no, _separator, amount = line.partition(separator) if separator else (line, "", "")
                rows.append((number, employee_no.strip(), amount.strip()))
        return rows

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        rows = [*data.get("file", []), *data.get("lines", [])]
        if not self.errors:
            data["amounts"] = _read_amounts(rows)
        return data

    def told(self) -> str:
        """Say how the lines were read; "" without lines."""
        return _told(self._found)


def _told(separators: Iterable[str]) -> str:
    names = ", ".join(str(SEPARATORS[each]) for each in separators)
    return (
        _("The lines were read with this between number and amount: %(separators)s.") % {"separators": names}
        if names
        else ""
    )


def _read_amounts(rows: Sequence[Row]) -> Mapping[str, Decimal]:
    amounts: dict[str, Decimal] = {}
    problems = []
    for number, employee_no, text in rows:
        amount = _amount(text)
        if amount is None or not employee_no or employee_no in amounts:
            problems.append(str(number))
        else:
            amounts[employee_no] = amount
    if problems:
        raise ValidationError(
            _(
                "Not an employee number and an amount from 0 to below %(most)s with two decimals at most, or given "
                "twice, in lines: %(lines)s."
            ),
            params={"lines": ", ".join(problems[:MOST_PROBLEMS]), "most": f"{HIGHEST_BASE:f}"},
            code="bad_lines",
        )
    return amounts


def _amount(text: str) -> Decimal | None:
    """Return an amount; commas stand between thousands only, so that no decimal comma is taken for one."""
    text = text.replace(" ", "")
    if not _AMOUNT.fullmatch(text):
        return None
    amount = Decimal(text.replace(",", ""))
    return amount if amount < HIGHEST_BASE else None
