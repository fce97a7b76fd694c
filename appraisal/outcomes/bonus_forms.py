"""What HR's browser sends about a bonus plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from appraisal.outcomes.bonus import BonusSettings
from appraisal.outcomes.models import BonusBase, BonusPlan, PayrollPreset
from appraisal.outcomes.models.bonus import RoundingUnit
from appraisal.outcomes.payroll import COLUMNS, LONGEST_HEADER
from appraisal.scoring.rollup import NOT_RATED
from engineers.models import JobProfile, Team
from engineers.staff import MAX_FILE_BYTES, StaffRefused, read_rows

MOST_PROBLEMS = 10


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
        label=_("Lowest team factor"), min_value=Decimal("0.01"), max_value=1, max_digits=4, decimal_places=2
    )
    highest_team_factor = forms.DecimalField(
        label=_("Highest team factor"), min_value=1, max_value=10, max_digits=4, decimal_places=2
    )
    is_shown = forms.BooleanField(label=_("Engineers see their own bonus once it is approved"), required=False)

    def __init__(self, *args: Any, plan: BonusPlan, grades: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._grades = list(grades)
        for name in ("pool", "unit", "lowest_team_factor", "highest_team_factor", "is_shown"):
            self.fields[name].initial = getattr(plan, name)
        for grade in grades:
            self.fields[f"grade_{grade}"] = forms.DecimalField(
                label=_("Not rated (NR)") if grade == NOT_RATED else grade,
                required=False,
                min_value=0,
                max_value=10,
                max_digits=6,
                decimal_places=3,
                initial=plan.coefficients.get(grade),
            )

    @property
    def coefficients(self) -> list[forms.BoundField]:
        return [self[f"grade_{grade}"] for grade in self._grades]

    @property
    def others(self) -> list[forms.BoundField]:
        return [self[name] for name in ("pool", "unit", "lowest_team_factor", "highest_team_factor", "is_shown")]

    def chosen(self) -> BonusSettings:
        data = self.cleaned_data
        given = {grade: data[f"grade_{grade}"] for grade in self._grades}
        return BonusSettings(
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


class EngineerBasesForm(forms.Form):
    """Bases of single engineers: a file, or lines typed in; each names an employee number and an amount."""

    file = forms.FileField(
        label=_("File"),
        required=False,
        help_text=_("csv or xlsx: employee number and amount; the first row is a header."),
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,.xlsx"}),
    )
    lines = forms.CharField(
        label=_("Or lines"),
        required=False,
        max_length=2_000_000,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 5, "placeholder": "E00001, 3000"}),
        help_text=_("One engineer a line: employee number, then amount. They replace the list there is."),
    )

    def clean_file(self) -> list[tuple[int, list[str]]]:
        file: UploadedFile | None = self.cleaned_data["file"]
        if file is None:
            return []
        if (file.size or 0) > MAX_FILE_BYTES:
            raise ValidationError(str(StaffRefused("too_large")))
        return _rows(file.read())[1:]

    def clean_lines(self) -> list[tuple[int, list[str]]]:
        text: str = self.cleaned_data["lines"]
        return _rows(text.encode()) if text.strip() else []

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        rows = [*data.get("file", []), *data.get("lines", [])]
        if not self.errors:
            data["amounts"] = _read_amounts(rows)
        return data


def _rows(content: bytes) -> list[tuple[int, list[str]]]:
    try:
        return [(number, row) for number, row in read_rows(content) if any(row)]
    except StaffRefused as refusal:
        raise ValidationError(str(refusal)) from refusal


def _read_amounts(rows: Sequence[tuple[int, list[str]]]) -> Mapping[str, Decimal]:
    amounts: dict[str, Decimal] = {}
    problems = []
    for number, row in rows:
        employee_no, text = (*row, "", "")[:2]
        try:
            amount = Decimal(text.replace(",", "").replace(" ", ""))
            fits = amount.is_finite() and 0 <= amount < 10**10 and amount == round(amount, 2)
        except InvalidOperation:
            fits = False
        if not fits or not employee_no or employee_no in amounts:
            problems.append(str(number))
        else:
            amounts[employee_no] = amount
    if problems:
        raise ValidationError(
            _("Not an employee number and an amount with two decimals at most, or given twice, in lines: %(lines)s."),
            params={"lines": ", ".join(problems[:MOST_PROBLEMS])},
            code="bad_lines",
        )
    return amounts


class TeamFactorForm(forms.Form):
    """The factor of one team; an empty one takes it back."""

    team = forms.ModelChoiceField(label=_("Team"), queryset=Team.objects.none())
    factor = forms.DecimalField(
        label=_("Factor"), required=False, max_digits=4, decimal_places=2, help_text=_("Empty: none, which is 1.")
    )
    reason = forms.CharField(label=_("Reason"), required=False, max_length=1000)

    def __init__(self, *args: Any, plan: BonusPlan, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        teams = Team.objects.filter(pk__in=plan.cycle.reviews.values("team"))
        self.fields["team"].queryset = teams.order_by("code")  # type: ignore[attr-defined]


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
