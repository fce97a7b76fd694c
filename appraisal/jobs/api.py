"""REST over jobs: how far long work is, and asking a failed one to go on."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from appraisal.jobs import access, actions
from appraisal.jobs.models import Job
from engineers.requests import viewer_of


class JobSerializer(serializers.ModelSerializer[Job]):
    label = serializers.CharField(read_only=True)  # type: ignore[assignment]  # also an attribute of the base class
    percent = serializers.IntegerField(read_only=True)
    requested_by = serializers.CharField(source="requested_by.username", default=None, read_only=True)

    class Meta:
        model = Job
        fields = (
            *("id", "kind", "label", "subject", "path", "state", "percent", "error"),
            *("items_total", "items_done", "parts_total", "parts_done", "parts_failed"),
            *("requested_by", "requested_at", "finished_at"),
        )


class JobViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Job]):
    """Jobs one asked for; all of them for those who read everything."""

    queryset = Job.objects.none()
    serializer_class = JobSerializer
    filterset_fields = ("kind", "state")
    lookup_value_regex = r"\d{1,18}"

    def get_queryset(self) -> QuerySet[Job]:
        return access.visible_jobs(viewer_of(self.request))

    @extend_schema(request=None, responses={202: JobSerializer})
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, pk: str) -> Response:
        """Let a failed job go on with what is not done."""
        access.get_job_to_resume(viewer=viewer_of(request), job_id=int(pk))
        try:
            job = actions.resume_job(job_id=int(pk), by=viewer_of(request), now=timezone.now())
        except ValidationError as error:
            return Response({"detail": " ".join(error.messages)}, status=status.HTTP_409_CONFLICT)
        return Response(JobSerializer(job).data, status=status.HTTP_202_ACCEPTED)
