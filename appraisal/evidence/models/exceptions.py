from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from appraisal.evidence.models.base import Anomaly
from appraisal.evidence.models.reports import ServiceReport
from appraisal.evidence.models.tickets import Ticket, Visit


class Decision(models.TextChoices):
    EXCUSED = "excused", _("excused: the clock gives no figure")
    UPHELD = "upheld", _("upheld: it counts as it stands")


class Settlement(models.Model):
    """What was decided about bad data of one record before the cycle is locked (SPEC G10)."""

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, null=True, blank=True, related_name="settlements")
    visit = models.ForeignKey(Visit, on_delete=models.CASCADE, null=True, blank=True, related_name="settlements")
    report = models.ForeignKey(
        ServiceReport, on_delete=models.CASCADE, null=True, blank=True, related_name="settlements"
    )
    anomaly = models.CharField(_("anomaly"), max_length=40, choices=Anomaly.choices)
    decision = models.CharField(_("decision"), max_length=10, choices=Decision.choices)
    reason = models.TextField(_("reason"))
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(_("decided"))

    class Meta:
        verbose_name = _("settled exception")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ticket__isnull=False, visit__isnull=True, report__isnull=True)
                | Q(ticket__isnull=True, visit__isnull=False, report__isnull=True)
                | Q(ticket__isnull=True, visit__isnull=True, report__isnull=False),
                name="settlement_is_about_one_record",
            )
        ]

    def __str__(self) -> str:
        return f"{self.anomaly}: {self.decision}"
