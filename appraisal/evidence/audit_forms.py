"""What is sent about samples, judgements and exceptions."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from appraisal.evidence.audits import DEFAULT_REPORTS, LARGEST_SEED, MARKS
from appraisal.evidence.models import AuditItem, Decision, ReportAudit
from appraisal.evidence.record_forms import DayField
from engineers.models import User

MOST_REPORTS = 100
MARK_LABELS = {0: _("missing"), 50: _("in part"), 100: _("complete")}


class SampleForm(forms.Form):
    first_date = DayField(label=_("First day"))
    last_date = DayField(label=_("Last day"))
    per_engineer = forms.IntegerField(
        label=_("Reports per engineer"), min_value=1, max_value=MOST_REPORTS, initial=DEFAULT_REPORTS
    )
    auditors = forms.CharField(
        label=_("Auditors"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("User names, one a line. Nobody gets a report of their own or of the engineers they manage."),
    )
    seed = forms.IntegerField(
        label=_("Seed"),
        required=False,
        min_value=0,
        max_value=LARGEST_SEED,
        help_text=_("Empty: a random one. It is kept: the same seed draws the same reports again."),
    )

    def clean_auditors(self) -> list[User]:
        names = list(dict.fromkeys(self.cleaned_data["auditors"].replace(",", "\n").split()))
        known = {user.username: user for user in User.objects.filter(username__in=names, is_active=True)}
        unknown = [name for name in names if name not in known]
        if unknown:
            raise forms.ValidationError(
                _("Nobody has these user names: %(names)s."),
                code="unknown_user",
                params={"names": ", ".join(unknown)},
            )
        return [known[name] for name in names]


class JudgementForm(forms.Form):
    """The marks of one report; an item is named ``item_<code>``."""

    def __init__(self, *args: Any, audit: ReportAudit, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        marks = [(mark, MARK_LABELS[mark]) for mark in MARKS]
        for item in AuditItem:
            self.fields[f"item_{item.value}"] = forms.TypedChoiceField(
                label=item.label.capitalize(),
                choices=marks,
                coerce=int,
                widget=forms.RadioSelect,
                initial=audit.items.get(item.value),
            )
        self.fields["diagnosis_correct"] = forms.NullBooleanField(
            label=_("Was the first diagnosis the cause?"),
            help_text=_("Leave it open where the report does not tell."),
            initial=audit.diagnosis_correct,
            required=False,
        )
        self.fields["note"] = forms.CharField(
            label=_("Note"),
            max_length=2000,
            required=False,
            initial=audit.note,
            widget=forms.Textarea(attrs={"rows": 2}),
        )

    @property
    def marks(self) -> dict[str, int]:
        return {item.value: self.cleaned_data[f"item_{item.value}"] for item in AuditItem}


class SettleForm(forms.Form):
    decision = forms.ChoiceField(label=_("Decision"), choices=Decision.choices)
    reason = forms.CharField(label=_("Reason"), max_length=2000, widget=forms.Textarea(attrs={"rows": 2}))


class ExceptionFilterForm(forms.Form):
    first = DayField(label=_("From"), required=False)
    last = DayField(label=_("To"), required=False)
