from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from appraisal.jobs.registry import label_of


class JobState(models.TextChoices):
    RUNNING = "running", _("running")
    DONE = "done", _("finished")
    FAILED = "failed", _("failed")


class Job(models.Model):
    """Long work over items. The counts move in the transaction that does a part."""

    kind = models.CharField(_("kind"), max_length=60)
    subject = models.CharField(_("subject"), max_length=200, blank=True)
    params = models.JSONField(default=dict, blank=True)
    path = models.CharField(max_length=500, blank=True)
    state = models.CharField(_("state"), max_length=20, choices=JobState.choices, default=JobState.RUNNING)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("asked by"),
    )
    requested_at = models.DateTimeField(_("asked"))
    announced_at = models.DateTimeField()
    progressed_at = models.DateTimeField()
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    items_total = models.PositiveIntegerField(_("items"), default=0)
    items_done = models.PositiveIntegerField(default=0)
    parts_total = models.PositiveIntegerField(default=0)
    parts_done = models.PositiveIntegerField(default=0)
    parts_failed = models.PositiveIntegerField(default=0)
    error = models.TextField(_("error"), blank=True)

    class Meta:
        verbose_name = _("job")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject"], condition=Q(state=JobState.RUNNING), name="one_running_job_per_subject"
            ),
            models.CheckConstraint(
                condition=Q(parts_total__gte=F("parts_done") + F("parts_failed")), name="job_counts_its_parts"
            ),
        ]
        indexes = [models.Index(fields=["state", "progressed_at"], name="job_by_state")]

    def __str__(self) -> str:
        return f"{self.label} {self.subject}".strip()

    @property
    def label(self) -> str:
        """What people call this kind of work, in their language."""
        return label_of(self.kind)

    @property
    def is_running(self) -> bool:
        return self.state == JobState.RUNNING

    @property
    def percent(self) -> int:
        """How much is committed, rounded down: 100 only when everything is done."""
        if self.state == JobState.DONE:
            return 100
        return self.parts_done * 100 // self.parts_total if self.parts_total else 0


class PartState(models.TextChoices):
    WAITING = "waiting", _("waiting")
    DONE = "done", _("done")
    FAILED = "failed", _("failed")


class JobPart(models.Model):
    """Some items of a job, done in one transaction. The part that ``finishes`` has none and comes last."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="parts")
    number = models.PositiveIntegerField()
    item_ids = models.JSONField(default=list, blank=True)
    finishes = models.BooleanField(default=False)
    state = models.CharField(max_length=20, choices=PartState.choices, default=PartState.WAITING)
    failures = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True)

    class Meta:
        verbose_name = _("part of a job")
        ordering = ["job", "number"]
        constraints = [models.UniqueConstraint(fields=["job", "number"], name="one_part_per_job_and_number")]
        indexes = [
            models.Index(fields=["job"], condition=Q(state=PartState.WAITING), name="waiting_parts_of_a_job"),
        ]

    def __str__(self) -> str:
        return f"{self.job_id}/{self.number}"
