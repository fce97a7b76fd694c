"""REST over the vetoes of a review."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from appraisal.kpis.models import Kpi
from appraisal.reviews import access
from appraisal.reviews.models import VetoEvent
from appraisal.reviews.serializers import DecisionSerializer, WithdrawalSerializer
from appraisal.reviews.vetoes import actions as vetoes
from engineers.refusals import refusal
from engineers.requests import viewer_of


class VetoSerializer(serializers.ModelSerializer[VetoEvent]):
    kpi = serializers.SlugRelatedField[Kpi](
        slug_field="code", queryset=Kpi.objects.all(), required=False, allow_null=True
    )
    proposed_by = serializers.CharField(source="proposed_by.username", read_only=True)
    decided_by = serializers.CharField(source="decided_by.username", default=None, read_only=True)
    withdrawn_by = serializers.CharField(source="withdrawn_by.username", default=None, read_only=True)

    class Meta:
        model = VetoEvent
        fields = (
            *("id", "cause", "effect", "grade", "kpi", "happened_on", "evidence"),
            *("proposed_by", "proposed_at", "decided_by", "decided_at", "is_approved"),
            *("withdrawn_by", "withdrawn_at", "withdrawal_reason"),
        )
        read_only_fields = ("proposed_at", "decided_at", "is_approved", "withdrawn_at", "withdrawal_reason")


@extend_schema(parameters=[OpenApiParameter("review_id", OpenApiTypes.INT, OpenApiParameter.PATH)])
class VetoViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[VetoEvent]):
    """Vetoes of a review; its engineer sees those that were approved."""

    queryset = VetoEvent.objects.none()
    serializer_class = VetoSerializer
    lookup_value_regex = r"\d{1,18}"

    def get_queryset(self) -> QuerySet[VetoEvent]:
        viewer = viewer_of(self.request)
        review = access.get_review(viewer=viewer, review_id=int(self.kwargs["review_id"]))
        return access.visible_vetoes(viewer, review)

    @extend_schema(responses={201: VetoSerializer})
    def create(self, request: Request, review_id: str) -> Response:
        """Propose a veto: HR, and the managers above the engineer."""
        viewer = viewer_of(request)
        access.get_review_to_veto(viewer=viewer, review_id=int(review_id))
        form = VetoSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            veto = vetoes.propose_veto(review_id=int(review_id), **form.validated_data, by=viewer, now=timezone.now())
        except ValidationError as error:
            return refusal(error)
        return Response(VetoSerializer(veto).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=DecisionSerializer, responses={200: VetoSerializer})
    @action(detail=True, methods=["post"])
    def decision(self, request: Request, review_id: str, pk: str) -> Response:
        """Approve or reject a veto somebody else proposed: HR, and the second-level manager."""
        viewer = viewer_of(request)
        review = access.get_review_to_decide(viewer=viewer, review_id=int(review_id))
        access.get_veto(viewer=viewer, review=review, veto_id=int(pk))
        form = DecisionSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            veto = vetoes.decide_veto(
                review_id=int(review_id), veto_id=int(pk), **form.validated_data, by=viewer, now=timezone.now()
            )
        except ValidationError as error:
            return refusal(error)
        return Response(VetoSerializer(veto).data)

    @extend_schema(request=WithdrawalSerializer, responses={200: VetoSerializer})
    @action(detail=True, methods=["post"])
    def withdrawal(self, request: Request, review_id: str, pk: str) -> Response:
        """Take an approved veto back: HR, but not who approved it."""
        viewer = viewer_of(request)
        review = access.get_review_for_hr(viewer=viewer, review_id=int(review_id))
        access.get_veto(viewer=viewer, review=review, veto_id=int(pk))
        form = WithdrawalSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            veto = vetoes.withdraw_veto(
                review_id=int(review_id), veto_id=int(pk), **form.validated_data, by=viewer, now=timezone.now()
            )
        except ValidationError as error:
            return refusal(error)
        return Response(VetoSerializer(veto).data)
