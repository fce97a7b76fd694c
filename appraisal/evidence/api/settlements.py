"""REST over bad data that counts against somebody until it is settled."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from appraisal.evidence import access, settlements
from appraisal.evidence.exceptions import EXCEPTIONS, list_open_exceptions, page_open_exceptions
from appraisal.evidence.kinds import KINDS
from appraisal.evidence.models import Anomaly, Decision
from engineers.access import require_hr, require_reader
from engineers.clock import organisation_today
from engineers.requests import viewer_of


class PeriodSerializer(serializers.Serializer[Any]):
    first = serializers.DateField(required=False, default=None)
    last = serializers.DateField(required=False, default=None)


class OpenExceptionSerializer(serializers.Serializer[Any]):
    about = serializers.ChoiceField(choices=sorted(EXCEPTIONS))
    record_id = serializers.IntegerField(source="record.pk")
    record = serializers.CharField()
    anomaly = serializers.CharField(source="anomaly.value")
    anomaly_label = serializers.CharField(source="anomaly.label")
    at = serializers.DateTimeField()


class OpenExceptionsSerializer(serializers.Serializer[Any]):
    count = serializers.IntegerField(help_text="Records; one record may have several exceptions.")
    page = serializers.IntegerField()
    pages = serializers.IntegerField()
    exceptions = OpenExceptionSerializer(many=True)


class SettlementSerializer(serializers.Serializer[Any]):
    about = serializers.ChoiceField(choices=sorted(EXCEPTIONS))
    record_id = serializers.IntegerField(min_value=1, max_value=2**63 - 1)
    anomaly = serializers.ChoiceField(choices=Anomaly.choices)
    decision = serializers.ChoiceField(choices=Decision.choices)
    reason = serializers.CharField(max_length=2000)


class ExceptionViewSet(viewsets.ViewSet):
    """What nobody has settled, begun between two days; HR decides."""

    @extend_schema(
        responses=OpenExceptionsSerializer,
        parameters=[PeriodSerializer, OpenApiParameter("page", int)],
    )
    def list(self, request: Request) -> Response:
        require_reader(viewer_of(request))
        period = PeriodSerializer(data=request.query_params)
        period.is_valid(raise_exception=True)
        last = period.validated_data["last"]
        page = page_open_exceptions(
            period.validated_data["first"],
            last + timedelta(days=1) if last else None,
            page=request.query_params.get("page"),
        )
        answer = {
            "count": page.paginator.count,
            "page": page.number,
            "pages": page.paginator.num_pages,
            "exceptions": list_open_exceptions(page),
        }
        return Response(OpenExceptionsSerializer(answer).data)

    @extend_schema(request=SettlementSerializer, responses={200: SettlementSerializer})
    @action(detail=False, methods=["post"])
    def settle(self, request: Request) -> Response:
        """Excuse an exception or uphold it; the latest decision counts."""
        viewer = viewer_of(request)
        require_hr(viewer)
        form = SettlementSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        told = form.validated_data
        kind = KINDS[EXCEPTIONS[told["about"]][0]]
        access.get_record_to_change(viewer=viewer, kind=kind, record_id=told["record_id"], on=organisation_today())
        given = told | {"anomaly": Anomaly(told["anomaly"]), "decision": Decision(told["decision"])}
        try:
            settlements.settle_exception(**given, by=viewer, now=timezone.now())
        except settlements.SettlementRefused as refusal:
            raise serializers.ValidationError({"detail": str(refusal)}) from refusal
        return Response(form.data)
