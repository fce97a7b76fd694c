"""What a browser sends about disputed cases and appeals."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from appraisal.reviews.appeals.claims import Claim
from appraisal.reviews.appeals.places import CasePlace
from appraisal.reviews.fields import text_field
from appraisal.reviews.models import AppealTerms, DisputeCause


class ClaimForm(forms.Form):
    """Why a case should not count. Whether it counts in the line is said by the action."""

    cause = forms.ChoiceField(label=_("What happened"), choices=DisputeCause.choices)
    text = text_field(_("What can be said and shown for it"))
    everywhere = forms.BooleanField(label=_("It should not count in any KPI, not only in this one"), required=False)


class TicketClaimForm(ClaimForm):
    """A ticket disputed from its own page: in which lines it should not count."""

    places = forms.MultipleChoiceField(
        label=_("It should not count in"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one line.")},
    )
    field_order = ("places", "cause", "text", "everywhere")

    def __init__(self, *args: Any, places: Sequence[CasePlace], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._places = {place.key: place for place in places}
        field = self.fields["places"]
        field.choices = [(key, place.label) for key, place in self._places.items()]  # type: ignore[attr-defined]  # a choice field
        if len(places) == 1:
            field.initial = list(self._places)

    def claims(self) -> dict[int, list[Claim]]:
        """Return what was chosen as claims, by the id of the review."""
        claims: dict[int, list[Claim]] = {}
        for key in self.cleaned_data["places"]:
            place = self._places[key]
            claims.setdefault(place.review.pk, []).append(
                Claim(
                    line_id=place.line.pk,
                    record_id=place.record_id,
                    part=place.part,
                    segment=place.segment,
                    **{name: self.cleaned_data[name] for name in ("cause", "text", "everywhere")},
                )
            )
        return claims


class DecisionForm(forms.Form):
    """The decision about one disputed case."""

    CHOICES = (("yes", _("Upheld: the case counts no longer")), ("no", _("Refused: the case stays")))

    uphold = forms.ChoiceField(label=_("Decision"), choices=CHOICES, widget=forms.RadioSelect)
    reason = text_field(_("Reason"))


class WithdrawalForm(forms.Form):
    reason = text_field(_("Reason"), rows=2, required=False, hint=_("Not needed. Who would have decided reads it."))


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
    """The decision about an appeal: each case upheld or not, which lines get other points, one reason for all."""

    outcome = forms.ChoiceField(
        label=_("Outcome"),
        choices=[
            ("upheld", _("upheld")),
            ("partly", _("partly upheld")),
            ("refused", _("refused")),
        ],
        widget=forms.RadioSelect,
    )
    reason = text_field(_("Reason"), hint=_("20 characters at least. The engineer and the managers read it."))

    def __init__(
        self, *args: Any, cases: Sequence[tuple[str, str]], lines: Sequence[tuple[str, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._cases = {f"case_{case}": int(case) for case, _label in cases}
        for case, label in cases:
            self.fields[f"case_{case}"] = forms.ChoiceField(
                label=label, choices=DecisionForm.CHOICES, widget=forms.RadioSelect
            )
        self._places = {}
        for place, label in lines:
            name = f"points_{place}"
            self._places[name] = read_place(place)
            self.fields[name] = forms.DecimalField(
                label=label, required=False, min_value=0, max_digits=6, decimal_places=2
            )

    def upheld_ids(self) -> list[int]:
        return [case for name, case in self._cases.items() if self.cleaned_data[name] == "yes"]

    def points(self) -> dict[tuple[int, int], Decimal]:
        """Return the points given; a field left open gives none."""
        return {
            place: self.cleaned_data[name]
            for name, place in self._places.items()
            if self.cleaned_data.get(name) is not None
        }

    @property
    def main(self) -> list[forms.BoundField]:
        return [self["outcome"], *(self[name] for name in self._cases)]

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
