"""The page on which HR reviews the KPIs themselves after a cycle."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from appraisal.cycles import access as cycle_access
from appraisal.reports.kpi_reviews.figures import get_kpi_review
from appraisal.reports.kpi_reviews.said import suggestions_on
from engineers.access import require_reader
from engineers.requests import SignedInRequest

CORRELATIONS_SHOWN = 20


@require_GET
def cycle_kpi_review(request: SignedInRequest, code: str) -> HttpResponse:
    require_reader(request.user)
    cycle = cycle_access.get_cycle(viewer=request.user, code=code)
    found = get_kpi_review(cycle)
    page = {
        "cycle": cycle,
        "found": found,
        "correlations": found.correlations[:CORRELATIONS_SHOWN],
        "suggestions": suggestions_on(cycle, viewer=request.user),
    }
    return render(request, "reports/kpi_review.html", page)
