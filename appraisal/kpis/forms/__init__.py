"""Forms of KPIs and schemes. They read texts into values; whether the values fit is said by the actions."""

from appraisal.kpis.forms.criteria import CriterionFormSet, criteria_of, criterion_initial
from appraisal.kpis.forms.kpi import KpiForm, MeasureForm
from appraisal.kpis.forms.scheme import DimensionForm, DraftForm, SchemeForm

__all__ = [
    "CriterionFormSet",
    "DimensionForm",
    "DraftForm",
    "KpiForm",
    "MeasureForm",
    "SchemeForm",
    "criteria_of",
    "criterion_initial",
]
