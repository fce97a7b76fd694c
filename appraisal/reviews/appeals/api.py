"""REST over appeals and their terms: the same actions as the pages."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from appraisal.cycles import access as cycle_access
from appraisal.cycles.models import Cycle
from appraisal.reviews import access
from appraisal.reviews.appeals import actions as appeals
from appraisal.reviews.appeals.dispute_api import (
    REVIEW,
    ClaimSerializer,
    DisputeSerializer,
    OptionalReasonSerializer,
    claim_from,
)
from appraisal.reviews.appeals.withdrawals import withdraw_appeal
from appraisal.reviews.models import Appeal, AppealLine, AppealSupplement, AppealTerms
from appraisal.reviews.steps.moves import ReviewConflict
from appraisal.reviews.terms import terms_of
from engineers.access import require_reader
from engineers.refusals import refusal
from engineers.requests import viewer_of

CODE = OpenApiParameter("code", OpenApiTypes.STR, OpenApiParameter.PATH, description="The cycle.")


class AppealLineSerializer(serializers.ModelSerializer[AppealLine]):
    class Meta:
        model = AppealLine
        fields = ("segment", "line", "is_claimed", "points_before", "points")


class SupplementSerializer(serializers.ModelSerializer[AppealSupplement]):
    class Meta:
        model = AppealSupplement
        fields = ("text", "added_at")


class AppealSerializer(serializers.ModelSerializer[Appeal]):
    filed_by = serializers.CharField(source="filed_by.username", read_only=True)
    decided_by = serializers.CharField(source="decided_by.username", default=None, read_only=True)
    lines = AppealLineSerializer(many=True, read_only=True)
    supplements = SupplementSerializer(many=True, read_only=True)
    cases = DisputeSerializer(source="disputes", many=True, read_only=True)

    class Meta:
        model = Appeal
        fields = (
            *("id", "text", "filed_by", "filed_at", "supplement_until", "decide_by", "lines", "cases"),
            *("supplements", "outcome", "decided_by", "decided_at", "reason", "before", "after"),
        )


class PlaceSerializer(serializers.Serializer[Any]):
    segment = serializers.IntegerField(required=False, default=0, min_value=0, max_value=1000)
    line = serializers.IntegerField(min_value=1, max_value=10**18)


class GivenPointsSerializer(PlaceSerializer):
    points = serializers.DecimalField(max_digits=6, decimal_places=2, min_value=0)


class FilingSerializer(serializers.Serializer[Any]):
    text = serializers.CharField(max_length=4000)
    lines = PlaceSerializer(many=True, required=False, default=list)
    cases = ClaimSerializer(many=True, required=False, default=list)
    version = serializers.IntegerField(required=False, allow_null=True, default=None)


class AdditionSerializer(serializers.Serializer[Any]):
    text = serializers.CharField(max_length=4000, required=False, allow_blank=True, default="")
    cases = ClaimSerializer(many=True, required=False, default=list)


class AppealDecisionSerializer(serializers.Serializer[Any]):
    outcome = serializers.CharField(max_length=10, help_text=", ".join(appeals.POSSIBLE))
    reason = serializers.CharField(max_length=4000)
    upheld = serializers.ListField(
        child=serializers.IntegerField(),
        required=False,
        default=list,
        help_text="The ids of the cases that count no longer; all others of the appeal are not upheld and stay.",
    )
    points = GivenPointsSerializer(many=True, required=False, default=list)


@extend_schema(parameters=[REVIEW])
class AppealViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[Appeal]):
    """The appeals against a result, newest first; one is open at most."""

    queryset = Appeal.objects.none()
    serializer_class = AppealSerializer
    pagination_class = None

    def get_queryset(self) -> QuerySet[Appeal]:
        viewer = viewer_of(self.request)
        review = access.get_review(viewer=viewer, review_id=int(self.kwargs["review_id"]))
        cases = ("disputes__line__kpi_version__kpi", "disputes__raised_by", "disputes__decided_by")
        return review.appeals.select_related("filed_by", "decided_by").prefetch_related("lines", "supplements", *cases)

    @extend_schema(request=FilingSerializer, responses={201: AppealSerializer})
    def create(self, request: Request, review_id: str) -> Response:
        """Appeal against one's own result: the whole of it, or the lines and cases named."""
        viewer = viewer_of(request)
        access.get_own_review(viewer=viewer, review_id=int(review_id))
        form = FilingSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        data = form.validated_data
        try:
            appeal = appeals.file_appeal(
                review_id=int(review_id),
                text=data["text"],
                lines=[(place["segment"], place["line"]) for place in data["lines"]],
                claims=[claim_from(case) for case in data["cases"]],
                version=data["version"],
                by=viewer,
                now=timezone.now(),
            )
        except ReviewConflict as conflict:
            detail = {"detail": str(conflict), "version": conflict.current.version}
            return Response(detail, status=status.HTTP_409_CONFLICT)
        except ValidationError as error:
            return refusal(error)
        return Response(AppealSerializer(appeal).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=AdditionSerializer, responses={200: AppealSerializer})
    @action(detail=False, methods=["post"])
    def supplement(self, request: Request, review_id: str) -> Response:
        """Add to one's open appeal."""
        viewer = viewer_of(request)
        access.get_own_review(viewer=viewer, review_id=int(review_id))
        form = AdditionSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            appeal = appeals.add_supplement(
                review_id=int(review_id),
                text=form.validated_data["text"],
                claims=[claim_from(case) for case in form.validated_data["cases"]],
                by=viewer,
                now=timezone.now(),
            )
        except ValidationError as error:
            return refusal(error)
        return Response(AppealSerializer(appeal).data)

    @extend_schema(request=AppealDecisionSerializer, responses={200: AppealSerializer})
    @action(detail=False, methods=["post"])
    def decision(self, request: Request, review_id: str) -> Response:
        """Decide the open appeal: HR or the second level, if they did not rate."""
        viewer = viewer_of(request)
        access.get_review_to_judge(viewer=viewer, review_id=int(review_id))
        form = AppealDecisionSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        data = form.validated_data
        try:
            appeal = appeals.decide_appeal(
                review_id=int(review_id),
                outcome=data["outcome"],
                reason=data["reason"],
                upheld=data["upheld"],
                points={(each["segment"], each["line"]): each["points"] for each in data["points"]},
                by=viewer,
                now=timezone.now(),
            )
        except ValidationError as error:
            return refusal(error)
        return Response(AppealSerializer(appeal).data)

    @extend_schema(request=OptionalReasonSerializer, responses={200: AppealSerializer})
    @action(detail=False, methods=["post"])
    def withdrawal(self, request: Request, review_id: str) -> Response:
        """Take one's open appeal back with all its cases; the reason is not needed."""
        viewer = viewer_of(request)
        access.get_own_review(viewer=viewer, review_id=int(review_id))
        form = OptionalReasonSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            appeal = withdraw_appeal(review_id=int(review_id), **form.validated_data, by=viewer, now=timezone.now())
        except ValidationError as error:
            return refusal(error)
        return Response(AppealSerializer(appeal).data)


