"""What a manager's browser sends."""

from __future__ import annotations

from django import forms
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from appraisal.reviews.figures.lines import HIGHEST_RATING
from appraisal.reviews.rating.queries import field_name

Key = tuple[int, str]


class RatingForm(forms.Form):
    """The ratings of one review or a part of it, its comment, and the version the writer saw."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    segment = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0, max_value=1000)
    note = forms.CharField(required=False, max_length=4000)
    comment = forms.CharField(
        label=_("Comment"), required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 4})
    )

    def __init__(self, *args: object, criteria: list[Key], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # forwarded untouched
        self._fields_of = {field_name(*key): key for key in criteria}
        for name in self._fields_of:
            self.fields[name] = forms.IntegerField(min_value=1, max_value=HIGHEST_RATING, required=False)

    @property
    def problem(self) -> str:
        """What is wrong, in one sentence: a text that is too long, else a rating that is none."""
        texts = [str(error) for name in ("comment", "note") for error in self.errors.get(name, [])]
        return texts[0] if texts else translation.gettext("A rating is a number from 1 to 5.")

    def noted(self) -> str | None:
        """Return the private note; None where the page had no field for it."""
        return str(self.cleaned_data["note"]) if "note" in self.data else None

    def scores(self) -> dict[Key, int]:
        """Return what was rated; a criterion left open is not in it."""
        return {
            key: self.cleaned_data[name]
            for name, key in self._fields_of.items()
            if self.cleaned_data.get(name) is not None
        }


class OverrideForm(forms.Form):
    """Points in place of computed ones. Whether they fit the line is said by the action."""

    line = forms.IntegerField(min_value=1, max_value=10**18)
    segment = forms.IntegerField(required=False, min_value=0, max_value=1000)
    points = forms.DecimalField(max_digits=6, decimal_places=2)
    reason = forms.CharField(max_length=4000, required=False)
