"""What an engineer's browser sends about a day."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from appraisal.evidence.intake.fields import FIELDS
from appraisal.evidence.models import EvidenceKind
from appraisal.evidence.worklog_days import CONTENT, Day

_FIELDS = FIELDS[EvidenceKind.WORKLOGS]
_MINUTES = {"wrench_minutes": _("Work on site"), "travel_minutes": _("Travel"), "other_minutes": _("Other work")}


def _text(name: str, label: Any, rows: int, **options: Any) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": rows})
    return forms.CharField(label=label, max_length=_FIELDS[name].longest, widget=widget, strip=True, **options)


def _minutes(name: str) -> forms.IntegerField:
    return forms.IntegerField(
        label=_MINUTES[name],
        required=False,
        min_value=0,
        max_value=_FIELDS[name].highest,
        widget=forms.NumberInput(attrs={"inputmode": "numeric", "class": "figure"}),
    )


class WorkLogForm(forms.Form):
    """``key`` names this filling-in of the form: sent twice, it is stored once. ``base`` is the version seen."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    base = forms.CharField(required=False, max_length=16, widget=forms.HiddenInput)
    work = _text("work", _("What was done"), 4)
    problems = _text("problems", _("Problems met"), 2, required=False)
    wrench_minutes = _minutes("wrench_minutes")
    travel_minutes = _minutes("travel_minutes")
    other_minutes = _minutes("other_minutes")
    tickets = forms.CharField(
        label=_("Tickets"),
        required=False,
        max_length=_FIELDS["tickets"].longest,
        help_text=_("Their numbers, with commas between them; may stay empty."),
        widget=forms.TextInput(attrs={"autocapitalize": "off", "autocomplete": "off"}),
    )

    def clean(self) -> dict[str, Any]:
        """Empty minutes are none."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        return data | {name: data.get(name) or 0 for name in _MINUTES if name not in self.errors}

    @property
    def minutes(self) -> list[forms.BoundField]:
        return [self[name] for name in _MINUTES]


def initial_of(day: Day) -> dict[str, Any]:
    """Return what the form of a day starts with."""
    own = day.own
    stored = {name: getattr(own, name) for name in CONTENT} if own else {}
    return {**stored, "key": uuid4(), "base": day.version}
