"""Forms of schemes: a new one, and the draft of one."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from appraisal.kpis.drafts import DraftShape, LineShape, read_grade_bands
from appraisal.kpis.forms.codes import clean_code
from appraisal.kpis.models import KpiVersion, LineRole
from appraisal.kpis.queries import DimensionTable, SchemeTable
from appraisal.kpis.wanted import LARGEST_MINIMUM, read_distribution
from appraisal.kpis.weight_bar import WeightBar
from appraisal.scoring.distribution import SMALLEST_POOL
from appraisal.scoring.numbers import decimal_text

GRADES = 8


class SchemeForm(forms.Form):
    """A new scheme, usually a copy of one there is."""

    code = forms.SlugField(label=_("Code"), max_length=60)
    name_zh = forms.CharField(label=_("Name in Chinese"), max_length=100)
    name_en = forms.CharField(label=_("Name in English"), max_length=100)
    source = forms.ChoiceField(label=_("Copy of"), required=False)

    def __init__(self, *args: Any, schemes: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["source"].choices = [  # type: ignore[attr-defined]
            *schemes,
            ("", _("nothing: start empty")),
        ]

    def clean_code(self) -> str:
        return clean_code(self.cleaned_data["code"])


class DraftForm(forms.Form):
    """All of a draft, and what may be added to it. One form, so that nothing typed is ever lost."""

    rated_from_percent = forms.IntegerField(
        label=_("Weight needed for a grade, in percent"), min_value=0, max_value=100
    )
    bonus_cap = forms.DecimalField(label=_("Most bonus points"), min_value=0, max_digits=5, decimal_places=2)
    ceiling = forms.DecimalField(
        label=_("Highest overall"), min_value=Decimal(1), max_value=Decimal(120), max_digits=5, decimal_places=2
    )
    smallest_pool = forms.IntegerField(
        label=_("Fewest people to be ranked together"),
        min_value=2,
        max_value=LARGEST_MINIMUM,
        required=False,
        help_text=_("For the wanted shares of grades; a smaller job family joins the others of the scheme."),
    )
    # Never shown: here the checks put what is wrong with the grades as a whole.
    grade_bands = forms.Field(required=False, widget=forms.HiddenInput)
    distribution = forms.Field(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, table: SchemeTable, to_add: list[KpiVersion], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.table = table
        self._add_limits()
        for part in table.dimensions:
            for name in ("name_zh", "name_en"):
                label = _("Name in Chinese") if name == "name_zh" else _("Name in English")
                given = {"label": label, "max_length": 100, "initial": getattr(part.dimension, name)}
                self.fields[f"{name}_{part.dimension.pk}"] = forms.CharField(**given)
            for line in part.lines:
                self._add_line(line.pk, line.kpi_version.name, line)
        self.fields["add_kpi"] = forms.ChoiceField(
            label=_("KPI"),
            required=False,
            choices=[("", "–"), *((v.kpi.code, f"{v.name} ({v.kpi.code})") for v in to_add)],
        )
        self.fields["add_to"] = forms.TypedChoiceField(
            label=_("Dimension"),
            required=False,
            coerce=int,
            empty_value=None,
            choices=[(part.dimension.pk, part.dimension.name) for part in table.dimensions],
        )
        self.fields["add_weight"] = _weight_field(_("Weight"), required=False)

    def _add_limits(self) -> None:
        version = self.table.version
        self.fields["rated_from_percent"].initial = version.rated_from_percent
        for name in ("bonus_cap", "ceiling"):
            self.fields[name].initial = decimal_text(getattr(version, name))
        self.fields["smallest_pool"].initial = version.distribution.get("smallest_pool", SMALLEST_POOL)
        shares = {share["grade"]: share for share in version.distribution.get("shares", [])}
        bands = [*version.grade_bands, *[["", ""]] * GRADES]
        self.grade_rows = max(GRADES, len(version.grade_bands))
        for row, (grade, lower) in enumerate(bands[: self.grade_rows]):
            self.fields[f"grade_{row}"] = forms.CharField(
                label=_("Grade %(number)s") % {"number": row + 1}, max_length=10, required=False, initial=grade
            )
            self.fields[f"lower_{row}"] = forms.DecimalField(
                label=_("Lower bound %(number)s") % {"number": row + 1},
                min_value=0,
                max_digits=5,
                decimal_places=2,
                required=False,
                initial=lower,
            )
            self._add_share(row, shares.get(grade, {}))

    def _add_share(self, row: int, share: Mapping[str, Any]) -> None:
        self.fields[f"share_{row}"] = forms.DecimalField(
            label=_("Wanted share %(number)s, percent") % {"number": row + 1},
            min_value=0,
            max_value=100,
            max_digits=5,
            decimal_places=2,
            required=False,
            initial=share.get("percent"),
        )
        self.fields[f"cap_{row}"] = forms.BooleanField(
            label=_("at most"), required=False, initial=share.get("cap", False)
        )

    def _add_line(self, pk: int, name: str, line: Any) -> None:
        self.fields[f"weight_{pk}"] = _weight_field(_("Weight of %(name)s") % {"name": name})
        self.fields[f"weight_{pk}"].initial = decimal_text(line.weight)
        self.fields[f"weight_{pk}"].widget.attrs["data-counts"] = ""
        self.fields[f"role_{pk}"] = forms.ChoiceField(
            label=_("Role of %(name)s") % {"name": name}, choices=LineRole.choices, initial=line.role
        )
        self.fields[f"leads_{pk}"] = forms.BooleanField(
            label=_("for leads only, on top"), required=False, initial=line.leads_only
        )
        self.fields[f"leads_{pk}"].widget.attrs["data-on-top"] = ""

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for part in self.table.dimensions:
            for line in part.lines:
                if data.get(f"role_{line.pk}") != LineRole.WEIGHED and data.get(f"weight_{line.pk}"):
                    self.add_error(f"weight_{line.pk}", _("Bonus points and deductions have the weight 0."))
        data["grade_bands"] = self._read_grades(data)
        data["distribution"] = self._read_shares(data)
        return data

    def _read_grades(self, data: dict[str, Any]) -> list[list[str]]:
        bands = []
        for row in range(self.grade_rows):
            grade, lower = data.get(f"grade_{row}") or "", data.get(f"lower_{row}")
            if bool(grade) != (lower is not None) and f"lower_{row}" not in self.errors:
                self.add_error(f"lower_{row}" if grade else f"grade_{row}", _("A grade has a name and a lower bound."))
            elif grade:
                bands.append((grade, lower))
        if any(name.startswith(("grade_", "lower_")) for name in self.errors):
            return []
        try:
            return read_grade_bands(bands)
        except ValidationError as error:
            self.add_error("grade_bands", error)
            return []

    def _read_shares(self, data: dict[str, Any]) -> dict[str, Any]:
        shares = [
            {"grade": data.get(f"grade_{row}") or "", "percent": data[f"share_{row}"], "cap": data[f"cap_{row}"]}
            for row in range(self.grade_rows)
            if data.get(f"share_{row}")
        ]
        entry = {"smallest_pool": data.get("smallest_pool") or SMALLEST_POOL, "shares": shares} if shares else {}
        if self.errors:
            return {}
        try:
            return read_distribution(entry, bands=data["grade_bands"])
        except ValidationError as error:
            self.add_error("distribution", error)
            return {}

    def shape(self) -> DraftShape:
        """Return what ``shape_draft`` takes."""
        data = self.cleaned_data
        return DraftShape(
            lines={
                line.pk: LineShape(
                    weight=data[f"weight_{line.pk}"],
                    role=data[f"role_{line.pk}"],
                    leads_only=data[f"leads_{line.pk}"],
                )
                for part in self.table.dimensions
                for line in part.lines
            },
            names={
                part.dimension.pk: (data[f"name_zh_{part.dimension.pk}"], data[f"name_en_{part.dimension.pk}"])
                for part in self.table.dimensions
            },
            grade_bands=data["grade_bands"],
            rated_from_percent=data["rated_from_percent"],
            bonus_cap=data["bonus_cap"],
            ceiling=data["ceiling"],
            distribution=data["distribution"],
        )

    @property
    def bar(self) -> WeightBar:
        """The weights as they stand on the page, saved or not."""
        return WeightBar.of([(part.dimension.name, self._weight_of(part)) for part in self.table.dimensions])

    def _weight_of(self, part: DimensionTable) -> Decimal:
        """Return what the lines of a dimension that count for everybody weigh together."""
        total = Decimal(0)
        for line in part.lines:
            typed = self.cleaned_data.get(f"weight_{line.pk}") if self.is_bound else None
            on_top = self.cleaned_data.get(f"leads_{line.pk}") if self.is_bound else line.leads_only
            if not on_top:
                total += line.weight if typed is None else typed
        return total

    @property
    def limits(self) -> list[forms.BoundField]:
        return [self[name] for name in ("rated_from_percent", "bonus_cap", "ceiling", "smallest_pool")]

    @property
    def grades(self) -> list[dict[str, forms.BoundField]]:
        names = ("grade", "lower", "share", "cap")
        return [{name: self[f"{name}_{row}"] for name in names} for row in range(self.grade_rows)]

    @property
    def parts(self) -> list[dict[str, Any]]:
        """Return the dimensions with their names and lines, each line with its inputs."""
        return [
            {
                "table": part,
                "weight": self._weight_of(part),
                "names": [self[f"name_zh_{part.dimension.pk}"], self[f"name_en_{part.dimension.pk}"]],
                "rows": [
                    {
                        "line": line,
                        "weight": self[f"weight_{line.pk}"],
                        "role": self[f"role_{line.pk}"],
                        "leads": self[f"leads_{line.pk}"],
                    }
                    for line in part.lines
                ],
            }
            for part in self.table.dimensions
        ]


def _weight_field(label: Any, *, required: bool = True) -> forms.DecimalField:
    field = forms.DecimalField(
        label=label, min_value=0, max_value=100, max_digits=5, decimal_places=2, required=required
    )
    field.widget.attrs["inputmode"] = "decimal"
    return field


class DimensionForm(forms.Form):
    code = forms.SlugField(label=_("Code"), max_length=40)
    name_zh = forms.CharField(label=_("Name in Chinese"), max_length=100)
    name_en = forms.CharField(label=_("Name in English"), max_length=100)
