"""What a manager's browser sends."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from appraisal.reviews.lines import HIGHEST_RATING
from appraisal.reviews.queries import field_name

Key = tuple[int, str]


class RatingForm(forms.Form):
    """The ratings of one review, its comment, and the version the manager saw."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    comment = forms.CharField(
        label=_("Comment"), required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 4})
    )

    def __init__(self, *args: object, criteria: list[Key], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # forwarded untouched
        self._fields_of = {field_name(*key): key for key in criteria}
        for name in self._fields_of:
            self.fields[name] = forms.IntegerField(min_value=1, max_value=HIGHEST_RATING, required=False)

    def scores(self) -> dict[Key, int]:
        """Return what was rated; a criterion left open is not in it."""
        return {
            key: self.cleaned_data[name]
            for name, key in self._fields_of.items()
            if self.cleaned_data.get(name) is not None
        }
