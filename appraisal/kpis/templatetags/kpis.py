"""KPIs on pages."""

from __future__ import annotations

from django import template

from appraisal.kpis import words
from appraisal.kpis.forms.filters import LABELS
from appraisal.kpis.measures import Credit
from appraisal.kpis.models import KpiVersion

register = template.Library()


@register.filter
def rule_lines(version: KpiVersion) -> list[str]:
    """Say in a few lines how a KPI turns its value into points; nothing for one that only informs."""
    return words.rule_text(version)


@register.filter
def stratum(name: str) -> str:
    return str(words.stratum_label(name))


@register.filter
def credited_to(version: KpiVersion) -> str:
    """Say whom a case counts for; the measure's usual way where the KPI names none."""
    credit = version.credit or next(iter(version.measure.credits), "")
    return str(Credit(credit).label) if credit else ""


@register.filter
def settings_of(version: KpiVersion) -> list[tuple[str, int]]:
    """Return the numbers of the measure as this KPI sets them."""
    return [
        (str(parameter.label), version.parameters.get(name, parameter.default))
        for name, parameter in version.measure.parameters.items()
    ]


@register.filter
def filter_label(name: str) -> str:
    return str(LABELS[name])
