"""REST over the review of the KPIs of a cycle."""

from __future__ import annotations

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from appraisal.cycles import access as cycle_access
from appraisal.kpis.suggestion_api import SuggestionSerializer
from appraisal.reports.kpi_reviews.figures import get_kpi_review
from appraisal.reports.kpi_reviews.said import suggestions_on
from appraisal.reports.plain import plain_data
from engineers.access import require_reader
from engineers.requests import viewer_of


class KpiReviewViewSet(viewsets.ViewSet):
    """How the KPIs of a cycle did: for those who read everything."""

    @extend_schema(
        operation_id="cycles_kpi_review",
        parameters=[OpenApiParameter("code", str, OpenApiParameter.PATH)],
        responses={200: OpenApiTypes.OBJECT},
    )
    def list(self, request: Request, code: str) -> Response:
        viewer = viewer_of(request)
        require_reader(viewer)
        cycle = cycle_access.get_cycle(viewer=viewer, code=code)
        found = get_kpi_review(cycle)
        pairs = [plain_data(each) | {"is_twice": each.is_twice} for each in found.correlations]
        said = SuggestionSerializer(suggestions_on(cycle, viewer=viewer), many=True).data
        return Response(plain_data(found) | {"correlations": pairs, "suggestions": said})
