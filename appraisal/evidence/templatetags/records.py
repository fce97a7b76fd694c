"""Values of records as people read them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django import template
from django.utils.translation import gettext as _

from appraisal.evidence.intake.fields import PLACES
from appraisal.evidence.kinds import Kind, field_label, model_field
from appraisal.evidence.models import Record
from engineers.templatetags.ui import NOTHING, duration, moment

register = template.Library()

_MICROSECONDS = "_us"
_SHARE = "_share"
_MILLIONTHS_A_PERCENT = 10**4


@register.simple_tag
def value_of(kind: Kind, record: Record, name: str) -> Any:
    """Return what a record says in one of its fields."""
    attribute = kind.attribute(name)
    choices = model_field(kind.code, attribute).choices
    value = getattr(record, attribute)
    if choices:
        return getattr(record, f"get_{attribute}_display")() or NOTHING
    if name in kind.fields and kind.fields[name].type in PLACES:
        return written(value, 10 ** PLACES[kind.fields[name].type])
    if name.endswith(_SHARE):
        return percent_of(value) or NOTHING
    if name.endswith(_MICROSECONDS):
        return duration(value)
    return shown(value)


@register.filter
def shown(value: Any) -> Any:
    """Write any value: instants in the organisation's time, yes and no in words."""
    match value:
        case None | "":
            return NOTHING
        case bool():
            return _("yes") if value else _("no")
        case datetime():
            return moment(value)
        case date():
            return value.isoformat()
        case _:
            return value


@register.simple_tag
def label_of(kind: Kind, name: str) -> str:
    return field_label(kind.code, name)


def percent_of(millionths: int | None) -> str | None:
    """Write a share kept in millionths as a percentage, all of its decimals."""
    return None if millionths is None else f"{written(millionths, _MILLIONTHS_A_PERCENT)} %"


def written(value: int | None, factor: int) -> str:
    """Write a whole number of hundredths or millionths with as many decimals as it has."""
    if value is None:
        return NOTHING
    text = f"{Decimal(value) / factor:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
