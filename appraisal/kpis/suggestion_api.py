"""REST over suggestions on KPIs and schemes."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from appraisal.kpis import access, suggestions
from appraisal.kpis.models import SchemeVersion, Suggestion
from engineers.refusals import refusal
from engineers.requests import viewer_of


class SuggestionSerializer(serializers.ModelSerializer[Suggestion]):
    kpi = serializers.CharField(source="kpi.code", default=None)
    scheme = serializers.CharField(source="scheme.code", default=None)
    written_by = serializers.CharField(source="written_by.username")
    answered_by = serializers.CharField(source="answered_by.username", default=None)
    version = serializers.CharField(default=None)

    class Meta:
        model = Suggestion
        fields = (
            *("id", "kpi", "scheme", "text", "written_by", "written_at"),
            *("state", "answer", "version", "answered_by", "answered_at"),
        )


class NewSuggestionSerializer(serializers.Serializer[Any]):
    kpi = serializers.CharField(required=False, allow_blank=True, max_length=60, default="")
    scheme = serializers.CharField(required=False, allow_blank=True, max_length=60, default="")
    text = serializers.CharField(max_length=4000)


class AnswerSerializer(serializers.Serializer[Any]):
    accept = serializers.BooleanField()
    answer = serializers.CharField(max_length=4000)
    version = serializers.PrimaryKeyRelatedField[SchemeVersion](
        queryset=SchemeVersion.objects.all(), required=False, allow_null=True, default=None
    )


class SuggestionViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Suggestion]):
    """Suggestions: one's own, or all for those who read everything."""

    queryset = Suggestion.objects.none()
    serializer_class = SuggestionSerializer
    lookup_value_regex = r"\d{1,18}"

    def get_queryset(self) -> QuerySet[Suggestion]:
        viewer = viewer_of(self.request)
        access.require_suggester(viewer)
        return access.visible_suggestions(viewer)

    @extend_schema(request=NewSuggestionSerializer, responses={201: SuggestionSerializer})
    def create(self, request: Request) -> Response:
        """Write a suggestion about a KPI or a scheme: who is appraised or appraises."""
        viewer = viewer_of(request)
        if not access.may_suggest(viewer):
            raise Http404
        form = NewSuggestionSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            suggestion = suggestions.write_suggestion(**form.validated_data, by=viewer, now=timezone.now())
        except ValidationError as error:
            return Response(error.message_dict, status=status.HTTP_400_BAD_REQUEST)
        return Response(SuggestionSerializer(suggestion).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=AnswerSerializer, responses={200: SuggestionSerializer})
    @action(detail=True, methods=["post"])
    def answer(self, request: Request, pk: str) -> Response:
        """Accept or decline a suggestion: HR."""
        viewer = viewer_of(request)
        access.get_suggestion_to_answer(viewer=viewer, suggestion_id=int(pk))
        form = AnswerSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            suggestion = suggestions.answer_suggestion(
                suggestion_id=int(pk), **form.validated_data, by=viewer, now=timezone.now()
            )
        except ValidationError as error:
            return refusal(error)
        return Response(SuggestionSerializer(suggestion).data)
