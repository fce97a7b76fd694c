from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from appraisal.reviews.models.review import Review


class ReviewDay(models.Model):
    """What a review stood at on a day of a cycle under way, without the manager's part.

    Figures follow the evidence, so what they were a week ago cannot be computed later. ``lines`` maps the code of a
    KPI to its points (decimal text, or null) and its number of cases. Kept for some days only (see ``days``).
    """

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="days")
    day = models.DateField(_("day"))
    overall = models.DecimalField(_("overall"), max_digits=7, decimal_places=2, null=True)
    lines = models.JSONField(_("lines"), default=dict)

    class Meta:
        verbose_name = _("day of a review")
        ordering = ["review", "day"]
        constraints = [models.UniqueConstraint(fields=["review", "day"], name="one_review_day_per_day")]

    def __str__(self) -> str:
        return f"{self.review}: {self.day}"
