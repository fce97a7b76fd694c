"""REST over bonus plans and bonuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from appraisal.cycles.access import get_cycle_to_run
from appraisal.jobs.api import JobSerializer
from appraisal.outcomes import access, bonus, bonus_queries, payroll, tables
from appraisal.outcomes.models import BonusPlan, BonusRow, PayrollPreset
from appraisal.outcomes.models.bonus import RoundingUnit
from engineers.access import require_hr, require_reader
from engineers.models import JobProfile, Team
from engineers.refusals import refusal
from engineers.requests import number_in, viewer_of


class BonusPlanSerializer(serializers.ModelSerializer[BonusPlan]):
    cycle = serializers.CharField(source="cycle.code", read_only=True)
    sum = serializers.SerializerMethodField()
    differences = serializers.SerializerMethodField()
    changed_by = serializers.CharField(source="changed_by.username", read_only=True)
    approved_by = serializers.CharField(source="approved_by.username", default=None, read_only=True)
    locked_by = serializers.CharField(source="locked_by.username", default=None, read_only=True)

    class Meta:
        model = BonusPlan
        fields = (
            *("id", "cycle", "number", "state", "coefficients", "lowest_team_factor", "highest_team_factor"),
            *("pool", "unit", "is_shown", "sum", "differences", "computed_at"),
            *("changed_by", "changed_at", "approved_by", "approved_at", "locked_by", "locked_at"),
        )

    def get_sum(self, plan: BonusPlan) -> str:
        return str(bonus_queries.sum_of(plan))

    def get_differences(self, plan: BonusPlan) -> int:
        """Results that changed since the amounts were computed."""
        return bonus_queries.count_differences(plan)


class BonusPlanEntrySerializer(serializers.ModelSerializer[BonusPlan]):
    cycle = serializers.CharField(source="cycle.code", read_only=True)

    class Meta:
        model = BonusPlan
        fields = ("id", "cycle", "number", "state", "pool", "unit", "computed_at", "approved_at", "locked_at")


class NewBonusPlanSerializer(serializers.Serializer[Any]):
    cycle = serializers.SlugField()


class BonusSettingsSerializer(serializers.Serializer[Any]):
    coefficients = serializers.DictField(
        child=serializers.DecimalField(max_digits=6, decimal_places=3), help_text="By grade, from 0 to 10."
    )
    lowest_team_factor = serializers.DecimalField(max_digits=4, decimal_places=2)
    highest_team_factor = serializers.DecimalField(max_digits=4, decimal_places=2)
    pool = serializers.DecimalField(max_digits=14, decimal_places=2, allow_null=True)
    unit = serializers.ChoiceField(choices=RoundingUnit.choices)
    is_shown = serializers.BooleanField()
    is_confirmed = serializers.BooleanField(
        required=False, default=False, help_text="True: a better grade may get less than a worse one."
    )


class BonusBasesSerializer(serializers.Serializer[Any]):
    """What is left out stays as it is."""

    engineers = serializers.DictField(
        child=serializers.DecimalField(max_digits=12, decimal_places=2),
        required=False,
        help_text="By employee number; in place of all there were.",
    )
    profiles = serializers.DictField(
        child=serializers.DecimalField(max_digits=12, decimal_places=2),
        required=False,
        help_text='By code of the job profile; "*" is everybody else.',
    )


class BonusTeamFactorSerializer(serializers.Serializer[Any]):
    team = serializers.SlugRelatedField(slug_field="code", queryset=Team.objects.all())
    factor = serializers.DecimalField(max_digits=4, decimal_places=2, allow_null=True)
    reason = serializers.CharField(required=False, allow_blank=True, max_length=1000, default="")


class BonusStepSerializer(serializers.Serializer[Any]):
    label = serializers.CharField()  # type: ignore[assignment]  # also an attribute of the base class
    text = serializers.CharField()


class BonusSerializer(serializers.ModelSerializer[BonusRow]):
    employee_no = serializers.CharField(source="review.engineer.employee_no", read_only=True)
    name = serializers.CharField(source="review.engineer.name", read_only=True)
    cycle = serializers.CharField(source="plan.cycle.code", read_only=True)
    version = serializers.IntegerField(source="plan.number", read_only=True)

    class Meta:
        model = BonusRow
        fields = (
            *("id", "cycle", "version", "employee_no", "name", "grade", "base", "coefficient", "entered_factor"),
            *("team_factor", "workdays", "eligible_days", "is_vetoed", "amount", "reason"),
        )


class ExplainedBonusSerializer(BonusSerializer):
    steps = serializers.SerializerMethodField()

    class Meta:
        model = BonusRow
        fields = (*BonusSerializer.Meta.fields, "steps")

    @extend_schema_field(BonusStepSerializer(many=True))
    def get_steps(self, row: BonusRow) -> list[dict[str, str]]:
        return [{"label": str(step.label), "text": step.text} for step in bonus_queries.explain(row)]


class BonusPlanViewSet(viewsets.GenericViewSet[BonusPlan]):
    """Bonus plans of published cycles: HR makes, approves and locks them, auditors read them."""

    queryset = BonusPlan.objects.none()
    serializer_class = BonusPlanSerializer
    lookup_value_regex = r"\d{1,18}"

    @extend_schema(responses=BonusPlanEntrySerializer(many=True))
    def list(self, request: Request) -> Response:
        require_reader(viewer_of(request))
        page = self.paginate_queryset(BonusPlan.objects.select_related("cycle"))
        return self.get_paginated_response(BonusPlanEntrySerializer(page, many=True).data)

    @extend_schema(request=NewBonusPlanSerializer, responses={201: BonusPlanSerializer})
    def create(self, request: Request) -> Response:
        """Begin a plan for a published cycle, or its next version."""
        viewer = viewer_of(request)
        require_hr(viewer)
        form = NewBonusPlanSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        cycle = get_cycle_to_run(viewer=viewer, code=form.validated_data["cycle"])
        try:
            plan = bonus.create_plan(cycle_id=cycle.pk, by=viewer, now=timezone.now())
        except ValidationError as error:
            return refusal(error)
        return Response(BonusPlanSerializer(plan).data, status=status.HTTP_201_CREATED)

    def retrieve(self, request: Request, pk: str) -> Response:
        plan = access.get_bonus_plan(viewer=viewer_of(request), plan_id=int(pk))
        return Response(BonusPlanSerializer(plan).data)

    @extend_schema(request=BonusSettingsSerializer)
    def update(self, request: Request, pk: str) -> Response:
        """Set coefficients, bounds, budget and rounding; what was computed is gone."""
        access.get_bonus_plan_to_run(viewer=viewer_of(request), plan_id=int(pk))
        form = BonusSettingsSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        is_confirmed = form.validated_data.pop("is_confirmed")
        chosen = bonus.BonusSettings(**form.validated_data)
        return self._did(
            request, pk, lambda **given: bonus.change_plan(chosen=chosen, is_confirmed=is_confirmed, **given)
        )

    @extend_schema(request=BonusBasesSerializer)
    @action(detail=True, methods=["put"])
    def bases(self, request: Request, pk: str) -> Response:
        """Set the bases of engineers, of job profiles, or both."""
        access.get_bonus_plan_to_run(viewer=viewer_of(request), plan_id=int(pk))
        form = BonusBasesSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        engineers, profiles = form.validated_data.get("engineers"), form.validated_data.get("profiles")
        known: dict[str, JobProfile | None] = {profile.code: profile for profile in JobProfile.objects.all()}
        known["*"] = None
        if unknown := sorted((profiles or {}).keys() - known.keys()):
            raise serializers.ValidationError({"profiles": unknown})

        def act(**given: Any) -> None:
            if engineers is not None:
                bonus.set_engineer_bases(amounts=engineers, **given)
            if profiles is not None:
                bonus.set_profile_bases(amounts={known[code]: amount for code, amount in profiles.items()}, **given)

        return self._did(request, pk, act)

    @extend_schema(request=BonusTeamFactorSerializer)
    @action(detail=True, methods=["put"], url_path="team-factor")
    def team_factor(self, request: Request, pk: str) -> Response:
        """Set the factor of a team, with the reason; null takes it back."""
        access.get_bonus_plan_to_run(viewer=viewer_of(request), plan_id=int(pk))
        form = BonusTeamFactorSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        return self._did(request, pk, lambda **given: bonus.set_team_factor(**form.validated_data, **given))

    @extend_schema(request=None, responses={202: JobSerializer})
    @action(detail=True, methods=["post"])
    def compute(self, request: Request, pk: str) -> Response:
        """Ask for the amounts; the answer is the job that computes them."""
        viewer = viewer_of(request)
        access.get_bonus_plan_to_run(viewer=viewer, plan_id=int(pk))
        try:
            job = bonus.request_computation(plan_id=int(pk), by=viewer, now=timezone.now())
        except ValidationError as error:
            return refusal(error)
        return Response(JobSerializer(job).data, status=status.HTTP_202_ACCEPTED)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def approve(self, request: Request, pk: str) -> Response:
        """Approve what somebody else made."""
        access.get_bonus_plan_to_run(viewer=viewer_of(request), plan_id=int(pk))
        return self._did(request, pk, bonus.approve_plan)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def lock(self, request: Request, pk: str) -> Response:
        """Lock an approved plan."""
        access.get_bonus_plan_to_run(viewer=viewer_of(request), plan_id=int(pk))
        return self._did(request, pk, bonus.lock_plan)

    @extend_schema(responses=BonusSerializer(many=True))
    @action(detail=True)
    def rows(self, request: Request, pk: str) -> Response:
        """Every engineer's bonus by this plan."""
        plan = access.get_bonus_plan(viewer=viewer_of(request), plan_id=int(pk))
        rows = plan.rows.select_related("plan__cycle", "review__engineer")
        ordered: Any = rows.order_by("review__engineer__employee_no")  # rows of another model than the viewset's
        found: Any = self.paginate_queryset(ordered)
        return self.get_paginated_response(BonusSerializer(found, many=True).data)

    @extend_schema(
        request=None,
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
        parameters=[
            OpenApiParameter("file_format", enum=sorted(tables.FORMATS)),
            OpenApiParameter("preset", OpenApiTypes.INT),
        ],
    )
    @action(detail=True, methods=["post"])
    def export(self, request: Request, pk: str) -> HttpResponse | Response:
        """The bonus list as a file, with the columns of a preset."""
        viewer = viewer_of(request)
        plan = access.get_bonus_plan_to_run(viewer=viewer, plan_id=int(pk))
        file_format = request.query_params.get("file_format", "csv")
        if file_format not in tables.FORMATS:
            raise serializers.ValidationError({"file_format": sorted(tables.FORMATS)})
        preset_id = number_in(request.query_params.get("preset", ""))
        preset = access.get_preset(viewer=viewer, preset_id=preset_id) if preset_id else None
        try:
            payroll.note_export(plan=plan, file_format=file_format, preset=preset, by=viewer, now=timezone.now())
        except ValidationError as error:
            return refusal(error)
        titles, rows = payroll.bonus_list(plan, payroll.columns_of(preset))
        return tables.as_file(f"{plan.cycle.code}-bonus-v{plan.number}", file_format, titles, rows)

    def _did(self, request: Request, pk: str, act: Callable[..., object]) -> Response:
        viewer = viewer_of(request)
        try:
            act(plan_id=int(pk), by=viewer, now=timezone.now())
        except ValidationError as error:
            return refusal(error)
        return Response(BonusPlanSerializer(access.get_bonus_plan(viewer=viewer, plan_id=int(pk))).data)


class BonusViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[BonusRow]):
    """One's own bonuses, once they are approved and shown; all of them for those who read everything."""

    queryset = BonusRow.objects.none()
    serializer_class = BonusSerializer
    lookup_value_regex = r"\d{1,18}"

    def get_queryset(self) -> QuerySet[BonusRow]:
        return access.visible_bonuses(viewer_of(self.request)).order_by("-plan", "review__engineer__employee_no")

    @extend_schema(responses=ExplainedBonusSerializer)
    def retrieve(self, request: Request, pk: str) -> Response:
        """One bonus with its calculation."""
        row = access.get_bonus(viewer=viewer_of(request), row_id=int(pk))
        return Response(ExplainedBonusSerializer(row).data)


class PayrollPresetSerializer(serializers.ModelSerializer[PayrollPreset]):
    name = serializers.CharField(max_length=100)
    columns = serializers.ListField(
        child=serializers.ListField(child=serializers.CharField(allow_blank=True), min_length=2, max_length=2),
        help_text="[[column, own header or empty], …]",
    )

    class Meta:
        model = PayrollPreset
        fields = ("id", "name", "columns")


class PayrollPresetViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[PayrollPreset]):
    """Columns for the payroll; for HR."""

    queryset = PayrollPreset.objects.none()
    serializer_class = PayrollPresetSerializer
    lookup_value_regex = r"\d{1,18}"

    def get_queryset(self) -> QuerySet[PayrollPreset]:
        require_hr(viewer_of(self.request))
        return PayrollPreset.objects.all()

    @extend_schema(responses={201: PayrollPresetSerializer})
    def create(self, request: Request) -> Response:
        return self._save(request, None)

    def update(self, request: Request, pk: str) -> Response:
        return self._save(request, int(pk))

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        payroll.delete_preset(preset_id=int(pk), by=viewer_of(request), now=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _save(self, request: Request, preset_id: int | None) -> Response:
        viewer = viewer_of(request)
        require_hr(viewer)
        form = PayrollPresetSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            preset = payroll.save_preset(
                name=form.validated_data["name"],
                columns=[(code, header) for code, header in form.validated_data["columns"]],
                preset_id=preset_id,
                by=viewer,
                now=timezone.now(),
            )
        except ValidationError as error:
            return refusal(error)
        return Response(
            PayrollPresetSerializer(preset).data, status=status.HTTP_200_OK if preset_id else status.HTTP_201_CREATED
        )
