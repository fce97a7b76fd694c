from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Notice(models.Model):
    """One thing a person is told. The words are made when it is read, in the reader's language."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notices")
    topic = models.CharField(max_length=60)
    params = models.JSONField(default=dict, blank=True)
    path = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField(_("time"))
    read_at = models.DateTimeField(_("read"), null=True, blank=True)

    class Meta:
        verbose_name = _("notice")
        ordering = ["-at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "topic", "path"], condition=Q(read_at__isnull=True), name="one_unread_notice_per_place"
            )
        ]
        indexes = [
            models.Index(fields=["user"], condition=Q(read_at__isnull=True), name="unread_notices"),
            models.Index(fields=["user", "-at"], name="notices_of_a_person"),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.topic}"


class Pace(models.TextChoices):
    DAILY = "daily", _("once a day, together")
    AT_ONCE = "at_once", _("at once")


class NoticeSettings(models.Model):
    """What a person chose for a group of topics; without a row the defaults hold. The portal always tells."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notice_settings")
    group = models.CharField(max_length=30)
    email = models.BooleanField(_("e-mail"), default=True)
    chat = models.BooleanField(_("chat"), default=False)
    pace = models.CharField(_("when"), max_length=10, choices=Pace.choices, default=Pace.DAILY)

    class Meta:
        verbose_name = _("settings of notices")
        constraints = [models.UniqueConstraint(fields=["user", "group"], name="one_notice_setting_per_group")]

    def __str__(self) -> str:
        return f"{self.user}: {self.group}"


class Channel(models.TextChoices):
    EMAIL = "email", _("e-mail")
    CHAT = "chat", _("chat")


class DeliveryState(models.TextChoices):
    WAITING = "waiting", _("waiting")
    SENT = "sent", _("sent")
    SKIPPED = "skipped", _("not needed any more")
    FAILED = "failed", _("given up")


class Delivery(models.Model):
    """One notice on its way by one channel. ``claim`` names the sender at work, until ``claimed_until``."""

    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="deliveries")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    channel = models.CharField(max_length=10, choices=Channel.choices)
    state = models.CharField(max_length=10, choices=DeliveryState.choices, default=DeliveryState.WAITING)
    due_at = models.DateTimeField()
    claim = models.UUIDField(null=True, blank=True)
    claimed_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    ended_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=100, blank=True)

    class Meta:
        verbose_name = _("delivery of a notice")
        constraints = [
            models.UniqueConstraint(
                fields=["notice", "channel"], condition=Q(state=DeliveryState.WAITING), name="one_waiting_delivery"
            )
        ]
        indexes = [
            models.Index(
                fields=["channel", "due_at"], condition=Q(state=DeliveryState.WAITING), name="waiting_deliveries"
            ),
            models.Index(fields=["claim"], condition=Q(claim__isnull=False), name="claimed_deliveries"),
        ]

    def __str__(self) -> str:
        return f"{self.notice_id} {self.channel}"
