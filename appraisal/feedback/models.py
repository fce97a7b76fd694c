"""A round of 360° feedback: who is asked, what was answered, what was released.

Answers are kept apart from who gave them (SPEC 3): a sheet has a random key, no reference to a request, no time and
no order. That somebody has answered is known only to the request.
"""

from __future__ import annotations

import uuid
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from appraisal.cycles.models import Cycle
from appraisal.scoring.feedback import FEWEST_SHOWN, RaterGroup
from engineers.models import Engineer


class Group(models.TextChoices):
    """The groups that are asked; what people say of themselves is part of the review."""

    MANAGER = RaterGroup.MANAGER.value, _("superiors")
    PEER = RaterGroup.PEER.value, _("colleagues")
    SUBORDINATE = RaterGroup.SUBORDINATE.value, _("subordinates")
    CUSTOMER = RaterGroup.CUSTOMER.value, _("customers")


class FeedbackRound(models.Model):
    """The 360° feedback of a cycle. Nothing of it is shown before it is released, and it is released once."""

    cycle = models.OneToOneField(Cycle, on_delete=models.CASCADE, related_name="feedback_round")
    opens_at = models.DateTimeField(_("opens"))
    closes_at = models.DateTimeField(_("closes"))
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    # From here on nothing is answered any more: the figures are being added up, or are out.
    release_requested_at = models.DateTimeField(null=True, blank=True)
    release_requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    released_at = models.DateTimeField(_("released"), null=True, blank=True)

    class Meta:
        verbose_name = _("round of 360° feedback")
        constraints = [
            models.CheckConstraint(condition=Q(closes_at__gt=F("opens_at")), name="feedback_closes_after_it_opens"),
            models.CheckConstraint(
                condition=Q(released_at__isnull=True) | Q(release_requested_at__isnull=False),
                name="feedback_is_released_on_request",
            ),
        ]

    def __str__(self) -> str:
        return f"360°: {self.cycle}"

    @property
    def is_released(self) -> bool:
        return self.released_at is not None

    @property
    def is_ended(self) -> bool:
        """True from the moment somebody asked for the release."""
        return self.release_requested_at is not None

    def day_of(self, at: datetime) -> date:
        """Return the day of an instant where the cycle is."""
        return at.astimezone(ZoneInfo(self.cycle.time_zone)).date()

    @property
    def last_day(self) -> date:
        return self.day_of(self.closes_at)


class GroupRule(models.Model):
    """What a group of raters weighs in a round, how few of them are shown, and how many are asked by rule."""

    round = models.ForeignKey(FeedbackRound, on_delete=models.CASCADE, related_name="rules")
    group = models.CharField(_("group"), max_length=20, choices=Group.choices)
    weight = models.DecimalField(_("weight"), max_digits=6, decimal_places=2)
    fewest = models.PositiveSmallIntegerField(_("fewest raters"))
    most = models.PositiveSmallIntegerField(_("most raters by rule"))

    class Meta:
        verbose_name = _("group of raters")
        constraints = [
            models.UniqueConstraint(fields=["round", "group"], name="one_rule_per_round_and_group"),
            models.CheckConstraint(condition=Q(weight__gte=0), name="group_weight_is_not_negative"),
            models.CheckConstraint(
                condition=Q(group=Group.MANAGER, fewest__gte=1) | Q(fewest__gte=FEWEST_SHOWN),
                name="anonymous_groups_need_three_raters",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.round_id}: {self.group}"


class RequestState(models.TextChoices):
    NOMINATED = "nominated", _("proposed")
    APPROVED = "approved", _("asked")
    REFUSED = "refused", _("refused")
    ANSWERED = "answered", _("answered")
    DECLINED = "declined", _("declined")


# What those who may not know who answered are told instead.
MASKED = {RequestState.ANSWERED: RequestState.APPROVED, RequestState.DECLINED: RequestState.APPROVED}


class FeedbackRequest(models.Model):
    """Somebody is to be asked about an engineer: a colleague by account, a customer by address.

    It knows that it was answered, never when nor what.
    """

    round = models.ForeignKey(FeedbackRound, on_delete=models.CASCADE, related_name="requests")
    ratee = models.ForeignKey(Engineer, on_delete=models.CASCADE, related_name="+", verbose_name=_("about"))
    group = models.CharField(_("asked as"), max_length=20, choices=Group.choices)
    rater = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    contact_name = models.CharField(_("customer"), max_length=100, blank=True)
    contact_address = models.EmailField(_("e-mail"), blank=True)
    language = models.CharField(_("language"), max_length=10, choices=settings.LANGUAGES, blank=True)
    # What a customer's link names; empty as soon as it was used.
    link_key = models.UUIDField(null=True, blank=True, unique=True)
    link_expires_at = models.DateTimeField(null=True, blank=True)
    invited_at = models.DateTimeField(_("invited"), null=True, blank=True)
    # A customer is reminded by all of a round's reminders together once.
    reminded_at = models.DateTimeField(_("reminded"), null=True, blank=True)
    state = models.CharField(_("state"), max_length=20, choices=RequestState.choices, default=RequestState.NOMINATED)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    reason = models.CharField(_("reason"), max_length=1000, blank=True)

    class Meta:
        verbose_name = _("request for feedback")
        ordering = ["round", "ratee", "group", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["round", "ratee", "rater"],
                condition=Q(rater__isnull=False),
                name="a_person_is_asked_once_about_an_engineer",
            ),
            models.UniqueConstraint(
                fields=["round", "ratee", "contact_address"],
                condition=~Q(contact_address=""),
                name="an_address_is_asked_once_about_an_engineer",
            ),
            models.CheckConstraint(
                condition=Q(group=Group.CUSTOMER, rater__isnull=True) & ~Q(contact_address="")
                | ~Q(group=Group.CUSTOMER) & Q(rater__isnull=False, contact_address="", link_key__isnull=True),
                name="customers_have_an_address_and_others_an_account",
            ),
            models.CheckConstraint(
                condition=Q(link_key__isnull=True) | Q(state=RequestState.APPROVED, link_expires_at__isnull=False),
                name="a_link_lives_while_it_is_open",
            ),
        ]
        indexes = [
            models.Index(fields=["rater", "state"], name="feedback_tasks_of_a_rater"),
            models.Index(fields=["round", "state"], name="feedback_requests_by_state"),
        ]

    def __str__(self) -> str:
        return f"{self.ratee} ({self.group})"

    @property
    def is_anonymous(self) -> bool:
        """False for superiors: a group of one is known by name."""
        return self.group != Group.MANAGER


