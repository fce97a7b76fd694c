"""What HR's browser sends about a bonus plan."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.utils.translation import gettext_lazy as _

from appraisal.outcomes import bonus
from appraisal.outcomes.models import BonusBase, BonusPlan, PayrollPreset
from appraisal.outcomes.models.bonus import RoundingUnit
from appraisal.outcomes.payroll import COLUMNS, LONGEST_HEADER
from appraisal.scoring.rollup import NOT_RATED
from engineers.models import JobProfile, Team


def _between(least: Decimal | int, most: Decimal | int) -> dict[str, Any]:
    """Return what makes a number field refuse what lies beyond its bounds, naming both."""

    def check(value: Decimal) -> None:
        if not least <= value <= most:
            raise ValidationError(
                _("A number between %(least)s and %(most)s."), params={"least": least, "most": most}, code="bounds"
            )

    bounds = {"min": str(least), "max": str(most), "step": "any"}
    return {"validators": [check], "widget": forms.NumberInput(attrs=bounds)}


class BonusSettingsForm(forms.Form):
    """Coefficients by grade, bounds of the team factor, budget and rounding."""

    pool = forms.DecimalField(
        label=_("Budget"),
        required=False,
        min_value=Decimal("0.01"),
        max_digits=14,
        decimal_places=2,
        help_text=_("All bonuses are fitted to it, and add up to it exactly. Empty: no budget."),
    )
    unit = forms.ChoiceField(label=_("Rounded to"), choices=RoundingUnit.choices)
    lowest_team_factor = forms.DecimalField(
        label=_("Lowest team factor"), max_digits=4, decimal_places=2, **_between(*bonus.LOWEST_FACTORS)
    )
    highest_team_factor = forms.DecimalField(
        label=_("Highest team factor"), max_digits=4, decimal_places=2, **_between(*bonus.HIGHEST_FACTORS)
    )
    is_shown = forms.BooleanField(label=_("Engineers see their own bonus once it is approved"), required=False)
    is_confirmed = forms.BooleanField(label=_("It is meant so: a better grade gets less"), required=False)

    def __init__(self, *args: Any, plan: BonusPlan, grades: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._grades = list(grades)
        for name in ("pool", "unit", "lowest_team_factor", "highest_team_factor", "is_shown"):
            self.fields[name].initial = getattr(plan, name)
        for grade in grades:
            self.fields[f"grade_{grade}"] = forms.DecimalField(
                label=_("Not rated (NR)") if grade == NOT_RATED else grade,
                required=False,
                max_digits=6,
                decimal_places=3,
                initial=plan.coefficients.get(grade),
                **_between(0, bonus.HIGHEST_COEFFICIENT),
            )

    @property
    def coefficients(self) -> list[forms.BoundField]:
        return [self[f"grade_{grade}"] for grade in self._grades]

    @property
    def others(self) -> list[forms.BoundField]:
        return [self[name] for name in ("pool", "unit", "lowest_team_factor", "highest_team_factor", "is_shown")]

    @property
    def asks_confirmation(self) -> bool:
        """True once the figures were refused because a better grade gets less than a worse one."""
        return self.has_error(NON_FIELD_ERRORS, code="falls") or bool(self.data.get("is_confirmed"))

    def chosen(self) -> bonus.BonusSettings:
        data = self.cleaned_data
        given = {grade: data[f"grade_{grade}"] for grade in self._grades}
        return bonus.BonusSettings(
            coefficients={grade: value for grade, value in given.items() if value is not None},
            **{name: data[name] for name in ("pool", "unit", "lowest_team_factor", "highest_team_factor", "is_shown")},
        )


class ProfileBasesForm(forms.Form):
    """One base per job profile, and one for everybody else."""

    def __init__(self, *args: Any, bases: Sequence[BonusBase], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        stored = {base.profile_id: base.amount for base in bases}
        self._profiles: list[JobProfile | None] = [*JobProfile.objects.all(), None]
        for profile in self._profiles:
            key = profile.pk if profile else None
            self.fields[self._name(profile)] = forms.DecimalField(
                label=profile.name if profile else _("everybody else"),
                required=False,
                min_value=0,
                max_digits=12,
                decimal_places=2,
                initial=stored.get(key),
            )

    @staticmethod
    def _name(profile: JobProfile | None) -> str:
        return f"profile_{profile.pk if profile else 'rest'}"

    def amounts(self) -> dict[JobProfile | None, Decimal | None]:
        return {profile: self.cleaned_data[self._name(profile)] for profile in self._profiles}


class TeamFactorForm(forms.Form):
    """The factor of one team; an empty one takes it back."""

    team = forms.ModelChoiceField(label=_("Team"), queryset=Team.objects.none())
    factor = forms.DecimalField(label=_("Factor"), required=False, max_digits=4, decimal_places=2)
    reason = forms.CharField(label=_("Reason"), required=False, max_length=1000)

    def __init__(self, *args: Any, plan: BonusPlan, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        teams = Team.objects.filter(pk__in=plan.cycle.reviews.values("team"))
        self.fields["team"].queryset = teams.order_by("code")  # type: ignore[attr-defined]
        self.fields["factor"].help_text = _("From %(least)s to %(most)s. Empty: none, which is 1.") % {
            "least": plan.lowest_team_factor,
            "most": plan.highest_team_factor,
        }


class PresetForm(forms.Form):
    """Columns for the payroll: a place in the order (empty: left out), and a header where another is wanted."""

    name = forms.CharField(label=_("Name"), max_length=100)

    def __init__(self, *args: Any, preset: PayrollPreset | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        stored = {code: (place, header) for place, (code, header) in enumerate(preset.columns, 1)} if preset else {}
        if preset:
            self.fields["name"].initial = preset.name
        for code in COLUMNS:
            place, header = stored.get(code, (None, ""))
            self.fields[f"place_{code}"] = forms.IntegerField(
                label=_("Place in the order"), required=False, min_value=1, max_value=99, initial=place
            )
            self.fields[f"header_{code}"] = forms.CharField(
                label=_("Own header"), required=False, max_length=LONGEST_HEADER, initial=header
            )

    @property
    def rows(self) -> list[tuple[str, forms.BoundField, forms.BoundField]]:
        return [
            (str(title), self[f"place_{code}"], self[f"header_{code}"]) for code, (title, _read) in COLUMNS.items()
        ]

    def columns(self) -> list[tuple[str, str]]:
        """Return the chosen columns by place; of equal places the usual order decides."""
        data = self.cleaned_data
        chosen = [code for code in COLUMNS if data[f"place_{code}"] is not None]
        return [(code, data[f"header_{code}"]) for code in sorted(chosen, key=lambda code: data[f"place_{code}"])]
