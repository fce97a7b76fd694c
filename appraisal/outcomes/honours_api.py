"""REST over promotions, commendations and the rules for the use of results."""

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

from appraisal.outcomes import access, honours, promotion_queries
from appraisal.outcomes.models import Commendation, OutcomeRules, PromotionChoice, PromotionDecision
from appraisal.outcomes.weak import get_rules
from appraisal.reviews.models import Review
from engineers.access import require_hr, require_reader
from engineers.clock import organisation_today
from engineers.refusals import refusal
from engineers.requests import viewer_of


class PromotionRuleSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    is_met = serializers.BooleanField()
    evidence = serializers.CharField()


class PromotionDecisionSerializer(serializers.ModelSerializer[PromotionDecision]):
    decided_by = serializers.CharField(source="decided_by.username", read_only=True)

    class Meta:
        model = PromotionDecision
        fields = ("id", "choice", "reason", "rules", "decided_by", "decided_at")
        read_only_fields = ("rules", "decided_at")


class CandidateSerializer(serializers.Serializer[Any]):
    review = serializers.IntegerField(source="pk")
    employee_no = serializers.CharField(source="engineer.employee_no")
    name = serializers.CharField(source="engineer.name")
    grade = serializers.CharField()
    grade_before = serializers.CharField(allow_null=True)


class PromotionSerializer(serializers.Serializer[Any]):
    rules = PromotionRuleSerializer(many=True)
    decisions = PromotionDecisionSerializer(many=True)


class PromotionChoiceSerializer(serializers.Serializer[Any]):
    choice = serializers.ChoiceField(choices=PromotionChoice.choices)
    reason = serializers.CharField(max_length=4000)


class PromotionViewSet(viewsets.GenericViewSet[Review]):
    """The rules for a promotion by published review, and what HR decided."""

    queryset = Review.objects.none()
    serializer_class = PromotionSerializer
    lookup_value_regex = r"\d{1,18}"

    @extend_schema(responses=CandidateSerializer(many=True), parameters=[OpenApiParameter("cycle", OpenApiTypes.STR)])
    def list(self, request: Request) -> Response:
        """Whose grades may fit in a published cycle, the newest one unless named: HR and auditors."""
        viewer = viewer_of(request)
        require_reader(viewer)
        cycle, _cycles = access.chosen_cycle(viewer=viewer, code=request.query_params.get("cycle", ""))
        reviews = Review.objects.exclude(engineer__user=viewer).select_related("engineer")
        found = promotion_queries.candidates(reviews, cycle, get_rules()) if cycle else reviews.none()
        page = self.paginate_queryset(found.order_by("engineer__employee_no"))
        return self.get_paginated_response(CandidateSerializer(page, many=True).data)

    def retrieve(self, request: Request, pk: str) -> Response:
        review = access.get_review_to_promote(viewer=viewer_of(request), review_id=int(pk))
        on = organisation_today()
        rules = promotion_queries.check_rules([review], review.cycle, get_rules(), on=on)[review.pk]
        decisions = review.promotion_decisions.select_related("decided_by")
        return Response(PromotionSerializer({"rules": rules, "decisions": decisions}).data)

    @extend_schema(request=PromotionChoiceSerializer, responses={201: PromotionDecisionSerializer})
    @action(detail=True, methods=["post"])
    def decision(self, request: Request, pk: str) -> Response:
        """Nominate, or say why not now: HR."""
        viewer = viewer_of(request)
        require_hr(viewer)
        access.get_review_to_use(viewer=viewer, review_id=int(pk))
        form = PromotionChoiceSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            made = honours.decide_promotion(review_id=int(pk), **form.validated_data, by=viewer, now=timezone.now())
        except ValidationError as error:
            return refusal(error)
        return Response(PromotionDecisionSerializer(made).data, status=status.HTTP_201_CREATED)


