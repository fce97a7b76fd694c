"""Presets: declarations of how the columns of a file become evidence. All checks of their shape are here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from django.utils.translation import get_language

from appraisal.evidence.intake.errors import IntakeMisuse, PresetInvalid
from appraisal.evidence.intake.fields import FIELDS, NUMBERS, FieldType, TargetField

FOLDER = Path(__file__).resolve().parent.parent / "presets"


class Parser(StrEnum):
    TEXT = "text"
    DATETIME = "datetime"
    DATE = "date"
    INTEGER = "integer"
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    CHOICE = "choice"


class Rule(StrEnum):
    """How several rows become one value. CHANGES counts how often it differs from the row before."""

    FIRST = "first"
    LAST = "last"
    MIN = "min"
    MAX = "max"
    COUNT = "count"
    CHANGES = "changes"


PARSERS_OF: dict[FieldType, tuple[Parser, ...]] = {
    FieldType.TEXT: (Parser.TEXT, Parser.CHOICE),
    FieldType.SLUG: (Parser.TEXT, Parser.CHOICE),
    FieldType.INSTANT: (Parser.DATETIME, Parser.DATE),
    FieldType.DATE: (Parser.DATE,),
    FieldType.INTEGER: (Parser.INTEGER, Parser.CHOICE),
    FieldType.BOOLEAN: (Parser.BOOLEAN,),
    FieldType.HUNDREDTHS: (Parser.DECIMAL, Parser.CHOICE, Parser.INTEGER),
    FieldType.MILLIONTHS: (Parser.DECIMAL, Parser.CHOICE, Parser.INTEGER),
    FieldType.CHOICE: (Parser.CHOICE,),
}

ORDERED = (Parser.DATETIME, Parser.DATE, Parser.INTEGER, Parser.DECIMAL)


@dataclass(frozen=True)
class Condition:
    """A filter of rows by one column: its value is (not) one of ``values``; "" is an empty cell."""

    column: str
    values: tuple[str, ...]
    negated: bool = False


@dataclass(frozen=True, kw_only=True)
class FieldMap:
    """Where a field comes from: a column (with fallbacks), a constant, or another field plus minutes.

    An ``optional`` column may be missing from the file: its cells are empty then.
    """

    columns: tuple[str, ...] = ()
    optional: bool = False
    parser: Parser = Parser.TEXT
    rule: Rule | None = None
    where: Condition | None = None
    after: Condition | None = None
    choices: Mapping[str, str | int] = field(default_factory=dict)
    true_words: tuple[str, ...] = ("true", "yes", "1")
    false_words: tuple[str, ...] = ("false", "no", "0")
    default: str | int | bool | None = None
    at_most: int | None = None
    value: str | int | bool | None = None
    from_field: str | None = None
    add_minutes: int = 0


@dataclass(frozen=True, kw_only=True)
class KindMap:
    fields: Mapping[str, FieldMap]
    where: Condition | None = None

    def columns(self, *, optional: bool) -> Iterator[str]:
        """Yield every column this kind must have, or those it may have."""
        if self.where and not optional:
            yield self.where.column
        for item in self.fields.values():
            if item.optional is optional:
                yield from item.columns
            if not optional:
                yield from (condition.column for condition in (item.where, item.after) if condition)


@dataclass(frozen=True, kw_only=True)
class Preset:
    code: str
    titles: Mapping[str, str]
    kinds: Mapping[str, KindMap]
    source: str = ""  # what its records come from when nothing else is said; else the code
    sheet: str | None = None
    missing: tuple[str, ...] = ()
    datetime_formats: tuple[str, ...] = ()
    date_formats: tuple[str, ...] = ()
    group_by: str | None = None
    distinct: bool = False

    @property
    def title(self) -> str:
        return self.titles["zh-hans"] if (get_language() or "").startswith("zh") else self.titles["en"]

    @property
    def default_source(self) -> str:
        return self.source or self.code

    def required_columns(self) -> tuple[str, ...]:
        """Return the columns a file must have, in the order of the preset."""
        names = [self.group_by] if self.group_by else []
        for kind in self.kinds.values():
            names.extend(kind.columns(optional=False))
        return tuple(dict.fromkeys(names))

    def columns(self) -> tuple[str, ...]:
        """Return all columns that are read, those a file must have first."""
        optional = (name for kind in self.kinds.values() for name in kind.columns(optional=True))
        return tuple(dict.fromkeys([*self.required_columns(), *optional]))

    def kinds_for(self, kind: str) -> tuple[str, ...]:
        """Return the kinds stored when ``kind`` is asked for: tickets bring along what the same rows tell.

        Raises IntakeMisuse when the preset does not map the kind.
        """
        if kind not in self.kinds:
            raise IntakeMisuse(f"The preset {self.code} has no {kind}; it has: {', '.join(sorted(self.kinds))}.")
        others = [other for other in self.kinds if other != kind] if kind == "tickets" else []
        return (kind, *others)


@cache
def shipped_presets() -> Mapping[str, Preset]:
    """Return the presets of the product by code."""
    presets = [load_preset(path.read_text("utf-8"), name=path.name) for path in sorted(FOLDER.glob("*.yaml"))]
    return {preset.code: preset for preset in presets}


def get_preset(code: str) -> Preset:
    """Return one preset. Raises IntakeMisuse naming those there are."""
    presets = shipped_presets()
    if code not in presets:
        raise IntakeMisuse(f"There is no preset {code!r}; there are: {', '.join(sorted(presets))}.")
    return presets[code]


def shipped_content(code: str) -> dict[str, Any]:
    """Return the declaration of a shipped preset as its file has it."""
    content: dict[str, Any] = yaml.safe_load((FOLDER / f"{get_preset(code).code}.yaml").read_text("utf-8"))
    return content


def load_preset(text: str, *, name: str = "preset") -> Preset:
    """Read a preset from YAML. Raises PresetInvalid."""
    return build_preset(read_content(text, name=name), name=name)


def read_content(text: str, *, name: str = "preset") -> Any:
    """Read YAML without building anything of it. Raises PresetInvalid."""
    try:
        return yaml.load(text, _PlainLoader)  # noqa: S506 -- a safe loader that reads even less
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise PresetInvalid(f"{name}: not readable as YAML: {error}") from error


def write_content(content: Mapping[str, Any]) -> str:
    """Write a declaration as YAML, in its own order."""
    text: str = yaml.dump(dict(content), Dumper=_PlainDumper, allow_unicode=True, sort_keys=False, width=110)
    return text


class _PlainLoader(yaml.SafeLoader):
    """Reads no aliases: a few lines of them would stand for more than any memory holds."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases are not allowed")
        return super().compose_node(parent, index)


