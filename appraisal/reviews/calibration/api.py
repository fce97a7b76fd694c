"""REST over the calibration: pools and their distribution, and the grades decided in it."""

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

from appraisal.cycles.models import Cycle
from appraisal.cycles.queries import get_schemes
from appraisal.reviews import access
from appraisal.reviews.calibration import actions as calibration
from appraisal.reviews.calibration import distribution
from appraisal.reviews.calibration.ranking import Pool, list_pools
from appraisal.reviews.calibration.session import list_changes
from appraisal.reviews.models import Calibration
from appraisal.reviews.serializers import DecisionSerializer, WithdrawalSerializer
from appraisal.reviews.steps.api import CODE, REVIEW
from appraisal.reviews.steps.moves import ReviewConflict
from appraisal.scoring.numbers import decimal_text
from engineers.access import reads_everything, require_hr
from engineers.refusals import refusal
from engineers.requests import viewer_of


class CalibrationSerializer(serializers.ModelSerializer[Calibration]):
    review = serializers.IntegerField(source="review_id", read_only=True)
    employee_no = serializers.CharField(source="review.engineer.employee_no", read_only=True)
    proposed_by = serializers.CharField(source="proposed_by.username", read_only=True)
    decided_by = serializers.CharField(source="decided_by.username", default=None, read_only=True)
    ended_by = serializers.CharField(source="ended_by.username", default=None, read_only=True)
    is_in_force = serializers.BooleanField(read_only=True)
    is_awaiting = serializers.BooleanField(read_only=True)

    class Meta:
        model = Calibration
        fields = (
            *("id", "review", "employee_no", "source", "grade_before", "grade", "steps", "reason"),
            *("proposed_by", "proposed_at", "is_approved", "decided_by", "decided_at", "decision_reason"),
            *("ended_by", "ended_at", "end_reason", "is_in_force", "is_awaiting"),
        )


class NewCalibrationSerializer(serializers.Serializer[Any]):
    grade = serializers.CharField(
        required=False, max_length=10, help_text="Absent: HR takes over what the distribution proposes."
    )
    reason = serializers.CharField(max_length=4000, help_text="20 characters at least.")
    version = serializers.IntegerField(required=False, help_text="The version of the review that was read.")


class GradeRowSerializer(serializers.Serializer[Any]):
    grade = serializers.CharField()
    percent = serializers.CharField(allow_null=True)
    is_cap = serializers.BooleanField()
    wanted = serializers.IntegerField(allow_null=True)
    before = serializers.IntegerField()
    proposed = serializers.IntegerField(allow_null=True)
    after = serializers.IntegerField()


class PoolSerializer(serializers.Serializer[Any]):
    key = serializers.CharField()
    families = serializers.ListField(child=serializers.CharField(allow_blank=True))
    rated = serializers.IntegerField()
    unrated = serializers.IntegerField()
    is_ranked = serializers.BooleanField()
    mean = serializers.CharField(allow_null=True)
    grades = GradeRowSerializer(many=True)


class TakeOverSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=4000, help_text="20 characters at least.")


class JobNumberSerializer(serializers.Serializer[Any]):
    job = serializers.IntegerField()
    reviews = serializers.IntegerField()


@extend_schema(parameters=[CODE])
class CalibrationPoolViewSet(viewsets.GenericViewSet[Cycle]):
    """Pools of a cycle with their grades: wanted, before, proposed and after; of the teams below for managers."""

    queryset = Cycle.objects.none()
    serializer_class = PoolSerializer
    pagination_class = None

    @extend_schema(responses={200: PoolSerializer(many=True)})
    def list(self, request: Request, code: str) -> Response:
        viewer = viewer_of(request)
        cycle = access.get_calibrated_cycle(viewer=viewer, code=code)
        sees_all = reads_everything(viewer)
        seen = cycle.reviews.all() if sees_all else access.reviews_in_session(viewer).filter(cycle=cycle)
        return Response([_pool_entry(pool) for pool in list_pools(seen, get_schemes(cycle), ranked=sees_all)])

    @extend_schema(request=TakeOverSerializer, responses={202: JobNumberSerializer})
    @action(detail=False, methods=["post"], url_path="take-over")
    def take_over(self, request: Request, code: str) -> Response:
        """Take over every proposal nobody has decided about, in the background: HR."""
        viewer = viewer_of(request)
        require_hr(viewer)
        access.get_calibrated_cycle(viewer=viewer, code=code)
        form = TakeOverSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            job = distribution.request_take_over(code=code, **form.validated_data, by=viewer, now=timezone.now())
        except ValidationError as error:
            return refusal(error)
        return Response({"job": job.pk, "reviews": job.items_total}, status=status.HTTP_202_ACCEPTED)


