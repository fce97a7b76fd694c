"""Codes that name things in files and addresses."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

RESERVED_CODES = frozenset({"new", "measures"})


def clean_code(code: str) -> str:
    """Refuse codes that are part of an address of their own."""
    if code in RESERVED_CODES:
        raise ValidationError(_("This code is reserved."))
    return code
