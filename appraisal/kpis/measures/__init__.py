"""Measures: each declared once, as data. SQL, drill-down and explanation all come from the declaration."""

from appraisal.kpis.measures.declaration import (
    CREDIT_FIELDS,
    Clock,
    Credit,
    Evidence,
    Facts,
    Keep,
    Measure,
    Parameter,
    Parameters,
    Part,
    Population,
    Statistic,
    Unit,
    Window,
)
from appraisal.kpis.measures.registry import MEASURES, get_measure

__all__ = [
    "CREDIT_FIELDS",
    "MEASURES",
    "Clock",
    "Credit",
    "Evidence",
    "Facts",
    "Keep",
    "Measure",
    "Parameter",
    "Parameters",
    "Part",
    "Population",
    "Statistic",
    "Unit",
    "Window",
    "get_measure",
]