@extend_schema(parameters=[CODE])
class CycleCalibrationViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[Calibration]):
    """Every grade decided or proposed in a cycle; of the teams below for second-level managers."""

    queryset = Calibration.objects.none()
    serializer_class = CalibrationSerializer

    def get_queryset(self) -> QuerySet[Calibration]:
        viewer = viewer_of(self.request)
        cycle = access.get_calibrated_cycle(viewer=viewer, code=self.kwargs["code"])
        return list_changes(viewer=viewer, cycle=cycle)


@extend_schema(parameters=[REVIEW])
class CalibrationViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[Calibration]):
    """Grades decided or proposed for a review: HR, auditors and the second level, never its engineer."""

    queryset = Calibration.objects.none()
    serializer_class = CalibrationSerializer
    lookup_value_regex = r"\d{1,18}"

    def get_queryset(self) -> QuerySet[Calibration]:
        viewer = viewer_of(self.request)
        review = access.get_review_in_session(viewer=viewer, review_id=int(self.kwargs["review_id"]))
        return review.calibrations.select_related("review__engineer", "proposed_by", "decided_by", "ended_by")

    @extend_schema(request=NewCalibrationSerializer, responses={201: CalibrationSerializer})
    def create(self, request: Request, review_id: str) -> Response:
        """Decide a grade, or propose one that is more than one grade away."""
        viewer, now = viewer_of(request), timezone.now()
        access.get_review_to_calibrate(viewer=viewer, review_id=int(review_id))
        form = NewCalibrationSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        decide = calibration.calibrate if "grade" in form.validated_data else distribution.take_over_proposal
        try:
            entered = decide(review_id=int(review_id), **form.validated_data, by=viewer, now=now)
        except ReviewConflict as conflict:
            detail = {"detail": str(conflict), "version": conflict.current.version}
            return Response(detail, status=status.HTTP_409_CONFLICT)
        except ValidationError as error:
            return refusal(error)
        return Response(CalibrationSerializer(entered).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=DecisionSerializer, responses={200: CalibrationSerializer})
    @action(detail=True, methods=["post"])
    def decision(self, request: Request, review_id: str, pk: str) -> Response:
        """Approve or refuse a grade somebody else proposed."""
        viewer = viewer_of(request)
        review = access.get_review_to_calibrate(viewer=viewer, review_id=int(review_id))
        access.get_calibration(review=review, calibration_id=int(pk))
        form = DecisionSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            entered = calibration.decide_calibration(
                review_id=int(review_id), calibration_id=int(pk), **form.validated_data, by=viewer, now=timezone.now()
            )
        except ValidationError as error:
            return refusal(error)
        return Response(CalibrationSerializer(entered).data)

    @extend_schema(request=WithdrawalSerializer, responses={200: CalibrationSerializer})
    @action(detail=True, methods=["post"])
    def withdrawal(self, request: Request, review_id: str, pk: str) -> Response:
        """Take a decided or proposed grade back: what the score gives counts again."""
        viewer = viewer_of(request)
        review = access.get_review_to_calibrate(viewer=viewer, review_id=int(review_id))
        access.get_calibration(review=review, calibration_id=int(pk))
        form = WithdrawalSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            entered = calibration.withdraw_calibration(
                review_id=int(review_id), calibration_id=int(pk), **form.validated_data, by=viewer, now=timezone.now()
            )
        except ValidationError as error:
            return refusal(error)
        return Response(CalibrationSerializer(entered).data)


def _pool_entry(pool: Pool) -> dict[str, Any]:
    return {
        "key": pool.key,
        "families": pool.names,
        "rated": pool.rated,
        "unrated": pool.unrated,
        "is_ranked": pool.is_ranked,
        "mean": decimal_text(pool.shown_mean),
        "grades": [
            {
                "grade": row.grade,
                "percent": decimal_text(row.percent),
                "is_cap": row.is_cap,
                "wanted": row.wanted,
                "before": row.before,
                "proposed": row.proposed,
                "after": row.after,
            }
            for row in pool.rows
        ],
    }
