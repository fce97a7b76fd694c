from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from appraisal.cycles.models import Cycle
from engineers.models import Engineer, JobProfile, Team


class ReviewState(models.TextChoices):
    AWAITING_SELF = "awaiting_self", _("awaiting the self-review")
    AWAITING_MANAGER = "awaiting_manager", _("awaiting the manager")
    AWAITING_SECOND = "awaiting_second", _("awaiting the second level")
    CALIBRATED = "calibrated", _("handed in")
    PUBLISHED = "published", _("published")
    ACKNOWLEDGED = "acknowledged", _("acknowledged")
    APPEALED = "appealed", _("appealed")
    DECIDED = "decided", _("appeal decided")
    FINAL = "final", _("final")


BEFORE_HANDED_IN = (ReviewState.AWAITING_SELF, ReviewState.AWAITING_MANAGER)


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
    # Only for the managers above; never on a scorecard, in an export or in the audit trail.
    private_note = models.TextField(_("private note"), blank=True, max_length=4000, db_default="")
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    approved_at = models.DateTimeField(null=True, blank=True)
    # Why the second level or HR gave it back to the manager, and when; a review given back may be rated again.
    returned_at = models.DateTimeField(null=True, blank=True)
    return_reason = models.TextField(blank=True, db_default="")
    self_comment = models.TextField(_("comment"), blank=True, max_length=4000, db_default="")
    self_submitted_at = models.DateTimeField(null=True, blank=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledgement = models.TextField(_("comment"), blank=True, max_length=4000, db_default="")

    # Rolled up from the lines: rounded once, here (SPEC 2.8).
    overall = models.DecimalField(_("overall"), max_digits=6, decimal_places=2, null=True, blank=True)
    grade = models.CharField(_("grade"), max_length=10, blank=True)
    # What the score gives by the bands alone, before calibration and vetoes.
    band_grade = models.CharField(_("grade of the score"), max_length=10, blank=True, db_default="")
    active_percent = models.DecimalField(max_digits=5, decimal_places=2, default=0)
    bonus = models.DecimalField(_("bonus points"), max_digits=6, decimal_places=2, default=0)
    deduction = models.DecimalField(_("points taken off"), max_digits=6, decimal_places=2, default=0)
    workdays = models.PositiveSmallIntegerField(_("workdays"), default=0)
    eligible_days = models.PositiveSmallIntegerField(_("workdays present"), default=0)
    # The overall as an exact fraction: years and segments are added up from it, not from what is shown.
    exact_overall = models.TextField(blank=True, db_default="")
    dimensions = models.JSONField(default=list, blank=True)
    cases = models.PositiveIntegerField(_("cases"), default=0)
    # When the figures were computed, where that was after the last run.
    figures_as_of = models.DateTimeField(_("figures as of"), null=True, blank=True)

    class Meta:
        verbose_name = _("review")
        ordering = ["cycle", "engineer__employee_no"]
        constraints = [models.UniqueConstraint(fields=["cycle", "engineer"], name="one_review_per_cycle_and_engineer")]
        indexes = [
            models.Index(fields=["cycle", "overall"], name="review_by_overall"),
            models.Index(fields=["cycle", "state"], name="review_by_state"),
            # What a whole cycle is counted by is answered from this index alone.
            models.Index(
                fields=[
                    *("cycle", "grade", "band_grade", "overall", "state", "team", "profile", "active_percent"),
                    *("engineer", "id"),
                ],
                name="review_counts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.engineer} – {self.cycle}"

    @property
    def is_lead(self) -> bool:
        """True when the lines for those who lead others apply."""
        return bool(self.profile and self.profile.is_lead)


class ReviewSegment(models.Model):
    """A part of the cycle under one team, manager and job profile; scored apart, weighed by workdays (SPEC 4)."""

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="segments")
    number = models.PositiveSmallIntegerField()
    first_date = models.DateField(_("from"))
    last_date = models.DateField(_("to"))
    team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, related_name="+")
    manager = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    profile = models.ForeignKey(JobProfile, on_delete=models.PROTECT, null=True, related_name="+")
    workdays = models.PositiveSmallIntegerField(_("workdays present"))
    overall = models.DecimalField(_("overall"), max_digits=6, decimal_places=2, null=True)
    comment = models.TextField(_("comment"), blank=True, max_length=4000, db_default="")
    submitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    submitted_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("segment of a review")
        ordering = ["review", "number"]
        constraints = [
            models.UniqueConstraint(fields=["review", "number"], name="one_segment_per_review_and_number"),
            models.CheckConstraint(condition=Q(number__gte=1), name="segments_count_from_1"),
        ]

    def __str__(self) -> str:
        return f"{self.review} {self.first_date} – {self.last_date}"

    @property
    def is_lead(self) -> bool:
        return bool(self.profile and self.profile.is_lead)
