from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from appraisal.kpis.measures import Window
from appraisal.kpis.models import Kpi, KpiVersion, SchemeLine, SchemeVersion
from engineers.models import Engineer, JobProfile


class CycleState(models.TextChoices):
    DRAFT = "draft", _("draft")
    OPEN = "open", _("open")
    SELF_REVIEW = "self_review", _("self-review")
    MANAGER_REVIEW = "manager_review", _("manager review")
    CALIBRATION = "calibration", _("calibration")
    # Results are being sealed in the background: nothing may be written, and nobody sees a result yet.
    PUBLISHING = "publishing", _("being published")
    PUBLISHED = "published", _("published")
    CLOSED = "closed", _("closed")


class Cycle(models.Model):
    """A span of days, both ends included, in which engineers are appraised."""

    code = models.SlugField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=100)
    start_date = models.DateField(_("first day"))
    end_date = models.DateField(_("last day"))
    time_zone = models.CharField(_("time zone"), max_length=60)
    state = models.CharField(_("state"), max_length=20, choices=CycleState.choices, default=CycleState.DRAFT)
    asks_self_review = models.BooleanField(_("engineers rate themselves first"), default=False, db_default=False)
    asks_second_level = models.BooleanField(
        _("the second level approves each review"), default=False, db_default=False
    )
    parts = models.ManyToManyField(
        "self",
        symmetrical=False,
        blank=True,
        related_name="years",
        verbose_name=_("quarters"),
        help_text=_("A cycle with quarters is a year: its score is theirs, weighed by workdays present."),
    )

    class Meta:
        verbose_name = _("cycle")
        ordering = ["-start_date", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(end_date__gte=F("start_date")), name="cycle_ends_after_it_starts")
        ]

    def __str__(self) -> str:
        return self.name

    def window(self, *, as_of: datetime, zone: ZoneInfo | None = None) -> Window:
        """Return the cycle's instants and days, cut at the moment of scoring (SPEC G6)."""
        return self.window_between(self.start_date, self.end_date, as_of=as_of, zone=zone)

    def window_between(
        self, first_date: date, last_date: date, *, as_of: datetime, zone: ZoneInfo | None = None
    ) -> Window:
        """Return the window of some days of the cycle, both included; today is not over and no day of it.

        The days are those of an engineer's home zone, where it is not the cycle's (SPEC G2).
        """
        zone = zone or ZoneInfo(self.time_zone)
        start = datetime.combine(first_date, time(0), zone).astimezone(UTC)
        end = datetime.combine(last_date + timedelta(days=1), time(0), zone).astimezone(UTC)
        yesterday = as_of.astimezone(zone).date() - timedelta(days=1)
        return Window(
            start=start,
            end=max(start, min(end, as_of)),
            first_date=first_date,
            last_date=max(first_date - timedelta(days=1), min(last_date, yesterday)),
        )


class CycleDraft(models.Model):
    """A cycle that HR is setting up step by step; ``entries`` keep what was typed: {step: {input: texts}}."""

    entries = models.JSONField(default=dict)
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    started_at = models.DateTimeField(_("begun"))
    changed_at = models.DateTimeField(_("changed"))

    class Meta:
        verbose_name = _("cycle being set up")
        ordering = ["-changed_at", "-id"]

    def __str__(self) -> str:
        period = self.entries.get("period", {})
        return next((texts[0] for name in ("name", "code") if (texts := period.get(name)) and texts[0]), f"#{self.pk}")


class StageDeadline(models.Model):
    """The day by which everybody shall have done their part of a stage."""

    cycle = models.ForeignKey(Cycle, on_delete=models.CASCADE, related_name="deadlines")
    state = models.CharField(_("stage"), max_length=20, choices=CycleState.choices)
    due_date = models.DateField(_("due"))

    class Meta:
        verbose_name = _("deadline of a stage")
        ordering = ["cycle", "due_date"]
        constraints = [models.UniqueConstraint(fields=["cycle", "state"], name="one_deadline_per_cycle_and_stage")]

    def __str__(self) -> str:
        return f"{self.cycle} {self.state}: {self.due_date}"


