"""REST over disputed cases and appeals: the same actions as the pages."""

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
from appraisal.reviews.appeals import disputes
from appraisal.reviews.appeals.claims import Claim
from appraisal.reviews.appeals.queries import QueueRow, list_queue
from appraisal.reviews.models import (
    Appeal,
    AppealLine,
    AppealSupplement,
    AppealTerms,
    Dispute,
    DisputeCause,
)
from appraisal.reviews.steps.moves import ReviewConflict
from appraisal.reviews.terms import terms_of
from engineers.access import require_reader
from engineers.refusals import refusal
from engineers.requests import viewer_of

REVIEW = OpenApiParameter("review_id", OpenApiTypes.INT, OpenApiParameter.PATH)
CODE = OpenApiParameter("code", OpenApiTypes.STR, OpenApiParameter.PATH, description="The cycle.")


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
    record = serializers.IntegerField(min_value=1, max_value=10**18, help_text="`source_id` of the case.")
    segment = serializers.IntegerField(required=False, default=0, min_value=0, max_value=1000)
    part = serializers.CharField(required=False, default="", allow_blank=True, max_length=60)
    cause = serializers.ChoiceField(choices=DisputeCause.choices)
    text = serializers.CharField(max_length=4000)
    everywhere = serializers.BooleanField(required=False, default=False)


class DisputeDecisionSerializer(serializers.Serializer[Any]):
    uphold = serializers.BooleanField()
    reason = serializers.CharField(max_length=4000)


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
                review_id=int(review_id), claim=_claim(form.validated_data), by=viewer, now=timezone.now()
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
    upheld = serializers.ListField(child=serializers.IntegerField(), required=False, default=list)
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
                claims=[_claim(case) for case in data["cases"]],
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
                claims=[_claim(case) for case in form.validated_data["cases"]],
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


def _claim(data: dict[str, Any]) -> Claim:
    return Claim(
        line_id=data["line"],
        record_id=data["record"],
        **{name: data[name] for name in ("segment", "part", "cause", "text", "everywhere")},
    )
