"""The page on which HR reviews the KPIs themselves after a cycle."""

from __future__ import annotations

import tempfile
from pathlib import Path

from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from appraisal.cycles import access as cycle_access
from appraisal.reports.kpi_reviews import export
from appraisal.reports.kpi_reviews.behind import get_people
from appraisal.reports.kpi_reviews.causes import SORTS
from appraisal.reports.kpi_reviews.figures import BINS, get_kpi_review
from appraisal.reports.kpi_reviews.said import suggestions_on
from appraisal.reports.views import CONTENT_TYPES
from engineers.access import require_reader
from engineers.audit import record
from engineers.requests import SignedInRequest

CORRELATIONS_SHOWN = 20
PER_PAGE = 50
TENTHS = [str(tenth) for tenth in range(BINS)]


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


@require_GET
def kpi_review_people(request: SignedInRequest, code: str, kpi: str, number: int) -> HttpResponse:
    """Whom a bar of a KPI counts: one tenth of its points, or those without points for one reason."""
    require_reader(request.user)
    cycle = cycle_access.get_cycle(viewer=request.user, code=code)
    tenth = request.GET.get("tenth", "")
    found = get_people(
        cycle,
        kpi=kpi,
        number=number,
        tenth=int(tenth) if tenth in TENTHS else None,
        reason=request.GET.get("reason", ""),
    )
    page = Paginator(found.engineer_ids, PER_PAGE).get_page(request.GET.get("page"))
    people = found.on_page(cycle, list(page.object_list))
    return render(
        request, "reports/kpi_review_people.html", {"cycle": cycle, "found": found, "page": page, "people": people}
    )


@require_GET
def kpi_review_records(request: SignedInRequest, code: str, sort: str) -> HttpResponse:
    """The records that have one cause of failures; without a cause in the address, those that name none."""
    require_reader(request.user)
    cycle = cycle_access.get_cycle(viewer=request.user, code=code)
    if sort not in SORTS:
        raise Http404
    declared, cause = SORTS[sort], request.GET.get("cause", "")
    found = declared.behind(cycle.window(as_of=timezone.now()), cause)
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    given = {"cycle": cycle, "title": declared.title, "cause": declared.label_of(cause), "page": page}
    return render(request, "reports/kpi_review_records.html", given)


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
