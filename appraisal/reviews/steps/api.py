"""REST over the steps of cycles and reviews: the same table, the same actions as the pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, PolymorphicProxySerializer, extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from appraisal.cycles import access as cycle_access
from appraisal.cycles.models import Cycle, Reopening
from appraisal.cycles.workflow import STAGES
from appraisal.jobs.actions import begin_job
from appraisal.jobs.api import JobSerializer
from appraisal.reviews import access, workflow
from appraisal.reviews.conditions import OpenItem
from appraisal.reviews.models import Review
from appraisal.reviews.steps import moves
from appraisal.reviews.workflow import Transition
from engineers.access import require_reader
from engineers.requests import viewer_of

CODE = OpenApiParameter("code", OpenApiTypes.STR, OpenApiParameter.PATH, description="The cycle.")
REVIEW = OpenApiParameter("review_id", OpenApiTypes.INT, OpenApiParameter.PATH)


class OpenItemSerializer(serializers.Serializer[Any]):
    text = serializers.CharField()
    path = serializers.CharField(allow_blank=True)
    strength = serializers.CharField(help_text="blocks, needs_reason, or told")


class TransitionSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # a serializer has a label of its own
    target = serializers.CharField()
    who = serializers.CharField()
    asks_reason = serializers.BooleanField()
    needs_approver = serializers.BooleanField()
    open = OpenItemSerializer(many=True)


class PossibleSerializer(serializers.Serializer[Any]):
    state = serializers.CharField()
    transitions = TransitionSerializer(many=True)


class StepSerializer(serializers.Serializer[Any]):
    transition = serializers.CharField(max_length=40)
    reason = serializers.CharField(required=False, allow_blank=True, max_length=4000, default="")
    version = serializers.IntegerField(
        required=False, allow_null=True, default=None, help_text="Of the review that was read; reviews only."
    )


class ReopeningSerializer(serializers.ModelSerializer[Reopening]):
    requested_by = serializers.CharField(source="requested_by.username", read_only=True)
    decided_by = serializers.CharField(source="decided_by.username", default=None, read_only=True)

    class Meta:
        model = Reopening
        fields = (
            *("id", "transition", "reason", "requested_by", "requested_at"),
            *("decided_by", "decided_at", "is_approved"),
        )


class ApprovalSerializer(serializers.Serializer[Any]):
    approve = serializers.BooleanField()


class StagesSerializer(serializers.Serializer[Any]):
    asks_self_review = serializers.BooleanField()
    asks_second_level = serializers.BooleanField()
    deadlines = serializers.DictField(
        child=serializers.DateField(allow_null=True),
        help_text=f"Days by stage ({', '.join(STAGES)}); null: no deadline.",
    )


@extend_schema(parameters=[CODE])
class CycleTransitionViewSet(viewsets.GenericViewSet[Cycle]):
    """The steps that lead out of a cycle's state, with what is still open; HR takes them."""

    queryset = Cycle.objects.none()
    serializer_class = StepSerializer
    pagination_class = None

    @extend_schema(responses={200: PossibleSerializer})
    def list(self, request: Request, code: str) -> Response:
        viewer = viewer_of(request)
        require_reader(viewer)
        cycle = cycle_access.get_cycle(viewer=viewer, code=code)
        return Response(_possible(cycle, workflow.possible_cycle_steps(cycle)))

    @extend_schema(
        responses={
            200: PossibleSerializer,
            202: PolymorphicProxySerializer(
                "Asked", [ReopeningSerializer, JobSerializer], resource_type_field_name=None
            ),
        }
    )
    def create(self, request: Request, code: str) -> Response:
        """Take a step.

        One that needs a second person is asked for (202, the reopening) and decided under ``reopenings``; one over
        very many reviews goes on in the background (202, the job), with its progress under ``jobs``.
        """
        viewer, now = viewer_of(request), timezone.now()
        cycle = cycle_access.get_cycle_to_run(viewer=viewer, code=code)
        form = StepSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        name, reason = form.validated_data["transition"], form.validated_data["reason"]
        try:
            if workflow.check_cycle_step(cycle, name).needs_approver:
                asked = moves.request_reopening(cycle_id=cycle.pk, transition=name, reason=reason, by=viewer, now=now)
                return Response(ReopeningSerializer(asked).data, status=status.HTTP_202_ACCEPTED)
            cycle, job = moves.start_step(cycle_id=cycle.pk, transition=name, reason=reason, by=viewer, now=now)
            if job and (job := begin_job(job, now)).is_running:
                return Response(JobSerializer(job).data, status=status.HTTP_202_ACCEPTED)
            if job:
                moves.check_job(job)
                cycle.refresh_from_db()
        except ValidationError as error:
            return _refusal(error, _possible(cycle, workflow.possible_cycle_steps(cycle)))
        return Response(_possible(cycle, workflow.possible_cycle_steps(cycle)))


