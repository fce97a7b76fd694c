from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from appraisal.cycles.models import Cycle
from appraisal.kpis.models import KpiVersion
from engineers.models import Engineer, JobProfile, Team


class ReviewState(models.TextChoices):
    AWAITING_MANAGER = "awaiting_manager", _("awaiting the manager")
    SUBMITTED = "submitted", _("handed in")
    PUBLISHED = "published", _("published")


class Review(models.Model):
    """One engineer in one cycle. ``version`` rises with every change a person makes, so that none is lost."""

    cycle = models.ForeignKey(Cycle, on_delete=models.CASCADE, related_name="reviews")
    engineer = models.ForeignKey(Engineer, on_delete=models.PROTECT, related_name="reviews")
    profile = models.ForeignKey(JobProfile, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    manager = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="reviews_to_write",
    )
    state = models.CharField(
        _("state"), max_length=20, choices=ReviewState.choices, default=ReviewState.AWAITING_MANAGER
    )
    version = models.PositiveIntegerField(default=1)
    comment = models.TextField(_("comment"), blank=True, max_length=4000)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    changed_at = models.DateTimeField(null=True, blank=True)
    submitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    submitted_at = models.DateTimeField(null=True, blank=True)

    # Rolled up from the lines: rounded once, here (SPEC 2.8).
    overall = models.DecimalField(_("overall"), max_digits=6, decimal_places=2, null=True, blank=True)
    grade = models.CharField(_("grade"), max_length=10, blank=True)
    active_percent = models.DecimalField(max_digits=5, decimal_places=2, default=0)
    dimensions = models.JSONField(default=list, blank=True)
    cases = models.PositiveIntegerField(_("cases"), default=0)

    class Meta:
        verbose_name = _("review")
        ordering = ["cycle", "engineer__employee_no"]
        constraints = [models.UniqueConstraint(fields=["cycle", "engineer"], name="one_review_per_cycle_and_engineer")]
        indexes = [
            models.Index(fields=["cycle", "overall"], name="review_by_overall"),
            models.Index(fields=["cycle", "state"], name="review_by_state"),
        ]

    def __str__(self) -> str:
        return f"{self.engineer} – {self.cycle}"

    @property
    def is_lead(self) -> bool:
        """True when the lines for those who lead others apply."""
        return bool(self.profile and self.profile.is_lead)


class CriterionRating(models.Model):
    """A manager's answer on an anchored scale from 1 to 5."""

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="ratings")
    kpi_version = models.ForeignKey(KpiVersion, on_delete=models.PROTECT, related_name="+")
    criterion = models.CharField(max_length=40)
    score = models.PositiveSmallIntegerField()

    class Meta:
        verbose_name = _("rating of a criterion")
        constraints = [
            models.UniqueConstraint(fields=["review", "kpi_version", "criterion"], name="one_rating_per_criterion"),
            models.CheckConstraint(condition=Q(score__range=(1, 5)), name="rating_is_1_to_5"),
        ]

    def __str__(self) -> str:
        return f"{self.criterion}: {self.score}"
