"""REST over the audit trail, read only."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from engineers import access
from engineers.audit_forms import AuditFilterForm
from engineers.audit_labels import label_of
from engineers.audit_queries import AuditFilter, search_entries
from engineers.audit_views import audit_file
from engineers.models import AuditEntry
from engineers.requests import viewer_of

PARAMETERS = [
    OpenApiParameter("action", str),
    OpenApiParameter("engineer", str, description="Employee number of the person concerned."),
    OpenApiParameter("actor", str, description="User name of the account that did it."),
    OpenApiParameter("first", OpenApiTypes.DATE, description="The first day, in the organisation's time zone."),
    OpenApiParameter("last", OpenApiTypes.DATE, description="The last day, included."),
]


class AuditEntrySerializer(serializers.ModelSerializer[AuditEntry]):
    actor = serializers.CharField(source="actor.username", default=None, read_only=True)
    action_label = serializers.SerializerMethodField()

    class Meta:
        model = AuditEntry
        fields = (
            *("id", "at", "actor", "action", "action_label", "target_type", "target_id", "target_label"),
            *("concerned_id", "before", "after", "reason"),
        )

    def get_action_label(self, entry: AuditEntry) -> str:
        return label_of(entry.action)


def _filter(request: Request) -> AuditFilterForm:
    form = AuditFilterForm(request.query_params, viewer=viewer_of(request))
    if not form.is_valid():
        raise serializers.ValidationError(form.errors.get_json_data())
    return form


class AuditEntryViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[AuditEntry]):
    """Who did what, when, with the state before and after; for those who read everything."""

    queryset = AuditEntry.objects.none()
    serializer_class = AuditEntrySerializer
    lookup_value_regex = r"\d{1,18}"

    def get_queryset(self) -> QuerySet[AuditEntry]:
        viewer = viewer_of(self.request)
        entries = search_entries(viewer=viewer, by=AuditFilter())
        if self.action != "list":
            return entries
        return search_entries(viewer=viewer, by=_filter(self.request).wanted())

    @extend_schema(parameters=PARAMETERS)
    def list(self, request: Request, *args: Any, **options: Any) -> Response:
        return super().list(request, *args, **options)

    @extend_schema(
        request=None, parameters=PARAMETERS, responses={(200, "application/octet-stream"): OpenApiTypes.BINARY}
    )
    @action(detail=False, methods=["post"])
    def export(self, request: Request) -> StreamingHttpResponse:
        """The entries that the filter leaves, as csv; that it was sent is an entry itself."""
        viewer = viewer_of(request)
        access.require_reader(viewer)
        return audit_file(_filter(request), asked=request.query_params.dict(), viewer=viewer)
