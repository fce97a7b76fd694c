"""Pages of the library: KPIs and the measures behind them."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from appraisal.kpis import access, library
from appraisal.kpis.measures import MEASURES
from appraisal.kpis.models import Scheme
from engineers.requests import SignedInRequest

ROWS_A_PAGE = 50


@require_GET
def kpi_list(request: SignedInRequest) -> HttpResponse:
    access.require_reader(request.user)
    asked = {name: request.GET.get(name, "").strip()[:100] for name in ("q", "evidence", "scheme")}
    found = library.find_kpis(asked["q"], evidence=asked["evidence"], scheme=asked["scheme"])
    page = Paginator(found, ROWS_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": library.with_uses(page.object_list),
        "asked": asked,
        "is_narrowed": any(asked.values()),
        "evidence": library.list_evidence(),
        "schemes": Scheme.objects.all(),
    }
    return render(request, "kpis/kpi_list.html", context)


@require_GET
def measure_list(request: SignedInRequest) -> HttpResponse:
    """Everything the portal can measure, whether or not a KPI does so yet."""
    access.require_reader(request.user)
    asked = {name: request.GET.get(name, "").strip()[:100] for name in ("q", "evidence")}
    found = library.find_measures(asked["q"], evidence=asked["evidence"])
    page = Paginator(found, ROWS_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": library.list_measures(list(page.object_list)),
        "asked": asked,
        "evidence": library.list_evidence(),
    }
    return render(request, "kpis/measure_list.html", context)


@require_GET
def measure_detail(request: SignedInRequest, measure_id: str) -> HttpResponse:
    """What a measure means, in every language of the portal: the same sentences HR answers with."""
    access.require_reader(request.user)
    measure = MEASURES.get(measure_id)
    if measure is None:
        raise Http404
    [row] = library.list_measures([measure])
    context = {"measure": measure, "row": row, "definitions": library.define(measure)}
    return render(request, "kpis/measure_detail.html", context)
