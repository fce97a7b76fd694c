"""What a browser sends about interviews."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from appraisal.reviews.fields import text_field

_DAY = {"type": "date"}


class InterviewForm(forms.Form):
    """Date and minutes of an interview, and the version the writer saw."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    interviewer = forms.TypedChoiceField(label=_("Led by"), coerce=int)
    planned_on = forms.DateField(
        label=_("Planned for"), required=False, widget=forms.DateInput(attrs=_DAY, format="%Y-%m-%d")
    )
    held_on = forms.DateField(
        label=_("Held on"), required=False, widget=forms.DateInput(attrs=_DAY, format="%Y-%m-%d")
    )
    strengths = text_field(_("Strengths"), rows=3, required=False, hint="")
    improvements = text_field(_("What to improve"), rows=3, required=False, hint="")
    goals = text_field(_("Goals agreed"), rows=3, required=False, hint="")
    support = text_field(_("Support promised"), rows=3, required=False, hint="")

    def __init__(self, *args: Any, people: Sequence[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["interviewer"].choices = people  # type: ignore[attr-defined]  # a choice field


class InterviewCommentForm(forms.Form):
    comment = text_field(_("My comment"), rows=3, required=False, hint="")
