from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from appraisal.kpis.models import Kpi
from appraisal.reviews.models.review import Review
from appraisal.scoring.rollup import VetoEffect


class VetoCause(models.TextChoices):
    SAFETY_ACCIDENT = "safety_accident", _("safety accident")
    FALSIFIED_REPORT = "falsified_report", _("falsified report")
    MAJOR_COMPLAINT = "major_complaint", _("major justified complaint")
    LICENCE_EXPIRED = "licence_expired", _("licence expired")


class VetoEffectChoice(models.TextChoices):
    GRADE_CAP = VetoEffect.GRADE_CAP.value, _("the grade is capped")
    ZERO_KPI = VetoEffect.ZERO_KPI.value, _("one KPI counts 0")
    ZERO_BONUS = VetoEffect.ZERO_BONUS.value, _("no bonus")


class VetoQuerySet(models.QuerySet["VetoEvent"]):
    def in_force(self) -> VetoQuerySet:
        """Approved and not taken back."""
        return self.filter(is_approved=True, withdrawn_at__isnull=True)


class VetoEvent(models.Model):
    """A confirmed event that decides by itself. It counts once a second person has approved it (SPEC 2.5).

    HR takes an approved one back, but not who approved it.
    """

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="vetoes")
    cause = models.CharField(_("event"), max_length=20, choices=VetoCause.choices)
    effect = models.CharField(_("effect"), max_length=20, choices=VetoEffectChoice.choices)
    grade = models.CharField(_("best grade left"), max_length=10, blank=True)
    kpi = models.ForeignKey(Kpi, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    happened_on = models.DateField(_("happened on"))
    evidence = models.TextField(_("evidence"))
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(_("proposed"))
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(_("decided"), null=True)
    is_approved = models.BooleanField(_("approved"), null=True)
    withdrawn_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    withdrawn_at = models.DateTimeField(_("taken back"), null=True)
    withdrawal_reason = models.TextField(_("reason"), blank=True, db_default="")

    objects = VetoQuerySet.as_manager()

    class Meta:
        verbose_name = _("veto")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("proposed_by")),
                name="veto_is_decided_by_a_second_person",
            ),
            models.CheckConstraint(
                condition=Q(effect="zero_kpi", kpi__isnull=False)
                | Q(effect="grade_cap", kpi__isnull=True) & ~Q(grade="")
                | Q(effect="zero_bonus", kpi__isnull=True),
                name="veto_names_what_it_needs",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_by__isnull=True) | Q(is_approved=True) & ~Q(withdrawn_by=F("decided_by")),
                name="veto_is_taken_back_by_another_than_who_approved",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.review}: {self.get_cause_display()}"
