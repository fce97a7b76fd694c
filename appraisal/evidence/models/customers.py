from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from appraisal.evidence.models.base import TicketRecord
from appraisal.evidence.models.tickets import Ticket


class Survey(TicketRecord):
    """A customer's answer. Scores are hundredths of a point, 100 to 500, so that sums stay exact."""

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, null=True, blank=True, related_name="surveys")
    delivered_at = models.DateTimeField(_("delivered"), null=True, blank=True)
    responded_at = models.DateTimeField(_("answered"), null=True, blank=True)
    score_hundredths = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MinValueValidator(100), MaxValueValidator(500)]
    )
    attitude_hundredths = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MinValueValidator(100), MaxValueValidator(500)]
    )
    recommend = models.PositiveSmallIntegerField(
        _("would recommend, 0 to 10"), null=True, blank=True, validators=[MaxValueValidator(10)]
    )
    comment = models.TextField(_("comment"), blank=True, db_default="")
    # One answer counts per ticket: the latest within 14 days of its completion.
    is_latest = models.BooleanField(_("counts for its ticket"), default=True, db_default=True)

    class Meta(TicketRecord.Meta):
        verbose_name = _("survey")
        constraints = [
            *TicketRecord.Meta.constraints,
            models.CheckConstraint(
                condition=Q(score_hundredths__isnull=True) | Q(score_hundredths__range=(100, 500)),
                name="survey_score_is_1_to_5",
            ),
            models.CheckConstraint(
                condition=Q(attitude_hundredths__isnull=True) | Q(attitude_hundredths__range=(100, 500)),
                name="survey_attitude_is_1_to_5",
            ),
            models.CheckConstraint(
                condition=Q(recommend__isnull=True) | Q(recommend__range=(0, 10)),
                name="survey_recommend_is_0_to_10",
            ),
        ]
        indexes = [
            *TicketRecord.Meta.indexes,
            models.Index(
                fields=[
                    "engineer",
                    "responded_at",
                    "delivered_at",
                    "score_hundredths",
                    "attitude_hundredths",
                    "exclusion",
                    "recommend",
                    "is_latest",
                ],
                name="survey_figures",
            ),
        ]


class ComplaintType(models.TextChoices):
    ATTITUDE = "attitude", _("attitude")
    TIMELINESS = "timeliness", _("timeliness")
    QUALITY = "quality", _("quality of work")
    SAFETY = "safety", _("safety")
    CHARGES = "charges", _("charges")
    OTHER = "other", _("other")


class Severity(models.IntegerChoices):
    """The number is the weight in the complaint index (SPEC 1)."""

    GENERAL = 1, _("general")
    SERIOUS = 3, _("serious")
    MAJOR = 5, _("major")


class Verdict(models.TextChoices):
    PENDING = "pending", _("decision pending")
    JUSTIFIED = "justified", _("justified")
    UNJUSTIFIED = "unjustified", _("not justified")


class Cause(models.TextChoices):
    UNKNOWN = "", _("not known")
    ENGINEER = "engineer", _("engineer")
    PRODUCT = "product", _("product")
    LOGISTICS = "logistics", _("logistics")
    PROCESS = "process", _("process")
    CUSTOMER = "customer", _("customer")
    OTHER = "other", _("other")


class Complaint(TicketRecord):
    ticket = models.ForeignKey(Ticket, on_delete=models.SET_NULL, null=True, blank=True, related_name="complaints")
    customer = models.CharField(_("customer"), max_length=200, blank=True, db_default="")
    received_at = models.DateTimeField(_("received"))
    type = models.CharField(
        _("type"),
        max_length=20,
        choices=ComplaintType.choices,
        default=ComplaintType.OTHER,
        db_default=ComplaintType.OTHER,
    )
    severity = models.PositiveSmallIntegerField(
        _("severity"), choices=Severity.choices, default=Severity.GENERAL, db_default=Severity.GENERAL
    )
    verdict = models.CharField(
        _("decision"), max_length=20, choices=Verdict.choices, default=Verdict.PENDING, db_default=Verdict.PENDING
    )
    cause = models.CharField(_("cause"), max_length=20, choices=Cause.choices, blank=True, db_default="")
    cause_note = models.TextField(_("cause in words"), blank=True, db_default="")
    corrective_action = models.TextField(_("corrective action"), blank=True, db_default="")
    is_anonymous = models.BooleanField(_("anonymous"), default=False, db_default=False)
    has_evidence = models.BooleanField(_("with evidence"), default=False, db_default=False)
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)

    class Meta(TicketRecord.Meta):
        verbose_name = _("complaint")
        constraints = [
            *TicketRecord.Meta.constraints,
            models.CheckConstraint(condition=Q(severity__in=[1, 3, 5]), name="complaint_severity_is_1_3_or_5"),
        ]
        indexes = [
            *TicketRecord.Meta.indexes,
            models.Index(
                fields=[
                    "engineer",
                    "received_at",
                    "verdict",
                    "severity",
                    "cause",
                    "is_anonymous",
                    "has_evidence",
                    "exclusion",
                ],
                name="complaint_figures",
            ),
        ]
