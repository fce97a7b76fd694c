"""What a manager rates by: criteria with five anchors each."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from appraisal.kpis.models import KpiVersion

RATINGS = range(1, 6)


class CriterionForm(forms.Form):
    """A criterion the manager rates: a name and five anchors, each in both languages."""

    code = forms.SlugField(label=_("Code"), max_length=40)
    name_zh = forms.CharField(label=_("Name in Chinese"), max_length=100)
    name_en = forms.CharField(label=_("Name in English"), max_length=100)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for rating in RATINGS:
            for language, label in (("zh", _("in Chinese")), ("en", _("in English"))):
                self.fields[f"anchor_{language}_{rating}"] = forms.CharField(label=f"{rating} {label}", max_length=200)

    @property
    def anchor_rows(self) -> list[tuple[int, forms.BoundField, forms.BoundField]]:
        return [(rating, self[f"anchor_zh_{rating}"], self[f"anchor_en_{rating}"]) for rating in RATINGS]

    def criterion(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {
            "code": data["code"],
            "name": {"zh": data["name_zh"], "en": data["name_en"]},
            "anchors": [{"zh": data[f"anchor_zh_{rating}"], "en": data[f"anchor_en_{rating}"]} for rating in RATINGS],
        }


CriterionFormSet = forms.formset_factory(CriterionForm, extra=1, max_num=20, can_delete=True)


def criterion_initial(version: KpiVersion | None) -> list[dict[str, str]]:
    """Return the formset's initial values for the criteria of a KPI."""
    rows = []
    for criterion in version.criteria if version else ():
        row = {
            "code": criterion["code"],
            "name_zh": criterion["name"]["zh"],
            "name_en": criterion["name"]["en"],
        }
        for rating, anchor in zip(RATINGS, criterion["anchors"], strict=False):
            row |= {f"anchor_zh_{rating}": anchor["zh"], f"anchor_en_{rating}": anchor["en"]}
        rows.append(row)
    return rows


def criteria_of(formset: Any) -> list[dict[str, Any]]:
    """Return the criteria of a valid formset, without those marked for removal."""
    return [
        form.criterion()
        for form in formset.forms
        if form.cleaned_data and not form.cleaned_data.get("DELETE") and form.cleaned_data.get("code")
    ]
