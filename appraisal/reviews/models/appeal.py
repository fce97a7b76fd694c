from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from appraisal.cycles.models import Cycle
from appraisal.kpis.models import SchemeLine
from appraisal.reviews.models.review import Review

_LONGEST_TERM = 60


_IN_RANGE = [MinValueValidator(1), MaxValueValidator(_LONGEST_TERM)]


class AppealTerms(models.Model):
    """Terms of a cycle in workdays (SPEC 4); a cycle without a row has the defaults."""

    cycle = models.OneToOneField(Cycle, on_delete=models.CASCADE, related_name="appeal_terms")
    file_days = models.PositiveSmallIntegerField(
        _("workdays to appeal after publication"), default=7, validators=_IN_RANGE
    )
    supplement_days = models.PositiveSmallIntegerField(
        _("workdays to add to an appeal"), default=3, validators=_IN_RANGE
    )
    decision_days = models.PositiveSmallIntegerField(
        _("workdays to decide an appeal"), default=10, validators=_IN_RANGE
    )
    dispute_days = models.PositiveSmallIntegerField(
        _("workdays to decide a disputed case"), default=10, validators=_IN_RANGE
    )

    class Meta:
        verbose_name = _("terms of appeals")
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    file_days__range=(1, _LONGEST_TERM),
                    supplement_days__range=(1, _LONGEST_TERM),
                    decision_days__range=(1, _LONGEST_TERM),
                    dispute_days__range=(1, _LONGEST_TERM),
                ),
                name="appeal_terms_are_1_to_60_workdays",
            )
        ]

    def __str__(self) -> str:
        return f"{self.cycle}: {self.file_days}/{self.supplement_days}/{self.decision_days}/{self.dispute_days}"


class Outcome(models.TextChoices):
    UPHELD = "upheld", _("upheld")
    PARTLY = "partly", _("partly upheld")
    REFUSED = "refused", _("refused")
    LAPSED = "lapsed", _("lapsed: the results were taken back")
    WITHDRAWN = "withdrawn", _("withdrawn")


_DECIDED = Q(outcome__in=(Outcome.UPHELD, Outcome.PARTLY, Outcome.REFUSED), decided_by__isnull=False)
# Nobody decided what lapsed or was withdrawn; ``decided_at`` is then when that was, ``reason`` why it was withdrawn.
_UNDECIDED = Q(outcome__in=("", Outcome.LAPSED, Outcome.WITHDRAWN), decided_by__isnull=True)


class AppealQuerySet(models.QuerySet["Appeal"]):
    def decided_since_publication(self) -> AppealQuerySet:
        """Those decided about what is published now, not about what was published before a reopening."""
        return self.filter(decided_by__isnull=False, filed_at__gte=F("review__cycle__seal__sealed_at"))


class Appeal(models.Model):
    """An engineer's objection to a published result: to the whole of it, to lines, or to single cases.

    ``rated_by`` is who rated when it was filed: neither that person nor the engineer decides. ``before`` and ``after``
    are what was published and what the decision left.
    """

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="appeals")
    text = models.TextField(_("reason"))
    filed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    filed_at = models.DateTimeField(_("filed"))
    supplement_until = models.DateField(_("can be added to until"))
    decide_by = models.DateField(_("to be decided by"))
    rated_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome.choices, blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(_("decided"), null=True)
    reason = models.TextField(_("reason of the decision"), blank=True)
    before = models.JSONField(default=dict, blank=True)
    after = models.JSONField(default=dict, blank=True)

    objects = AppealQuerySet.as_manager()

    class Meta:
        verbose_name = _("appeal")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["review"], condition=Q(outcome=""), name="one_open_appeal_per_review"),
            models.CheckConstraint(condition=_DECIDED | _UNDECIDED, name="appeal_outcome_has_who_decided"),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True)
                | ~Q(decided_by=F("filed_by")) & (Q(rated_by__isnull=True) | ~Q(decided_by=F("rated_by"))),
                name="appeal_is_decided_by_who_did_not_rate",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.review}: {self.filed_at:%Y-%m-%d}"


