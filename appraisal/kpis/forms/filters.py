"""Inputs for the filters a KPI may put on the evidence of its measure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from appraisal.kpis.filters import CHOICES, filter_names, is_flag, needed_filters, to_condition

PREFIX = "filter_"

LABELS = {
    "source": _("Source"),
    "priority": _("Priority"),
    "job_type": _("Job type"),
    "category": _("Category"),
    "product": _("Product"),
    "region": _("Region"),
    "type": _("Type"),
    "severity": _("Severity"),
    "course": _("Course"),
    "title": _("Title"),
    "code": _("Metric"),
    "completed_only": _("Completed or open"),
    "is_hard": _("Hard cases"),
    "is_safety": _("Safety matters"),
    "parts_missing": _("Waited for parts"),
}
_ONE_OF = _("Values separated by commas; empty: all.")
_NEEDED = _("The code of the metric as the other system delivers it; several are separated by commas.")
_YES_NO = [("", _("all cases")), ("yes", _("only these")), ("no", _("all but these"))]
_FLAG_CHOICES = {
    "completed_only": [("", _("all cases")), ("yes", _("completed cases only")), ("no", _("open cases only"))]
}
_SEPARATORS = re.compile(r"[,，、;；\n]")


def add_filter_fields(form: forms.Form, evidence: str) -> None:
    for name in filter_names(evidence):
        form.fields[f"{PREFIX}{name}"] = _field(evidence, name)


def initial_of(filters: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the inputs show for stored filters."""
    initial: dict[str, Any] = {}
    for name, wanted in filters.items():
        if isinstance(wanted, bool):
            initial[f"{PREFIX}{name}"] = "yes" if wanted else "no"
        elif name in CHOICES:
            initial[f"{PREFIX}{name}"] = [str(value) for value in wanted]
        else:
            initial[f"{PREFIX}{name}"] = ", ".join(wanted)
    return initial


def read_filters(form: forms.Form, evidence: str) -> dict[str, Any]:
    """Return the filters of a form's cleaned inputs, with what is wrong beside each."""
    filters: dict[str, Any] = {}
    for name in filter_names(evidence):
        entered = form.cleaned_data.get(f"{PREFIX}{name}")
        if not entered:
            continue
        wanted = _read(evidence, name, entered)
        if wanted == []:
            continue
        try:
            to_condition(evidence, {name: wanted})
            filters[name] = wanted
        except ValidationError as error:
            form.add_error(f"{PREFIX}{name}", error)
    return filters


def _field(evidence: str, name: str) -> forms.Field:
    label = LABELS[name]
    if is_flag(evidence, name):
        return forms.ChoiceField(label=label, choices=_FLAG_CHOICES.get(name, _YES_NO), required=False)
    if name in CHOICES:
        return forms.MultipleChoiceField(
            label=label,
            choices=[(str(value), text) for value, text in CHOICES[name]],
            required=False,
            widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
        )
    is_needed = name in needed_filters(evidence)
    return forms.CharField(
        label=label, max_length=1000, required=is_needed, help_text=_NEEDED if is_needed else _ONE_OF
    )


def _read(evidence: str, name: str, entered: Any) -> Any:
    if is_flag(evidence, name):
        return entered == "yes"
    if name in CHOICES:
        # Checked ones in the order of the choices; numbers are numbers again.
        return [value for value, _label in CHOICES[name] if str(value) in entered]
    values = (part.strip() for part in _SEPARATORS.split(entered))
    return [value for value in dict.fromkeys(values) if value]
