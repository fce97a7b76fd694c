"""REST over interviews: the same actions as the page."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from appraisal.cycles import access as cycle_access
from appraisal.reviews import access
from appraisal.reviews.interviews import actions as interviews
from appraisal.reviews.interviews.actions import InterviewConflict
from appraisal.reviews.interviews.queries import without_agreed_minutes
from appraisal.reviews.models import Interview, Review
from engineers.access import require_reader
from engineers.refusals import refusal
from engineers.requests import viewer_of

REVIEW = OpenApiParameter("review_id", OpenApiTypes.INT, OpenApiParameter.PATH)


class InterviewSerializer(serializers.ModelSerializer[Interview]):
    interviewer_name = serializers.CharField(source="interviewer.username", read_only=True)

    class Meta:
        model = Interview
        fields = (
            *("interviewer", "interviewer_name", "planned_on", "held_on", *interviews.MINUTES, "comment", "version"),
            *("changed_at", "confirmed_by_interviewer_at", "confirmed_by_engineer_at"),
        )
        read_only_fields = ("comment", "changed_at", "confirmed_by_interviewer_at", "confirmed_by_engineer_at")
        extra_kwargs = {"version": {"required": False}}


class CommentSerializer(serializers.Serializer[Any]):
    comment = serializers.CharField(max_length=4000, allow_blank=True)


class ConfirmationSerializer(serializers.Serializer[Any]):
    version = serializers.IntegerField(help_text="Of the minutes that were read.")


class PlannedInterviewSerializer(serializers.ModelSerializer[Interview]):
    interviewer = serializers.CharField(source="interviewer.username")

    class Meta:
        model = Interview
        fields = ("interviewer", "planned_on", "held_on")


class OpenInterviewSerializer(serializers.ModelSerializer[Review]):
    """A review whose interview has no agreed minutes; without ``interview`` none is planned."""

    employee_no = serializers.CharField(source="engineer.employee_no")
    name = serializers.CharField(source="engineer.name")
    team = serializers.CharField(source="team.name", default=None)
    interview = PlannedInterviewSerializer(default=None)

    class Meta:
        model = Review
        fields = ("id", "employee_no", "name", "team", "interview")


@extend_schema(parameters=[OpenApiParameter("code", str, OpenApiParameter.PATH)])
class OpenInterviewViewSet(viewsets.GenericViewSet[Review]):
    """Who of a cycle has no agreed minutes yet; for those who read everything."""

    queryset = Review.objects.none()
    serializer_class = OpenInterviewSerializer

    @extend_schema(responses={200: OpenInterviewSerializer(many=True)})
    def list(self, request: Request, code: str) -> Response:
        viewer = viewer_of(request)
        require_reader(viewer)
        page = self.paginate_queryset(without_agreed_minutes(cycle_access.get_cycle(viewer=viewer, code=code)))
        return self.get_paginated_response(OpenInterviewSerializer(page, many=True).data)


@extend_schema(parameters=[REVIEW])
class InterviewViewSet(viewsets.GenericViewSet[Interview]):
    """The interview about a result; an empty list where none is planned."""

    queryset = Interview.objects.none()
    serializer_class = InterviewSerializer
    pagination_class = None

    @extend_schema(responses={200: InterviewSerializer(many=True)})
    def list(self, request: Request, review_id: str) -> Response:
        review = access.get_review_with_interview(viewer=viewer_of(request), review_id=int(review_id))
        found = Interview.objects.filter(review=review).select_related("interviewer")
        return Response(InterviewSerializer(found, many=True).data)

    @extend_schema(responses={200: InterviewSerializer})
    def create(self, request: Request, review_id: str) -> Response:
        """Plan it, or write its minutes: managers above and HR. What is not named becomes empty."""
        viewer = viewer_of(request)
        access.get_review_to_interview(viewer=viewer, review_id=int(review_id))
        form = InterviewSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        data: dict[str, Any] = dict.fromkeys(interviews.MINUTES, "") | dict(form.validated_data)
        interviewer = data.pop("interviewer")
        try:
            interview = interviews.save_interview(
                review_id=int(review_id), interviewer_id=interviewer.pk, **data, by=viewer, now=timezone.now()
            )
        except InterviewConflict as conflict:
            return _conflict(conflict)
        except ValidationError as error:
            return refusal(error)
        return Response(InterviewSerializer(interview).data)

    @extend_schema(request=CommentSerializer, responses={200: InterviewSerializer})
    @action(detail=False, methods=["post"])
    def comment(self, request: Request, review_id: str) -> Response:
        """What the engineer says about it."""
        viewer = viewer_of(request)
        access.get_own_review(viewer=viewer, review_id=int(review_id))
        form = CommentSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            interview = interviews.comment_interview(
                review_id=int(review_id), **form.validated_data, by=viewer, now=timezone.now()
            )
        except ValidationError as error:
            return refusal(error)
        return Response(InterviewSerializer(interview).data)

    @extend_schema(request=ConfirmationSerializer, responses={200: InterviewSerializer})
    @action(detail=False, methods=["post"])
    def confirmation(self, request: Request, review_id: str) -> Response:
        """Confirm the minutes, as the engineer or as who led the interview."""
        viewer = viewer_of(request)
        review = access.get_review_with_interview(viewer=viewer, review_id=int(review_id))
        found = Interview.objects.filter(review=review).select_related("review__engineer").first()
        if found is None or not interviews.sides_of(found, viewer):
            raise Http404
        form = ConfirmationSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            interview = interviews.confirm_interview(
                review_id=int(review_id), **form.validated_data, by=viewer, now=timezone.now()
            )
        except InterviewConflict as conflict:
            return _conflict(conflict)
        except ValidationError as error:
            return refusal(error)
        return Response(InterviewSerializer(interview).data)


def _conflict(conflict: InterviewConflict) -> Response:
    detail = {"detail": str(conflict), "version": conflict.current.version}
    return Response(detail, status=status.HTTP_409_CONFLICT)
