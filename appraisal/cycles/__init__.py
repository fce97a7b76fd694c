"""Appraisal cycles, scoring runs and the KPI results they write."""
