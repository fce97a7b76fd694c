"""What is asked of a try-out: which cycle, in place of which scheme, what a head costs at each grade."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from appraisal.cycles.models import Cycle, CycleScheme
from appraisal.kpis.models import SchemeVersion
from appraisal.reports.tryouts.figures import order_grades, usual_coefficients
from appraisal.reports.tryouts.sheets import replaceable, usual_replacement
from appraisal.scoring.numbers import decimal_text

COEFFICIENT = "c_"
ONE_A_HEAD = Decimal(1)


class TryForm(forms.Form):
    """Every field has a usual value, so that a bare address is a whole question."""

    cycle = forms.ChoiceField(label=_("Cycle"))
    instead_of = forms.ChoiceField(label=_("In place of"))
    base = forms.DecimalField(
        label=_("Bonus of a head at coefficient 1"), min_value=0, max_digits=12, decimal_places=2, required=False
    )

    def __init__(
        self,
        asked: Mapping[str, Any],
        *,
        version: SchemeVersion,
        cycle: Cycle,
        cycles: Sequence[Cycle],
    ) -> None:
        rows = replaceable(cycle)
        schemes = _schemes(rows)
        instead_of = str(asked.get("instead_of", ""))
        usual: dict[str, Any] = {
            "cycle": cycle.code,
            # What the cycle before offered may not be there in this one.
            "instead_of": instead_of if instead_of in schemes else usual_replacement(rows, version),
            "base": asked.get("base") or decimal_text(ONE_A_HEAD),
        }
        coefficients = usual_coefficients(_grades(rows, version))
        for grade, coefficient in coefficients.items():
            name = f"{COEFFICIENT}{grade}"
            usual[name] = asked.get(name) or decimal_text(coefficient)
        super().__init__(usual)
        self.fields["cycle"].choices = [(each.code, each.name) for each in cycles]  # type: ignore[attr-defined]
        self.fields["instead_of"].choices = list(schemes.items())  # type: ignore[attr-defined]
        for grade in coefficients:
            self.fields[f"{COEFFICIENT}{grade}"] = forms.DecimalField(
                label=grade, min_value=0, max_value=10, max_digits=4, decimal_places=2
            )
        for field in self.fields.values():
            if isinstance(field, forms.DecimalField):
                field.widget.attrs["inputmode"] = "decimal"

    @property
    def coefficient_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name.startswith(COEFFICIENT)]

    def question(self) -> Question:
        """Return what ``summarise`` and ``try_version`` take; of a valid form."""
        data = self.cleaned_data
        return Question(
            instead_of=data["instead_of"],
            base=ONE_A_HEAD if data["base"] is None else data["base"],
            coefficients={
                name.removeprefix(COEFFICIENT): value for name, value in data.items() if name.startswith(COEFFICIENT)
            },
        )


@dataclass(frozen=True, kw_only=True)
class Question:
    instead_of: str
    base: Decimal
    coefficients: Mapping[str, Decimal]


def usual_question(version: SchemeVersion, cycle: Cycle) -> Question:
    """Return what is asked where nobody says otherwise; ``version`` need not be stored as it is."""
    rows = replaceable(cycle)
    return Question(
        instead_of=usual_replacement(rows, version),
        base=ONE_A_HEAD,
        coefficients=usual_coefficients(_grades(rows, version)),
    )


def _schemes(rows: Sequence[CycleScheme]) -> dict[str, str]:
    """Return the schemes of a cycle with their names, by code."""
    return {row.version.scheme.code: f"{row.version.scheme.name} v{row.version.number}" for row in rows}


def _grades(rows: Sequence[CycleScheme], version: SchemeVersion) -> list[str]:
    ladders = [*(row.version.grade_bands for row in rows), version.grade_bands]
    return order_grades([[(grade, Decimal(str(lower))) for grade, lower in bands] for bands in ladders])
