"""Reads about interviews."""

from __future__ import annotations

from django.db.models import QuerySet

from appraisal.cycles.models import Cycle
from appraisal.reviews.models import Review


def without_agreed_minutes(cycle: Cycle) -> QuerySet[Review]:
    """Return the reviews of a cycle whose interview has no minutes that both sides confirmed, by engineer."""
    reviews = Review.objects.filter(cycle=cycle).select_related("engineer", "team", "interview__interviewer")
    return reviews.exclude(
        interview__confirmed_by_interviewer_at__isnull=False, interview__confirmed_by_engineer_at__isnull=False
    ).order_by("engineer__employee_no")