class AppealSupplement(models.Model):
    """What the engineer added within the time for it."""

    appeal = models.ForeignKey(Appeal, on_delete=models.CASCADE, related_name="supplements")
    text = models.TextField(_("addition"))
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField(_("added"))

    class Meta:
        verbose_name = _("addition to an appeal")
        ordering = ["id"]

    def __str__(self) -> str:
        return self.text[:40]


class AppealLine(models.Model):
    """A line an appeal objects to, or that its decision gave other points; ``points`` None: it stays as it was."""

    appeal = models.ForeignKey(Appeal, on_delete=models.CASCADE, related_name="lines")
    segment = models.PositiveSmallIntegerField(default=0)
    line = models.ForeignKey(SchemeLine, on_delete=models.PROTECT, related_name="+")
    is_claimed = models.BooleanField(_("named by the engineer"))
    points_before = models.DecimalField(_("published points"), max_digits=6, decimal_places=2, null=True)
    points = models.DecimalField(_("points given"), max_digits=6, decimal_places=2, null=True)

    class Meta:
        verbose_name = _("line of an appeal")
        ordering = ["segment", "line"]
        constraints = [
            models.UniqueConstraint(fields=["appeal", "segment", "line"], name="one_row_per_appeal_and_line"),
            models.CheckConstraint(
                condition=Q(points__isnull=True)
                | Q(points_before__isnull=True, points__gte=0)
                | Q(points__gte=F("points_before")),
                name="appeal_never_lowers_a_line",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.line_id}: {self.points}"


class DisputeCause(models.TextChoices):
    CUSTOMER_ABSENT = "customer_absent", _("the customer was absent")
    PARTS_MISSING = "parts_missing", _("parts were missing")
    WRONG_DISPATCH = "wrong_dispatch", _("wrong dispatch")
    OTHER = "other", _("something else")


class Dispute(models.Model):
    """A single case that an engineer says should not count: while the cycle runs, or as part of an appeal.

    ``is_left_out`` is what scoring reads: the record then counts in no figure of the measure, or with ``everywhere``
    of any, of this engineer in this cycle. An upheld one that would lower the result keeps counting.
    """

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="disputes")
    appeal = models.ForeignKey(Appeal, on_delete=models.CASCADE, null=True, related_name="disputes")
    segment = models.PositiveSmallIntegerField(default=0)
    line = models.ForeignKey(SchemeLine, on_delete=models.PROTECT, related_name="+")
    evidence = models.CharField(_("kind of record"), max_length=20)
    record_id = models.BigIntegerField()
    number = models.CharField(_("number"), max_length=120)
    everywhere = models.BooleanField(_("in every KPI"), default=False)
    cause = models.CharField(_("cause"), max_length=20, choices=DisputeCause.choices)
    text = models.TextField(_("what happened"))
    raised_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    raised_at = models.DateTimeField(_("raised"))
    decide_by = models.DateField(_("to be decided by"))
    rated_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome.choices, blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(_("decided"), null=True)
    reason = models.TextField(_("reason of the decision"), blank=True)
    is_left_out = models.BooleanField(_("left out"), default=False)
    before = models.JSONField(default=dict, blank=True)
    after = models.JSONField(default=dict, blank=True)

    class Meta:
        verbose_name = _("disputed case")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["review", "line", "segment", "evidence", "record_id"],
                condition=Q(outcome=""),
                name="one_open_dispute_per_line_and_record",
            ),
            models.CheckConstraint(condition=_DECIDED | _UNDECIDED, name="dispute_outcome_has_who_decided"),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True)
                | ~Q(decided_by=F("raised_by")) & (Q(rated_by__isnull=True) | ~Q(decided_by=F("rated_by"))),
                name="dispute_is_decided_by_who_did_not_rate",
            ),
            models.CheckConstraint(
                condition=Q(is_left_out=False) | Q(outcome=Outcome.UPHELD), name="only_upheld_disputes_leave_out"
            ),
        ]
        indexes = [models.Index(fields=["review"], condition=Q(is_left_out=True), name="dispute_left_out")]

    def __str__(self) -> str:
        return f"{self.review}: {self.number}"
