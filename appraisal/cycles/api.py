"""REST over KPI values entered by hand."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from appraisal.cycles import access, manual
from appraisal.cycles.models import ManualValue
from appraisal.kpis.models import Kpi
from engineers.models import Engineer
from engineers.refusals import refusal
from engineers.requests import viewer_of


class ManualValueSerializer(serializers.ModelSerializer[ManualValue]):
    employee_no = serializers.SlugRelatedField[Engineer](
        source="engineer", slug_field="employee_no", queryset=Engineer.objects.all()
    )
    kpi = serializers.SlugRelatedField[Kpi](slug_field="code", queryset=Kpi.objects.all())
    entered_by = serializers.CharField(source="entered_by.username", read_only=True)

    class Meta:
        model = ManualValue
        fields = (
            *("id", "employee_no", "kpi", "value", "n", "evidence"),
            *("entered_by", "entered_at", "withdrawn_at"),
        )
        read_only_fields = ("entered_at", "withdrawn_at")


@extend_schema(
    parameters=[OpenApiParameter("code", OpenApiTypes.STR, OpenApiParameter.PATH, description="The cycle.")]
)
class ManualValueViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[ManualValue]):
    """KPI values entered by hand; they count within seconds, once the cycle is scored."""

    queryset = ManualValue.objects.none()
    serializer_class = ManualValueSerializer
    lookup_value_regex = r"\d{1,18}"

    def get_queryset(self) -> QuerySet[ManualValue]:
        cycle = access.get_cycle_with_values(viewer=viewer_of(self.request), code=self.kwargs["code"])
        return cycle.manual_values.select_related("engineer", "kpi", "entered_by")

    @extend_schema(responses={201: ManualValueSerializer})
    def create(self, request: Request, code: str) -> Response:
        """Enter a value; one entered before for the same engineer and KPI is withdrawn."""
        cycle = access.get_cycle_to_run(viewer=viewer_of(request), code=code)
        form = ManualValueSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            entered = manual.enter_value(
                cycle=cycle, **{"n": 1} | form.validated_data, by=viewer_of(request), now=timezone.now()
            )
        except ValidationError as error:
            return refusal(error)
        return Response(ManualValueSerializer(entered).data, status=status.HTTP_201_CREATED)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, code: str, pk: str) -> Response:
        """Withdraw a value: the records speak again."""
        entered = access.get_value(viewer=viewer_of(request), code=code, value_id=int(pk))
        try:
            manual.withdraw_value(entered=entered, by=viewer_of(request), now=timezone.now())
        except ValidationError as error:
            return refusal(error)
        return Response(status=status.HTTP_204_NO_CONTENT)
