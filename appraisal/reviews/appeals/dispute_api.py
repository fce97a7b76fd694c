"""REST over disputed cases: the same actions as the pages, the queue, and where a ticket can be disputed."""

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

from appraisal.evidence.access import get_own_ticket
from appraisal.reviews import access
from appraisal.reviews.appeals import disputes
from appraisal.reviews.appeals.claims import Claim
from appraisal.reviews.appeals.places import CasePlace, get_places
from appraisal.reviews.appeals.queries import QueueRow, list_queue
from appraisal.reviews.appeals.withdrawals import withdraw_dispute
from appraisal.reviews.models import Dispute, DisputeCause
from engineers.refusals import refusal
from engineers.requests import viewer_of

REVIEW = OpenApiParameter("review_id", OpenApiTypes.INT, OpenApiParameter.PATH)
TICKET = OpenApiParameter("ticket_id", OpenApiTypes.INT, OpenApiParameter.PATH)


class DisputeSerializer(serializers.ModelSerializer[Dispute]):
    kpi = serializers.CharField(source="line.kpi_version.kpi.code", read_only=True)
    raised_by = serializers.CharField(source="raised_by.username", read_only=True)
    decided_by = serializers.CharField(source="decided_by.username", default=None, read_only=True)

    class Meta:
        model = Dispute
        fields = (
            *("id", "appeal", "segment", "line", "kpi", "evidence", "record_id", "number", "everywhere", "cause"),
            *("text", "raised_by", "raised_at", "decide_by", "outcome", "decided_by", "decided_at", "reason"),
            *("is_left_out", "before", "after"),
        )


class ClaimSerializer(serializers.Serializer[Any]):
    line = serializers.IntegerField(min_value=1, max_value=10**18)
    record = serializers.IntegerField(min_value=1, max_value=10**18, help_text="`record_id` of the case.")
    segment = serializers.IntegerField(required=False, default=0, min_value=0, max_value=1000)
    part = serializers.CharField(required=False, default="", allow_blank=True, max_length=60)
    cause = serializers.ChoiceField(choices=DisputeCause.choices)
    text = serializers.CharField(max_length=4000)
    everywhere = serializers.BooleanField(required=False, default=False)


class DisputeDecisionSerializer(serializers.Serializer[Any]):
    uphold = serializers.BooleanField()
    reason = serializers.CharField(max_length=4000)


class OptionalReasonSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=4000, required=False, allow_blank=True, default="")


@extend_schema(parameters=[REVIEW])
class DisputeViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[Dispute]):
    """Disputed cases of a review, those of appeals too."""

    queryset = Dispute.objects.none()
    serializer_class = DisputeSerializer
    pagination_class = None
    lookup_value_regex = r"\d{1,18}"

    def get_queryset(self) -> QuerySet[Dispute]:
        viewer = viewer_of(self.request)
        review = access.get_review(viewer=viewer, review_id=int(self.kwargs["review_id"]))
        return review.disputes.select_related("line__kpi_version__kpi", "raised_by", "decided_by")

    @extend_schema(request=ClaimSerializer, responses={201: DisputeSerializer})
    def create(self, request: Request, review_id: str) -> Response:
        """Dispute a case of one's own while the cycle runs; after publication it is part of an appeal."""
        viewer = viewer_of(request)
        access.get_own_review(viewer=viewer, review_id=int(review_id))
        form = ClaimSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            dispute = disputes.raise_dispute(
                review_id=int(review_id), claim=claim_from(form.validated_data), by=viewer, now=timezone.now()
            )
        except ValidationError as error:
            return refusal(error)
        return Response(DisputeSerializer(dispute).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=DisputeDecisionSerializer, responses={200: DisputeSerializer})
    @action(detail=True, methods=["post"])
    def decision(self, request: Request, review_id: str, pk: str) -> Response:
        """Uphold or refuse: HR or the second level, if they did not rate."""
        viewer = viewer_of(request)
        review = access.get_review_to_judge(viewer=viewer, review_id=int(review_id))
        access.get_dispute(viewer=viewer, review=review, dispute_id=int(pk))
        form = DisputeDecisionSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            dispute = disputes.decide_dispute(
                review_id=int(review_id), dispute_id=int(pk), **form.validated_data, by=viewer, now=timezone.now()
            )
        except ValidationError as error:
            return refusal(error)
        return Response(DisputeSerializer(dispute).data)

    @extend_schema(request=OptionalReasonSerializer, responses={200: DisputeSerializer})
    @action(detail=True, methods=["post"])
    def withdrawal(self, request: Request, review_id: str, pk: str) -> Response:
        """Take one's open dispute back; the reason is not needed."""
        viewer = viewer_of(request)
        review = access.get_own_review(viewer=viewer, review_id=int(review_id))
        access.get_dispute(viewer=viewer, review=review, dispute_id=int(pk))
        form = OptionalReasonSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            dispute = withdraw_dispute(
                review_id=int(review_id), dispute_id=int(pk), **form.validated_data, by=viewer, now=timezone.now()
            )
        except ValidationError as error:
            return refusal(error)
        return Response(DisputeSerializer(dispute).data)


