"""What a browser sends about vetoes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from appraisal.reviews.models import VetoCause, VetoEffectChoice


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
