"""What the columns of an unknown file probably are: by what they are called, and by the look of their values.

A guess is shown to somebody before anything is stored. The order of day and month is never guessed: where the values
fit both, the form stays open.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import polars as pl

from appraisal.evidence.intake.fields import ENGINEER, FIELDS, PLACES, FieldType, TargetField
from appraisal.evidence.intake.look import Look, SheetLook
from appraisal.evidence.intake.vocabulary import HEADERS, MISSING, NO, PRIORITIES, YES
from appraisal.evidence.models import EvidenceKind

CHECKED_VALUES = 500
MOST_WORDS = 40  # a column with more different values is no choice
FITTING = 0.95  # of the values that the best form fits: a few faults are for the preview to show
WHOLE_NAME = 100  # a header scores more only by one of the field's names
READABLE = 0.5  # the share of values a form has to fit at least

DATETIME_FORMATS = (
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%dT%H:%M:%S%.f%#z",
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y/%m/%d %H:%M:%S%.f",
    "%Y/%m/%d %H:%M",
    "%d/%m/%Y %H:%M:%S%.f",
    "%m/%d/%Y %H:%M:%S%.f",
    "%d/%m/%Y %H:%M",
    "%m/%d/%Y %H:%M",
    "%d/%m/%Y %I:%M:%S %p",
    "%m/%d/%Y %I:%M:%S %p",
    "%d/%m/%Y %I:%M %p",
    "%m/%d/%Y %I:%M %p",
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y %H:%M",
    "%d-%m-%Y %H:%M:%S",
    "%m-%d-%Y %H:%M:%S",
    "%d-%m-%Y %H:%M",
    "%m-%d-%Y %H:%M",
    "%Y年%m月%d日 %H:%M:%S",
    "%Y年%m月%d日 %H:%M",
    "%Y%m%d%H%M%S",
)
DATE_FORMATS = (
    *("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y"),
    *("%Y年%m月%d日", "%Y%m%d"),
)
_DATE = re.compile(r"^\d{1,4}[-/.年]\d{1,2}[-/.月]\d{1,4}|^(19|20)\d{6}(\d{6})?$")

# What the rows of tickets may tell besides: the field without which there is nothing of that kind.
BESIDE_TICKETS: Mapping[str, str] = {
    EvidenceKind.VISITS.value: "arrived_at",
    EvidenceKind.SURVEYS.value: "score_hundredths",
}
SURVEY_MOMENTS = ("closed_at", "resolved_at", "opened_at")  # when a survey was answered, where the file does not say


@dataclass(frozen=True)
class Column:
    """The values of one column, those that stand for nothing left out."""

    name: str
    cells: Sequence[str]
    missing: tuple[str, ...]

    @cached_property
    def filled(self) -> list[str]:
        empty = {"", *self.missing}
        return [cell for cell in self.cells if cell not in empty]

    @cached_property
    def words(self) -> list[str]:
        """Different values in the order of their first appearance."""
        return list(dict.fromkeys(self.filled))

    @cached_property
    def datetime_formats(self) -> tuple[str, ...]:
        return self._fitting(DATETIME_FORMATS)

    @cached_property
    def date_formats(self) -> tuple[str, ...]:
        return self._fitting(DATE_FORMATS)

    @property
    def is_unique(self) -> bool:
        return len(self.words) == len(self.filled) == len(self.cells)

    def _fitting(self, formats: Sequence[str]) -> tuple[str, ...]:
        values = self.words[:CHECKED_VALUES]
        if not values or sum(bool(_DATE.match(value)) for value in values) < READABLE * len(values):
            return ()
        series = pl.Series(values)
        read = {
            form: series.str.to_datetime if "%H" in form or "%I" in form else series.str.to_date for form in formats
        }
        fits = {form: len(values) - reader(form, strict=False).null_count() for form, reader in read.items()}
        best = max(fits.values())
        if best < READABLE * len(values):
            return ()
        return tuple(form for form, count in fits.items() if count >= FITTING * best)


@dataclass(frozen=True)
class Guess:
    """A declaration as a preset has it; ``open_formats`` fit the dates equally well, so somebody has to say which."""

    declaration: dict[str, Any]
    score: int
    open_formats: tuple[str, ...] = ()


def guess_declaration(look: Look, *, kind: str) -> Guess:
    """Return the best guess for any sheet of a file: what the columns are, without a code and a title."""
    guesses = [_guess_sheet(sheet, kind, named=bool(sheet.name)) for sheet in look.sheets]
    return max(guesses, key=lambda guess: guess.score)


def columns_of(sheet: SheetLook, missing: Sequence[str]) -> dict[str, Column]:
    return {name: Column(name, cells, tuple(missing)) for name, cells in sheet.cells.items()}


def header_score(header: str, field: str) -> int:
    """Return how surely a header means a field: most for a name of it, less for what contains one, else 0."""
    name, best = _normal(header), 0
    own = field.removesuffix("_hundredths").removesuffix("_millionths")
    for place, each in enumerate((*HEADERS.get(field, ()), own)):
        synonym = _normal(each)
        if name.replace(" ", "") == synonym.replace(" ", ""):
            return 200 - place
        if _contains(name, synonym):
            # The longer the part that is recognised, the surer.
            best = max(best, 50 + 40 * len(synonym) // max(len(name), 1))
    return best


def field_declaration(column: Column, target: TargetField, name: str, *, typed: bool = False) -> dict[str, Any] | None:
    """Return how a field would be read from a column; None where its values do not look like it."""
    match target.type:
        case FieldType.INSTANT:
            if column.datetime_formats or (typed and column.date_formats):
                form = {} if column.datetime_formats else {"parser": "date"}
                return {"column": column.name, **form}
            return {"column": column.name, "parser": "date"} if column.date_formats else None
        case FieldType.DATE:
            return {"column": column.name} if column.date_formats else None
        case FieldType.BOOLEAN:
            return _boolean(column)
        case FieldType.CHOICE:
            return _choice(column, target)
        case FieldType.INTEGER if name == "priority" or target.choices:
            return _choice(column, target)
        case FieldType.INTEGER:
            fits = all(re.fullmatch(r"[+-]?\d{1,18}(\.0+)?", word) for word in column.words[:CHECKED_VALUES])
            return {"column": column.name} if fits else None
        case FieldType.HUNDREDTHS | FieldType.MILLIONTHS:
            return {"column": column.name} if _is_decimal(column, target) else None
        case _:
            return {"column": column.name}


def meaning_of(word: str, target: TargetField) -> str | int | None:
    """Return what a value of a choice probably stands for; None where nothing says so."""
    text = word.strip().lower()
    if target.type is FieldType.INTEGER:
        digit = re.match(r"^\D{0,10}(\d)(?!\d)", text)
        if digit and target.lowest <= int(digit[1]) <= target.highest:
            return int(digit[1])
        return next(
            (
                level
                for level, labels in enumerate(PRIORITIES, start=1)
                if any(text.startswith(each) for each in labels)
            ),
            None,
        )
    return next(
        (str(choice) for choice in target.choices if text == str(choice).replace("_", " ") or text == choice), None
    )


def truth_of(word: str) -> bool | None:
    text = word.strip().lower()
    return True if text in YES else False if text in NO else None


def _guess_sheet(sheet: SheetLook, kind: str, *, named: bool) -> Guess:
    missing = _missing(sheet)
    columns = columns_of(sheet, missing)
    declaration: dict[str, Any] = {"sheet": sheet.name} if named else {}
    fields, score = _assign(columns, kind, taken=set(), typed=sheet.typed)
    kinds = {kind: fields}
    if kind == EvidenceKind.TICKETS:
        taken = {item["column"] for item in fields.values()}
        for other, trigger in BESIDE_TICKETS.items():
            found, more = _assign(columns, other, taken=taken, typed=sheet.typed)
            if trigger in found:
                kinds[other] = beside(other, found, fields)
                taken |= {item["column"] for item in found.values()}
                score += more
    key = fields.get("external_id", {}).get("column")
    if key and _is_repeated(columns[key]) and len(kinds) == 1:
        declaration["group_by"] = key
    for each, found in kinds.items():
        declaration[each] = {"fields": found}
        if each != kind:
            declaration[each]["where"] = {"column": found[BESIDE_TICKETS[each]]["column"], "not": [""]}
    read = {item["column"] for found in kinds.values() for item in found.values()}
    markers = [marker for marker in missing if any(marker in sheet.cells[name] for name in read)]
    formats, open_formats = formats_of(declaration, columns)
    return Guess({**({"missing": markers} if markers else {}), **declaration, **formats}, score, open_formats)


def beside(kind: str, found: Mapping[str, Any], tickets: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of visits or surveys that stand in rows of tickets: their key is the ticket's."""
    fields = {name: item for name, item in found.items() if name not in ("external_id", "ticket", ENGINEER)}
    for name, origin in (("external_id", "external_id"), ("ticket", "external_id"), (ENGINEER, ENGINEER)):
        if origin in tickets:
            fields[name] = {"column": tickets[origin]["column"]}
    if kind == EvidenceKind.VISITS and "dispatched_at" not in fields and "opened_at" in tickets:
        fields["dispatched_at"] = dict(tickets["opened_at"])
    if kind == EvidenceKind.SURVEYS and "responded_at" not in fields:
        moments = [tickets[name] for name in SURVEY_MOMENTS if name in tickets]
        if moments:
            more = [item["column"] for item in moments[1:]]
            fields["responded_at"] = {**moments[0], **({"otherwise": more} if more else {})}
    return fields


