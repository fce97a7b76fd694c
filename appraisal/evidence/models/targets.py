from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from appraisal.evidence.models.base import JobType


class TargetKind(models.TextChoices):
    RESPONSE = "response", _("First response")
    ARRIVAL = "arrival", _("Arrival on site")
    RESOLUTION = "resolution", _("Resolution")
    FOLLOWUP = "followup", _("Follow-up of overdue cases")
    REPORT = "report", _("Service report")
    REOPENING = "reopening", _("Reopening of the same case")


class TargetClock(models.TextChoices):
    CALENDAR = "calendar", _("calendar time")
    BUSINESS = "business", _("business time")


LONGEST_TARGET_MINUTES = 366 * 24 * 60


class Target(models.Model):
    """A promise of ours, in force from a date. The most particular row that fits a record counts."""

    kind = models.CharField(_("kind"), max_length=20, choices=TargetKind.choices)
    source = models.CharField(_("source"), max_length=60, blank=True, help_text=_("Empty: every source."))
    priority = models.PositiveSmallIntegerField(
        _("priority"), default=0, validators=[MaxValueValidator(5)], help_text=_("0: every priority.")
    )
    region = models.CharField(_("region"), max_length=100, blank=True, help_text=_("Empty: every region."))
    distance_from_km = models.PositiveIntegerField(_("from km"), null=True, blank=True)
    distance_to_km = models.PositiveIntegerField(
        _("to below km"), null=True, blank=True, help_text=_("Empty: without an end.")
    )
    job_type = models.CharField(_("job type"), max_length=20, choices=JobType.choices, blank=True)
    minutes = models.PositiveIntegerField(
        _("minutes"), validators=[MinValueValidator(1), MaxValueValidator(LONGEST_TARGET_MINUTES)]
    )
    clock = models.CharField(_("clock"), max_length=20, choices=TargetClock.choices, default=TargetClock.CALENDAR)
    from_date = models.DateField(_("in force from"))

    class Meta:
        verbose_name = _("target")
        ordering = ["kind", "source", "priority", "from_date"]
        constraints = [
            models.UniqueConstraint(
                F("kind"),
                F("source"),
                F("region"),
                F("job_type"),
                F("priority"),
                Coalesce("distance_from_km", -1),
                Coalesce("distance_to_km", -1),
                F("from_date"),
                name="one_target_per_scope_and_date",
            ),
            models.CheckConstraint(
                condition=Q(distance_from_km__isnull=True)
                | Q(distance_to_km__isnull=True)
                | Q(distance_to_km__gt=F("distance_from_km")),
                name="target_distance_band_is_not_empty",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.minutes} min"

    def clean(self) -> None:
        if self.kind == TargetKind.REOPENING and self.clock != TargetClock.CALENDAR:
            raise ValidationError({"clock": _("The same case is reopened within days, not within working hours.")})


class FigureUpdate(models.Model):
    """Clock figures to compute anew, for a target or calendar changed; done when ``finished_at`` is set."""

    source = models.CharField(_("source"), max_length=60, blank=True)
    requested_at = models.DateTimeField(_("requested"))
    announced_at = models.DateTimeField()
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        verbose_name = _("update of figures")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.source or '*'} {self.requested_at:%Y-%m-%d %H:%M}"
