"""What a manager's browser sends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from appraisal.reviews.lines import HIGHEST_RATING
from appraisal.reviews.models import VetoCause, VetoEffectChoice
from appraisal.reviews.queries import field_name

Key = tuple[int, str]


class RatingForm(forms.Form):
    """The ratings of one review or a part of it, its comment, and the version the writer saw."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    segment = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0, max_value=1000)
    note = forms.CharField(required=False, max_length=4000)
    comment = forms.CharField(
        label=_("Comment"), required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 4})
    )

    def __init__(self, *args: object, criteria: list[Key], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # forwarded untouched
        self._fields_of = {field_name(*key): key for key in criteria}
        for name in self._fields_of:
            self.fields[name] = forms.IntegerField(min_value=1, max_value=HIGHEST_RATING, required=False)

    @property
    def problem(self) -> str:
        """What is wrong, in one sentence: a text that is too long, else a rating that is none."""
        texts = [str(error) for name in ("comment", "note") for error in self.errors.get(name, [])]
        return texts[0] if texts else translation.gettext("A rating is a number from 1 to 5.")

    def noted(self) -> str | None:
        """Return the private note; None where the page had no field for it."""
        return str(self.cleaned_data["note"]) if "note" in self.data else None

    def scores(self) -> dict[Key, int]:
        """Return what was rated; a criterion left open is not in it."""
        return {
            key: self.cleaned_data[name]
            for name, key in self._fields_of.items()
            if self.cleaned_data.get(name) is not None
        }


class OverrideForm(forms.Form):
    """Points in place of computed ones. Whether they fit the line is said by the action."""

    line = forms.IntegerField(min_value=1, max_value=10**18)
    segment = forms.IntegerField(required=False, min_value=0, max_value=1000)
    points = forms.DecimalField(max_digits=6, decimal_places=2)
    reason = forms.CharField(max_length=4000, required=False)


class VetoForm(forms.Form):
    """An event that shall decide by itself. Whether it fits the review is said by the action."""

    cause = forms.ChoiceField(label=_("Event"), choices=VetoCause.choices)
    happened_on = forms.DateField(
        label=_("Happened on"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    effect = forms.ChoiceField(
        label=_("Effect"), choices=VetoEffectChoice.choices, widget=forms.Select(attrs={"data-chooses": ""})
    )
    grade = forms.ChoiceField(label=_("Best grade left"), required=False)
    kpi = forms.ChoiceField(label=_("KPI that counts 0"), required=False)
    evidence = forms.CharField(
        label=_("Evidence"),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("What happened and how it is known: 20 characters at least. The engineer reads it once approved."),
    )

    def __init__(self, *args: Any, grades: Sequence[str], kpis: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["grade"].choices = [("", "–"), *((grade, grade) for grade in grades)]  # type: ignore[attr-defined]
        self.fields["kpi"].choices = [("", "–"), *kpis]  # type: ignore[attr-defined]

    @property
    def about(self) -> list[forms.BoundField]:
        return [self[name] for name in ("cause", "happened_on", "effect")]


class CalibrationForm(forms.Form):
    """A grade in place of the one the score gives. Whether it is one of the review's scheme is said by the action."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    grade = forms.CharField(label=_("Grade"), max_length=10)
    reason = forms.CharField(label=_("Reason, 20 characters at least"), max_length=4000, required=False)

    def __init__(self, *args: Any, takes_over: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # The proposal names the grade then.
        self.fields["grade"].required = not takes_over
