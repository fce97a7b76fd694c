from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from appraisal.cycles.models import Cycle
from appraisal.reviews.models import Review
from appraisal.scoring.bonus import GRADE_COEFFICIENTS, HIGHEST_TEAM_FACTOR, LOWEST_TEAM_FACTOR
from appraisal.scoring.numbers import decimal_text, read_fraction, round_half_up
from engineers.models import Engineer, JobProfile, Team


class BonusPlanState(models.TextChoices):
    DRAFT = "draft", _("draft")
    APPROVED = "approved", _("approved")
    LOCKED = "locked", _("locked")


class RoundingUnit(models.TextChoices):
    CENT = "0.01", _("cents")
    ONE = "1", _("whole amounts")
    TEN = "10", _("tens")
    HUNDRED = "100", _("hundreds")


def standard_coefficients() -> dict[str, str]:
    """The coefficients of SPEC 4, as they are stored: decimal texts by grade."""
    return {grade: decimal_text(round_half_up(value)) or "0" for grade, value in GRADE_COEFFICIENTS.items()}


class BonusPlan(models.Model):
    """How the results of a published cycle become amounts. What is approved never changes: a new version follows."""

    cycle = models.ForeignKey(Cycle, on_delete=models.PROTECT, related_name="bonus_plans")
    number = models.PositiveIntegerField(_("version"))
    state = models.CharField(_("state"), max_length=10, choices=BonusPlanState.choices, default=BonusPlanState.DRAFT)
    # A grade that is not in it gets no figure; "NR" is who was not rated.
    coefficients = models.JSONField(_("coefficients"), default=standard_coefficients)
    lowest_team_factor = models.DecimalField(
        _("lowest team factor"), max_digits=4, decimal_places=2, default=round_half_up(LOWEST_TEAM_FACTOR)
    )
    highest_team_factor = models.DecimalField(
        _("highest team factor"), max_digits=4, decimal_places=2, default=round_half_up(HIGHEST_TEAM_FACTOR)
    )
    pool = models.DecimalField(_("budget"), max_digits=14, decimal_places=2, null=True, blank=True)
    unit = models.CharField(_("rounded to"), max_length=6, choices=RoundingUnit.choices, default=RoundingUnit.CENT)
    is_shown = models.BooleanField(_("engineers see their own"), default=True)
    # Rises with every change, so that a computation begun before it writes nothing.
    revision = models.PositiveIntegerField(default=1)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    changed_at = models.DateTimeField(_("changed"))
    computed_at = models.DateTimeField(_("computed"), null=True)
    # Sum of all exact bonuses before they are fitted to the budget.
    exact_total = models.TextField(blank=True)
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    approved_at = models.DateTimeField(_("approved"), null=True)
    locked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    locked_at = models.DateTimeField(_("locked"), null=True)

    class Meta:
        verbose_name = _("bonus plan")
        ordering = ["-cycle__start_date", "cycle", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["cycle", "number"], name="one_bonus_plan_per_cycle_and_number"),
            models.UniqueConstraint(
                fields=["cycle"], condition=Q(state=BonusPlanState.DRAFT), name="one_bonus_draft_per_cycle"
            ),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True) | ~Q(approved_by=F("changed_by")),
                name="bonus_is_approved_by_a_second_person",
            ),
            models.CheckConstraint(
                condition=Q(state=BonusPlanState.DRAFT, approved_by__isnull=True, locked_by__isnull=True)
                | Q(state=BonusPlanState.APPROVED, approved_by__isnull=False, locked_by__isnull=True)
                | Q(state=BonusPlanState.LOCKED, approved_by__isnull=False, locked_by__isnull=False),
                name="bonus_state_says_who_decided",
            ),
            models.CheckConstraint(condition=Q(pool__isnull=True) | Q(pool__gt=0), name="bonus_budget_is_positive"),
            models.CheckConstraint(
                condition=Q(lowest_team_factor__gt=0, lowest_team_factor__lte=1, highest_team_factor__gte=1),
                name="bonus_team_factors_are_around_1",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.cycle} v{self.number}"

    @property
    def is_draft(self) -> bool:
        return self.state == BonusPlanState.DRAFT

    @property
    def exact_coefficients(self) -> dict[str, Fraction]:
        return {grade: Fraction(text) for grade, text in self.coefficients.items()}

    @property
    def total(self) -> Fraction | None:
        return read_fraction(self.exact_total)


