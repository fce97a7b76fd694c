"""REST over what engineers write about themselves, and over points given in place of computed ones."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from appraisal.reviews import access
from appraisal.reviews.models import LineOverride, Review
from appraisal.reviews.rating import overrides
from appraisal.reviews.rating import self_review as own
from appraisal.reviews.steps import moves
from appraisal.reviews.steps.api import REVIEW
from engineers.models import User
from engineers.refusals import refusal
from engineers.requests import number_in, viewer_of


class ScoresField(serializers.DictField):
    """Scores as they are sent, by “<KPI version id>.<criterion>”; what is read has pairs as keys."""

    child = serializers.IntegerField(min_value=1, max_value=5)

    def __init__(self, **options: Any) -> None:
        super().__init__(help_text="Scores from 1 to 5 by “<KPI version id>.<criterion>”.", **options)

    def to_internal_value(self, data: Any) -> dict[tuple[int, str], int]:
        parsed = {}
        for key, score in super().to_internal_value(data).items():
            version, _dot, criterion = key.partition(".")
            number = number_in(version)
            if number is None or not criterion:
                raise serializers.ValidationError(
                    _("“%(key)s” names no criterion: “12.diagnosis” would be one, with the id of a KPI version.")
                    % {"key": key}
                )
            parsed[number, criterion] = score
        return parsed

    def to_representation(self, value: Any) -> dict[str, int]:
        return {f"{version_id}.{criterion}": score for (version_id, criterion), score in value.items()}


class SelfReviewSerializer(serializers.Serializer[Any]):
    version = serializers.IntegerField(help_text="The version of the review that was read.")
    comment = serializers.CharField(allow_blank=True, max_length=4000)
    scores = ScoresField()
    submit = serializers.BooleanField(default=False, write_only=True)
    submitted_at = serializers.DateTimeField(read_only=True)


class OverrideSerializer(serializers.ModelSerializer[LineOverride]):
    line = serializers.IntegerField(source="line_id", min_value=1, max_value=10**18)
    kpi = serializers.CharField(source="line.kpi_version.kpi.code", read_only=True)
    entered_by = serializers.CharField(source="entered_by.username", read_only=True)

    class Meta:
        model = LineOverride
        fields = ("id", "line", "kpi", "segment", "points", "reason", "entered_by", "entered_at", "withdrawn_at")
        read_only_fields = ("entered_at", "withdrawn_at")


@extend_schema(parameters=[REVIEW])
class SelfReviewViewSet(viewsets.GenericViewSet[Review]):
    """A self-review: its engineer always reads it, others once it is handed in or its stage is over."""

    queryset = Review.objects.none()
    serializer_class = SelfReviewSerializer
    pagination_class = None

    @extend_schema(responses={200: SelfReviewSerializer})
    def list(self, request: Request, review_id: str) -> Response:
        viewer = viewer_of(request)
        review = access.get_review(viewer=viewer, review_id=int(review_id))
        return Response(_self_entry(review, viewer))

    @extend_schema(responses={200: SelfReviewSerializer})
    def create(self, request: Request, review_id: str) -> Response:
        """Save one's own, and with ``submit`` hand it in."""
        viewer, now = viewer_of(request), timezone.now()
        access.get_own_review(viewer=viewer, review_id=int(review_id))
        form = SelfReviewSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        sent = dict(form.validated_data)
        submits = sent.pop("submit")
        try:
            review = own.save_self_rating(review_id=int(review_id), **sent, by=viewer, now=now)
            if submits:
                review = moves.move_review(review_id=review.pk, transition="hand_in_self", by=viewer, now=now)
        except moves.ReviewConflict as conflict:
            return _conflict(conflict)
        except ValidationError as error:
            return refusal(error)
        return Response(_self_entry(review, viewer))


@extend_schema(parameters=[REVIEW])
class OverrideViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[LineOverride]):
    """Points a manager gave computed lines; the engineer sees those in force once the results are published."""

    queryset = LineOverride.objects.none()
    serializer_class = OverrideSerializer
    lookup_value_regex = r"\d{1,18}"

    def get_queryset(self) -> QuerySet[LineOverride]:
        viewer = viewer_of(self.request)
        review = access.get_review(viewer=viewer, review_id=int(self.kwargs["review_id"]))
        found = review.overrides.select_related("line__kpi_version__kpi", "entered_by")
        if review.engineer.user_id == viewer.pk:
            found = found.filter(withdrawn_at__isnull=True)
        return found if access.sees_rating(viewer, review) else found.none()

    @extend_schema(responses={201: OverrideSerializer})
    def create(self, request: Request, review_id: str) -> Response:
        viewer = viewer_of(request)
        access.get_review_to_rate(viewer=viewer, review_id=int(review_id))
        form = OverrideSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            entered = overrides.override_line(
                review_id=int(review_id), **form.validated_data, by=viewer, now=timezone.now()
            )
        except ValidationError as error:
            return refusal(error)
        return Response(OverrideSerializer(entered).data, status=status.HTTP_201_CREATED)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, review_id: str, pk: str) -> Response:
        """Let the computed points count again."""
        viewer = viewer_of(request)
        access.get_review_to_rate(viewer=viewer, review_id=int(review_id))
        try:
            overrides.withdraw_override(review_id=int(review_id), override_id=int(pk), by=viewer, now=timezone.now())
        except ValidationError as error:
            return refusal(error)
        return Response(status=status.HTTP_204_NO_CONTENT)


def _self_entry(review: Review, viewer: User) -> dict[str, Any]:
    shown = access.sees_self_review(viewer, review)
    scores = own.dict_of(review) if shown else {}
    return {
        "version": review.version,
        "comment": review.self_comment if shown else "",
        "scores": ScoresField().to_representation(dict(sorted(scores.items()))),
        "submitted_at": review.self_submitted_at,
    }


def _conflict(conflict: moves.ReviewConflict) -> Response:
    detail = {"detail": str(conflict), "version": conflict.current.version}
    return Response(detail, status=status.HTTP_409_CONFLICT)
