"""Filters a KPI may put on the evidence of its measure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from appraisal.evidence.models import ComplaintType, JobType, Severity
from appraisal.kpis.measures import Evidence

# Filter name -> the condition it becomes. Lists mean "one of".
_OF_TICKET = {
    "source": "source__in",
    "priority": "ticket__priority__in",
    "job_type": "ticket__job_type__in",
    "category": "ticket__category__in",
    "product": "ticket__product__in",
    "region": "ticket__region__in",
}
_LOOKUPS: dict[str, dict[str, str]] = {
    Evidence.TICKETS: {
        "source": "source__in",
        "priority": "priority__in",
        "job_type": "job_type__in",
        "category": "category__in",
        "product": "product__in",
        "region": "region__in",
    },
    Evidence.VISITS: _OF_TICKET,
    Evidence.SURVEYS: _OF_TICKET,
    Evidence.COMPLAINTS: {"source": "source__in", "type": "type__in", "severity": "severity__in"},
    Evidence.REPORTS: _OF_TICKET,
    Evidence.AUDITS: {name: f"report__{lookup}" for name, lookup in _OF_TICKET.items()},
    Evidence.WORKLOGS: {"source": "source__in"},
    Evidence.TRAINING: {"source": "source__in", "course": "course__in"},
    Evidence.EXAMS: {"source": "source__in", "title": "title__in"},
    Evidence.ARTICLES: {"source": "source__in"},
    Evidence.METRICS: {"source": "source__in", "code": "code__in"},
}
# Filter name -> the condition that yes stands for; no is its opposite.
_FLAGS: dict[str, dict[str, Q]] = {
    Evidence.TICKETS: {
        "completed_only": Q(completed_at__isnull=False),
        "is_hard": Q(is_hard=True),
        "is_safety": Q(is_safety=True),
        "parts_missing": Q(parts_missing=True),
    },
}
# Without these a measure has no meaning.
_NEEDED: dict[str, tuple[str, ...]] = {Evidence.METRICS: ("code",)}

CHOICES: dict[str, list[tuple[Any, Any]]] = {
    "job_type": list(JobType.choices),
    "type": list(ComplaintType.choices),
    "severity": list(Severity.choices),
    "priority": [(number, str(number)) for number in range(1, 6)],
}


def filter_names(evidence: str) -> list[str]:
    return [*_LOOKUPS.get(evidence, {}), *_FLAGS.get(evidence, {})]


def is_flag(evidence: str, name: str) -> bool:
    return name in _FLAGS.get(evidence, {})


def needed_filters(evidence: str) -> tuple[str, ...]:
    """Return the filters a KPI must set."""
    return _NEEDED.get(evidence, ())


def to_condition(evidence: str, filters: Mapping[str, Any]) -> Q:
    """Return the condition of a KPI's filters. Raises ValidationError for a filter the evidence does not have."""
    condition = Q()
    for name, wanted in filters.items():
        if is_flag(evidence, name) and isinstance(wanted, bool):
            flag = _FLAGS[evidence][name]
            condition &= flag if wanted else ~flag
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


def check_filters(evidence: str, filters: Mapping[str, Any]) -> None:
    """Raise ValidationError for a filter that does not fit the evidence, and for one that is needed and missing."""
    to_condition(evidence, filters)
    for name in needed_filters(evidence):
        if name not in filters:
            raise ValidationError(
                _("This measure needs the filter “%(name)s”."), params={"name": name}, code="missing_filter"
            )


def _check_values(name: str, wanted: list[Any]) -> None:
    choices = CHOICES.get(name)
    if choices is None:
        if not all(isinstance(value, str) for value in wanted):
            raise ValidationError(_("Values of “%(name)s” are texts."), params={"name": name}, code="bad_filter_value")
        return
    possible = [value for value, _label in choices]
    if not all(type(value) is type(possible[0]) and value in possible for value in wanted):
        raise ValidationError(
            _("“%(name)s” is one of: %(names)s."),
            params={"name": name, "names": ", ".join(str(value) for value in possible)},
            code="bad_filter_value",
        )