@extend_schema(parameters=[CODE])
class ReopeningViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[Reopening]):
    """Steps back from published or closed: asked for by one person of HR, decided by another."""

    queryset = Reopening.objects.none()
    serializer_class = ReopeningSerializer
    lookup_value_regex = r"\d{1,18}"

    def get_queryset(self) -> QuerySet[Reopening]:
        viewer = viewer_of(self.request)
        require_reader(viewer)
        cycle = cycle_access.get_cycle(viewer=viewer, code=self.kwargs["code"])
        return cycle.reopenings.select_related("requested_by", "decided_by")

    @extend_schema(request=ApprovalSerializer, responses={200: ReopeningSerializer})
    @action(detail=True, methods=["post"])
    def decision(self, request: Request, code: str, pk: str) -> Response:
        viewer = viewer_of(request)
        cycle = cycle_access.get_cycle_to_run(viewer=viewer, code=code)
        form = ApprovalSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            asked = moves.decide_reopening(
                cycle_id=cycle.pk, reopening_id=int(pk), **form.validated_data, by=viewer, now=timezone.now()
            )
        except ValidationError as error:
            return _refusal(error)
        return Response(ReopeningSerializer(asked).data)


@extend_schema(parameters=[CODE])
class StagesViewSet(viewsets.GenericViewSet[Cycle]):
    """Who takes part in a cycle, and by when."""

    queryset = Cycle.objects.none()
    serializer_class = StagesSerializer
    pagination_class = None

    @extend_schema(responses={200: StagesSerializer})
    def list(self, request: Request, code: str) -> Response:
        viewer = viewer_of(request)
        require_reader(viewer)
        return Response(_stages(cycle_access.get_cycle(viewer=viewer, code=code)))

    @extend_schema(responses={200: StagesSerializer})
    def create(self, request: Request, code: str) -> Response:
        """Set them; stages that are not named keep their deadline."""
        viewer = viewer_of(request)
        cycle = cycle_access.get_cycle_to_run(viewer=viewer, code=code)
        form = StagesSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            cycle = moves.set_stages(cycle_id=cycle.pk, **form.validated_data, by=viewer, now=timezone.now())
        except ValidationError as error:
            return _refusal(error)
        return Response(_stages(cycle))


@extend_schema(parameters=[REVIEW])
class ReviewTransitionViewSet(viewsets.GenericViewSet[Review]):
    """The steps the reader may take on a review now."""

    queryset = Review.objects.none()
    serializer_class = StepSerializer
    pagination_class = None

    @extend_schema(responses={200: PossibleSerializer})
    def list(self, request: Request, review_id: str) -> Response:
        viewer = viewer_of(request)
        return Response(_steps_of(access.get_review(viewer=viewer, review_id=int(review_id)), viewer))

    @extend_schema(responses={200: PossibleSerializer})
    def create(self, request: Request, review_id: str) -> Response:
        viewer = viewer_of(request)
        review = access.get_review(viewer=viewer, review_id=int(review_id))
        form = StepSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            review = moves.move_review(review_id=review.pk, **form.validated_data, by=viewer, now=timezone.now())
        except moves.ReviewConflict as conflict:
            detail = {"detail": str(conflict), "version": conflict.current.version}
            return Response(detail, status=status.HTTP_409_CONFLICT)
        except ValidationError as error:
            return _refusal(error, _steps_of(review, viewer))
        return Response(_steps_of(review, viewer))


def _steps_of(review: Review, viewer: Any) -> dict[str, Any]:
    steps = [
        step
        for step in workflow.possible_review_steps(review)
        if step.name not in workflow.WITH_OWN_DOOR and access.may_take(viewer, review, step.who)
    ]
    return _possible(review, steps)


def _possible(subject: Cycle | Review, steps: Sequence[Transition]) -> dict[str, Any]:
    return {
        "state": str(subject.state),
        "transitions": [
            {
                "name": step.name,
                "label": str(step.label),
                "target": str(step.target),
                "who": str(step.who),
                "asks_reason": step.asks_reason,
                "needs_approver": step.needs_approver,
                "open": [_item(item) for item in step.open_items(subject)],
            }
            for step in steps
        ],
    }


def _item(item: OpenItem) -> dict[str, str]:
    return {"text": str(item.text), "path": item.path, "strength": str(item.strength)}


def _stages(cycle: Cycle) -> dict[str, Any]:
    due = {deadline.state: deadline.due_date for deadline in cycle.deadlines.all()}
    return {
        "asks_self_review": cycle.asks_self_review,
        "asks_second_level": cycle.asks_second_level,
        "deadlines": {str(state): due.get(state) for state in STAGES},
    }


def _refusal(error: ValidationError, possible: dict[str, Any] | None = None) -> Response:
    if hasattr(error, "error_dict"):
        detail: dict[str, Any] = dict(error.message_dict)
    else:
        detail = {"detail": " ".join(error.messages), "code": error.code}
    return Response(detail | (possible or {}), status=status.HTTP_409_CONFLICT)
