"""REST over imports."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from appraisal.evidence import access, actions
from appraisal.evidence.intake.errors import FileRefused, IntakeMisuse, PresetInvalid, refusal_text
from appraisal.evidence.mappings import choose_reading
from appraisal.evidence.models import EvidenceImport, EvidenceKind
from appraisal.evidence.previews import as_path
from engineers.access import require_hr
from engineers.requests import viewer_of

SHOWN = 100


class ImportSerializer(serializers.ModelSerializer[EvidenceImport]):
    refusal = serializers.SerializerMethodField()

    class Meta:
        model = EvidenceImport
        fields = (
            "id",
            "file_name",
            "kind",
            "preset",
            "preset_version",
            "declaration",
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


class TrialSerializer(UploadSerializer):
    """A preset by its code, or a declaration; neither: what fits, else what is guessed."""

    preset = serializers.CharField(default="", allow_blank=True)
    declaration = serializers.JSONField(default=None, allow_null=True)


class RejectSerializer(serializers.Serializer[Any]):
    row_number = serializers.IntegerField()
    column = serializers.CharField()
    value = serializers.CharField()
    reason = serializers.CharField()


class TrialResultSerializer(serializers.Serializer[Any]):
    """What an import would do. ``declaration`` says how the file was read where no shipped preset does."""

    preset = serializers.CharField()
    declaration = serializers.JSONField(allow_null=True)
    open_formats = serializers.ListField(
        child=serializers.CharField(), help_text="Forms of dates between which the values do not decide."
    )
    refusal = serializers.CharField()
    rows = serializers.IntegerField()
    records = serializers.IntegerField()
    created = serializers.IntegerField()
    updated = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    rejected = serializers.IntegerField()
    rejects = RejectSerializer(many=True, help_text="The first 100.")


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

    @extend_schema(request={"multipart/form-data": TrialSerializer}, responses=TrialResultSerializer)
    @action(detail=False, methods=["post"], url_path="dry-run")
    def dry_run(self, request: Request) -> Response:
        """Read a whole file and count; nothing is stored."""
        require_hr(viewer_of(request))
        form = TrialSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        sent = form.validated_data
        try:
            with as_path(sent["file"]) as path:
                preset, declaration, doubt = choose_reading(
                    path, kind=sent["kind"], preset=sent["preset"], declaration=sent["declaration"]
                )
                summary = actions.check_import(
                    path=path,
                    kind=sent["kind"],
                    preset=preset,
                    source=sent["source"],
                    time_zone=sent["time_zone"],
                    create_engineers=sent["create_engineers"],
                )
        except (IntakeMisuse, PresetInvalid, FileRefused) as misuse:
            raise serializers.ValidationError({"detail": str(misuse)}) from misuse
        rejects = summary.rejects.head(SHOWN).to_dicts() if summary.rejects is not None else []
        answer = {
            **{name: getattr(summary, name) for name in actions.COUNTS},
            "preset": "" if declaration else preset.code,
            "declaration": declaration,
            "open_formats": doubt,
            "refusal": refusal_text(summary.refusal),
            "rejects": rejects,
        }
        return Response(TrialResultSerializer(answer).data)
