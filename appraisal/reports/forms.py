"""Forms of reports."""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from appraisal.reports.printing import PrintForm


class PrintScorecardsForm(forms.Form):
    form = forms.ChoiceField(label=_("As"), choices=PrintForm.choices, initial=PrintForm.PDF)
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
