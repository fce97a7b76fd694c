"""Forms of KPIs and schemes. They read texts into values; whether the values fit is said by the actions."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from appraisal.evidence.models import JobType
from appraisal.kpis.filters import filter_names, to_condition
from appraisal.kpis.measures import MEASURES, Clock, Evidence, Measure, Statistic
from appraisal.kpis.models import DirectionChoice, EmptyPolicy, KpiVersion
from appraisal.kpis.queries import SchemeTable
from appraisal.scoring.numbers import decimal_text

CURVE_ROWS = 8
RATINGS = range(1, 6)
RESERVED_CODES = frozenset({"new"})

_FILTER_LABELS = {
    "source": _("Source"),
    "priority": _("Priority"),
    "job_type": _("Job type"),
    "category": _("Category"),
    "product": _("Product or asset"),
    "completed_only": _("Completed or open"),
}
_FILTER_HINTS: dict[str, Any] = {
    "priority": _("Whole numbers from 1, the most urgent, to 5, separated by commas."),
    "job_type": format_lazy("{} {}", _("Separated by commas:"), ", ".join(JobType.values)),
}
_ONE_OF = _("Values separated by commas; empty: all.")
_COMPLETED = [("", _("all cases")), ("yes", _("completed cases only")), ("no", _("open cases only"))]
_SEPARATORS = re.compile(r"[,，、;；\n]")


def clean_code(code: str) -> str:
    """Refuse codes that are part of an address of their own."""
    if code in RESERVED_CODES:
        raise ValidationError(_("This code is reserved."))
    return code


class MeasureForm(forms.Form):
    """The first step of a KPI: everything else depends on what is measured."""

    measure = forms.ChoiceField(label=_("Measure"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        groups: dict[str, list[tuple[str, Any]]] = {}
        for measure in MEASURES.values():
            groups.setdefault(str(Evidence(measure.evidence).label), []).append((measure.id, measure.name))
        self.fields["measure"].choices = list(groups.items())  # type: ignore[attr-defined]


class KpiForm(forms.Form):
    """The wording of a KPI for a given measure: only what this measure offers can be chosen."""

    code = forms.SlugField(
        label=_("Code"),
        max_length=60,
        help_text=_("Short and lasting; it names the KPI in files and exports."),
    )
    name_zh = forms.CharField(label=_("Name in Chinese"), max_length=100)
    name_en = forms.CharField(label=_("Name in English"), max_length=100)
    statistic = forms.ChoiceField(label=_("Statistic"))
    clock = forms.ChoiceField(label=_("Clock"), required=False)
    direction = forms.ChoiceField(label=_("Direction"), choices=DirectionChoice.choices)
    target = forms.DecimalField(label=_("Target"), max_digits=12, decimal_places=4, required=False)
    cliff = forms.BooleanField(label=_("No points beyond the worst point of the curve"), required=False)
    minimum_n = forms.IntegerField(
        label=_("Minimum number of cases"),
        min_value=0,
        max_value=100_000,
        help_text=_("With fewer cases the figure is shown and not scored."),
    )
    empty_policy = forms.ChoiceField(label=_("Without any case"), choices=EmptyPolicy.choices)
    # Never shown: here the checks of the action put what is wrong with parts made of many inputs.
    filters = forms.Field(required=False, widget=forms.HiddenInput)
    anchors = forms.Field(required=False, widget=forms.HiddenInput)
    criteria = forms.Field(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, measure: Measure, version: KpiVersion | None = None) -> None:
        self.measure = measure
        super().__init__(data, initial=_initial(measure, version))
        self._choices("statistic", [(s.value, s.label) for s in map(Statistic, measure.statistics)])
        if measure.clocks:
            self._choices("clock", [(c.value, c.label) for c in map(Clock, measure.clocks)])
        else:
            del self.fields["clock"]
        for name in filter_names(measure.evidence):
            self.fields[f"filter_{name}"] = _filter_field(name)
        # A scheme file may hold longer curves; none of their points may get lost by an edit.
        self.curve_size = max(CURVE_ROWS, len(version.anchors) if version else 0)
        for row in range(self.curve_size):
            for part, label in (("value", _("Value")), ("points", _("Points"))):
                self.fields[f"curve_{part}_{row}"] = forms.DecimalField(
                    label=f"{label} {row + 1}", max_digits=12, decimal_places=4, required=False
                )

    def _choices(self, name: str, choices: list[tuple[str, Any]]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]

    def clean_code(self) -> str:
        return clean_code(self.cleaned_data["code"])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        data["anchors"] = self._read_curve(data)
        data["filters"] = self._read_filters(data)
        return data

    def _read_curve(self, data: dict[str, Any]) -> list[list[str | None]]:
        points = []
        for row in range(self.curve_size):
            value, score = data.get(f"curve_value_{row}"), data.get(f"curve_points_{row}")
            if (value is None) == (score is None):
                points += [] if value is None or score is None else [(value, score)]
                continue
            part = "points" if score is None else "value"
            if f"curve_{part}_{row}" not in self.errors:
                self.add_error(f"curve_{part}_{row}", _("Fill in both the value and the points."))
        return [[decimal_text(value), decimal_text(score)] for value, score in sorted(points)]

    def _read_filters(self, data: dict[str, Any]) -> dict[str, Any]:
        filters: dict[str, Any] = {}
        for name in filter_names(self.measure.evidence):
            text = data.get(f"filter_{name}") or ""
            if not text.strip():
                continue
            try:
                wanted = _read_filter(name, text)
                to_condition(self.measure.evidence, {name: wanted})
                filters[name] = wanted
            except ValidationError as error:
                self.add_error(f"filter_{name}", error)
        return filters

    def wording(self, criteria: list[dict[str, Any]]) -> dict[str, Any]:
        """Return what ``save_kpi`` takes."""
        data = self.cleaned_data
        names = ("name_zh", "name_en", "statistic", "direction", "target", "cliff", "minimum_n")
        return {name: data[name] for name in names} | {
            "measure_id": self.measure.id,
            "clock": data.get("clock", ""),
            "filters": data["filters"],
            "anchors": data["anchors"],
            "empty_policy": data["empty_policy"],
            "criteria": criteria,
        }

    @property
    def naming(self) -> list[forms.BoundField]:
        return [self[name] for name in ("code", "name_zh", "name_en") if name in self.fields]

    @property
    def counting(self) -> list[forms.BoundField]:
        names = ("statistic", "clock", "minimum_n", "empty_policy")
        return [self[name] for name in names if name in self.fields]

    @property
    def filter_inputs(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name.startswith("filter_")]

    @property
    def curve_rows(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        return [(self[f"curve_value_{row}"], self[f"curve_points_{row}"]) for row in range(self.curve_size)]


def _initial(measure: Measure, version: KpiVersion | None) -> dict[str, Any]:
    if version is None:
        return {
            "statistic": measure.statistics[0].value,
            "direction": measure.direction.value,
            "minimum_n": measure.minimum_n,
            "empty_policy": EmptyPolicy.REDISTRIBUTE,
        }
    initial: dict[str, Any] = {
        name: getattr(version, name)
        for name in (*("name_zh", "name_en", "statistic", "clock", "direction", "cliff", "minimum_n", "empty_policy"),)
    }
    initial["target"] = decimal_text(version.target)
    for row, (value, points) in enumerate(version.anchors):
        initial |= {f"curve_value_{row}": value, f"curve_points_{row}": points}
    for name, wanted in version.filters.items():
        if isinstance(wanted, bool):
            initial[f"filter_{name}"] = "yes" if wanted else "no"
        else:
            initial[f"filter_{name}"] = ", ".join(str(value) for value in wanted)
    return initial


def _filter_field(name: str) -> forms.Field:
    label = _FILTER_LABELS[name]
    if name == "completed_only":
        return forms.ChoiceField(label=label, choices=_COMPLETED, required=False)
    return forms.CharField(label=label, max_length=1000, required=False, help_text=_FILTER_HINTS.get(name, _ONE_OF))


def _read_filter(name: str, text: str) -> Any:
    if name == "completed_only":
        return text == "yes"
    values: Iterable[str] = (part.strip() for part in _SEPARATORS.split(text))
    wanted = [value for value in dict.fromkeys(values) if value]
    if name == "priority" and all(value.isdecimal() for value in wanted):
        return [int(value) for value in wanted]
    return wanted


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
    """The weights of a draft, and what may be added to it. One form, so that no typed weight is ever lost."""

    def __init__(self, *args: Any, table: SchemeTable, to_add: list[KpiVersion], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.table = table
        for part in table.dimensions:
            for line in part.lines:
                field = _weight_field(
                    _("Weight of %(name)s") % {"name": line.kpi_version.name}, counts=not line.leads_only
                )
                field.initial = decimal_text(line.weight)
                self.fields[f"weight_{line.pk}"] = field
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
        self.fields["add_weight"] = _weight_field(_("Weight"), counts=False, required=False)

    def weights(self) -> dict[int, Decimal]:
        return {
            int(name.removeprefix("weight_")): value
            for name, value in self.cleaned_data.items()
            if name.startswith("weight_")
        }

    @property
    def total(self) -> Decimal:
        """Return the sum of the weights as they stand on the page, saved or not."""
        total = Decimal(0)
        for part in self.table.dimensions:
            for line in part.lines:
                name = f"weight_{line.pk}"
                if line.leads_only:
                    continue
                typed = self.cleaned_data.get(name) if self.is_bound else None
                total += line.weight if typed is None else typed
        return total

    @property
    def is_full(self) -> bool:
        return self.total == 100

    @property
    def parts(self) -> list[dict[str, Any]]:
        """Return the dimensions with their lines, each line with its input."""
        return [
            {
                "table": part,
                "rows": [(line, self[f"weight_{line.pk}"]) for line in part.lines],
            }
            for part in self.table.dimensions
        ]


def _weight_field(label: Any, *, counts: bool, required: bool = True) -> forms.DecimalField:
    field = forms.DecimalField(
        label=label, min_value=0, max_value=100, max_digits=5, decimal_places=2, required=required
    )
    if counts:
        field.widget.attrs["data-counts"] = ""
    field.widget.attrs["inputmode"] = "decimal"
    return field


class DimensionForm(forms.Form):
    code = forms.SlugField(label=_("Code"), max_length=40)
    name_zh = forms.CharField(label=_("Name in Chinese"), max_length=100)
    name_en = forms.CharField(label=_("Name in English"), max_length=100)
