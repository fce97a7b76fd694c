"""REST over training needs and courses."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from appraisal.cycles.access import get_cycle_to_run
from appraisal.jobs.api import JobSerializer
from appraisal.kpis.models import Kpi
from appraisal.outcomes import access, training
from appraisal.outcomes.models import Course, TrainingNeed
from appraisal.outcomes.training_queries import NeedFilters
from engineers.access import require_hr, require_reader
from engineers.refusals import refusal
from engineers.requests import viewer_of


class CourseSerializer(serializers.ModelSerializer[Course]):
    code = serializers.SlugField(max_length=60)
    kpis = serializers.SlugRelatedField[Kpi](slug_field="code", queryset=Kpi.objects.all(), many=True)

    class Meta:
        model = Course
        fields = ("id", "code", "name_zh", "name_en", "hours", "is_given", "kpis")


class CourseViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[Course]):
    """The catalogue of courses: HR writes it, auditors read it."""

    queryset = Course.objects.none()
    serializer_class = CourseSerializer
    lookup_value_regex = r"\d{1,18}"

    def get_queryset(self) -> QuerySet[Course]:
        require_reader(viewer_of(self.request))
        return Course.objects.prefetch_related("kpis")

    @extend_schema(responses={201: CourseSerializer})
    def create(self, request: Request) -> Response:
        return self._save(request, None)

    def update(self, request: Request, pk: str) -> Response:
        return self._save(request, int(pk))

    def _save(self, request: Request, course_id: int | None) -> Response:
        viewer = viewer_of(request)
        require_hr(viewer)
        form = CourseSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        given: dict[str, Any] = {"hours": None, "is_given": True} | form.validated_data
        try:
            content = training.CourseContent(**given)
            course = training.save_course(content=content, course_id=course_id, by=viewer, now=timezone.now())
        except ValidationError as error:
            return refusal(error)
        return Response(CourseSerializer(course).data, status=200 if course_id else status.HTTP_201_CREATED)


class TrainingNeedSerializer(serializers.ModelSerializer[TrainingNeed]):
    employee_no = serializers.CharField(source="review.engineer.employee_no", read_only=True)
    name = serializers.CharField(source="review.engineer.name", read_only=True)
    cycle = serializers.CharField(source="review.cycle.code", read_only=True)
    kpi = serializers.CharField(source="kpi.code", read_only=True)
    course = serializers.CharField(source="course.code", default=None, read_only=True)
    decided_by = serializers.CharField(source="decided_by.username", default=None, read_only=True)

    class Meta:
        model = TrainingNeed
        fields = (
            *("id", "review", "employee_no", "name", "cycle", "kpi", "points", "state", "course", "reason"),
            *("decided_by", "decided_at"),
        )


class NeedDecisionSerializer(serializers.Serializer[Any]):
    accept = serializers.BooleanField()
    course = serializers.SlugRelatedField(
        slug_field="code", queryset=Course.objects.all(), required=False, allow_null=True, default=None
    )
    reason = serializers.CharField(required=False, allow_blank=True, max_length=1000, default="")


class NeedsOfCycleSerializer(serializers.Serializer[Any]):
    cycle = serializers.SlugField()


class TrainingNeedViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[TrainingNeed]):
    """Own training needs, those of the teams below, or all; by ``cycle``, ``state``, ``kpi``, ``team``, ``q``."""

    queryset = TrainingNeed.objects.none()
    serializer_class = TrainingNeedSerializer
    lookup_value_regex = r"\d{1,18}"

    def get_queryset(self) -> QuerySet[TrainingNeed]:
        found = access.visible_needs(viewer_of(self.request))
        return NeedFilters.of(self.request.query_params.dict()).narrow(found)

    @extend_schema(request=NeedsOfCycleSerializer, responses={202: JobSerializer})
    @action(detail=False, methods=["post"])
    def find(self, request: Request) -> Response:
        """Look for the weak KPIs of a published cycle; the answer is the job that does it."""
        viewer = viewer_of(request)
        require_hr(viewer)
        form = NeedsOfCycleSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        cycle = get_cycle_to_run(viewer=viewer, code=form.validated_data["cycle"])
        try:
            job = training.request_needs(cycle_id=cycle.pk, by=viewer, now=timezone.now())
        except ValidationError as error:
            return refusal(error)
        return Response(JobSerializer(job).data, status=status.HTTP_202_ACCEPTED)

    @extend_schema(request=NeedDecisionSerializer)
    @action(detail=True, methods=["post"])
    def decision(self, request: Request, pk: str) -> Response:
        """Accept or decline: HR, and the managers above."""
        viewer = viewer_of(request)
        access.get_need_to_decide(viewer=viewer, need_id=int(pk))
        form = NeedDecisionSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            training.decide_need(need_id=int(pk), **form.validated_data, by=viewer, now=timezone.now())
        except ValidationError as error:
            return refusal(error)
        return Response(TrainingNeedSerializer(access.get_need(viewer=viewer, need_id=int(pk))).data)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def done(self, request: Request, pk: str) -> Response:
        """Mark an accepted need as done."""
        viewer = viewer_of(request)
        access.get_need_to_decide(viewer=viewer, need_id=int(pk))
        try:
            training.finish_need(need_id=int(pk), by=viewer, now=timezone.now())
        except ValidationError as error:
            return refusal(error)
        return Response(TrainingNeedSerializer(access.get_need(viewer=viewer, need_id=int(pk))).data)
