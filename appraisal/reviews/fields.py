"""Form fields that several rooms of reviews share."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

LONGEST_TEXT = 4000
_REASON_HINT = _("20 characters at least.")


def text_field(label: Any, *, rows: int = 4, required: bool = True, hint: Any = _REASON_HINT) -> forms.CharField:
    return forms.CharField(
        label=label,
        required=required,
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": rows}),
        help_text=hint,
    )
