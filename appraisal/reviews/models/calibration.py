from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length
from django.db.models.lookups import GreaterThanOrEqual
from django.utils.translation import gettext_lazy as _

from appraisal.reviews.models.review import Review

SHORTEST_REASON = 20
STEPS_ALONE = 1

_OPEN = Q(ended_at__isnull=True)
_COUNTS = Q(steps__lte=STEPS_ALONE) | Q(is_approved=True)
_AWAITS = Q(steps__gt=STEPS_ALONE, is_approved__isnull=True)


class CalibrationSource(models.TextChoices):
    PERSON = "person", _("discussed")
    DISTRIBUTION = "distribution", _("distribution")


class CalibrationQuerySet(models.QuerySet["Calibration"]):
    def open(self) -> CalibrationQuerySet:
        """In force or awaiting."""
        return self.filter(_OPEN & (_COUNTS | _AWAITS))

    def in_force(self) -> CalibrationQuerySet:
        """Neither taken back nor replaced, and approved where it takes a second person."""
        return self.filter(_OPEN & _COUNTS)

    def awaiting(self) -> CalibrationQuerySet:
        """Proposed, and waiting for a second person."""
        return self.filter(_OPEN & _AWAITS)


class Calibration(models.Model):
    """A grade people decide in place of the one the score gives (SPEC 4).

    Apart from what is rolled up, so that no scoring overwrites a decision. ``grade_before`` is what the score gave
    then, ``steps`` how many grades lie between; more than one counts once a second person has approved it.
    ``rated`` is the engineer's account, so that the database itself can refuse who decides about themselves.
    """

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="calibrations")
    rated = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    source = models.CharField(
        _("origin"), max_length=20, choices=CalibrationSource.choices, default=CalibrationSource.PERSON
    )
    grade_before = models.CharField(_("grade before"), max_length=10)
    grade = models.CharField(_("grade after"), max_length=10)
    steps = models.PositiveSmallIntegerField(_("grades moved"))
    reason = models.TextField(_("reason"))
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(_("proposed"))
    is_approved = models.BooleanField(_("approved"), null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(_("decided"), null=True)
    decision_reason = models.TextField(_("reason"), blank=True)
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField(_("taken back or replaced"), null=True)
    end_reason = models.TextField(_("reason"), blank=True)
    replaced_by = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="+")

    objects = CalibrationQuerySet.as_manager()

    class Meta:
        verbose_name = _("calibrated grade")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["review"], condition=_OPEN & _COUNTS, name="one_calibration_in_force"),
            models.UniqueConstraint(fields=["review"], condition=_OPEN & _AWAITS, name="one_calibration_awaiting"),
            models.CheckConstraint(condition=Q(steps__gte=1), name="calibration_moves_a_grade"),
            models.CheckConstraint(condition=~Q(grade=F("grade_before")), name="calibration_changes_the_grade"),
            models.CheckConstraint(
                condition=GreaterThanOrEqual(Length("reason"), SHORTEST_REASON), name="calibration_has_a_reason"
            ),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("proposed_by")),
                name="calibration_is_approved_by_a_second_person",
            ),
            models.CheckConstraint(
                condition=Q(rated__isnull=True)
                | ~Q(proposed_by=F("rated"))
                & (Q(decided_by__isnull=True) | ~Q(decided_by=F("rated")))
                & (Q(ended_by__isnull=True) | ~Q(ended_by=F("rated"))),
                name="nobody_calibrates_themselves",
            ),
            models.CheckConstraint(
                condition=Q(is_approved__isnull=True, decided_by__isnull=True, decided_at__isnull=True)
                | Q(
                    steps__gt=STEPS_ALONE,
                    is_approved__isnull=False,
                    decided_by__isnull=False,
                    decided_at__isnull=False,
                ),
                name="calibration_beyond_one_grade_is_decided_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.review}: {self.grade_before} → {self.grade}"

    @property
    def is_awaiting(self) -> bool:
        return self.ended_at is None and self.steps > STEPS_ALONE and self.is_approved is None

    @property
    def is_in_force(self) -> bool:
        return self.ended_at is None and (self.steps <= STEPS_ALONE or bool(self.is_approved))
