"""What a browser sends about calibration."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


class CalibrationForm(forms.Form):
    """A grade in place of the one the score gives. Whether it is one of the review's scheme is said by the action."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    grade = forms.CharField(label=_("Grade"), max_length=10)
    reason = forms.CharField(label=_("Reason, 20 characters at least"), max_length=4000, required=False)

    def __init__(self, *args: Any, takes_over: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # The proposal names the grade then.
        self.fields["grade"].required = not takes_over
