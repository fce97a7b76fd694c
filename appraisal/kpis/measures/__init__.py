"""Measures: each declared once, as data. SQL, drill-down and explanation all come from the declaration."""

from appraisal.kpis.measures.declaration import Clock, Evidence, Measure, Statistic, Unit, Window
from appraisal.kpis.measures.registry import MEASURES, get_measure

__all__ = ["MEASURES", "Clock", "Evidence", "Measure", "Statistic", "Unit", "Window", "get_measure"]
