"""REST over audits of service reports: samples for HR, one's own reports to judge for auditors."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from appraisal.evidence import access, audits
from appraisal.evidence.audit_forms import MOST_REPORTS
from appraisal.evidence.models import AuditItem, AuditSample, ReportAudit
from engineers.access import require_hr
from engineers.models import User
from engineers.requests import viewer_of


class SampleSerializer(serializers.ModelSerializer[AuditSample]):
    """``judged`` of ``reports`` have been judged."""

    auditors = serializers.SlugRelatedField(
        slug_field="username", queryset=User.objects.filter(is_active=True), many=True, write_only=True
    )
    per_engineer = serializers.IntegerField(min_value=1, max_value=MOST_REPORTS)
    seed = serializers.IntegerField(min_value=0, max_value=audits.LARGEST_SEED, required=False, allow_null=True)
    drawn_by = serializers.CharField(source="drawn_by.username", default=None, read_only=True)
    reports = serializers.IntegerField(read_only=True)
    judged = serializers.IntegerField(read_only=True)

    class Meta:
        model = AuditSample
        fields = (
            *("id", "first_date", "last_date", "per_engineer", "seed", "auditors", "drawn_at", "drawn_by"),
            *("reports", "judged"),
        )
        read_only_fields = ("drawn_at",)


class SampleViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[AuditSample]):
    """Samples of service reports with how far they are; HR draws another."""

    queryset = AuditSample.objects.none()
    serializer_class = SampleSerializer
    lookup_value_regex = r"\d{1,18}"

    def get_queryset(self) -> QuerySet[AuditSample]:
        judged = Count("audits", filter=Q(audits__audited_at__isnull=False))
        samples = access.visible_samples(viewer_of(self.request))
        return samples.annotate(reports=Count("audits"), judged=judged).order_by("-pk")

    @extend_schema(responses={201: SampleSerializer})
    def create(self, request: Request) -> Response:
        """Draw a sample and give it to the auditors."""
        viewer = viewer_of(request)
        require_hr(viewer)
        form = SampleSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            sample = audits.draw_sample(**form.validated_data, by=viewer, now=timezone.now())
        except audits.AuditRefused as refusal:
            raise serializers.ValidationError({"detail": str(refusal)}) from refusal
        return Response(SampleSerializer(self.get_queryset().get(pk=sample.pk)).data, status=status.HTTP_201_CREATED)


class JudgementSerializer(serializers.Serializer[Any]):
    marks = serializers.DictField(
        child=serializers.ChoiceField(choices=audits.MARKS),
        help_text=f"A mark for each of: {', '.join(AuditItem.values)}.",
    )
    diagnosis_correct = serializers.BooleanField(required=False, allow_null=True, default=None)
    note = serializers.CharField(max_length=2000, allow_blank=True, default="")


class OwnAuditSerializer(serializers.ModelSerializer[ReportAudit]):
    """``said`` is what the report says, without the names by which one could tell whose it is."""

    marks = serializers.DictField(source="items", child=serializers.IntegerField())
    said = serializers.SerializerMethodField()

    class Meta:
        model = ReportAudit
        fields = ("id", "sample", "audited_at", "said", "marks", "diagnosis_correct", "note")

    @extend_schema_field(serializers.DictField(child=serializers.CharField()))
    def get_said(self, judged: ReportAudit) -> dict[str, str]:
        return audits.blind_text(judged)


class ReportAuditViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[ReportAudit]):
    """The reports one is to judge, or has judged; nobody else's."""

    queryset = ReportAudit.objects.none()
    serializer_class = OwnAuditSerializer
    lookup_value_regex = r"\d{1,18}"

    def get_queryset(self) -> QuerySet[ReportAudit]:
        own = access.own_audits(viewer_of(self.request)).select_related("report__ticket", "engineer")
        return own.order_by("audited_at", "pk")

    def retrieve(self, request: Request, pk: str) -> Response:
        return Response(OwnAuditSerializer(access.get_own_audit(viewer=viewer_of(request), audit_id=int(pk))).data)

    @extend_schema(request=JudgementSerializer, responses=OwnAuditSerializer)
    def update(self, request: Request, pk: str) -> Response:
        """Write down what one found; saving the same again changes nothing."""
        viewer = viewer_of(request)
        access.get_own_audit(viewer=viewer, audit_id=int(pk))
        form = JudgementSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            audits.judge_report(audit_id=int(pk), **form.validated_data, by=viewer, now=timezone.now())
        except audits.AuditRefused as refusal:
            raise serializers.ValidationError({"marks": str(refusal)}) from refusal
        return self.retrieve(request, pk)
