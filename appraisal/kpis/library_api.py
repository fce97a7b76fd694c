"""REST over the library of KPIs."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from appraisal.kpis import access, actions, files, queries
from appraisal.kpis.models import KpiVersion
from engineers.refusals import refusal
from engineers.requests import viewer_of


class KpiSerializer(serializers.ModelSerializer[KpiVersion]):
    """A KPI as it is worded now; ``wording`` is what a scheme file says of it."""

    code = serializers.CharField(source="kpi.code")
    measure = serializers.CharField(source="measure_id")
    wording = serializers.SerializerMethodField()

    class Meta:
        model = KpiVersion
        fields = ("code", "number", "name_zh", "name_en", "measure", "wording")

    def get_wording(self, version: KpiVersion) -> dict[str, Any]:
        return files.kpi_entry(version)


class KpiViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[KpiVersion]):
    """The newest version of each KPI, for those who read everything; HR words them."""

    queryset = KpiVersion.objects.none()
    serializer_class = KpiSerializer
    lookup_field = "code"
    lookup_value_regex = r"[-\w]+"

    def get_queryset(self) -> QuerySet[KpiVersion]:
        access.require_reader(viewer_of(self.request))
        return queries.newest_versions()

    def retrieve(self, request: Request, code: str) -> Response:
        kpi = access.get_kpi(viewer=viewer_of(request), code=code)
        return Response(KpiSerializer(self.get_queryset().get(kpi=kpi)).data)

    @extend_schema(request=OpenApiTypes.OBJECT, responses=KpiSerializer)
    def update(self, request: Request, code: str) -> Response:
        """Word a KPI as a scheme file would: a new version where it differs from the newest one."""
        viewer = viewer_of(request)
        access.require_editor(viewer)
        entry = request.data if isinstance(request.data, dict) else {}
        try:
            wording = files.read_kpi({**entry, "code": code})
            version = actions.save_kpi(code=code, wording=wording, by=viewer, now=timezone.now())
        except ValidationError as error:
            return refusal(error)
        return Response(KpiSerializer(version).data)
