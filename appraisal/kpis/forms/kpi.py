"""The form of a KPI: first its measure, then everything the measure offers."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from appraisal.kpis.choices import DirectionChoice, EmptyPolicy, Form, StepRounding
from appraisal.kpis.forms import filters
from appraisal.kpis.forms.codes import clean_code
from appraisal.kpis.measures import MEASURES, Clock, Credit, Evidence, Measure, Statistic
from appraisal.kpis.models import KpiVersion
from appraisal.kpis.words import stratum_label
from appraisal.scoring.numbers import decimal_text

CURVE_ROWS = 8
PARAMETER = "parameter_"
ABOVE_0 = Decimal("0.0001")
FULL_POINTS = Decimal(100)

# The inputs that belong to some forms of scoring only; ``curve`` stands for all points of the curve.
PARTS: dict[str, tuple[str, ...]] = {
    "curve": (Form.ANCHORS, Form.BANDS),
    "cliff": (Form.ANCHORS,),
    "zero_at": (Form.ANCHORS,),
    "step": (Form.DEDUCTION, Form.BONUS),
    "per_step": (Form.DEDUCTION, Form.BONUS),
    "steps": (Form.DEDUCTION, Form.BONUS),
    "full_points": (Form.DEDUCTION, Form.BONUS),
}
_NEEDED: dict[str, tuple[str, ...]] = {
    Form.RATIO: ("target",),
    Form.DEDUCTION: ("target", "step", "per_step"),
    Form.BONUS: ("target", "step", "per_step"),
}
_PLAIN = (
    *("name_zh", "name_en", "statistic", "clock", "direction", "credit", "form", "cliff", "steps"),
    *("shrink_k", "scores_adjusted", "minimum_n", "empty_policy"),
)
_DECIMALS = ("target", "zero_at", "step", "per_step", "full_points")


class MeasureForm(forms.Form):
    """The first step of a KPI: everything else depends on what is measured."""

    measure = forms.ChoiceField(label=_("Measure"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        groups: dict[str, list[tuple[str, Any]]] = {}
        for measure in MEASURES.values():
            groups.setdefault(str(Evidence(measure.evidence).label), []).append((measure.id, measure.name))
        self.fields["measure"].choices = list(groups.items())  # type: ignore[attr-defined]


def _number(label: Any, *, min_value: Decimal | None = None, **given: Any) -> forms.DecimalField:
    field = forms.DecimalField(
        label=label, max_digits=12, decimal_places=4, required=False, min_value=min_value, **given
    )
    field.widget.attrs["step"] = "any"  # the least step of the browser would refuse 5 where 0.0001 is the lowest
    return field


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
    credit = forms.ChoiceField(label=_("Credited to"), required=False)
    minimum_n = forms.IntegerField(
        label=_("Minimum number of cases"),
        min_value=0,
        max_value=100_000,
        help_text=_("With fewer cases the figure is shown and not scored."),
    )
    empty_policy = forms.ChoiceField(label=_("Without any case"), choices=EmptyPolicy.choices)
    shrink_k = forms.IntegerField(
        label=_("Cases of the job family added"),
        min_value=0,
        max_value=1000,
        initial=0,
        required=False,
        help_text=_(
            "So many cases at the family's mean are added before scoring, so that few decide little; 0: none."
        ),
    )
    strata = forms.MultipleChoiceField(
        label=_("Case mix by"),
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
        help_text=_("What the engineer cannot choose; the family's figure on the same mix is shown beside."),
    )
    scores_adjusted = forms.BooleanField(label=_("Score the figure adjusted for case mix"), required=False)

    form = forms.ChoiceField(
        label=_("How the value becomes points"),
        choices=Form.choices,
        initial=Form.ANCHORS,
        widget=forms.Select(attrs={"data-chooses": ""}),
    )
    direction = forms.ChoiceField(label=_("Direction"), choices=DirectionChoice.choices)
    target = _number(_("Target"))
    cliff = forms.BooleanField(label=_("No points beyond the worst point of the curve"), required=False)
    zero_at = _number(
        _("No points from"), help_text=_("Beyond the worst point the points fall in a straight line to 0 here.")
    )
    step = _number(_("Step"), min_value=ABOVE_0, help_text=_("In the unit of the value."))
    per_step = _number(_("Points per step"), min_value=ABOVE_0)
    steps = forms.ChoiceField(label=_("Steps"), choices=StepRounding.choices, required=False)
    full_points = forms.DecimalField(
        label=_("Full points"),
        max_digits=6,
        decimal_places=2,
        min_value=Decimal("0.01"),
        initial=100,
        required=False,
        help_text=_("What the target gives, or the most a bonus can give."),
    )
    # Never shown: here the checks of the action put what is wrong with parts made of many inputs.
    filters = forms.Field(required=False, widget=forms.HiddenInput)
    anchors = forms.Field(required=False, widget=forms.HiddenInput)
    parameters = forms.Field(required=False, widget=forms.HiddenInput)
    criteria = forms.Field(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, measure: Measure, version: KpiVersion | None = None) -> None:
        self.measure, self.version = measure, version
        super().__init__(data, initial=_initial(measure, version))
        self._offer("statistic", [(s.value, s.label) for s in map(Statistic, measure.statistics)])
        self._offer("clock", [(c.value, c.label) for c in map(Clock, measure.clocks)])
        usual = [("", _("as usual: %(who)s") % {"who": Credit(measure.credits[0]).label})] if measure.credits else []
        self._offer("credit", [*usual, *((c.value, c.label) for c in map(Credit, measure.credits))])
        self._offer("strata", [(name, stratum_label(name)) for name in measure.strata])
        if not measure.strata:
            del self.fields["scores_adjusted"]
        if not measure.shrinks:
            del self.fields["shrink_k"]
        for name, parameter in measure.parameters.items():
            self.fields[f"{PARAMETER}{name}"] = forms.IntegerField(
                label=capfirst(str(parameter.label)), min_value=parameter.lowest, max_value=parameter.highest
            )
        filters.add_filter_fields(self, measure.evidence)
        # A scheme file may hold longer curves; none of their points may get lost by an edit.
        self.curve_size = max(CURVE_ROWS, len(version.anchors) if version else 0)
        for row in range(self.curve_size):
            for part, label in (("value", _("Value")), ("points", _("Points"))):
                self.fields[f"curve_{part}_{row}"] = _number(f"{label} {row + 1}")

    def _offer(self, name: str, choices: list[tuple[str, Any]]) -> None:
        """Offer these choices, or no such field where there is none."""
        if choices:
            self.fields[name].choices = choices  # type: ignore[attr-defined]
        else:
            del self.fields[name]

    def clean_code(self) -> str:
        return clean_code(self.cleaned_data["code"])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        self._forget_other_forms(data)
        data["anchors"] = self._read_curve(data) if self._belongs("curve", data) else []
        data["filters"] = filters.read_filters(self, self.measure.evidence)
        data["parameters"] = self._read_parameters(data)
        for name in _NEEDED.get(data.get("form", ""), ()):
            if data.get(name) is None and name not in self.errors:
                self.add_error(name, _("This form of scoring needs it."))
        target = data.get("target")
        if data.get("form") == Form.RATIO and target is not None and target <= 0:
            self.add_error("target", _("A ratio needs a target above 0; use bands."))
        return data

    def _belongs(self, part: str, data: dict[str, Any]) -> bool:
        return data.get("form") in PARTS[part]

    def _forget_other_forms(self, data: dict[str, Any]) -> None:
        """What stands in the inputs of the forms that were not chosen is neither stored nor complained about."""
        for name in list(self.fields):
            part = "curve" if name.startswith("curve_") else name
            if part in PARTS and not self._belongs(part, data):
                data.pop(name, None)
                self.errors.pop(name, None)

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

    def _read_parameters(self, data: dict[str, Any]) -> dict[str, int]:
        """Keep what differs from the measure's default, and what the version before spelt out."""
        stored = self.version.parameters if self.version else {}
        entered = {name: data.get(f"{PARAMETER}{name}") for name in self.measure.parameters}
        return {
            name: value
            for name, value in entered.items()
            if value is not None and (value != self.measure.parameters[name].default or name in stored)
        }

    def scoring(self) -> dict[str, Any]:
        """Return the part of the wording that turns values into points; whole even where other inputs are wrong."""
        data = self.cleaned_data
        return {
            "measure_id": self.measure.id,
            "direction": data.get("direction", self.measure.direction.value),
            "target": data.get("target"),
            "form": data.get("form", Form.ANCHORS.value),
            "anchors": data.get("anchors") or [],
            "cliff": data.get("cliff", False),
            "zero_at": data.get("zero_at"),
            "step": data.get("step"),
            "per_step": data.get("per_step"),
            "steps": data.get("steps") or StepRounding.FLOOR.value,
            "full_points": data.get("full_points") or FULL_POINTS,
        }

    def draft(self) -> KpiVersion:
        """Return the KPI as it stands in the form, saved or not; where an input is wrong or empty, the usual."""
        data, measure = self.cleaned_data, self.measure
        return KpiVersion(
            **self.scoring(),
            name_zh=data.get("name_zh", ""),
            name_en=data.get("name_en", ""),
            statistic=data.get("statistic", measure.statistics[0]),
            clock=data.get("clock", ""),
            credit=data.get("credit", ""),
            filters=data.get("filters", {}),
            parameters=data.get("parameters", {}),
            minimum_n=data.get("minimum_n", measure.minimum_n),
            shrink_k=data.get("shrink_k") or 0,
            strata=data.get("strata", []),
            scores_adjusted=data.get("scores_adjusted", False),
        )

    @property
    def scoring_faults(self) -> list[tuple[forms.BoundField, str]]:
        """What is wrong with the inputs from which points come, each with its field; hidden ones stand for several."""
        names = [*PARTS, "form", "direction", "target", "anchors"]
        names += [name for name in self.fields if name.startswith("curve_")]
        return [
            (self[name], str(message))
            for name in names
            if name in self.fields
            for message in self.errors.get(name, ())
        ]

    def wording(self, criteria: list[dict[str, Any]]) -> dict[str, Any]:
        """Return what ``save_kpi`` takes."""
        data = self.cleaned_data
        names = ("name_zh", "name_en", "statistic", "minimum_n", "empty_policy", "filters", "parameters")
        return (
            self.scoring()
            | {name: data[name] for name in names}
            | {
                "clock": data.get("clock", ""),
                "credit": data.get("credit", ""),
                "shrink_k": data.get("shrink_k") or 0,
                "strata": data.get("strata", []),
                "scores_adjusted": data.get("scores_adjusted", False),
                "criteria": criteria,
            }
        )

    @property
    def naming(self) -> list[forms.BoundField]:
        return self._bound("code", "name_zh", "name_en")

    @property
    def counting(self) -> list[forms.BoundField]:
        parameters = [name for name in self.fields if name.startswith(PARAMETER)]
        return self._bound("statistic", "clock", "credit", "minimum_n", "empty_policy", *parameters)

    @property
    def filter_inputs(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name.startswith(filters.PREFIX)]

    @property
    def fairness(self) -> list[forms.BoundField]:
        """What keeps few cases and a hard mix of them from deciding."""
        return self._bound("shrink_k", "strata", "scores_adjusted")

    @property
    def curve_rows(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        return [(self[f"curve_value_{row}"], self[f"curve_points_{row}"]) for row in range(self.curve_size)]

    def _bound(self, *names: str) -> list[forms.BoundField]:
        return [self[name] for name in names if name in self.fields]


def _initial(measure: Measure, version: KpiVersion | None) -> dict[str, Any]:
    initial: dict[str, Any] = {
        f"{PARAMETER}{name}": parameter.default for name, parameter in measure.parameters.items()
    }
    if version is None:
        return initial | {
            "statistic": measure.statistics[0].value,
            "direction": measure.direction.value,
            "minimum_n": measure.minimum_n,
            "empty_policy": EmptyPolicy.REDISTRIBUTE,
        }
    initial |= {name: getattr(version, name) for name in _PLAIN}
    initial |= {name: decimal_text(getattr(version, name)) for name in _DECIMALS}
    initial |= {f"{PARAMETER}{name}": value for name, value in version.parameters.items()}
    initial["strata"] = version.strata
    for row, (value, points) in enumerate(version.anchors):
        initial |= {f"curve_value_{row}": value, f"curve_points_{row}": points}
    return initial | filters.initial_of(version.filters)
