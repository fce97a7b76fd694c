"""What a browser sends about promotions, commendations and the rules."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from appraisal.outcomes.honours import RulesContent
from appraisal.outcomes.models import OutcomeRules, PromotionChoice
from engineers.person_field import PeopleForm, PersonField


class PromotionForm(forms.Form):
    choice = forms.ChoiceField(label=_("Decision"), choices=PromotionChoice.choices)
    reason = forms.CharField(label=_("Reason"), max_length=4000, widget=forms.Textarea(attrs={"rows": 3}))


class CommendationForm(PeopleForm):
    engineer = PersonField(label=_("Engineer"))
    title = forms.CharField(label=_("Title"), max_length=100)
    text = forms.CharField(label=_("For what"), max_length=4000, widget=forms.Textarea(attrs={"rows": 4}))


class GradesField(forms.CharField):
    """Grades, separated by commas or blanks."""

    def clean(self, value: Any) -> Any:
        text = super().clean(value) or ""
        return text.replace(",", " ").replace("，", " ").replace("、", " ").split()

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value


class RulesForm(forms.Form):
    weak_points = forms.DecimalField(
        label=_("A KPI is weak below so many points"), min_value=0, max_value=150, max_digits=5, decimal_places=2
    )
    plan_grades = GradesField(label=_("Grades that ask for an improvement plan"), required=False, max_length=100)
    plan_twice_grades = GradesField(
        label=_("Grades that ask for one the second time running"), required=False, max_length=100
    )
    promotion_grades = GradesField(label=_("Grades that count towards a promotion"), max_length=100)
    promotion_cycles = forms.IntegerField(label=_("So many published cycles running"), min_value=1, max_value=12)

    def __init__(self, *args: Any, rules: OutcomeRules, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self.fields:
            self.fields[name].initial = getattr(rules, name)

    def content(self) -> RulesContent:
        return RulesContent(**self.cleaned_data)
