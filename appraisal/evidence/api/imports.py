"""REST over imports."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from appraisal.evidence import access, actions
from appraisal.evidence.intake.errors import IntakeMisuse, refusal_text
from appraisal.evidence.models import EvidenceImport, EvidenceKind
from engineers.access import require_hr
from engineers.requests import viewer_of


class ImportSerializer(serializers.ModelSerializer[EvidenceImport]):
    refusal = serializers.SerializerMethodField()

    class Meta:
        model = EvidenceImport
        fields = (
            "id",
            "file_name",
            "kind",
            "preset",
            "source",
            "time_zone",
            "state",
            "requested_at",
            "finished_at",
            "rows",
            "records",
            "records_done",
            "created",
            "updated",
            "unchanged",
            "rejected",
            "refusal",
        )

    def get_refusal(self, job: EvidenceImport) -> str:
        return refusal_text(job.refusal)


class UploadSerializer(serializers.Serializer[Any]):
    # "source" is also an attribute of the base class, which the type checker cannot tell from a field.
    file = serializers.FileField(allow_empty_file=True)
    kind = serializers.ChoiceField(choices=EvidenceKind.choices)
    preset = serializers.CharField()
    source = serializers.CharField(default="", allow_blank=True, max_length=60)  # type: ignore[assignment]
    time_zone = serializers.CharField(default="", allow_blank=True)
    create_engineers = serializers.BooleanField(default=False)


class ImportViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[EvidenceImport]):
    """Imports, for those who read everything; HR sends a file."""

    queryset = EvidenceImport.objects.none()
    serializer_class = ImportSerializer
    parser_classes = (MultiPartParser,)
    lookup_value_regex = r"\d+"

    def get_queryset(self) -> QuerySet[EvidenceImport]:
        return access.visible_imports(viewer_of(self.request))

    @extend_schema(request={"multipart/form-data": UploadSerializer}, responses={202: ImportSerializer})
    def create(self, request: Request) -> Response:
        require_hr(viewer_of(request))
        form = UploadSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        sent = form.validated_data
        try:
            job = actions.start_import(
                file=sent["file"],
                file_name=sent["file"].name,
                kind=sent["kind"],
                preset=sent["preset"],
                source=sent["source"],
                time_zone=sent["time_zone"],
                create_engineers=sent["create_engineers"],
                by=viewer_of(request),
                now=timezone.now(),
            )
        except IntakeMisuse as misuse:
            raise serializers.ValidationError({"detail": str(misuse)}) from misuse
        return Response(ImportSerializer(job).data, status=status.HTTP_202_ACCEPTED)
