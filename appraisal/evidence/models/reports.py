from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from appraisal.evidence.models.base import TicketRecord
from appraisal.evidence.models.tickets import Ticket
from engineers.models import Engineer


class ServiceReport(TicketRecord):
    """What the engineer wrote about a service: problem, solution, result."""

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, null=True, blank=True, related_name="reports")
    service_ended_at = models.DateTimeField(_("service ended"))
    submitted_at = models.DateTimeField(
        _("submitted"), null=True, blank=True, help_text=_("As the device says; it may have been offline.")
    )
    received_at = models.DateTimeField(_("received"), null=True, blank=True)
    problem = models.TextField(_("problem"), blank=True, db_default="")
    solution = models.TextField(_("solution"), blank=True, db_default="")
    result = models.TextField(_("result"), blank=True, db_default="")
    first_diagnosis = models.CharField(_("first diagnosis"), max_length=200, blank=True, db_default="")
    final_cause = models.CharField(_("final cause"), max_length=200, blank=True, db_default="")

    report_us = models.BigIntegerField(null=True, blank=True)
    report_business_us = models.BigIntegerField(null=True, blank=True)
    report_decided_at = models.DateTimeField(null=True, blank=True)
    report_met = models.BooleanField(null=True, blank=True)

    class Meta(TicketRecord.Meta):
        verbose_name = _("service report")
        indexes = [
            *TicketRecord.Meta.indexes,
            models.Index(fields=["service_ended_at"], condition=~Q(anomalies=""), name="report_exceptions"),
            models.Index(fields=["report_decided_at"], condition=Q(submitted_at__isnull=True), name="report_expected"),
            models.Index(
                fields=["engineer", "report_decided_at", "report_met", "report_business_us", "exclusion"],
                name="report_figures",
            ),
        ]


class AuditItem(models.TextChoices):
    """What a complete report holds (SPEC 1, report_completeness)."""

    PROBLEM = "problem", _("problem described")
    SOLUTION = "solution", _("solution described")
    RESULT = "result", _("result described")
    PARTS = "parts", _("parts and material listed")
    SIGNATURE = "signature", _("customer's signature")


class AuditSample(models.Model):
    """A random sample of reports; the seed makes the draw repeatable."""

    seed = models.BigIntegerField(_("seed"))
    first_date = models.DateField(_("first day"))
    last_date = models.DateField(_("last day"))
    per_engineer = models.PositiveSmallIntegerField(_("reports per engineer"))
    drawn_at = models.DateTimeField(_("drawn"))
    drawn_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = _("sample of reports")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.first_date} – {self.last_date} ({self.seed})"


class ReportAudit(models.Model):
    """One report under review. The auditor does not see whose it is; ``items`` maps an item to 0, 50 or 100."""

    sample = models.ForeignKey(AuditSample, on_delete=models.CASCADE, related_name="audits")
    report = models.ForeignKey(ServiceReport, on_delete=models.CASCADE, related_name="audits")
    engineer = models.ForeignKey(Engineer, on_delete=models.PROTECT, related_name="+")
    auditor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="report_audits"
    )
    items = models.JSONField(_("items"), default=dict, blank=True)
    items_sum = models.PositiveIntegerField(null=True, blank=True)
    items_count = models.PositiveIntegerField(null=True, blank=True)
    diagnosis_correct = models.BooleanField(_("first diagnosis was the cause"), null=True, blank=True)
    note = models.TextField(_("note"), blank=True)
    audited_at = models.DateTimeField(_("audited"), null=True, blank=True)
    exclusion = models.CharField(max_length=20, blank=True, db_default="")

    class Meta:
        verbose_name = _("audit of a report")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["sample", "report"], name="one_audit_per_sample_and_report"),
            models.CheckConstraint(
                condition=Q(audited_at__isnull=True, items_sum__isnull=True)
                | Q(audited_at__isnull=False, items_sum__isnull=False, items_count__gt=0),
                name="audited_report_has_items",
            ),
        ]
        indexes = [
            models.Index(
                fields=["engineer", "audited_at", "items_sum", "items_count", "diagnosis_correct", "exclusion"],
                name="audit_figures",
            )
        ]

    def __str__(self) -> str:
        return f"{self.sample}: {self.report}"
