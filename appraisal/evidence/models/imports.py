from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from appraisal.evidence.models.base import EvidenceKind


class ImportState(models.TextChoices):
    PREVIEW = "preview", _("not confirmed yet")
    QUEUED = "queued", _("waiting")
    RUNNING = "running", _("running")
    DONE = "done", _("finished")
    REFUSED = "refused", _("refused")


class SavedPreset(models.Model):
    """How files of one form are read, as HR saved it in the browser; ``content`` is what a shipped preset's file says.

    Imports keep a copy of what they were read by: a preset may change or go without changing what an old import tells.
    """

    code = models.SlugField(_("code"), max_length=60, unique=True)
    name = models.CharField(_("name"), max_length=100)
    version = models.PositiveIntegerField(_("version"), default=1)
    content = models.JSONField(_("declaration"))
    # The header of the file it was made for, sorted: of two presets that fit, the one made for just this file wins.
    header = models.JSONField(default=list, blank=True)
    saved_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    saved_at = models.DateTimeField(_("saved"))

    class Meta:
        verbose_name = _("import preset")
        verbose_name_plural = _("import presets")
        ordering = ["code"]

    def __str__(self) -> str:
        return f"{self.name} ({self.code})"


class EvidenceImport(models.Model):
    """One file on its way in. Counts are committed with the batch they count, so a restart goes on truthfully.

    ``declaration`` says how the file is read where no shipped preset does: that of a saved preset as it was when the
    file was sent (``preset_version``), or a mapping made for this file alone (``preset`` is empty then).
    """

    kind = models.CharField(_("kind"), max_length=20, choices=EvidenceKind.choices)
    preset = models.CharField(_("preset"), max_length=60, blank=True)
    preset_version = models.PositiveIntegerField(_("version of the preset"), null=True, blank=True)
    declaration = models.JSONField(_("how it is read"), default=dict, blank=True)
    source = models.CharField(_("source"), max_length=60)
    time_zone = models.CharField(_("time zone of the file"), max_length=60)
    create_engineers = models.BooleanField(_("create unknown engineers"), default=False)
    file_name = models.CharField(_("file"), max_length=255)
    file = models.FileField(upload_to="imports/", blank=True)
    state = models.CharField(_("state"), max_length=20, choices=ImportState.choices, default=ImportState.QUEUED)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    requested_at = models.DateTimeField(_("requested"))
    announced_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    refusal = models.TextField(_("why it was refused"), blank=True)
    rows = models.PositiveBigIntegerField(_("rows"), default=0)
    records = models.PositiveBigIntegerField(_("records"), default=0)
    records_done = models.PositiveBigIntegerField(default=0)
    created = models.PositiveBigIntegerField(_("created"), default=0)
    updated = models.PositiveBigIntegerField(_("updated"), default=0)
    unchanged = models.PositiveBigIntegerField(_("unchanged"), default=0)
    rejected = models.PositiveBigIntegerField(_("rejected"), default=0)

    class Meta:
        verbose_name = _("import")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.file_name} ({self.get_state_display()})"


class ImportReject(models.Model):
    """A row that stayed out: where it stands, what was wrong with it."""

    evidence_import = models.ForeignKey(EvidenceImport, on_delete=models.CASCADE, related_name="rejects")
    row_number = models.PositiveBigIntegerField(_("row"))
    column = models.CharField(_("column"), max_length=200, blank=True)
    value = models.CharField(_("value"), max_length=500, blank=True)
    reason = models.CharField(_("reason"), max_length=60)

    class Meta:
        verbose_name = _("rejected row")
        ordering = ["row_number", "id"]

    def __str__(self) -> str:
        return f"row {self.row_number}: {self.reason}"