class CommendationSerializer(serializers.ModelSerializer[Commendation]):
    employee_no = serializers.CharField(source="engineer.employee_no", read_only=True)
    name = serializers.CharField(source="engineer.name", read_only=True)
    proposed_by = serializers.CharField(source="proposed_by.username", read_only=True)
    decided_by = serializers.CharField(source="decided_by.username", default=None, read_only=True)

    class Meta:
        model = Commendation
        fields = (
            *("id", "engineer", "employee_no", "name", "title", "text", "proposed_by", "proposed_at"),
            *("is_approved", "decided_by", "decided_at", "reason"),
        )


class NewCommendationSerializer(serializers.Serializer[Any]):
    engineer_id = serializers.IntegerField(min_value=1, max_value=10**18)
    title = serializers.CharField(max_length=100)
    text = serializers.CharField(max_length=4000)


class CommendationDecisionSerializer(serializers.Serializer[Any]):
    approve = serializers.BooleanField()
    reason = serializers.CharField(required=False, allow_blank=True, max_length=1000, default="")


class CommendationViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Commendation]):
    """Commendations of one's own once approved, of the teams below, or all."""

    queryset = Commendation.objects.none()
    serializer_class = CommendationSerializer
    filterset_fields = ("engineer", "is_approved")
    lookup_value_regex = r"\d{1,18}"

    def get_queryset(self) -> QuerySet[Commendation]:
        return access.visible_commendations(viewer_of(self.request), on=organisation_today())

    @extend_schema(request=NewCommendationSerializer, responses={201: CommendationSerializer})
    def create(self, request: Request) -> Response:
        """Propose one: HR, and the managers above."""
        form = NewCommendationSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            made = honours.propose_commendation(**form.validated_data, by=viewer_of(request), now=timezone.now())
        except ValidationError as error:
            return refusal(error)
        return Response(CommendationSerializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=CommendationDecisionSerializer)
    @action(detail=True, methods=["post"])
    def decision(self, request: Request, pk: str) -> Response:
        """Approve or reject what somebody else proposed."""
        viewer, on = viewer_of(request), organisation_today()
        access.get_commendation_to_decide(viewer=viewer, commendation_id=int(pk), on=on)
        form = CommendationDecisionSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            made = honours.decide_commendation(
                commendation_id=int(pk), **form.validated_data, by=viewer, now=timezone.now()
            )
        except ValidationError as error:
            return refusal(error)
        return Response(CommendationSerializer(made).data)


class OutcomeRulesSerializer(serializers.ModelSerializer[OutcomeRules]):
    plan_grades = serializers.ListField(child=serializers.CharField(max_length=10))
    plan_twice_grades = serializers.ListField(child=serializers.CharField(max_length=10))
    promotion_grades = serializers.ListField(child=serializers.CharField(max_length=10), min_length=1)
    weak_points = serializers.DecimalField(max_digits=5, decimal_places=2, min_value=0, max_value=150)
    promotion_cycles = serializers.IntegerField(min_value=1, max_value=12)

    class Meta:
        model = OutcomeRules
        fields = ("weak_points", "plan_grades", "plan_twice_grades", "promotion_grades", "promotion_cycles")


class OutcomeRulesViewSet(viewsets.GenericViewSet[OutcomeRules]):
    """From what on something is proposed: one set of rules."""

    queryset = OutcomeRules.objects.none()
    serializer_class = OutcomeRulesSerializer
    pagination_class = None

    @extend_schema(operation_id="outcome_rules_get", responses=OutcomeRulesSerializer)
    def list(self, request: Request) -> Response:
        require_reader(viewer_of(request))
        return Response(OutcomeRulesSerializer(get_rules()).data)

    @extend_schema(request=OutcomeRulesSerializer, responses=OutcomeRulesSerializer)
    @action(detail=False, methods=["put"])
    def change(self, request: Request) -> Response:
        """Change the rules: HR."""
        viewer = viewer_of(request)
        require_hr(viewer)
        form = OutcomeRulesSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            content = honours.RulesContent(**form.validated_data)
            rules = honours.save_rules(content=content, by=viewer, now=timezone.now())
        except ValidationError as error:
            return refusal(error)
        return Response(OutcomeRulesSerializer(rules).data)
