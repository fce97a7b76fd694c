"""The free measure: any figure another system delivers, chosen by its code with the KPI's filter ``code``."""

from fractions import Fraction

from django.utils.translation import gettext_lazy as _

from appraisal.kpis.measures.declaration import (
    Evidence,
    Facts,
    Found,
    Measure,
    Parameters,
    Part,
    Population,
    Statistic,
    Unit,
    Window,
    on_day,
)

MEASURED = Population(evidence=Evidence.METRICS, member=on_day("measured_on"))


def _weighted_mean(found: Found, _parameters: Parameters, _window: Window) -> Facts:
    rows = found["metrics"] or []
    weight = sum(weight for _value, weight in rows)
    if not weight:
        return Facts()
    total = Fraction(sum(value * weight for value, weight in rows), 10**12)
    return Facts(n=len(rows), value=total * 10**6 / weight, numerator=total, denominator=Fraction(weight, 10**6))


METRIC_MEASURES = (
    Measure(
        id="metric",
        name=_("Metric of another system"),
        meaning=_("Weighted mean of the values another system delivered."),
        unit=Unit.NUMBER,
        bounds=(None, None),
        statistics=(Statistic.MEAN,),
        parts={
            "metrics": Part(label=_("metrics"), population=MEASURED, rows=("value_millionths", "weight_millionths"))
        },
        formula=_weighted_mean,
        minimum_n=1,
    ),
)