def formats_of(
    declaration: Mapping[str, Any], columns: Mapping[str, Column]
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return the forms in which the mapped columns write dates, and those between which the values do not decide."""
    times: list[tuple[str, ...]] = []
    dates: list[tuple[str, ...]] = []
    for kind in FIELDS.keys() & declaration.keys():
        for name, item in declaration[kind]["fields"].items():
            column = columns.get(item.get("column", ""))
            if (
                column is None
                or not column.filled
                or FIELDS[kind][name].type not in (FieldType.INSTANT, FieldType.DATE)
            ):
                continue
            is_day = item.get("parser") == "date" or FIELDS[kind][name].type is FieldType.DATE
            (dates if is_day else times).append(column.date_formats if is_day else column.datetime_formats)
    found: dict[str, Any] = {}
    undecided: tuple[str, ...] = ()
    for key, groups in (("datetime_formats", times), ("date_formats", dates)):
        chosen, doubt = _decide(groups)
        if chosen:
            found[key] = chosen
        undecided += doubt
    return found, undecided


def _decide(groups: Sequence[tuple[str, ...]]) -> tuple[list[str], tuple[str, ...]]:
    """Choose one form for each way of writing; a column that fits only one order of day and month decides for all."""
    chosen: list[str] = []
    orders = {_order(form) for group in groups if len({_order(form) for form in group}) == 1 for form in group}
    doubt: tuple[str, ...] = ()
    for group in groups:
        if not group:
            continue
        fitting = [form for form in group if _order(form) in orders] or list(group)
        if len({_order(form) for form in fitting} - {""}) > 1:
            doubt = tuple(dict.fromkeys((*doubt, *fitting)))
        elif fitting[0] not in chosen:
            chosen.append(fitting[0])
    return chosen, doubt


def _order(form: str) -> str:
    """Return which of day and month comes first where a form could be mistaken for another; "" where it could not."""
    if form.startswith("%Y") or "." in form[:6]:
        return ""
    return "day" if form.startswith("%d") else "month"


def _assign(columns: Mapping[str, Column], kind: str, *, taken: set[str], typed: bool) -> tuple[dict[str, Any], int]:
    """Give each field the column that fits it best, the surest first."""
    offers = []
    for place, (name, target) in enumerate(FIELDS[kind].items()):
        for column in columns.values():
            sure = 0 if column.name in taken else header_score(column.name, name)
            # A column without values among the first rows is known by its name alone, and only text needs no form.
            if not sure or not (column.filled or (sure >= WHOLE_NAME and target.type is FieldType.TEXT)):
                continue
            if name == "external_id" and kind not in BESIDE_TICKETS:
                sure += 15 if column.is_unique else 0
            item = field_declaration(column, target, name, typed=typed)
            if item is not None:
                offers.append((sure, -place, name, column.name, item))
    fields: dict[str, Any] = {}
    used: set[str] = set()
    score = 0
    for sure, _place, name, column_name, item in sorted(offers, key=lambda offer: (-offer[0], -offer[1])):
        if name not in fields and column_name not in used:
            fields[name] = item
            used.add(column_name)
            score += sure
    return {name: fields[name] for name in FIELDS[kind] if name in fields}, score


def _missing(sheet: SheetLook) -> tuple[str, ...]:
    present = {cell for cells in sheet.cells.values() for cell in cells}
    return tuple(marker for marker in MISSING if marker in present)


def _is_repeated(column: Column) -> bool:
    """Tell whether a number stands in many rows: then several rows tell of one record."""
    return len(column.filled) >= 10 and len(column.words) < 0.8 * len(column.filled)


def _boolean(column: Column) -> dict[str, Any] | None:
    if not 0 < len(column.words) <= MOST_WORDS:
        return None
    truths = {word: truth_of(word) for word in column.words}
    if None in truths.values():
        return None
    # Words are compared in small letters.
    lists = {True: "true_words", False: "false_words"}
    told = {
        key: sorted({word.lower() for word, truth in truths.items() if truth is side}) for side, key in lists.items()
    }
    return {"column": column.name, **{key: words for key, words in told.items() if words}}


def _choice(column: Column, target: TargetField) -> dict[str, Any] | None:
    if not 0 < len(column.words) <= MOST_WORDS:
        return None
    meanings = {word: meaning_of(word, target) for word in column.words}
    if all(meaning is None for meaning in meanings.values()):
        return None
    known = {word: meaning for word, meaning in meanings.items() if meaning is not None}
    return {"column": column.name, "parser": "choice", "map": known}


def _is_decimal(column: Column, target: TargetField) -> bool:
    if not all(re.fullmatch(r"[+-]?\d{1,12}(\.\d{0,20})?", word) for word in column.words[:CHECKED_VALUES]):
        return False
    factor = 10 ** PLACES[target.type]
    return all(target.lowest <= float(word) * factor <= target.highest for word in column.words[:CHECKED_VALUES])


@lru_cache(maxsize=4096)
def _normal(header: str) -> str:
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", header)
    return " ".join(re.findall(r"[a-z0-9]+|[\u4e00-\u9fff]+", spaced.lower()))


def _contains(name: str, synonym: str) -> bool:
    if re.search(r"[\u4e00-\u9fff]", synonym):
        return synonym in name
    return bool(synonym) and set(synonym.split()) <= set(name.split())
