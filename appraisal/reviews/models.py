from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from appraisal.cycles.models import Cycle
from appraisal.kpis.models import Kpi, KpiVersion, SchemeLine
from appraisal.scoring.rollup import VetoEffect
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
    active_percent = models.DecimalField(max_digits=5, decimal_places=2, default=0)
    bonus = models.DecimalField(_("bonus points"), max_digits=6, decimal_places=2, default=0)
    deduction = models.DecimalField(_("points taken off"), max_digits=6, decimal_places=2, default=0)
    workdays = models.PositiveSmallIntegerField(_("workdays"), default=0)
    eligible_days = models.PositiveSmallIntegerField(_("workdays present"), default=0)
    # The overall as an exact fraction: years and segments are added up from it, not from what is shown.
    exact_overall = models.TextField(blank=True, db_default="")
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


class ReviewSeal(models.Model):
    """A review as it was published (see ``sealed``); nothing of it changes afterwards, but by reopening the cycle."""

    review = models.OneToOneField(Review, on_delete=models.PROTECT, related_name="seal")
    content = models.TextField()
    digest = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("seal of a review")

    def __str__(self) -> str:
        return f"{self.review}: {self.digest[:12]}"


class CycleSeal(models.Model):
    """What a cycle was published with: hashes of its rules and of all its sealed reviews (DESIGN 3.7)."""

    cycle = models.OneToOneField(Cycle, on_delete=models.PROTECT, related_name="seal")
    as_of = models.DateTimeField(_("as of"))
    sealed_at = models.DateTimeField(_("sealed"))
    sealed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    rules_digest = models.CharField(max_length=64)
    reviews_digest = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("seal of a cycle")

    def __str__(self) -> str:
        return f"{self.cycle}: {self.reviews_digest[:12]}"
