"""What is shown as plain data for the API: numbers as decimal strings, absent as null."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.functional import Promise

from appraisal.scoring.numbers import decimal_text


def plain_data(value: Any) -> Any:
    """Return frozen dataclasses as dictionaries, all the way down."""
    match value:
        case None | str() | bool() | int():
            return value
        case Decimal():
            return decimal_text(value)
        case date():
            return value.isoformat()
        case Promise():
            return str(value)
        case tuple():
            return [plain_data(each) for each in value]
        case _ if is_dataclass(value):
            return {field.name: plain_data(getattr(value, field.name)) for field in fields(value)}
    raise TypeError(f"{type(value).__name__} has no plain form")
