"""Filters a KPI may put on the evidence of its measure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from appraisal.evidence.models import JobType
from appraisal.kpis.measures import Evidence

# Filter name -> the condition it becomes. Lists mean "one of".
_LOOKUPS: dict[str, dict[str, str]] = {
    Evidence.TICKETS: {
        "source": "source__in",
        "priority": "priority__in",
        "job_type": "job_type__in",
        "category": "category__in",
        "product": "product__in",
    },
    Evidence.VISITS: {
        "source": "source__in",
        "priority": "ticket__priority__in",
        "category": "ticket__category__in",
    },
    Evidence.SURVEYS: {"source": "source__in", "category": "ticket__category__in"},
}
_COMPLETED_ONLY = "completed_only"


def filter_names(evidence: str) -> list[str]:
    names = list(_LOOKUPS.get(evidence, {}))
    return [*names, _COMPLETED_ONLY] if evidence == Evidence.TICKETS else names


def to_condition(evidence: str, filters: Mapping[str, Any]) -> Q:
    """Return the condition of a KPI's filters. Raises ValidationError for a filter the evidence does not have."""
    condition = Q()
    for name, wanted in filters.items():
        if name == _COMPLETED_ONLY and evidence == Evidence.TICKETS:
            condition &= Q(completed_at__isnull=not wanted)
            continue
        lookup = _LOOKUPS.get(evidence, {}).get(name)
        if lookup is None or not isinstance(wanted, list) or not wanted:
            raise ValidationError(
                _("“%(name)s” is no filter for this measure; possible are: %(names)s. Each takes a list."),
                params={"name": name, "names": ", ".join(filter_names(evidence)) or "–"},
                code="unknown_filter",
            )
        _check_values(name, wanted)
        condition &= Q(**{lookup: wanted})
    return condition


def _check_values(name: str, wanted: list[Any]) -> None:
    if name == "priority" and not all(isinstance(value, int) and 1 <= value <= 5 for value in wanted):
        raise ValidationError(_("A priority is a whole number from 1 to 5."), code="bad_priority")
    if name == "job_type" and not all(value in JobType.values for value in wanted):
        raise ValidationError(
            _("A job type is one of: %(names)s."),
            params={"names": ", ".join(JobType.values)},
            code="bad_job_type",
        )
