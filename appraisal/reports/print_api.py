"""REST over the scorecards of a whole cycle as PDF."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import FileResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from appraisal.cycles import access
from appraisal.cycles.models import Cycle
from appraisal.jobs.api import JobSerializer
from appraisal.jobs.models import Job
from appraisal.reports.api import PdfRenderer
from appraisal.reports.printing import CONTENT_TYPE, PrintForm, list_prints, open_print, request_print
from engineers.requests import viewer_of

CODE = OpenApiParameter("code", OpenApiTypes.STR, OpenApiParameter.PATH, description="The cycle.")
ID = OpenApiParameter("id", OpenApiTypes.INT, OpenApiParameter.PATH, description="The job.")


class PrintSerializer(serializers.Serializer[Any]):
    job = JobSerializer()
    form = serializers.CharField()
    until = serializers.DateTimeField(allow_null=True, help_text="Until when the file can be fetched; null: not yet.")


class PrintRequestSerializer(serializers.Serializer[Any]):
    form = serializers.ChoiceField(choices=PrintForm.choices, default=PrintForm.PDF)
    language = serializers.ChoiceField(choices=settings.LANGUAGES, default=settings.LANGUAGE_CODE)


@extend_schema(parameters=[CODE])
class PrintViewSet(viewsets.GenericViewSet[Job]):
    """All scorecards of a cycle as files, printed in the background; HR's."""

    queryset = Job.objects.none()
    serializer_class = PrintRequestSerializer
    pagination_class = None
    lookup_value_regex = r"\d{1,18}"

    @extend_schema(responses={200: PrintSerializer(many=True)})
    def list(self, request: Request, code: str) -> Response:
        prints = list_prints(viewer=viewer_of(request), cycle=self._cycle(code), now=timezone.now())
        return Response(PrintSerializer(prints, many=True).data)

    @extend_schema(responses={202: JobSerializer})
    def create(self, request: Request, code: str) -> Response:
        """Ask for them; the answer is the job, whose progress is under ``jobs``."""
        cycle = self._cycle(code)
        form = PrintRequestSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        job = request_print(
            cycle=cycle,
            form=PrintForm(form.validated_data["form"]),
            language=form.validated_data["language"],
            by=viewer_of(request),
            now=timezone.now(),
        )
        return Response(JobSerializer(job).data, status=status.HTTP_202_ACCEPTED)

    @extend_schema(parameters=[ID], responses={(200, CONTENT_TYPE): OpenApiTypes.BINARY})
    @action(detail=True, renderer_classes=[JSONRenderer, PdfRenderer])
    def file(self, request: Request, code: str, pk: str) -> FileResponse:
        path, content_type = open_print(
            viewer=viewer_of(request), cycle=self._cycle(code), job_id=int(pk), now=timezone.now()
        )
        return FileResponse(path.open("rb"), as_attachment=True, filename=path.name, content_type=content_type)

    def _cycle(self, code: str) -> Cycle:
        return access.get_cycle_to_run(viewer=viewer_of(self.request), code=code)
