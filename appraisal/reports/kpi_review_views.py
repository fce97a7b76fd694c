"""The page on which HR reviews the KPIs themselves after a cycle."""

from __future__ import annotations

import tempfile
from pathlib import Path

from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from appraisal.cycles import access as cycle_access
from appraisal.reports.kpi_reviews import export
from appraisal.reports.kpi_reviews.figures import get_kpi_review
from appraisal.reports.kpi_reviews.said import suggestions_on
from appraisal.reports.views import CONTENT_TYPES
from engineers.access import require_reader
from engineers.audit import record
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
        "formats": sorted(export.FORMATS),
    }
    return render(request, "reports/kpi_review.html", page)


@require_POST
def kpi_review_export(request: SignedInRequest, code: str, export_format: str) -> FileResponse:
    """Write the review to a file; it names nobody, so all who read it may take it along."""
    require_reader(request.user)
    cycle = cycle_access.get_cycle(viewer=request.user, code=code)
    if export_format not in export.FORMATS:
        raise Http404
    folder = tempfile.TemporaryDirectory()
    path = Path(folder.name) / f"{cycle.code}-kpis.{export_format}"
    with folder:
        export.write_review(get_kpi_review(cycle), export_format=export_format, path=path)
        file = path.open("rb")
    after = {"what": "kpi review", "format": export_format}
    record(action="cycle.exported", target=cycle, by=request.user, now=timezone.now(), after=after)
    return FileResponse(file, as_attachment=True, filename=path.name, content_type=CONTENT_TYPES[export_format])