class TicketPlaceSerializer(serializers.Serializer[Any]):
    review = serializers.IntegerField(source="review.pk")
    cycle = serializers.CharField(source="review.cycle.code")
    kpi = serializers.CharField(source="line.kpi_version.kpi.code")
    line = serializers.IntegerField(source="line.pk")
    weight = serializers.DecimalField(source="line.weight", max_digits=9, decimal_places=4)
    segment = serializers.IntegerField()
    part = serializers.CharField()
    evidence = serializers.CharField()
    record = serializers.IntegerField(source="record_id")
    dispute = serializers.IntegerField(source="dispute.pk", default=None, allow_null=True)


@extend_schema(parameters=[TICKET])
class TicketPlaceViewSet(viewsets.GenericViewSet[Any]):
    """Where a ticket of one's own counts and can be disputed: send `line`, `record`, `segment` and `part` to the
    disputes of `review`, or to its appeals once its cycle is published."""

    queryset = Dispute.objects.none()
    serializer_class = TicketPlaceSerializer
    pagination_class = None

    @extend_schema(responses={200: TicketPlaceSerializer(many=True)})
    def list(self, request: Request, ticket_id: str) -> Response:
        viewer, now = viewer_of(request), timezone.now()
        ticket = get_own_ticket(viewer=viewer, ticket_id=int(ticket_id))
        places: list[CasePlace] = get_places(viewer=viewer, ticket=ticket, now=now)
        return Response(TicketPlaceSerializer(places, many=True).data)


class QueueSerializer(serializers.Serializer[Any]):
    kind = serializers.SerializerMethodField()
    id = serializers.IntegerField(source="subject.pk")
    review = serializers.IntegerField(source="subject.review_id")
    cycle = serializers.CharField(source="subject.review.cycle.code")
    employee_no = serializers.CharField(source="subject.review.engineer.employee_no")
    number = serializers.CharField(source="dispute.number", default="")
    decide_by = serializers.DateField(source="subject.decide_by")
    workdays_left = serializers.IntegerField(source="clock.workdays_left", default=None, allow_null=True)
    outcome = serializers.CharField(source="subject.outcome")
    may_decide = serializers.BooleanField()

    def get_kind(self, row: QueueRow) -> str:
        return "appeal" if row.appeal else "dispute"


class QueueViewSet(viewsets.GenericViewSet[Any]):
    """Disputes and appeals the reader may see: those that wait, the first due first, or those decided."""

    queryset = Dispute.objects.none()
    serializer_class = QueueSerializer
    pagination_class = None

    @extend_schema(
        parameters=[
            OpenApiParameter("show", OpenApiTypes.STR, description="`decided` for those decided."),
            OpenApiParameter("page", OpenApiTypes.INT, description="Of 50 each."),
        ],
        responses={200: QueueSerializer(many=True)},
    )
    def list(self, request: Request) -> Response:
        decided = request.query_params.get("show") == "decided"
        page = list_queue(
            viewer=viewer_of(request), now=timezone.now(), decided=decided, page=request.query_params.get("page")
        )
        return Response(QueueSerializer(list(page.object_list), many=True).data)


def claim_from(data: dict[str, Any]) -> Claim:
    """Return the claim a valid ``ClaimSerializer`` holds."""
    return Claim(
        line_id=data["line"],
        record_id=data["record"],
        **{name: data[name] for name in ("segment", "part", "cause", "text", "everywhere")},
    )
