from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from engineers.models import JobProfile

Choices = list[tuple[str, str]]


class _Day(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        # Browsers fill a date input from the ISO form only, whatever the language of the page.
        super().__init__(format="%Y-%m-%d")


class CycleForm(forms.Form):
    code = forms.SlugField(label=_("Code"), max_length=40, help_text=_("For instance 2026-Q1."))
    name = forms.CharField(
        label=_("Name"), max_length=100, required=False, help_text=_("Empty: the same as the code.")
    )
    start_date = forms.DateField(label=_("First day"), widget=_Day())
    end_date = forms.DateField(label=_("Last day"), widget=_Day())
    time_zone = forms.CharField(label=_("Time zone"), max_length=60)
    scheme = forms.ChoiceField(label=_("Scheme"))

    def __init__(self, *args: Any, schemes: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["time_zone"].initial = settings.TIME_ZONE
        self.fields["scheme"].choices = schemes  # type: ignore[attr-defined]


class ProfileSchemeForm(forms.Form):
    """Which scheme applies to a job profile of a cycle."""

    profile = forms.ModelChoiceField(
        label=_("Job profile"),
        queryset=JobProfile.objects.all(),
        required=False,
        empty_label=_("all the others"),
    )
    scheme = forms.ChoiceField(label=_("Scheme"))

    def __init__(self, *args: Any, schemes: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["scheme"].choices = schemes  # type: ignore[attr-defined]