class _PlainDumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def build_preset(content: Any, *, name: str = "preset") -> Preset:
    """Check a declaration and make a preset of it. Raises PresetInvalid with the place of the first fault."""
    at = _Place(name, content)
    at.allow(
        {
            "code",
            "title",
            "source",
            "sheet",
            "missing",
            "datetime_formats",
            "date_formats",
            "group_by",
            "distinct",
            *FIELDS,
        }
    )
    titles = at.mapping("title")
    if set(titles) != {"en", "zh-hans"}:
        raise PresetInvalid(f"{name}: title needs exactly en and zh-hans")
    kinds = {kind: _kind(at.child(kind), kind, grouped=bool(at.text("group_by", ""))) for kind in FIELDS if kind in at}
    if not kinds:
        raise PresetInvalid(f"{name}: maps no kind of evidence; expected one of {', '.join(FIELDS)}")
    preset = Preset(
        code=at.text("code"),
        titles=titles,
        kinds=kinds,
        source=at.text("source", ""),
        sheet=at.text("sheet", "") or None,
        missing=at.texts("missing"),
        datetime_formats=at.texts("datetime_formats"),
        date_formats=at.texts("date_formats"),
        group_by=at.text("group_by", "") or None,
        distinct=at.flag("distinct"),
    )
    for parser, formats in ((Parser.DATETIME, preset.datetime_formats), (Parser.DATE, preset.date_formats)):
        used = any(item.parser is parser for kind in kinds.values() for item in kind.fields.values())
        if used and not formats:
            raise PresetInvalid(f"{name}: {parser}_formats must state how the file writes a {parser}")
    return preset


