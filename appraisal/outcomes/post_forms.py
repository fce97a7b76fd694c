"""What a browser sends about changes of post."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from appraisal.outcomes.posts import Destination
from engineers.models import JobProfile, Team
from engineers.person_field import PeopleForm, PersonField


class PostChangeForm(PeopleForm):
    engineer = PersonField(label=_("Engineer"))
    to_team = forms.ModelChoiceField(label=_("To the team"), queryset=Team.objects.order_by("code"), required=False)
    to_profile = forms.ModelChoiceField(
        label=_("To the job profile"), queryset=JobProfile.objects.order_by("code"), required=False
    )
    to_post = forms.CharField(label=_("Other post, in words"), max_length=100, required=False)
    effective_on = forms.DateField(label=_("Takes effect on"), widget=forms.DateInput(attrs={"type": "date"}))
    reason = forms.CharField(label=_("Reason"), max_length=4000, widget=forms.Textarea(attrs={"rows": 4}))

    def destination(self) -> Destination:
        given = self.cleaned_data
        return Destination(team=given["to_team"], profile=given["to_profile"], post=given["to_post"])
