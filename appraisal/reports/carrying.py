"""The lines of a scheme that carry something: what a try-out weighs and a review of the KPIs looks at."""

from __future__ import annotations

from dataclasses import replace

from appraisal.kpis.models import LineRole, SchemeLine
from appraisal.kpis.queries import AppliedScheme


def carries(line: SchemeLine) -> bool:
    """True when a line weighs something, gives bonus points or takes points off."""
    return line.weight > 0 or line.role != LineRole.WEIGHED


def carrying(scheme: AppliedScheme) -> AppliedScheme:
    """Return a scheme without the lines that only inform: they move nobody and cost as much as the others."""
    return replace(scheme, lines=tuple(line for line in scheme.lines if carries(line)))


def split(scheme: AppliedScheme) -> tuple[tuple[SchemeLine, ...], AppliedScheme]:
    """Return the lines that carry something and that runs compute, and the scheme with only those people rate."""
    lines = carrying(scheme).lines
    rated = tuple(line for line in lines if line.is_rated)
    return tuple(line for line in lines if not line.is_rated), replace(scheme, lines=rated)
