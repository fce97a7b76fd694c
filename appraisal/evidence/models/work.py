from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from appraisal.evidence.models.base import Record


class WorkLog(Record):
    """A day's work as the engineer wrote it down; in time until the end of the next workday."""

    day = models.DateField(_("day"))
    logged_at = models.DateTimeField(_("logged"), null=True, blank=True)
    work = models.TextField(_("work done"), blank=True, db_default="")
    problems = models.TextField(_("problems"), blank=True, db_default="")
    wrench_minutes = models.PositiveIntegerField(_("minutes of work"), default=0, db_default=0)
    travel_minutes = models.PositiveIntegerField(_("minutes of travel"), default=0, db_default=0)
    other_minutes = models.PositiveIntegerField(_("other minutes"), default=0, db_default=0)
    tickets = models.CharField(
        _("tickets"),
        max_length=500,
        blank=True,
        db_default="",
        help_text=_("Their numbers, with commas between them."),
    )
    logged_in_time = models.BooleanField(null=True, blank=True)

    class Meta(Record.Meta):
        verbose_name = _("work log")
        indexes = [
            *Record.Meta.indexes,
            models.Index(
                fields=["engineer", "day", "logged_in_time", "wrench_minutes", "travel_minutes", "exclusion"],
                name="worklog_figures",
            ),
        ]


class WorkLogEntry(models.Model):
    """One writing of a log in the portal, by the key its device made: whatever is sent twice counts once.

    ``device_at`` is what the device said of the time, ``received_at`` what the server's clock showed.
    """

    key = models.UUIDField(unique=True)
    log = models.ForeignKey(WorkLog, on_delete=models.CASCADE, related_name="entries")
    device_at = models.DateTimeField(_("written, as the device says"), null=True)
    received_at = models.DateTimeField(_("received"))
    from_device = models.BooleanField(
        _("the device's time counts"),
        help_text=_("Written without a network and sent later; else the server's counts."),
    )

    class Meta:
        verbose_name = _("writing of a work log")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(from_device=False) | Q(device_at__isnull=False), name="worklog_entry_device_time_is_known"
            )
        ]

    def __str__(self) -> str:
        return f"{self.log}: {self.key}"


class HandoverType(models.TextChoices):
    HANDOVER = "handover", _("handover")
    PRODUCT_FEEDBACK = "product_feedback", _("product feedback")
    IMPROVEMENT = "improvement", _("improvement")


class Department(models.TextChoices):
    SALES = "sales", _("sales")
    RND = "rnd", _("research and development")
    CUSTOMER_SERVICE = "customer_service", _("customer service")
    OTHER = "other", _("other")


class Handover(Record):
    """Work passed between departments, or what an engineer gave back to them."""

    type = models.CharField(
        _("type"),
        max_length=20,
        choices=HandoverType.choices,
        default=HandoverType.HANDOVER,
        db_default=HandoverType.HANDOVER,
    )
    department = models.CharField(
        _("department"),
        max_length=20,
        choices=Department.choices,
        default=Department.OTHER,
        db_default=Department.OTHER,
    )
    title = models.CharField(_("title"), max_length=200, blank=True, db_default="")
    raised_at = models.DateTimeField(_("raised"))
    due_at = models.DateTimeField(_("due"), null=True, blank=True)
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    accepted = models.BooleanField(_("accepted"), null=True, blank=True)

    class Meta(Record.Meta):
        verbose_name = _("handover or product feedback")
        indexes = [
            *Record.Meta.indexes,
            models.Index(
                fields=["engineer", "raised_at", "type", "due_at", "decided_at", "accepted", "exclusion"],
                name="handover_figures",
            ),
        ]
