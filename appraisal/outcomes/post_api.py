"""REST over changes of post."""

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

from appraisal.outcomes import access, posts
from appraisal.outcomes.honours_api import CommendationDecisionSerializer
from appraisal.outcomes.models import PostChange
from engineers.clock import organisation_today
from engineers.models import JobProfile, Team
from engineers.refusals import refusal
from engineers.requests import viewer_of


class PostChangeSerializer(serializers.ModelSerializer[PostChange]):
    employee_no = serializers.CharField(source="engineer.employee_no", read_only=True)
    name = serializers.CharField(source="engineer.name", read_only=True)
    proposed_by = serializers.CharField(source="proposed_by.username", read_only=True)
    decided_by = serializers.CharField(source="decided_by.username", default=None, read_only=True)
    origin = serializers.CharField(read_only=True)
    destination = serializers.CharField(read_only=True)

    class Meta:
        model = PostChange
        fields = (
            *("id", "engineer", "employee_no", "name", "origin", "destination", "from_team", "from_profile"),
            *("to_team", "to_profile", "to_post", "effective_on", "reason", "comment", "proposed_by", "proposed_at"),
            *("is_approved", "decided_by", "decided_at", "decision_reason"),
        )


class NewPostChangeSerializer(serializers.Serializer[Any]):
    engineer_id = serializers.IntegerField(min_value=1, max_value=10**18)
    to_team = serializers.PrimaryKeyRelatedField(queryset=Team.objects.all(), required=False, allow_null=True)
    to_profile = serializers.PrimaryKeyRelatedField(queryset=JobProfile.objects.all(), required=False, allow_null=True)
    to_post = serializers.CharField(max_length=100, required=False, allow_blank=True, default="")
    effective_on = serializers.DateField()
    reason = serializers.CharField(max_length=4000)


class PostChangeCommentSerializer(serializers.Serializer[Any]):
    text = serializers.CharField(max_length=4000, allow_blank=True)


class PostChangeViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[PostChange]):
    """Changes of one's own post, of the teams below, or all."""

    queryset = PostChange.objects.none()
    serializer_class = PostChangeSerializer
    filterset_fields = ("engineer", "is_approved")
    lookup_value_regex = r"\d{1,18}"

    def get_queryset(self) -> QuerySet[PostChange]:
        return access.visible_post_changes(viewer_of(self.request), on=organisation_today())

    @extend_schema(request=NewPostChangeSerializer, responses={201: PostChangeSerializer})
    def create(self, request: Request) -> Response:
        """Propose one: HR, and the managers above."""
        form = NewPostChangeSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        given = form.validated_data
        to = posts.Destination(team=given.get("to_team"), profile=given.get("to_profile"), post=given["to_post"])
        try:
            made = posts.propose_post_change(
                engineer_id=given["engineer_id"],
                to=to,
                effective_on=given["effective_on"],
                reason=given["reason"],
                by=viewer_of(request),
                now=timezone.now(),
            )
        except ValidationError as error:
            return refusal(error)
        return Response(PostChangeSerializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=CommendationDecisionSerializer)
    @action(detail=True, methods=["post"])
    def decision(self, request: Request, pk: str) -> Response:
        """Approve or reject what somebody else proposed."""
        viewer, on = viewer_of(request), organisation_today()
        access.get_post_change_to_decide(viewer=viewer, change_id=int(pk), on=on)
        form = CommendationDecisionSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            made = posts.decide_post_change(change_id=int(pk), **form.validated_data, by=viewer, now=timezone.now())
        except ValidationError as error:
            return refusal(error)
        return Response(PostChangeSerializer(made).data)

    @extend_schema(request=PostChangeCommentSerializer)
    @action(detail=True, methods=["post"])
    def comment(self, request: Request, pk: str) -> Response:
        """Say something about a change of one's own post."""
        viewer = viewer_of(request)
        access.get_own_post_change(viewer=viewer, change_id=int(pk))
        form = PostChangeCommentSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        made = posts.comment_post_change(change_id=int(pk), **form.validated_data, by=viewer, now=timezone.now())
        return Response(PostChangeSerializer(made).data)
