"""Which column is what: a select for each field, and what the values of a column stand for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from appraisal.evidence.intake.fields import ENGINEER, FIELDS, TICKET, FieldType, TargetField
from appraisal.evidence.intake.guessing import (
    BESIDE_TICKETS,
    DATE_FORMATS,
    DATETIME_FORMATS,
    MOST_WORDS,
    Column,
    beside,
    columns_of,
    field_declaration,
    formats_of,
)
from appraisal.evidence.intake.look import Look
from appraisal.evidence.intake.samples import example_of
from appraisal.evidence.kinds import field_label, model_field
from appraisal.evidence.models import EvidenceKind

SHOWN_EXAMPLE = 24  # characters of a value beside the name of its column
GROUPED_ONLY = ("rule", "where", "after")


@dataclass(frozen=True)
class Word:
    """A value of a column and the select of what it stands for."""

    text: str
    name: str  # of the hidden input that says which value the select is about
    field: forms.BoundField


@dataclass(frozen=True)
class Slot:
    """A field of a kind, the select of its column, and the values that have to be translated."""

    key: str
    kind: str
    name: str
    target: TargetField
    field: forms.BoundField
    words: tuple[Word, ...]
    words_of: str  # the column the words stand in


class MappingForm(forms.Form):
    """Makes a declaration. What the form does not show of the one before stays where its column stays."""

    use_required_attribute = False  # another sheet is chosen before its columns are

    source = forms.CharField(
        label=_("Source"),
        max_length=60,
        help_text=_("The system it comes from. The same number from the same source is the same record."),
    )
    time_zone = forms.CharField(label=_("Time zone of its times"), max_length=60)
    datetime_format = forms.ChoiceField(label=_("Times look like"), required=False)
    date_format = forms.ChoiceField(label=_("Days look like"), required=False)
    missing = forms.CharField(
        label=_("What stands for an empty cell"), required=False, max_length=200, help_text=_("Parted by commas.")
    )
    several_rows = forms.BooleanField(
        label=_("Several rows make one record"),
        required=False,
        help_text=_("Rows with the same number belong together; the last one counts."),
    )

    def __init__(self, *args: Any, kind: str, look: Look, declaration: Mapping[str, Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind, self.before = kind, declaration
        self.sheet = look.sheet(declaration.get("sheet"))
        if len(look.sheets) > 1:
            names = [(each.name, each.name) for each in look.sheets]
            self.fields["sheet"] = forms.ChoiceField(label=_("Sheet"), choices=names, initial=self.sheet.name)
            self.order_fields(["sheet"])
        self.fields["missing"].initial = ", ".join(declaration.get("missing", ()))
        self.fields["several_rows"].initial = bool(declaration.get("group_by"))
        for name, known, key in (
            ("datetime_format", DATETIME_FORMATS, "datetime_formats"),
            ("date_format", DATE_FORMATS, "date_formats"),
        ):
            given = declaration.get(key, ())
            written = {form: f"{example_of(form)} ({form})" for form in dict.fromkeys((*given, *known))}
            self.fields[name].choices = [("", _("as the values show")), *written.items()]  # type: ignore[attr-defined]
            self.fields[name].initial = given[0] if given else ""
        columns = [("", _("not in the file")), *((name, self._named(name)) for name in self.columns)]
        for kind_, name, target in _fields_shown(kind):
            is_constant = not {"value", "from"}.isdisjoint(self._item(kind_, name))
            self.fields[f"{kind_}.{name}"] = forms.ChoiceField(
                label=_capital(field_label(kind_, name)),
                choices=columns,
                required=kind_ == kind and target.required and not is_constant,
                initial=self._item(kind_, name).get("column", ""),
                error_messages={"required": _("Every record needs this: choose its column.")},
            )
        for key, words in self._words.items():
            target = FIELDS[key.split(".")[0]][key.split(".")[1]]
            for number, word in enumerate(words):
                self.fields[f"{key}={number}"] = forms.ChoiceField(
                    label=word or _("empty"),
                    choices=_meanings(key, target),
                    required=False,
                    initial=self._meaning(key, word, target),
                )

    @cached_property
    def columns(self) -> dict[str, Column]:
        return columns_of(self.sheet, self._missing())

    @property
    def settings_fields(self) -> list[forms.BoundField]:
        names = ("sheet", "source", "time_zone", "datetime_format", "date_format", "missing", "several_rows")
        return [self[name] for name in names if name in self.fields]

    def groups(self) -> list[tuple[str, list[Slot], list[Slot]]]:
        """Return by kind: the fields to look at first, and those that few files have."""
        groups = []
        for kind in dict.fromkeys(kind for kind, _name, _target in _fields_shown(self.kind)):
            slots = [self._slot(kind, name, target) for each, name, target in _fields_shown(self.kind) if each == kind]
            first = [slot for slot in slots if slot.field.field.required or slot.field.value() or slot.field.errors]
            title = "" if kind == self.kind else str(EvidenceKind(kind).label)
            groups.append((title, first, [slot for slot in slots if slot not in first]))
        return groups

    def lacking(self) -> list[str]:
        """Return what every record needs and nothing is said about yet, as people call it."""
        asked = [self[name] for name, field in self.fields.items() if "." in name and field.required]
        return [str(field.label) for field in asked if not field.value()]

    def clean_time_zone(self) -> str:
        name: str = self.cleaned_data["time_zone"]
        if name not in available_timezones():
            raise forms.ValidationError(_("There is no such time zone; it looks like Asia/Shanghai."), code="no_zone")
        return name

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if self.errors:
            return cleaned
        for kind, name, _target in _fields_shown(self.kind):
            key = f"{kind}.{name}"
            if cleaned[key] and key in self._too_many:
                self.add_error(
                    key, _("This column has too many different values to be translated. Choose another one.")
                )
        declaration = self.declaration()
        found, undecided = formats_of(declaration, self.columns)
        for field, key in (("datetime_format", "datetime_formats"), ("date_format", "date_formats")):
            if cleaned[field]:
                declaration[key] = _with_first(cleaned[field], self.before.get(key, ()))
            elif found.get(key):
                declaration[key] = found[key]
            of_field = [form for form in undecided if ("%H" in form or "%I" in form) == (field == "datetime_format")]
            if of_field and not cleaned[field]:
                self.add_error(field, _("The values fit both orders of day and month. Choose the one of this file."))
            elif key not in declaration and _needs(declaration, is_day=field == "date_format"):
                self.add_error(field, _("The values show no form that is known. Choose the one of this file."))
        self.declared = declaration
        return cleaned

    def declaration(self) -> dict[str, Any]:
        """Return what the selects say, without the forms of dates."""
        made: dict[str, Any] = {}
        if "sheet" in self.fields:
            made["sheet"] = self.cleaned_data["sheet"]
        elif self.before.get("sheet"):
            made["sheet"] = self.before["sheet"]
        if self._missing():
            made["missing"] = list(self._missing())
        kinds = dict.fromkeys(kind for kind, _name, _target in _fields_shown(self.kind))
        fields = {kind: self._fields(kind) for kind in kinds}
        key = fields[self.kind].get("external_id", {}).get("column")
        if self.cleaned_data["several_rows"] and key:
            made["group_by"] = key
        if self.before.get("distinct"):
            made["distinct"] = True
        for kind, found in fields.items():
            said = self._beside(kind, found, fields[self.kind]) if kind != self.kind else self._asked(found)
            if said is not None:
                if "group_by" not in made:
                    said["fields"] = {name: _alone(item) for name, item in said["fields"].items()}
                made[kind] = said
        return made

    def _asked(self, found: dict[str, Any]) -> dict[str, Any]:
        before = self.before.get(self.kind, {})
        return {"fields": found, **({"where": before["where"]} if "where" in before else {})}

    def _beside(self, kind: str, found: dict[str, Any], tickets: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return what rows of tickets tell of another kind; None where they tell nothing of it."""
        trigger, before = BESIDE_TICKETS[kind], self.before.get(kind, {})
        if trigger not in found:
            return None
        column = found[trigger]["column"]
        constants = {name: item for name, item in before.get("fields", {}).items() if "column" not in item}
        fields = {**constants, **beside(kind, found, tickets)}
        if self._item(kind, trigger).get("column") == column:
            return {"fields": fields, **({"where": before["where"]} if "where" in before else {})}
        return {"fields": fields, "where": {"column": column, "not": [""]}}

    def _fields(self, kind: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for each, name, target in _fields_shown(self.kind):
            if each != kind:
                continue
            column, before = self.cleaned_data[f"{kind}.{name}"], self._item(kind, name)
            if column:
                found[name] = self._read(f"{kind}.{name}", column, before, name, target)
            elif before and "column" not in before:
                found[name] = before
        return found

    def _read(
        self, key: str, column: str, before: Mapping[str, Any], name: str, target: TargetField
    ) -> dict[str, Any]:
        if before.get("column") == column:
            item = dict(before)
        else:
            look = self.columns[column]
            item = field_declaration(look, target, name, typed=self.sheet.typed) or _bare(column, target, name)
        words = self._words.get(key)
        if words is None or self._words_of(key) != column:
            return item
        meanings = {word: self.cleaned_data.get(f"{key}={number}", "") for number, word in enumerate(words)}
        return _translated(item, meanings, target)

    @cached_property
    def _words(self) -> dict[str, list[str]]:
        """Values that need a meaning, by field: those that were shown, else those of its column."""
        found: dict[str, list[str]] = {}
        for kind, name, target in _fields_shown(self.kind):
            key = f"{kind}.{name}"
            if not _is_translated(name, target):
                continue
            if self.is_bound:
                shown = (self.data.get(f"{key}~{number}") for number in range(MOST_WORDS + 1))
                words = [word for word in shown if word is not None]
            else:
                words = self._words_in(self._item(kind, name), target)
            if words:
                found[key] = words
        return found

    def _words_in(self, item: Mapping[str, Any], target: TargetField) -> list[str]:
        column = self.columns.get(item.get("column", ""))
        if column is None or (target.type is FieldType.INTEGER and item.get("parser") != "choice"):
            return []
        told = [*item.get("map", {}), *item.get("true_words", ()), *item.get("false_words", ())]
        words = column.words
        if target.type is FieldType.BOOLEAN:
            words = list(dict.fromkeys(word.lower() for word in words))
        has_empty = len(column.filled) < len(column.cells) and target.type is not FieldType.BOOLEAN
        return [*dict.fromkeys((*words[:MOST_WORDS], *map(str, told)))][:MOST_WORDS] + ([""] if has_empty else [])

    @cached_property
    def _too_many(self) -> set[str]:
        keys = {f"{kind}.{name}" for kind, name, target in _fields_shown(self.kind) if _is_translated(name, target)}
        chosen = {key: self.columns.get(self.cleaned_data.get(key, "")) for key in keys}
        return {key for key, column in chosen.items() if column and len(column.words) > MOST_WORDS}

    def _words_of(self, key: str) -> str:
        """Return the column that the shown values stand in."""
        if self.is_bound:
            return str(self.data.get(f"{key}@", ""))
        return str(self._item(*key.split(".")).get("column", ""))

    def _slot(self, kind: str, name: str, target: TargetField) -> Slot:
        key = f"{kind}.{name}"
        words = tuple(
            Word(word, f"{key}~{number}", self[f"{key}={number}"])
            for number, word in enumerate(self._words.get(key, ()))
        )
        return Slot(key, kind, name, target, self[key], words, self._words_of(key))

    def _item(self, kind: str, name: str) -> Mapping[str, Any]:
        item: Mapping[str, Any] = self.before.get(kind, {}).get("fields", {}).get(name, {})
        return item

    def _meaning(self, key: str, word: str, target: TargetField) -> str:
        item = self._item(*key.split("."))
        if word == "":
            return str(item.get("default", ""))
        if target.type is FieldType.BOOLEAN:
            yes, no = item.get("true_words", ()), item.get("false_words", ())
            return "yes" if word in yes else "no" if word in no else ""
        return str(item.get("map", {}).get(word, ""))

    def _missing(self) -> tuple[str, ...]:
        if not self.is_bound:
            return tuple(self.before.get("missing", ()))
        return tuple(dict.fromkeys(part.strip() for part in self.data.get("missing", "").split(",") if part.strip()))

    def _named(self, name: str) -> str:
        """Return a column with one of its values, which tells more than its name."""
        first = next(iter(self.columns[name].filled), "")
        shown = first if len(first) <= SHOWN_EXAMPLE else first[: SHOWN_EXAMPLE - 1] + "…"
        return f"{name} · {shown}" if shown else name


def _fields_shown(kind: str) -> list[tuple[str, str, TargetField]]:
    """Return the fields of a kind, and with tickets those of what stands in the same rows, but for its keys."""
    shown = [(kind, name, target) for name, target in FIELDS[kind].items()]
    if kind == EvidenceKind.TICKETS:
        keys = ("external_id", TICKET, ENGINEER, "exclusion")
        shown += [
            (other, name, target)
            for other in BESIDE_TICKETS
            for name, target in FIELDS[other].items()
            if name not in keys
        ]
    return shown


def _is_translated(name: str, target: TargetField) -> bool:
    if target.type in (FieldType.CHOICE, FieldType.BOOLEAN):
        return True
    return target.type is FieldType.INTEGER and (name == "priority" or bool(target.choices))


def _meanings(key: str, target: TargetField) -> list[tuple[str, Any]]:
    nothing = ("", _("the row stays out"))
    if target.type is FieldType.BOOLEAN:
        return [nothing, ("yes", _("yes")), ("no", _("no"))]
    if target.type is FieldType.CHOICE:
        labels = dict(model_field(*key.split(".")).flatchoices)
        return [nothing, *((str(code), labels.get(code, code)) for code in labels if code in target.choices)]
    if target.choices:
        labels = dict(model_field(*key.split(".")).flatchoices)
        return [nothing, *((str(code), labels.get(code, code)) for code in sorted(target.choices))]
    return [nothing, *((str(level), str(level)) for level in range(target.lowest, target.highest + 1))]


def _translated(item: dict[str, Any], meanings: Mapping[str, str], target: TargetField) -> dict[str, Any]:
    if target.type is FieldType.BOOLEAN:
        for side, key in (("yes", "true_words"), ("no", "false_words")):
            item[key] = [word for word, meaning in meanings.items() if meaning == side]
        return {key: value for key, value in item.items() if value != []}
    typed = int if target.type is FieldType.INTEGER else str
    item["parser"] = "choice"
    item["map"] = {word: typed(meaning) for word, meaning in meanings.items() if word and meaning}
    item.pop("default", None)
    if meanings.get(""):
        item["default"] = typed(meanings[""])
    return item


def _bare(column: str, target: TargetField, name: str) -> dict[str, Any]:
    """Return a reading of values that do not look like the field: the preview shows what is wrong with them."""
    if _is_translated(name, target) and target.type is not FieldType.BOOLEAN:
        return {"column": column, "parser": "choice", "map": {}}
    return {"column": column}


def _alone(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return how a field is read where each row is a record: what only several rows need is left out."""
    return {key: value for key, value in item.items() if "value" in item or key not in GROUPED_ONLY}


def _with_first(form: str, before: Any) -> list[str]:
    return list(dict.fromkeys((form, *(before if before and before[0] == form else ()))))


def _needs(declaration: Mapping[str, Any], *, is_day: bool) -> bool:
    """Tell whether a field is read by the forms of days, or of times."""
    for kind in FIELDS.keys() & declaration.keys():
        for name, item in declaration[kind]["fields"].items():
            target = FIELDS[kind][name]
            if "column" in item and target.type in (FieldType.INSTANT, FieldType.DATE):
                day = target.type is FieldType.DATE or item.get("parser") == "date"
                if day is is_day:
                    return True
    return False


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


class KeepForm(forms.Form):
    """The name under which a mapping is kept."""

    name = forms.CharField(label=_("Name of the preset"), max_length=100)


class DeclarationForm(forms.Form):
    """A declaration as YAML: what the selects cannot say, such as conditions and rules for several rows."""

    declaration = forms.CharField(
        label=_("Declaration"),
        max_length=100_000,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 20, "spellcheck": "false", "class": "code"}),
    )


class PresetForm(KeepForm, DeclarationForm):
    field_order = ("name", "declaration")