class Reopening(models.Model):
    """A step back from published or closed: one person of HR asks with a reason, another one decides.

    ``applied_at`` None on an approved one lets the database open the closed cycle once (``cycles.guard``).
    """

    cycle = models.ForeignKey(Cycle, on_delete=models.CASCADE, related_name="reopenings")
    transition = models.CharField(_("step"), max_length=40)
    reason = models.TextField(_("reason"))
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField(_("requested"))
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(_("decided"), null=True)
    is_approved = models.BooleanField(_("approved"), null=True)
    applied_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("reopening of a cycle")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["cycle"], condition=Q(decided_at__isnull=True), name="one_open_reopening_per_cycle"
            ),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("requested_by")),
                name="reopening_is_decided_by_a_second_person",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.cycle}: {self.transition}"


class CycleScheme(models.Model):
    """Which scheme version applies in a cycle; a row without a profile is for all the others."""

    cycle = models.ForeignKey(Cycle, on_delete=models.CASCADE, related_name="schemes")
    profile = models.ForeignKey(
        JobProfile,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("job profile"),
    )
    version = models.ForeignKey(
        SchemeVersion, on_delete=models.PROTECT, related_name="cycles", verbose_name=_("scheme version")
    )

    class Meta:
        verbose_name = _("scheme of a cycle")
        constraints = [
            models.UniqueConstraint(fields=["cycle", "profile"], name="one_scheme_per_cycle_and_profile"),
            models.UniqueConstraint(
                fields=["cycle"], condition=Q(profile__isnull=True), name="one_general_scheme_per_cycle"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.cycle}: {self.profile or '*'} {self.version}"


class RunState(models.TextChoices):
    RUNNING = "running", _("running")
    DONE = "done", _("finished")
    FAILED = "failed", _("failed")
    SUPERSEDED = "superseded", _("replaced by a newer run")


class ScoringRun(models.Model):
    """One scoring of a cycle. ``chunks_done`` moves in the transaction that writes a chunk's figures."""

    cycle = models.ForeignKey(Cycle, on_delete=models.CASCADE, related_name="runs")
    state = models.CharField(_("state"), max_length=20, choices=RunState.choices, default=RunState.RUNNING)
    as_of = models.DateTimeField(_("as of"))
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    requested_at = models.DateTimeField(_("requested"))
    announced_at = models.DateTimeField()
    progressed_at = models.DateTimeField()
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    engineers = models.PositiveIntegerField(_("engineers"), default=0)
    chunks_total = models.PositiveIntegerField(default=0)
    # A KPI that leans on the job family needs everybody's figures before anybody's points: two steps then.
    needs_pools = models.BooleanField(default=False)
    chunks_measured = models.PositiveIntegerField(default=0)
    chunks_done = models.PositiveIntegerField(default=0)
    # The newest mark of stale figures when the run was asked for: those up to it, the run works off.
    newest_mark = models.PositiveBigIntegerField(default=0, db_default=0)
    # When figures of single engineers were last computed anew after the run.
    refreshed_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(_("error"), blank=True)

    class Meta:
        verbose_name = _("scoring run")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["cycle"], condition=Q(state=RunState.RUNNING), name="one_running_run_per_cycle"
            ),
            models.CheckConstraint(
                condition=Q(chunks_done__lte=F("chunks_total")), name="chunks_done_at_most_chunks_total"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.cycle} #{self.pk}"


class ChunkState(models.TextChoices):
    WAITING = "waiting", _("waiting")
    MEASURED = "measured", _("measured")
    DONE = "done", _("finished")


class ScoringChunk(models.Model):
    """A range of engineers, scored in one transaction; doing it twice gives the same figures."""

    run = models.ForeignKey(ScoringRun, on_delete=models.CASCADE, related_name="chunks")
    first_engineer_id = models.BigIntegerField()
    last_engineer_id = models.BigIntegerField()
    state = models.CharField(max_length=10, choices=ChunkState.choices, default=ChunkState.WAITING)
    failures = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = _("part of a scoring run")
        ordering = ["run", "first_engineer_id"]

    def __str__(self) -> str:
        return f"{self.run}: {self.first_engineer_id}–{self.last_engineer_id}"


