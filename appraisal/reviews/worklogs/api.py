"""REST over the days and the service reports beside a review."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from appraisal.evidence.api.worklogs import DaySerializer
from appraisal.evidence.models import ReportAudit, ServiceReport
from appraisal.reviews import access
from appraisal.reviews.models import Review
from appraisal.reviews.worklogs import queries as worklogs
from appraisal.reviews.worklogs.queries import Shown
from engineers.requests import viewer_of

REVIEW = OpenApiParameter("review_id", OpenApiTypes.INT, OpenApiParameter.PATH)


class LogSummarySerializer(serializers.Serializer[Any]):
    scheduled = serializers.IntegerField()
    in_time = serializers.IntegerField()
    late = serializers.IntegerField()
    missing = serializers.IntegerField()
    still_open = serializers.IntegerField()
    leave = serializers.IntegerField()
    problems = serializers.IntegerField()
    wrench_minutes = serializers.IntegerField()
    travel_minutes = serializers.IntegerField()
    other_minutes = serializers.IntegerField()


class ReviewDaysSerializer(serializers.Serializer[Any]):
    summary = LogSummarySerializer()
    days = DaySerializer(many=True)


class ReportAuditSerializer(serializers.ModelSerializer[ReportAudit]):
    completeness = serializers.SerializerMethodField(help_text="Of 100, as a decimal number.")

    class Meta:
        model = ReportAudit
        fields = ("audited_at", "items", "completeness", "diagnosis_correct", "note")

    def get_completeness(self, audit: ReportAudit) -> str | None:
        found = worklogs.completeness_of(audit)
        return None if found is None else str(found)


class ReviewReportSerializer(serializers.ModelSerializer[ServiceReport]):
    audits = ReportAuditSerializer(many=True)

    class Meta:
        model = ServiceReport
        fields = (
            *("id", "source", "external_id", "ticket_id", "service_ended_at", "submitted_at", "received_at"),
            *("report_met", "audits"),
        )


def _review(request: Request, review_id: str) -> Review:
    return access.get_review(viewer=viewer_of(request), review_id=int(review_id))


@extend_schema(parameters=[REVIEW])
class ReviewWorkLogViewSet(viewsets.ViewSet):
    """The engineer's days in the cycle up to today, the latest first."""

    @extend_schema(
        operation_id="review_worklog",
        parameters=[OpenApiParameter("show", str, enum=[value for value in Shown.values if value])],
        responses={200: ReviewDaysSerializer},
    )
    def list(self, request: Request, review_id: str) -> Response:
        days = worklogs.list_log_days(_review(request, review_id), now=timezone.now())
        shown = worklogs.narrowed(days, request.query_params.get("show", ""))
        found = {"summary": worklogs.sum_up(days), "days": shown}
        return Response(ReviewDaysSerializer(found).data)


@extend_schema(parameters=[REVIEW])
class ReviewReportViewSet(viewsets.GenericViewSet[ServiceReport]):
    """The engineer's service reports of the cycle with the audits that were judged, the latest first."""

    queryset = ServiceReport.objects.none()
    serializer_class = ReviewReportSerializer
    filter_backends = ()

    @extend_schema(operation_id="review_service_reports", responses={200: ReviewReportSerializer(many=True)})
    def list(self, request: Request, review_id: str) -> Response:
        page = self.paginate_queryset(worklogs.reports_of(_review(request, review_id)))
        return self.get_paginated_response(ReviewReportSerializer(page, many=True).data)