class AnswerSheet(models.Model):
    """One rater's answers about an engineer, from nobody: item -> 1..5, or null for "cannot judge"."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    round = models.ForeignKey(FeedbackRound, on_delete=models.CASCADE, related_name="+")
    ratee = models.ForeignKey(Engineer, on_delete=models.CASCADE, related_name="+")
    group = models.CharField(max_length=20, choices=Group.choices)
    answers = models.JSONField()

    class Meta:
        verbose_name = _("answers without a name")
        ordering = ["id"]
        indexes = [models.Index(fields=["round", "ratee"], name="answer_sheets_of_a_ratee")]

    def __str__(self) -> str:
        return f"{self.group} {self.id}"


class Remark(models.Model):
    """What a rater wrote, apart from the answers of the same rater."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    round = models.ForeignKey(FeedbackRound, on_delete=models.CASCADE, related_name="+")
    ratee = models.ForeignKey(Engineer, on_delete=models.CASCADE, related_name="+")
    group = models.CharField(max_length=20, choices=Group.choices)
    text = models.TextField()

    class Meta:
        verbose_name = _("remark without a name")
        ordering = ["id"]
        indexes = [models.Index(fields=["round", "ratee"], name="remarks_about_a_ratee")]

    def __str__(self) -> str:
        return f"{self.group} {self.id}"


class FeedbackResult(models.Model):
    """What is shown about an engineer, written once at the release; exact fractions as text.

    ``groups``: group -> {n, mean, items: {item: mean}}; ``measures``: id -> {percent, n}. Only what may be shown is
    stored: a group with too few raters leaves no trace here.
    """

    round = models.ForeignKey(FeedbackRound, on_delete=models.CASCADE, related_name="results")
    ratee = models.ForeignKey(Engineer, on_delete=models.CASCADE, related_name="+")
    groups = models.JSONField(default=dict)
    measures = models.JSONField(default=dict)
    remarks = models.JSONField(default=list)
    shown_percent = models.TextField()
    score = models.TextField(blank=True)

    class Meta:
        verbose_name = _("result of 360° feedback")
        ordering = ["round", "ratee"]
        constraints = [
            models.UniqueConstraint(fields=["round", "ratee"], name="one_feedback_result_per_round_and_ratee")
        ]

    def __str__(self) -> str:
        return f"{self.round_id}: {self.ratee_id}"


class RaterLeniency(models.Model):
    """How much a superior gives on average, from the released means of groups of one only. Source: SPEC 3."""

    round = models.ForeignKey(FeedbackRound, on_delete=models.CASCADE, related_name="leniencies")
    rater = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    n = models.PositiveIntegerField(_("rated engineers"))
    mean = models.TextField()
    overall_mean = models.TextField()

    class Meta:
        verbose_name = _("leniency of a rater")
        constraints = [models.UniqueConstraint(fields=["round", "rater"], name="one_leniency_per_round_and_rater")]

    def __str__(self) -> str:
        return f"{self.round_id}: {self.rater_id}"
