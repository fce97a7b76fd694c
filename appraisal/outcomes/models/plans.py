from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from appraisal.kpis.choices import DirectionChoice
from appraisal.kpis.measures import Unit
from appraisal.kpis.models import Kpi
from appraisal.reviews.models import Review


class PlanCause(models.TextChoices):
    LOW_GRADE = "low_grade", _("the grade")
    TWICE = "twice", _("the grade, the second time running")
    AGREED = "agreed", _("agreed without a rule")


class PlanState(models.TextChoices):
    DRAFT = "draft", _("draft")
    SUBMITTED = "submitted", _("awaiting HR")
    ACTIVE = "active", _("under way")
    ENDED = "ended", _("ended")
    DROPPED = "dropped", _("dropped")


class PlanOutcome(models.TextChoices):
    REACHED = "reached", _("targets reached")
    PARTLY = "partly", _("targets reached in part")
    MISSED = "missed", _("targets not reached; training or another post is considered")


OPEN_STATES = (PlanState.DRAFT, PlanState.SUBMITTED, PlanState.ACTIVE)


class ImprovementPlan(models.Model):
    """How an engineer gets weak KPIs up again, with help. The manager drafts it, HR approves it."""

    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="improvement_plans")
    cause = models.CharField(_("cause"), max_length=20, choices=PlanCause.choices)
    state = models.CharField(_("state"), max_length=20, choices=PlanState.choices, default=PlanState.DRAFT)
    start_date = models.DateField(_("first day"))
    coach = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    support = models.TextField(_("help given"), blank=True, max_length=4000)
    comment = models.TextField(_("the engineer's comment"), blank=True, max_length=4000)
    drafted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    drafted_at = models.DateTimeField(_("drafted"))
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    approved_at = models.DateTimeField(_("approved"), null=True)
    outcome = models.CharField(_("outcome"), max_length=10, choices=PlanOutcome.choices, blank=True)
    outcome_text = models.TextField(_("how it ended"), blank=True, max_length=4000)
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField(_("ended"), null=True)

    class Meta:
        verbose_name = _("improvement plan")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["review"], condition=~Q(state=PlanState.DROPPED), name="one_improvement_plan_per_review"
            ),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True) | ~Q(approved_by=F("drafted_by")),
                name="plan_is_approved_by_a_second_person",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[PlanState.ACTIVE, PlanState.ENDED]) | Q(approved_by__isnull=False),
                name="plan_under_way_was_approved",
            ),
            models.CheckConstraint(
                condition=Q(state=PlanState.ENDED, ended_by__isnull=False) & ~Q(outcome="")
                | ~Q(state=PlanState.ENDED) & Q(outcome=""),
                name="plan_ended_says_how",
            ),
        ]
        indexes = [models.Index(fields=["state", "-id"], name="improvement_plan_by_state")]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name}: {self.review}"

    @property
    def engineer_id(self) -> int:
        """Whom the audit trail files it under."""
        return self.review.engineer_id


class PlanGoal(models.Model):
    """A KPI that was weak, where it stood, and where it shall get."""

    plan = models.ForeignKey(ImprovementPlan, on_delete=models.CASCADE, related_name="goals")
    kpi = models.ForeignKey(Kpi, on_delete=models.PROTECT, related_name="+")
    name_zh = models.CharField(max_length=100)
    name_en = models.CharField(max_length=100)
    unit = models.CharField(max_length=20, choices=[(unit.value, unit.label) for unit in Unit])
    direction = models.CharField(max_length=4, choices=DirectionChoice.choices)
    baseline = models.DecimalField(_("baseline"), max_digits=16, decimal_places=4, null=True)
    points = models.DecimalField(_("points"), max_digits=6, decimal_places=2)
    target = models.DecimalField(_("target"), max_digits=16, decimal_places=4, null=True)

    class Meta:
        verbose_name = _("goal of an improvement plan")
        ordering = ["plan", "id"]
        constraints = [models.UniqueConstraint(fields=["plan", "kpi"], name="one_goal_per_plan_and_kpi")]

    def __str__(self) -> str:
        return f"{self.kpi}: {self.baseline} → {self.target}"


class PlanCheck(models.Model):
    """A day on which the plan is looked at together; ``measured`` keeps what the figures said then."""

    plan = models.ForeignKey(ImprovementPlan, on_delete=models.CASCADE, related_name="checks")
    due_date = models.DateField(_("due"))
    note = models.TextField(_("note"), blank=True, max_length=4000)
    # {KPI code: value as a decimal text}
    measured = models.JSONField(default=dict, blank=True)
    held_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    held_at = models.DateTimeField(_("held"), null=True)

    class Meta:
        verbose_name = _("check of an improvement plan")
        ordering = ["plan", "due_date"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "due_date"], name="one_check_per_plan_and_day"),
            models.CheckConstraint(
                condition=Q(held_at__isnull=True, held_by__isnull=True, note="")
                | Q(held_at__isnull=False, held_by__isnull=False) & ~Q(note=""),
                name="check_held_has_a_note",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plan} {self.due_date}"