class KpiResult(models.Model):
    """What a run found for one engineer and line. Numbers are exact fractions as text: both databases agree."""

    cycle = models.ForeignKey(Cycle, on_delete=models.CASCADE, related_name="results")
    engineer = models.ForeignKey(Engineer, on_delete=models.CASCADE, related_name="+")
    line = models.ForeignKey(SchemeLine, on_delete=models.PROTECT, related_name="+")
    n = models.PositiveIntegerField()
    value = models.TextField(blank=True)
    numerator = models.TextField(blank=True)
    denominator = models.TextField(blank=True)
    # What was turned into points where it is not the value: drawn to the family, or adjusted for case mix.
    scored_value = models.TextField(blank=True, db_default="")
    points = models.TextField(blank=True)
    reason = models.CharField(max_length=20, blank=True)
    is_manual = models.BooleanField(default=False, db_default=False)
    # Cases by stratum, as JSON: [[[stratum…], cases, met], …]; "" where no case mix is asked for.
    cells = models.TextField(blank=True, db_default="")
    segment = models.PositiveSmallIntegerField(default=0, db_default=0)

    class Meta:
        verbose_name = _("KPI result")
        constraints = [
            models.UniqueConstraint(
                fields=["cycle", "engineer", "line", "segment"], name="one_result_per_cycle_engineer_line"
            )
        ]

    def __str__(self) -> str:
        return f"{self.line_id}: {self.value}"


class StaleFigures(models.Model):
    """A mark: what the figures of an engineer are made of has changed since they were computed.

    Without an engineer: those of everybody. Triggers write marks together with the change (``cycles.marks``); whoever
    computes the figures takes them away. Several may say the same.
    """

    # No constraints in the database: an import of a million records must not wait for them.
    cycle = models.ForeignKey(
        Cycle, on_delete=models.CASCADE, related_name="stale", db_constraint=False, db_index=False
    )
    engineer = models.ForeignKey(
        Engineer, on_delete=models.CASCADE, null=True, related_name="+", db_constraint=False, db_index=False
    )

    class Meta:
        verbose_name = _("figures to be computed anew")
        indexes = [models.Index(fields=["cycle", "engineer"], name="stale_by_cycle_and_engineer")]

    def __str__(self) -> str:
        return f"{self.cycle_id}: {self.engineer_id or '*'}"


class ScoringPool(models.Model):
    """Totals of a job family over everybody in a cycle, as the newest run found them; exact fractions as text.

    ``stratum`` is JSON: [] for all cases, else the values of the strata.
    """

    cycle = models.ForeignKey(Cycle, on_delete=models.CASCADE, related_name="pools")
    kpi_version = models.ForeignKey(KpiVersion, on_delete=models.PROTECT, related_name="+")
    profile = models.ForeignKey(JobProfile, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    stratum = models.TextField(default="[]")
    cases = models.TextField()
    met = models.TextField()

    class Meta:
        verbose_name = _("totals of a job family")
        indexes = [models.Index(fields=["cycle", "kpi_version", "profile"], name="pool_by_kpi_and_family")]

    def __str__(self) -> str:
        return f"{self.cycle}: {self.kpi_version_id} {self.stratum}"


class ManualValue(models.Model):
    """A KPI value a person enters with evidence, in place of what the records say."""

    cycle = models.ForeignKey(Cycle, on_delete=models.CASCADE, related_name="manual_values")
    engineer = models.ForeignKey(Engineer, on_delete=models.PROTECT, related_name="+")
    kpi = models.ForeignKey(Kpi, on_delete=models.PROTECT, related_name="+", verbose_name=_("KPI"))
    value = models.DecimalField(_("value"), max_digits=18, decimal_places=6)
    n = models.PositiveIntegerField(_("cases"), default=1)
    evidence = models.TextField(
        _("evidence"), help_text=_("Where the figure comes from, so that others can check it.")
    )
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    entered_at = models.DateTimeField(_("entered"))
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)

    class Meta:
        verbose_name = _("value entered by hand")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["cycle", "engineer", "kpi"],
                condition=Q(withdrawn_at__isnull=True),
                name="one_manual_value_per_cycle_engineer_and_kpi",
            )
        ]

    def __str__(self) -> str:
        return f"{self.engineer} {self.kpi}: {self.value}"
