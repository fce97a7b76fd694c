"""What a file of a preset looks like: its header and one row that would go in."""

from __future__ import annotations

import csv
import io
from datetime import datetime

from appraisal.evidence.intake.fields import FIELDS, PLACES, TargetField
from appraisal.evidence.intake.presets import FieldMap, Parser, Preset
from appraisal.evidence.intake.rejects import BOM

EXAMPLE_TIME = datetime(2026, 3, 2, 9, 30)  # noqa: DTZ001 -- files write local times
EXAMPLE_TEXTS = {
    "external_id": "1001",
    "engineer": "E00001",
    "owner": "E00001",
    "ticket": "1001",
    "ticket_label": "1001",
    "article": "A-1",
    "reason": "waiting_customer",
    "follow_up_of": "",
    "comment": "",
    "note": "",
}


def sample_csv(preset: Preset) -> str:
    """Return a csv file, fit for Excel, with the header of a preset and one example."""
    header, row = sample_rows(preset)
    out = io.StringIO()
    csv.writer(out).writerows([header, row])
    return BOM + out.getvalue()


def sample_rows(preset: Preset) -> tuple[list[str], list[str]]:
    """Return the header of a preset and one example row."""
    cells: dict[str, str] = {}
    for kind_map in preset.kinds.values():
        for condition in (kind_map.where, *(item.where for item in kind_map.fields.values())):
            if condition and not condition.negated and any(condition.values):
                cells.setdefault(condition.column, next(filter(None, condition.values)))
    for kind, kind_map in preset.kinds.items():
        for name, item in kind_map.fields.items():
            for column in item.columns:
                cells.setdefault(column, _example(preset, name, item, FIELDS[kind][name]))
    header = list(preset.columns())
    return header, [cells.get(column, "") for column in header]


def _example(preset: Preset, name: str, item: FieldMap, target: TargetField) -> str:
    if name == "exclusion":
        return ""  # an example that counts
    match item.parser:
        case Parser.DATETIME:
            return EXAMPLE_TIME.strftime(_written(preset.datetime_formats[0]))
        case Parser.DATE:
            return EXAMPLE_TIME.strftime(_written(preset.date_formats[0]))
        case Parser.CHOICE:
            return next(iter(item.choices), "")
        case Parser.BOOLEAN:
            return item.false_words[0] if target.empty is not True else item.true_words[0]
        case Parser.INTEGER | Parser.DECIMAL:
            places = PLACES.get(target.type, 0) if item.parser is Parser.DECIMAL else 0
            return str(max(1, -(-target.lowest // 10**places)))
        case _:
            return EXAMPLE_TEXTS.get(name, "example")


def example_of(form: str) -> str:
    """Return a moment as a form of dates writes it."""
    return EXAMPLE_TIME.strftime(_written(form))


def _written(form: str) -> str:
    """Return a form of reading as one of writing: a fraction of a second may be missing."""
    return form.replace("%.f", "").replace("%#z", "+08:00")
