from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from appraisal.reviews.models import Review
from engineers.models import Engineer


class PromotionChoice(models.TextChoices):
    NOMINATED = "nominated", _("nominated")
    NOT_NOW = "not_now", _("not now")


class PromotionDecision(models.Model):
    """What HR decided about a candidate, with the rules as they stood; the newest one counts."""

    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="promotion_decisions")
    choice = models.CharField(_("decision"), max_length=10, choices=PromotionChoice.choices)
    reason = models.TextField(_("reason"), max_length=4000)
    # {rule: met or not}
    rules = models.JSONField(default=dict)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(_("decided"))

    class Meta:
        verbose_name = _("decision about a promotion")
        ordering = ["-id"]
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="promotion_decision_has_a_reason")]

    def __str__(self) -> str:
        return f"{self.review}: {self.get_choice_display()}"

    @property
    def engineer_id(self) -> int:
        """Whom the audit trail files it under."""
        return self.review.engineer_id


class Commendation(models.Model):
    """Praise for an engineer: a manager or HR proposes it; once a second person has approved it, it is shown."""

    engineer = models.ForeignKey(Engineer, on_delete=models.PROTECT, related_name="commendations")
    title = models.CharField(_("title"), max_length=100)
    text = models.TextField(_("for what"), max_length=4000)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(_("proposed"))
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(_("decided"), null=True)
    is_approved = models.BooleanField(_("approved"), null=True)
    reason = models.TextField(_("reason"), blank=True, max_length=1000)

    class Meta:
        verbose_name = _("commendation")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("proposed_by")),
                name="commendation_is_decided_by_a_second_person",
            ),
            models.CheckConstraint(
                condition=Q(is_approved__isnull=True, decided_by__isnull=True)
                | Q(is_approved__isnull=False, decided_by__isnull=False),
                name="commendation_decided_says_by_whom",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.engineer}: {self.title}"