class BonusBase(models.Model):
    """What the bonus of an engineer starts from; else that of the job profile; without either, of everybody else."""

    plan = models.ForeignKey(BonusPlan, on_delete=models.CASCADE, related_name="bases")
    engineer = models.ForeignKey(Engineer, on_delete=models.PROTECT, null=True, related_name="+")
    profile = models.ForeignKey(JobProfile, on_delete=models.PROTECT, null=True, related_name="+")
    amount = models.DecimalField(_("base"), max_digits=12, decimal_places=2)

    class Meta:
        verbose_name = _("base of a bonus")
        constraints = [
            models.UniqueConstraint(fields=["plan", "engineer"], name="one_base_per_engineer"),
            models.UniqueConstraint(fields=["plan", "profile"], name="one_base_per_profile"),
            models.UniqueConstraint(
                fields=["plan"], condition=Q(engineer__isnull=True, profile__isnull=True), name="one_base_for_the_rest"
            ),
            models.CheckConstraint(
                condition=Q(engineer__isnull=True) | Q(profile__isnull=True), name="base_is_of_one_kind"
            ),
            models.CheckConstraint(condition=Q(amount__gte=0), name="base_is_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.engineer or self.profile or _('everybody else')}: {self.amount}"


class TeamFactor(models.Model):
    """How a team as a whole did, with the reason; held between the bounds of the plan."""

    plan = models.ForeignKey(BonusPlan, on_delete=models.CASCADE, related_name="team_factors")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="+")
    factor = models.DecimalField(_("factor"), max_digits=4, decimal_places=2)
    reason = models.TextField(_("reason"))

    class Meta:
        verbose_name = _("team factor")
        ordering = ["team__code"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "team"], name="one_factor_per_team"),
            models.CheckConstraint(condition=Q(factor__gt=0), name="team_factor_is_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.team}: {self.factor}"


class WithoutBonus(models.TextChoices):
    """Why a row has no amount, or 0 whatever the figures say."""

    NO_BASE = "no_base", _("no base is entered")
    NO_COEFFICIENT = "no_coefficient", _("the plan has no coefficient for this grade")
    NO_WORKDAYS = "no_workdays", _("the review has no workdays")
    VETOED = "vetoed", _("no bonus after a veto")


class BonusRow(models.Model):
    """One engineer's bonus with everything it was computed from, as published at that moment."""

    plan = models.ForeignKey(BonusPlan, on_delete=models.CASCADE, related_name="rows")
    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="bonuses")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, related_name="+")
    grade = models.CharField(_("grade"), max_length=10, blank=True)
    base = models.DecimalField(_("base"), max_digits=12, decimal_places=2, null=True)
    coefficient = models.DecimalField(_("coefficient"), max_digits=6, decimal_places=3, null=True)
    entered_factor = models.DecimalField(
        _("team factor as entered"), max_digits=4, decimal_places=2, default=Decimal(1)
    )
    team_factor = models.DecimalField(_("team factor"), max_digits=4, decimal_places=2, default=Decimal(1))
    workdays = models.PositiveSmallIntegerField(_("workdays"))
    eligible_days = models.PositiveSmallIntegerField(_("workdays present"))
    is_vetoed = models.BooleanField(_("veto"), default=False)
    # Exact, before rounding and budget; "" where there is none.
    claim = models.TextField(blank=True)
    amount = models.DecimalField(_("bonus"), max_digits=14, decimal_places=2, null=True)
    reason = models.CharField(_("why"), max_length=20, choices=WithoutBonus.choices, blank=True)

    class Meta:
        verbose_name = _("bonus")
        ordering = ["plan", "review__engineer__employee_no"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "review"], name="one_bonus_per_plan_and_review"),
            models.CheckConstraint(condition=Q(amount__isnull=True) | Q(amount__gte=0), name="bonus_is_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.review}: {self.amount}"

    @property
    def exact(self) -> Fraction | None:
        return read_fraction(self.claim)


class PayrollPreset(models.Model):
    """Which columns a payroll wants, in which order and under which header: [[column, header], …]."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    columns = models.JSONField(_("columns"), default=list)

    class Meta:
        verbose_name = _("columns for the payroll")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
