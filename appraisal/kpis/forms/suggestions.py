"""Forms of suggestions: to write one, to answer one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from appraisal.kpis.models import SchemeVersion, SuggestionState

KPI, SCHEME = "kpi", "scheme"


class SuggestionForm(forms.Form):
    """About one KPI or scheme; ``about`` is "kpi:code" or "scheme:code"."""

    about = forms.ChoiceField(label=_("About"))
    text = forms.CharField(
        label=_("What should change, and why?"), max_length=4000, widget=forms.Textarea(attrs={"rows": 4})
    )

    def __init__(
        self, *args: Any, kpis: Sequence[tuple[str, str]], schemes: Sequence[tuple[str, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["about"].choices = [  # type: ignore[attr-defined]
            ("", "–"),
            (_("KPIs"), [(f"{KPI}:{code}", name) for code, name in kpis]),
            (_("Schemes"), [(f"{SCHEME}:{code}", name) for code, name in schemes]),
        ]

    def subject(self) -> dict[str, str]:
        """Return what ``write_suggestion`` is told it is about."""
        kind, _colon, code = self.cleaned_data["about"].partition(":")
        return {kind: code}


class AnswerForm(forms.Form):
    decision = forms.ChoiceField(
        label=_("Answer"),
        choices=[(SuggestionState.ACCEPTED, _("accept")), (SuggestionState.DECLINED, _("decline"))],
        widget=forms.RadioSelect,
    )
    version = forms.ModelChoiceField(
        label=_("Goes into"), queryset=SchemeVersion.objects.none(), required=False, empty_label=_("not decided yet")
    )
    answer = forms.CharField(
        label=_("In words, for the writer"), max_length=4000, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, *args: Any, versions: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["version"].queryset = versions  # type: ignore[attr-defined]

    @property
    def accepts(self) -> bool:
        return bool(self.cleaned_data["decision"] == SuggestionState.ACCEPTED)
