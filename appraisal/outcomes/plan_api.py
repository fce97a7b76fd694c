"""REST over improvement plans: the same actions as the pages."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from appraisal.outcomes import access, plan_queries, plans
from appraisal.outcomes.models import ImprovementPlan, PlanCheck, PlanOutcome
from appraisal.outcomes.weak import get_rules
from engineers.access import is_hr, is_manager
from engineers.clock import organisation_today
from engineers.models import User
from engineers.refusals import refusal
from engineers.requests import viewer_of


class PlanEntrySerializer(serializers.ModelSerializer[ImprovementPlan]):
    employee_no = serializers.CharField(source="review.engineer.employee_no", read_only=True)
    name = serializers.CharField(source="review.engineer.name", read_only=True)
    cycle = serializers.CharField(source="review.cycle.code", read_only=True)
    grade = serializers.CharField(source="review.grade", read_only=True)
    coach = serializers.CharField(source="coach.username", default=None, read_only=True)

    class Meta:
        model = ImprovementPlan
        fields = (
            *("id", "review", "employee_no", "name", "cycle", "grade", "cause", "state", "start_date", "coach"),
            *("support", "comment", "outcome", "outcome_text", "drafted_at", "approved_at", "ended_at"),
        )


class PlanCheckSerializer(serializers.ModelSerializer[PlanCheck]):
    held_by = serializers.CharField(source="held_by.username", default=None, read_only=True)

    class Meta:
        model = PlanCheck
        fields = ("id", "due_date", "note", "measured", "held_by", "held_at")


class MeasuredSerializer(serializers.Serializer[Any]):
    cycle = serializers.CharField(source="code")
    value = serializers.DecimalField(max_digits=16, decimal_places=2, allow_null=True)
    is_published = serializers.BooleanField()


class GoalSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(source="goal_id")
    kpi = serializers.CharField()
    name = serializers.CharField()
    baseline = serializers.DecimalField(max_digits=16, decimal_places=4, allow_null=True)
    points = serializers.DecimalField(max_digits=6, decimal_places=2)
    target = serializers.DecimalField(max_digits=16, decimal_places=4, allow_null=True)
    measured = MeasuredSerializer(many=True)
    is_reached = serializers.BooleanField(allow_null=True)


class ImprovementPlanSerializer(PlanEntrySerializer):
    goals = serializers.SerializerMethodField()
    checks = PlanCheckSerializer(many=True, read_only=True)

    class Meta:
        model = ImprovementPlan
        fields = (*PlanEntrySerializer.Meta.fields, "goals", "checks")

    @extend_schema_field(GoalSerializer(many=True))
    def get_goals(self, plan: ImprovementPlan) -> Any:
        return GoalSerializer(plan_queries.measure(plan), many=True).data


class ProposedPlanSerializer(serializers.Serializer[Any]):
    review = serializers.IntegerField(source="pk")
    employee_no = serializers.CharField(source="engineer.employee_no")
    name = serializers.CharField(source="engineer.name")
    cycle = serializers.CharField(source="cycle.code")
    grade = serializers.CharField()
    grade_before = serializers.CharField(allow_null=True)


class PlanDraftSerializer(serializers.Serializer[Any]):
    review = serializers.IntegerField(min_value=1, max_value=10**18)


class PlanContentSerializer(serializers.Serializer[Any]):
    start_date = serializers.DateField()
    coach = serializers.SlugRelatedField(slug_field="username", queryset=User.objects.all(), allow_null=True)
    support = serializers.CharField(allow_blank=True, max_length=4000)
    targets = serializers.DictField(
        child=serializers.DecimalField(max_digits=16, decimal_places=4, allow_null=True),
        help_text="By id of the goal; null leaves it out.",
    )
    checks = serializers.ListField(child=serializers.DateField(), max_length=plans.MOST_CHECKS)

    def validate_targets(self, given: dict[str, Any]) -> dict[int, Any]:
        if not all(key.isascii() and key.isdecimal() and len(key) <= 18 for key in given):
            raise serializers.ValidationError(_("Name goals by their ids."))
        return {int(key): value for key, value in given.items()}


class PlanMoveSerializer(serializers.Serializer[Any]):
    step = serializers.ChoiceField(choices=sorted(plans.STEPS))
    reason = serializers.CharField(required=False, allow_blank=True, max_length=4000, default="")


class PlanCommentSerializer(serializers.Serializer[Any]):
    text = serializers.CharField(allow_blank=True, max_length=4000)


class PlanNoteSerializer(serializers.Serializer[Any]):
    check = serializers.IntegerField(min_value=1, max_value=10**18)
    note = serializers.CharField(max_length=4000)


class PlanEndSerializer(serializers.Serializer[Any]):
    outcome = serializers.ChoiceField(choices=PlanOutcome.choices)
    text = serializers.CharField(max_length=4000)


class ImprovementPlanViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[ImprovementPlan]):
    """Improvement plans one may see: HR and auditors all, managers those of their teams, engineers their own."""

    queryset = ImprovementPlan.objects.none()
    serializer_class = PlanEntrySerializer
    filterset_fields = ("state", "cause")
    lookup_value_regex = r"\d{1,18}"

    def get_queryset(self) -> QuerySet[ImprovementPlan]:
        return access.visible_plans(viewer_of(self.request), on=_today())

    @extend_schema(responses=ImprovementPlanSerializer)
    def retrieve(self, request: Request, pk: str) -> Response:
        """One plan, with its KPIs measured anew."""
        return _shown(request, pk)

    @extend_schema(request=PlanDraftSerializer, responses={201: ImprovementPlanSerializer})
    def create(self, request: Request) -> Response:
        """Draft a plan from the weak KPIs of a published review: HR, and the managers above."""
        form = PlanDraftSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        viewer, review_id = viewer_of(request), form.validated_data["review"]
        access.get_review_to_use(viewer=viewer, review_id=review_id)
        try:
            plan = plans.draft_plan(review_id=review_id, by=viewer, now=timezone.now())
        except ValidationError as error:
            return refusal(error)
        return Response(ImprovementPlanSerializer(plan).data, status=status.HTTP_201_CREATED)

    @extend_schema(
        responses=ProposedPlanSerializer(many=True), parameters=[OpenApiParameter("cycle", OpenApiTypes.STR)]
    )
    @action(detail=False)
    def proposed(self, request: Request) -> Response:
        """For whom a plan is proposed in a published cycle, the newest one unless named: HR, and managers."""
        viewer = viewer_of(request)
        if not (is_hr(viewer) or is_manager(viewer)):
            raise Http404
        cycle, _cycles = access.chosen_cycle(viewer=viewer, code=request.query_params.get("cycle", ""))
        reviews = access.reviews_to_use(viewer).select_related("engineer", "cycle").order_by("engineer__employee_no")
        found: Any = plan_queries.proposed(reviews, cycle, get_rules()) if cycle else reviews.none()
        return self.get_paginated_response(ProposedPlanSerializer(self.paginate_queryset(found), many=True).data)

    @extend_schema(request=PlanContentSerializer, responses=ImprovementPlanSerializer)
    def update(self, request: Request, pk: str) -> Response:
        """Write a draft."""
        viewer = viewer_of(request)
        access.get_plan_to_manage(viewer=viewer, plan_id=int(pk), on=_today())
        form = PlanContentSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            content = plans.PlanContent(**form.validated_data)
            plans.write_plan(plan_id=int(pk), content=content, by=viewer, now=timezone.now())
        except ValidationError as error:
            return refusal(error)
        return _shown(request, pk)

    @extend_schema(request=PlanMoveSerializer, responses=ImprovementPlanSerializer)
    @action(detail=True, methods=["post"])
    def move(self, request: Request, pk: str) -> Response:
        """Submit, approve, return or drop."""
        viewer = viewer_of(request)
        access.get_plan_to_manage(viewer=viewer, plan_id=int(pk), on=_today())
        form = PlanMoveSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        step, reason = plans.STEPS[form.validated_data["step"]], form.validated_data["reason"]
        try:
            step(plan_id=int(pk), by=viewer, now=timezone.now(), reason=reason)
        except ValidationError as error:
            return refusal(error)
        return _shown(request, pk)

    @extend_schema(request=PlanCommentSerializer, responses=ImprovementPlanSerializer)
    @action(detail=True, methods=["post"])
    def comment(self, request: Request, pk: str) -> Response:
        """Set the engineer's own comment."""
        viewer = viewer_of(request)
        access.get_own_plan(viewer=viewer, plan_id=int(pk))
        form = PlanCommentSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            plans.comment_plan(plan_id=int(pk), **form.validated_data, by=viewer, now=timezone.now())
        except ValidationError as error:
            return refusal(error)
        return _shown(request, pk)

    @extend_schema(request=PlanNoteSerializer, responses=ImprovementPlanSerializer)
    @action(detail=True, methods=["post"])
    def check(self, request: Request, pk: str) -> Response:
        """Note what a check came to: HR, the managers above, the coach."""
        viewer = viewer_of(request)
        access.get_plan_to_check(viewer=viewer, plan_id=int(pk), on=_today())
        form = PlanNoteSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        check_id, note = form.validated_data["check"], form.validated_data["note"]
        try:
            plans.hold_check(plan_id=int(pk), check_id=check_id, note=note, by=viewer, now=timezone.now())
        except ValidationError as error:
            return refusal(error)
        return _shown(request, pk)

    @extend_schema(request=PlanEndSerializer, responses=ImprovementPlanSerializer)
    @action(detail=True, methods=["post"])
    def end(self, request: Request, pk: str) -> Response:
        """End a plan with what came of it."""
        viewer = viewer_of(request)
        access.get_plan_to_manage(viewer=viewer, plan_id=int(pk), on=_today())
        form = PlanEndSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            plans.end_plan(plan_id=int(pk), **form.validated_data, by=viewer, now=timezone.now())
        except ValidationError as error:
            return refusal(error)
        return _shown(request, pk)


def _shown(request: Request, pk: str) -> Response:
    plan = access.get_plan(viewer=viewer_of(request), plan_id=int(pk), on=_today())
    return Response(ImprovementPlanSerializer(plan).data)


def _today() -> date:
    return organisation_today()
