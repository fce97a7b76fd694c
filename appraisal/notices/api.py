"""REST over one's own notices and choices."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from appraisal.notices import access, actions, queries
from appraisal.notices.models import Notice, Pace
from appraisal.notices.registry import GROUPS
from engineers.models import User
from engineers.requests import viewer_of


class NoticeSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(source="pk")
    topic = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # also an attribute of the base class
    text = serializers.CharField()
    path = serializers.CharField(help_text="The page it is about.")
    at = serializers.DateTimeField()
    is_read = serializers.BooleanField()
    is_urgent = serializers.BooleanField()


class ReadAllSerializer(serializers.Serializer[Any]):
    marked = serializers.IntegerField()


class ChoiceSerializer(serializers.Serializer[Any]):
    group = serializers.ChoiceField(choices=list(GROUPS))
    label = serializers.CharField(read_only=True)  # type: ignore[assignment]
    email = serializers.BooleanField()
    chat = serializers.BooleanField()
    pace = serializers.ChoiceField(choices=Pace.choices)


class NoticeViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[Notice]):
    """What one has been told, in one's language: unread ones first."""

    queryset = Notice.objects.none()
    serializer_class = NoticeSerializer
    lookup_value_regex = r"\d{1,18}"

    def get_queryset(self) -> QuerySet[Notice]:
        notices = queries.list_notices(viewer_of(self.request))
        return notices.filter(read_at__isnull=True) if "unread" in self.request.query_params else notices

    @extend_schema(parameters=[OpenApiParameter("unread", bool, description="Present: unread ones alone.")])
    def list(self, request: Request, *args: Any, **options: Any) -> Response:
        page = self.paginate_queryset(self.get_queryset()) or []
        return self.get_paginated_response(NoticeSerializer(queries.describe(page), many=True).data)

    @extend_schema(request=None, responses={200: NoticeSerializer})
    @action(detail=True, methods=["post"])
    def read(self, request: Request, pk: str) -> Response:
        """Mark a notice as read."""
        notice = access.get_notice(viewer=viewer_of(request), notice_id=int(pk))
        actions.mark_read(notice=notice, now=timezone.now())
        notice.refresh_from_db()
        return Response(NoticeSerializer(queries.describe([notice])[0]).data)

    @extend_schema(request=None, responses={200: ReadAllSerializer})
    @action(detail=False, methods=["post"], url_path="read-all")
    def read_all(self, request: Request) -> Response:
        """Mark all of one's notices as read."""
        return Response({"marked": actions.mark_all_read(by=viewer_of(request), now=timezone.now())})

    @extend_schema(responses={200: ChoiceSerializer(many=True)}, filters=False)
    @action(detail=False, url_path="settings", url_name="settings", pagination_class=None)
    def choices(self, request: Request) -> Response:
        """What one is told by e-mail and chat, by group of topics; the portal always tells."""
        return _choices_of(viewer_of(request))

    @extend_schema(request=ChoiceSerializer(many=True), responses={200: ChoiceSerializer(many=True)}, filters=False)
    @choices.mapping.put
    def save_choices(self, request: Request) -> Response:
        """Store choices; groups that are not named stay as they are."""
        form = ChoiceSerializer(data=request.data, many=True)
        form.is_valid(raise_exception=True)
        chosen = [queries.Choice(**entry, label="") for entry in form.validated_data]
        actions.save_choices(by=viewer_of(request), choices=chosen)
        return _choices_of(viewer_of(request))


def _choices_of(viewer: User) -> Response:
    return Response(ChoiceSerializer(queries.choices_of(viewer), many=True).data)
