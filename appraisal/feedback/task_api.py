"""REST over what one is asked: the tasks of a rater."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from appraisal.feedback import access, answering, raters
from appraisal.feedback.models import FeedbackRequest, Group, RequestState
from appraisal.feedback.questions import items_of
from engineers.refusals import refusal
from engineers.requests import viewer_of


class FeedbackItemSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    name = serializers.CharField()
    question = serializers.CharField()
    anchors = serializers.ListField(child=serializers.CharField())


class FeedbackTaskSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(source="request_id")
    employee_no = serializers.CharField()
    name = serializers.CharField()
    group = serializers.ChoiceField(choices=Group.choices)
    cycle = serializers.CharField()
    opens_at = serializers.DateTimeField()
    closes_at = serializers.DateTimeField()
    state = serializers.ChoiceField(choices=RequestState.choices)
    is_open = serializers.BooleanField()


class FeedbackFormSerializer(FeedbackTaskSerializer):
    is_anonymous = serializers.SerializerMethodField()
    items = serializers.SerializerMethodField()

    def get_is_anonymous(self, task: raters.TaskView) -> bool:
        return task.group != Group.MANAGER

    @extend_schema_field(FeedbackItemSerializer(many=True))
    def get_items(self, task: raters.TaskView) -> list[dict[str, Any]]:
        return [
            {
                "code": item.code,
                "name": str(item.name),
                "question": str(item.question),
                "anchors": [str(anchor) for anchor in item.anchors],
            }
            for item in items_of(task.group)
        ]


class FeedbackAnswerSerializer(serializers.Serializer[Any]):
    answers = serializers.DictField(
        child=serializers.IntegerField(min_value=1, max_value=5, allow_null=True),
        help_text="Every item of the form; null: cannot judge.",
    )
    remark = serializers.CharField(required=False, allow_blank=True, default="", max_length=answering.LONGEST_REMARK)


class FeedbackReasonSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=1000)


class FeedbackTaskViewSet(viewsets.GenericViewSet[FeedbackRequest]):
    """What one is asked. Answers are taken once, and never given back."""

    queryset = FeedbackRequest.objects.none()
    serializer_class = FeedbackTaskSerializer
    lookup_value_regex = r"\d{1,18}"

    @extend_schema(responses=FeedbackTaskSerializer(many=True))
    def list(self, request: Request) -> Response:
        page = self.paginate_queryset(raters.list_tasks(viewer_of(request), now=timezone.now()))
        return self.get_paginated_response(FeedbackTaskSerializer(page, many=True).data)

    @extend_schema(responses=FeedbackFormSerializer)
    def retrieve(self, request: Request, pk: str) -> Response:
        task = access.get_task(viewer=viewer_of(request), request_id=int(pk))
        return Response(FeedbackFormSerializer(raters.view_task(task, now=timezone.now())).data)

    @extend_schema(request=FeedbackAnswerSerializer, responses={204: None})
    @action(detail=True, methods=["post"])
    def answer(self, request: Request, pk: str) -> Response:
        """Answer, once."""
        access.get_task(viewer=viewer_of(request), request_id=int(pk))
        form = FeedbackAnswerSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            answering.answer_request(
                request_id=int(pk), **form.validated_data, by=viewer_of(request), now=timezone.now()
            )
        except ValidationError as error:
            return refusal(error)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=FeedbackReasonSerializer, responses={204: None})
    @action(detail=True, methods=["post"])
    def decline(self, request: Request, pk: str) -> Response:
        """Decline with a reason, which HR reads."""
        access.get_task(viewer=viewer_of(request), request_id=int(pk))
        form = FeedbackReasonSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            answering.decline_request(
                request_id=int(pk), **form.validated_data, by=viewer_of(request), now=timezone.now()
            )
        except ValidationError as error:
            return refusal(error)
        return Response(status=status.HTTP_204_NO_CONTENT)
