from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from appraisal.kpis.models import KpiVersion, SchemeLine
from appraisal.reviews.models.review import Review


class CriterionRating(models.Model):
    """A manager's answer on an anchored scale from 1 to 5; ``segment`` 0 is the whole cycle."""

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="ratings")
    segment = models.PositiveSmallIntegerField(default=0, db_default=0)
    kpi_version = models.ForeignKey(KpiVersion, on_delete=models.PROTECT, related_name="+")
    criterion = models.CharField(max_length=40)
    score = models.PositiveSmallIntegerField()

    class Meta:
        verbose_name = _("rating of a criterion")
        constraints = [
            models.UniqueConstraint(
                fields=["review", "segment", "kpi_version", "criterion"], name="one_rating_per_segment_and_criterion"
            ),
            models.CheckConstraint(condition=Q(score__range=(1, 5)), name="rating_is_1_to_5"),
        ]

    def __str__(self) -> str:
        return f"{self.criterion}: {self.score}"


class SelfRating(models.Model):
    """An engineer's own answer on the scale the manager answers; it counts nowhere."""

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="self_ratings")
    kpi_version = models.ForeignKey(KpiVersion, on_delete=models.PROTECT, related_name="+")
    criterion = models.CharField(max_length=40)
    score = models.PositiveSmallIntegerField()

    class Meta:
        verbose_name = _("own rating of a criterion")
        constraints = [
            models.UniqueConstraint(
                fields=["review", "kpi_version", "criterion"], name="one_own_rating_per_criterion"
            ),
            models.CheckConstraint(condition=Q(score__range=(1, 5)), name="own_rating_is_1_to_5"),
        ]

    def __str__(self) -> str:
        return f"{self.criterion}: {self.score}"


class LineOverride(models.Model):
    """Points a manager gives a computed line in place of the computed ones, which stay beside them.

    Apart from the results of runs, so that no scoring overwrites a decision. The one not withdrawn counts.
    """

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="overrides")
    segment = models.PositiveSmallIntegerField(default=0, db_default=0)
    line = models.ForeignKey(SchemeLine, on_delete=models.PROTECT, related_name="+")
    points = models.DecimalField(_("points"), max_digits=6, decimal_places=2)
    reason = models.TextField(_("reason"))
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    entered_at = models.DateTimeField(_("entered"))
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True)

    class Meta:
        verbose_name = _("points given in place of computed ones")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["review", "segment", "line"],
                condition=Q(withdrawn_at__isnull=True),
                name="one_override_per_segment_and_line",
            ),
            models.CheckConstraint(condition=Q(points__gte=0), name="override_is_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.line_id}: {self.points}"


class Reminder(models.Model):
    """Somebody was reminded on a day: once a day is enough, whatever is open in however many cycles."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    day = models.DateField()

    class Meta:
        verbose_name = _("reminder")
        constraints = [models.UniqueConstraint(fields=["user", "day"], name="one_reminder_per_person_and_day")]

    def __str__(self) -> str:
        return f"{self.user} {self.day}"