class TermsSerializer(serializers.ModelSerializer[AppealTerms]):
    class Meta:
        model = AppealTerms
        fields = ("file_days", "supplement_days", "decision_days", "dispute_days")


@extend_schema(parameters=[CODE])
class AppealTermsViewSet(viewsets.GenericViewSet[AppealTerms]):
    """The terms of a cycle in workdays."""

    queryset = AppealTerms.objects.none()
    serializer_class = TermsSerializer
    pagination_class = None

    @extend_schema(responses={200: TermsSerializer})
    def list(self, request: Request, code: str) -> Response:
        viewer = viewer_of(request)
        require_reader(viewer)
        return Response(TermsSerializer(terms_of(cycle_access.get_cycle(viewer=viewer, code=code))).data)

    @extend_schema(responses={200: TermsSerializer})
    def create(self, request: Request, code: str) -> Response:
        """Set them; those not named stay."""
        viewer = viewer_of(request)
        cycle: Cycle = cycle_access.get_cycle_to_run(viewer=viewer, code=code)
        form = TermsSerializer(data=request.data, partial=True)
        form.is_valid(raise_exception=True)
        try:
            terms = appeals.set_terms(cycle_id=cycle.pk, **form.validated_data, by=viewer, now=timezone.now())
        except ValidationError as error:
            return refusal(error)
        return Response(TermsSerializer(terms).data)
