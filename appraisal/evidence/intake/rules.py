"""The rules of the clock figures as they stand in the database."""

from __future__ import annotations

from appraisal.calendars.queries import get_calendars
from appraisal.evidence.intake.promises import Rules, TargetRule
from appraisal.evidence.models import Target


def current_rules() -> Rules:
    """Return the calendars and our targets as they stand."""
    targets = [
        TargetRule(
            kind=target.kind,
            source=target.source,
            priority=target.priority,
            region=target.region,
            job_type=target.job_type,
            distance_from_km=target.distance_from_km,
            distance_to_km=target.distance_to_km,
            seconds=target.minutes * 60,
            clock=target.clock,
            from_date=target.from_date,
        )
        for target in Target.objects.order_by("pk")
    ]
    return Rules(calendars=get_calendars(), targets=targets)
