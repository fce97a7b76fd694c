"""What a browser sends about disputed cases and appeals."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from appraisal.reviews.fields import text_field
from appraisal.reviews.models import AppealTerms, DisputeCause


class ClaimForm(forms.Form):
    """Why a case should not count. Whether it counts in the line is said by the action."""

    cause = forms.ChoiceField(label=_("What happened"), choices=DisputeCause.choices)
    text = text_field(_("What can be said and shown for it"))
    everywhere = forms.BooleanField(label=_("It should not count in any KPI, not only in this one"), required=False)


class DecisionForm(forms.Form):
    """The decision about one disputed case."""

    uphold = forms.ChoiceField(
        label=_("Decision"),
        choices=[("yes", _("Upheld: the case counts no longer")), ("no", _("Refused: the case stays"))],
        widget=forms.RadioSelect,
    )
    reason = text_field(_("Reason"))


class AppealForm(forms.Form):
    """An appeal: the whole result, or the lines that are ticked; single cases come from the lists of cases."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    text = text_field(_("What is wrong, and what can be shown for it"), rows=6)
    lines = forms.MultipleChoiceField(
        label=_("Against these lines"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Leave all open to appeal against the whole result."),
    )

    def __init__(self, *args: Any, lines: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["lines"].choices = lines  # type: ignore[attr-defined]  # a choice field

    def places(self) -> list[tuple[int, int]]:
        return [read_place(value) for value in self.cleaned_data["lines"]]


class SupplementForm(forms.Form):
    text = text_field(_("Addition"))


class AppealDecisionForm(forms.Form):
    """The decision about an appeal: which cases are upheld, and which lines get other points."""

    outcome = forms.ChoiceField(
        label=_("Outcome"),
        choices=[
            ("upheld", _("upheld")),
            ("partly", _("partly upheld")),
            ("refused", _("refused")),
        ],
        widget=forms.RadioSelect,
    )
    upheld = forms.MultipleChoiceField(
        label=_("These cases count no longer"), required=False, widget=forms.CheckboxSelectMultiple
    )
    reason = text_field(_("Reason"), hint=_("20 characters at least. The engineer and the managers read it."))

    def __init__(
        self, *args: Any, cases: Sequence[tuple[str, str]], lines: Sequence[tuple[str, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["upheld"].choices = cases  # type: ignore[attr-defined]  # a choice field
        if not cases:
            del self.fields["upheld"]
        self._places = {}
        for place, label in lines:
            name = f"points_{place}"
            self._places[name] = read_place(place)
            self.fields[name] = forms.DecimalField(
                label=label, required=False, min_value=0, max_digits=6, decimal_places=2
            )

    def upheld_ids(self) -> list[int]:
        return [int(value) for value in self.cleaned_data.get("upheld", ())]

    def points(self) -> dict[tuple[int, int], Decimal]:
        """Return the points given; a field left open gives none."""
        return {
            place: self.cleaned_data[name]
            for name, place in self._places.items()
            if self.cleaned_data.get(name) is not None
        }

    @property
    def main(self) -> list[forms.BoundField]:
        return [self[name] for name in ("outcome", "upheld") if name in self.fields]

    @property
    def given(self) -> list[forms.BoundField]:
        return [self[name] for name in self._places]


def read_place(text: str) -> tuple[int, int]:
    segment, line_id = text.split("-")
    return int(segment), int(line_id)


class TermsForm(forms.ModelForm):
    class Meta:
        model = AppealTerms
        fields = ("file_days", "supplement_days", "decision_days", "dispute_days")
