from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from appraisal.kpis.models import Kpi, Named
from appraisal.reviews.models import Review


class Course(Named):
    """A course that helps with some KPIs; what is no longer given stays for the needs that name it."""

    code = models.SlugField(_("code"), max_length=60, unique=True)
    kpis = models.ManyToManyField(Kpi, blank=True, related_name="courses", verbose_name=_("KPIs"))
    hours = models.DecimalField(_("hours"), max_digits=6, decimal_places=2, null=True, blank=True)
    is_given = models.BooleanField(_("is given"), default=True)

    class Meta:
        verbose_name = _("course")
        ordering = ["code"]


class NeedState(models.TextChoices):
    OPEN = "open", _("to be decided")
    ACCEPTED = "accepted", _("accepted")
    DECLINED = "declined", _("declined")
    DONE = "done", _("done")


class TrainingNeed(models.Model):
    """A weak KPI of a published review: accepted, with a course where there is one, or declined with a reason."""

    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="training_needs")
    kpi = models.ForeignKey(Kpi, on_delete=models.PROTECT, related_name="+")
    points = models.DecimalField(_("points"), max_digits=6, decimal_places=2)
    state = models.CharField(_("state"), max_length=10, choices=NeedState.choices, default=NeedState.OPEN)
    course = models.ForeignKey(Course, on_delete=models.PROTECT, null=True, blank=True, related_name="needs")
    reason = models.TextField(_("reason"), blank=True, max_length=1000)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(_("decided"), null=True)

    class Meta:
        verbose_name = _("training need")
        ordering = ["-review__cycle__start_date", "review__engineer__employee_no", "points", "id"]
        constraints = [
            models.UniqueConstraint(fields=["review", "kpi"], name="one_training_need_per_review_and_kpi"),
            models.CheckConstraint(
                condition=Q(state=NeedState.OPEN, decided_by__isnull=True)
                | ~Q(state=NeedState.OPEN) & Q(decided_by__isnull=False),
                name="training_need_says_who_decided",
            ),
            models.CheckConstraint(
                condition=~Q(state=NeedState.DECLINED) | ~Q(reason=""), name="declined_need_has_a_reason"
            ),
        ]
        indexes = [models.Index(fields=["state"], name="training_need_by_state")]

    def __str__(self) -> str:
        return f"{self.review}: {self.kpi}"

    @property
    def engineer_id(self) -> int:
        """Whom the audit trail files it under."""
        return self.review.engineer_id
