"""The forms of the steps in which a cycle is set up. What has to hold of a cycle is said by ``creation``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from appraisal.cycles.creation import planned_cycle
from appraisal.cycles.forms import Choices, DayInput
from appraisal.cycles.models import Cycle, CycleState
from appraisal.cycles.setup.plan import ProfileGroup
from appraisal.cycles.setup.proposals import LIKE, SHIPPED_SCHEME, Kind
from appraisal.cycles.workflow import STAGES
from appraisal.kpis.queries import list_schemes
from engineers.forms import show_errors

SCHEME = "scheme"
DUE = "due_"
FORMER_SHOWN = 5


def scheme_choices() -> Choices:
    """Return the schemes in force; the shipped one is offered even before anyone loaded it."""
    rows = [(row.scheme.code, row.scheme.name, row.active.number) for row in list_schemes() if row.active]
    choices = [(code, f"{name} v{number}") for code, name, number in rows]
    if SHIPPED_SCHEME not in dict(choices):
        choices.append((SHIPPED_SCHEME, str(_("the standard scheme as shipped"))))
    return choices


class StartForm(forms.Form):
    """What the new cycle is made after: a former cycle, or a template."""

    start = forms.ChoiceField(label=_("Begin with"), widget=forms.RadioSelect(attrs={"class": "form-check-input"}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        former = [
            (f"{LIKE}{cycle.code}", _("the period after “%(name)s”, set up alike") % {"name": cycle.name})
            for cycle in Cycle.objects.order_by("-end_date", "-pk")[:FORMER_SHOWN]
        ]
        choices = [*former, *Kind.choices]
        self.fields["start"].choices = choices  # type: ignore[attr-defined]
        self.fields["start"].initial = former[0][0] if former else Kind.QUARTER


class _Quarters(forms.ModelMultipleChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.name}, {obj.start_date} – {obj.end_date}"


class PeriodForm(forms.Form):
    code = forms.SlugField(label=_("Code"), max_length=40, help_text=_("For instance 2026-Q1."))
    name = forms.CharField(
        label=_("Name"), max_length=100, required=False, help_text=_("Empty: the same as the code.")
    )
    start_date = forms.DateField(label=_("First day"), widget=DayInput())
    end_date = forms.DateField(label=_("Last day"), widget=DayInput())
    time_zone = forms.CharField(label=_("Time zone"), max_length=60)
    parts = _Quarters(
        label=_("Quarters of a year"),
        queryset=Cycle.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
        help_text=_(
            "Only for a year, and within its days: its score is that of the quarters, weighed by workdays present."
        ),
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._today = today
        # A year is made of cycles that are no years themselves.
        self.fields["parts"].queryset = Cycle.objects.filter(parts__isnull=True)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors:
            try:
                planned_cycle(**data | {"parts": list(data["parts"])}, today=self._today)
            except ValidationError as error:
                show_errors(self, error)
        return data


class SchemesForm(forms.Form):
    """A scheme for everybody, and those of job profiles that differ."""

    def __init__(self, *args: Any, groups: Sequence[ProfileGroup], schemes: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields[SCHEME] = forms.ChoiceField(
            label=_("Scheme of everybody else"),
            required=False,
            choices=[*schemes, ("", _("none"))],
            help_text=_("Whose job profile has no scheme of its own."),
        )
        for group in groups:
            if group.profile:
                self.fields[f"{SCHEME}_{group.profile.pk}"] = forms.ChoiceField(
                    label=_("%(profile)s (people: %(number)s)")
                    % {"profile": group.profile.name, "number": group.people},
                    required=False,
                    choices=[("", _("as everybody else")), *schemes],
                )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors and not any(data.values()):
            self.add_error(SCHEME, _("A cycle needs a scheme."))
        return data

    def by_profile(self) -> dict[int, str]:
        """Return the codes of the schemes chosen for job profiles."""
        return {
            int(name.removeprefix(f"{SCHEME}_")): code
            for name, code in self.cleaned_data.items()
            if name != SCHEME and code
        }


class PeopleForm(forms.Form):
    """Who takes part in a review beside the manager."""

    asks_self_review = forms.BooleanField(label=_("Engineers rate themselves first"), required=False)
    asks_second_level = forms.BooleanField(label=_("The second level approves each review"), required=False)


class DeadlinesForm(forms.Form):
    def __init__(self, *args: Any, asks_self_review: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for state in STAGES:
            if state != CycleState.SELF_REVIEW or asks_self_review:
                label = _("%(stage)s: due on") % {"stage": state.label}
                self.fields[f"{DUE}{state}"] = forms.DateField(label=label, required=False, widget=DayInput())

    def deadlines(self) -> dict[str, date]:
        return {name.removeprefix(DUE): day for name, day in self.cleaned_data.items() if day}
