from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from appraisal.cycles.models import Cycle
from appraisal.cycles.workflow import STAGES
from appraisal.kpis.models import KpiVersion
from engineers.models import JobProfile
from engineers.person_field import PeopleForm, PersonField

Choices = list[tuple[str, str]]


class DayInput(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        # Browsers fill a date input from the ISO form only, whatever the language of the page.
        super().__init__(format="%Y-%m-%d")


class StagesForm(forms.Form):
    """Who takes part in a cycle, and by when each stage shall be done."""

    asks_self_review = forms.BooleanField(label=_("Engineers rate themselves first"), required=False)
    asks_second_level = forms.BooleanField(label=_("The second level approves each review"), required=False)

    def __init__(self, *args: Any, cycle: Cycle, **kwargs: Any) -> None:
        due = {f"due_{deadline.state}": deadline.due_date for deadline in cycle.deadlines.all()}
        asks = {"asks_self_review": cycle.asks_self_review, "asks_second_level": cycle.asks_second_level}
        kwargs["initial"] = due | asks
        super().__init__(*args, **kwargs)
        for state in STAGES:
            label = _("%(stage)s: due on") % {"stage": state.label}
            self.fields[f"due_{state}"] = forms.DateField(label=label, required=False, widget=DayInput())

    def deadlines(self) -> dict[str, date | None]:
        return {str(state): self.cleaned_data[f"due_{state}"] for state in STAGES}


class ProfileSchemeForm(forms.Form):
    """Which scheme applies to a job profile of a cycle."""

    profile = forms.ModelChoiceField(
        label=_("Job profile"),
        queryset=JobProfile.objects.all(),
        required=False,
        empty_label=_("all the others"),
    )
    scheme = forms.ChoiceField(label=_("Scheme"))

    def __init__(self, *args: Any, schemes: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["scheme"].choices = schemes  # type: ignore[attr-defined]


class ValueForm(PeopleForm):
    """A KPI value entered by hand. Whether it fits the cycle is said by the action."""

    engineer = PersonField(label=_("Engineer"))
    kpi = forms.ChoiceField(label=_("KPI"))
    value = forms.DecimalField(
        label=_("Value"),
        max_digits=18,
        decimal_places=6,
        help_text=_("In the unit of the KPI, which stands behind its name."),
    )
    n = forms.IntegerField(
        label=_("Cases"),
        min_value=1,
        max_value=1_000_000,
        initial=1,
        help_text=_("How many cases stand behind the value."),
    )
    evidence = forms.CharField(
        label=_("Evidence"),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Where the figure comes from, so that others can check it: 20 characters at least."),
    )

    def __init__(self, *args: Any, kpis: Sequence[KpiVersion], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kpi"].choices = [  # type: ignore[attr-defined]
            (version.kpi.code, f"{version.name} ({version.kpi.code}), {version.measure.unit.label}")
            for version in kpis
        ]