def _kind(at: _Place, kind: str, *, grouped: bool) -> KindMap:
    at.allow({"where", "fields"})
    fields_at = at.child("fields")
    fields_at.allow(set(FIELDS[kind]))
    fields = {name: _field(fields_at.child(name), FIELDS[kind][name], grouped) for name in fields_at}
    for name, target in FIELDS[kind].items():
        if target.required and name not in fields:
            raise PresetInvalid(f"{fields_at.name}: {name} must be mapped")
    for name, item in fields.items():
        if item.from_field is None:
            continue
        origin = fields.get(item.from_field)
        if origin is None or not origin.columns or FIELDS[kind][item.from_field].type is not FieldType.INSTANT:
            raise PresetInvalid(f"{fields_at.name}.{name}: from must name a mapped date or time")
    return KindMap(fields=fields, where=_condition(at, "where"))


def _field(at: _Place, target: TargetField, grouped: bool) -> FieldMap:
    at.allow(
        {
            *("column", "otherwise", "parser", "rule", "where", "after", "map", "true_words", "false_words"),
            *("default", "at_most", "value", "from", "add_minutes", "optional"),
        }
    )
    if sum(key in at for key in ("column", "value", "from")) != 1:
        raise PresetInvalid(f"{at.name}: needs exactly one of column, value, from")
    where = _condition(at, "where")
    if at.flag("optional") and target.required:
        raise PresetInvalid(f"{at.name}: this field is needed in every record, so its column is not optional")
    if "value" in at:
        return FieldMap(value=_stored(at, "value", target), where=where)
    if "from" in at:
        if target.type is not FieldType.INSTANT:
            raise PresetInvalid(f"{at.name}: only a date or time can be computed from another")
        return FieldMap(from_field=at.text("from"), add_minutes=at.number("add_minutes"))

    rule = at.member("rule", Rule) if "rule" in at else Rule.LAST if grouped else None
    parser = at.member("parser", Parser) if "parser" in at else PARSERS_OF[target.type][0]
    _check_reading(at, target, rule, parser, grouped)
    choices = at.mapping("map") if "map" in at else {}
    return FieldMap(
        columns=(at.text("column"), *at.texts("otherwise")),
        optional=at.flag("optional"),
        parser=parser,
        rule=rule,
        where=where,
        after=_condition(at, "after"),
        choices={str(label): _checked(at.name, value, target) for label, value in choices.items()},
        true_words=tuple(word.lower() for word in at.texts("true_words")) or FieldMap.true_words,
        false_words=tuple(word.lower() for word in at.texts("false_words")) or FieldMap.false_words,
        default=_stored(at, "default", target) if "default" in at else None,
        at_most=at.number("at_most") if "at_most" in at else None,
    )


def _check_reading(at: _Place, target: TargetField, rule: Rule | None, parser: Parser, grouped: bool) -> None:
    """Check that parser, rule and filters fit each other and the field."""
    faults = {
        "rule needs group_by": "rule" in at and not grouped,
        "where and after need group_by (or a value)": ("where" in at or "after" in at) and not grouped,
        f"parser {parser} does not fit a field of type {target.type}": parser not in PARSERS_OF[target.type],
        "the parser choice and a map go together": (parser is Parser.CHOICE) is not ("map" in at),
        f"{rule} gives a number, which this field is not": (
            rule in (Rule.COUNT, Rule.CHANGES) and target.type is not FieldType.INTEGER
        ),
        "min and max need one column of dates, times or numbers": (
            rule in (Rule.MIN, Rule.MAX) and ("otherwise" in at or parser not in ORDERED)
        ),
    }
    for fault, found in faults.items():
        if found:
            raise PresetInvalid(f"{at.name}: {fault}")


