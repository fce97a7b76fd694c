from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from appraisal.notices.models import Pace
from appraisal.notices.queries import Choice


class ChoicesForm(forms.Form):
    """E-mail, chat and pace for every group of topics. Without a chat robot there is nothing to choose for chat."""

    def __init__(self, *given: Any, choices: list[Choice], has_chat: bool, **options: Any) -> None:
        super().__init__(*given, **options)
        self._choices = choices
        for choice in choices:
            self.fields[f"{choice.group}_email"] = forms.BooleanField(
                label=_("By e-mail"), required=False, initial=choice.email
            )
            if has_chat:
                self.fields[f"{choice.group}_chat"] = forms.BooleanField(
                    label=_("By chat"), required=False, initial=choice.chat
                )
            self.fields[f"{choice.group}_pace"] = forms.ChoiceField(
                label=_("When"), choices=Pace.choices, initial=choice.pace
            )

    def groups(self) -> list[tuple[Choice, list[forms.BoundField]]]:
        """Return each group with its fields."""
        return [
            (choice, [self[name] for name in self.fields if name.rpartition("_")[0] == choice.group])
            for choice in self._choices
        ]

    def chosen(self) -> list[Choice]:
        """Return what the sent form says; what it does not offer stays as it was."""
        sent = self.cleaned_data
        return [
            Choice(
                group=choice.group,
                label=choice.label,
                email=sent[f"{choice.group}_email"],
                chat=sent.get(f"{choice.group}_chat", choice.chat),
                pace=sent[f"{choice.group}_pace"],
            )
            for choice in self._choices
        ]