def _condition(at: _Place, key: str) -> Condition | None:
    if key not in at:
        return None
    inner = at.child(key)
    inner.allow({"column", "equals", "in", "not"})
    given = [name for name in ("equals", "in", "not") if name in inner]
    if len(given) != 1:
        raise PresetInvalid(f"{inner.name}: needs exactly one of equals, in, not")
    values = (inner.text("equals", None),) if given == ["equals"] else inner.texts(given[0])
    if not values:
        raise PresetInvalid(f"{inner.name}: names no value")
    return Condition(inner.text("column"), values, negated=given == ["not"])


def _stored(at: _Place, key: str, target: TargetField) -> str | int | bool:
    return _checked(at.name, at.content[key], target)


def _checked(name: str, value: Any, target: TargetField) -> str | int | bool:
    """Return a value of the preset as it may be stored in the field."""
    match target.type:
        case FieldType.BOOLEAN:
            fits = isinstance(value, bool)
        case kind if kind in NUMBERS:
            within = type(value) is int and target.lowest <= value <= target.highest
            fits = within and (not target.choices or value in target.choices)
        case FieldType.CHOICE:
            fits = isinstance(value, str) and (value in target.choices or value == target.empty)
        case FieldType.TEXT | FieldType.SLUG:
            fits = isinstance(value, str) and len(value) <= (target.longest or len(value))
        case _:
            fits = False
    if not fits:
        raise PresetInvalid(f"{name}: {value!r} cannot be stored in this field")
    stored: str | int | bool = value
    return stored


class _Place:
    """A mapping inside the declaration, with its path for messages."""

    def __init__(self, name: str, content: Any) -> None:
        if not isinstance(content, dict):
            raise PresetInvalid(f"{name}: expected names with values")
        self.name = name
        self.content: dict[str, Any] = content

    def __contains__(self, key: str) -> bool:
        return key in self.content

    def __iter__(self) -> Iterator[str]:
        return iter(self.content)

    def allow(self, keys: set[str]) -> None:
        unknown = sorted(str(key) for key in self.content if key not in keys)
        if unknown:
            raise PresetInvalid(f"{self.name}: unknown {', '.join(unknown)}; known: {', '.join(sorted(keys))}")

    def child(self, key: str) -> _Place:
        if key not in self.content:
            raise PresetInvalid(f"{self.name}: {key} is missing")
        return _Place(f"{self.name}.{key}", self.content[key])

    def mapping(self, key: str) -> dict[str, Any]:
        return self.child(key).content

    def text(self, key: str, default: str | None = None) -> str:
        if key not in self.content and default is not None:
            return default
        value = self.content.get(key)
        if not isinstance(value, str):
            raise PresetInvalid(f"{self.name}: {key} must be a text (put numbers and yes/no in quotes)")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.content.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise PresetInvalid(f"{self.name}: {key} must be a list of texts (put numbers and yes/no in quotes)")
        return tuple(value)

    def number(self, key: str) -> int:
        value = self.content.get(key)
        if type(value) is not int or value < 0:
            raise PresetInvalid(f"{self.name}: {key} must be a whole number, not negative")
        return value

    def flag(self, key: str) -> bool:
        value = self.content.get(key, False)
        if not isinstance(value, bool):
            raise PresetInvalid(f"{self.name}: {key} must be true or false")
        return value

    def member(self, key: str, of: type[Any]) -> Any:
        try:
            return of(self.text(key))
        except ValueError:
            raise PresetInvalid(f"{self.name}: {key} must be one of {', '.join(str(each) for each in of)}") from None
