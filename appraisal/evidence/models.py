from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from engineers.models import Engineer


class EvidenceKind(models.TextChoices):
    """Kinds of record that can be imported; a kind is listed here once its evidence exists."""

    TICKETS = "tickets", _("Tickets")
    VISITS = "visits", _("Visits")
    SURVEYS = "surveys", _("Surveys")


class JobType(models.TextChoices):
    REPAIR = "repair", _("Repair")
    INSTALLATION = "installation", _("Installation")
    PREVENTIVE = "preventive", _("Preventive maintenance")
    TRAINING = "training", _("Customer training")
    REQUEST = "request", _("Service request")


class Exclusion(models.TextChoices):
    """Why a record counts in no measure at all (SPEC G7)."""

    NONE = "", _("counts")
    CANCELLED = "cancelled", _("cancelled")
    DUPLICATE = "duplicate", _("duplicate")
    TEST = "test", _("test record")


class Anomaly(models.TextChoices):
    """Bad data that keeps a figure from being computed (SPEC G10)."""

    RESPONSE_BEFORE_OPENED = "response_before_opened", _("first response before the ticket was opened")
    RESOLVED_BEFORE_OPENED = "resolved_before_opened", _("resolved before the ticket was opened")
    CLOSED_BEFORE_OPENED = "closed_before_opened", _("closed before the ticket was opened")
    ARRIVED_BEFORE_DISPATCHED = "arrived_before_dispatched", _("arrived before being dispatched")


class Record(models.Model):
    """A fact from another system, known by (source, external id): importing it twice changes nothing."""

    source = models.CharField(_("source"), max_length=60)
    external_id = models.CharField(_("number"), max_length=120)
    engineer = models.ForeignKey(
        Engineer,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("engineer"),
    )
    exclusion = models.CharField(_("exclusion"), max_length=20, choices=Exclusion.choices, blank=True, db_default="")
    anomalies = models.CharField(_("anomalies"), max_length=200, blank=True, db_default="")

    class Meta:
        abstract = True
        constraints = [
            models.UniqueConstraint(fields=["source", "external_id"], name="one_%(class)s_per_source_and_id")
        ]

    def __str__(self) -> str:
        return self.external_id

    @property
    def anomaly_labels(self) -> list[str]:
        """The bad data of this record, in words."""
        return [str(Anomaly(code).label) for code in self.anomalies.split(",") if code]


class Ticket(Record):
    """A case. Durations are integer microseconds; ``*_decided_at`` is the date of membership (SPEC G6).

    ``*_met`` is None while nothing is decided: no target in force and no word of the source, or not yet due.
    """

    team_label = models.CharField(_("team in the source"), max_length=200, blank=True, db_default="")
    customer = models.CharField(_("customer"), max_length=200, blank=True, db_default="")
    product = models.CharField(_("product or asset"), max_length=200, blank=True, db_default="")
    category = models.CharField(_("category"), max_length=200, blank=True, db_default="")
    priority = models.PositiveSmallIntegerField(
        _("priority"), null=True, blank=True, help_text=_("1 is the most urgent, 5 the least.")
    )
    job_type = models.CharField(
        _("job type"),
        max_length=20,
        choices=JobType.choices,
        default=JobType.REPAIR,
        db_default=JobType.REPAIR,
    )
    no_fault_found = models.BooleanField(_("no fault found"), default=False, db_default=False)

    opened_at = models.DateTimeField(_("opened"))
    first_response_at = models.DateTimeField(_("first response"), null=True, blank=True)
    resolved_at = models.DateTimeField(_("resolved"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    response_due_at = models.DateTimeField(_("response due, as the source says"), null=True, blank=True)
    resolution_due_at = models.DateTimeField(_("resolution due, as the source says"), null=True, blank=True)
    source_response_met = models.BooleanField(_("response in time, as the source says"), null=True, blank=True)
    source_resolution_met = models.BooleanField(_("resolution in time, as the source says"), null=True, blank=True)
    reopen_count = models.PositiveIntegerField(_("reopened"), default=0, db_default=0)
    reassignment_count = models.PositiveIntegerField(_("reassigned"), default=0, db_default=0)
    visit_count = models.PositiveIntegerField(_("visits"), default=0, db_default=0)

    # Clock figures, computed at intake (DESIGN 3.2).
    completed_at = models.DateTimeField(_("completed"), null=True, blank=True)
    response_us = models.BigIntegerField(null=True, blank=True)
    response_business_us = models.BigIntegerField(null=True, blank=True)
    response_decided_at = models.DateTimeField(null=True, blank=True)
    response_met = models.BooleanField(null=True, blank=True)
    resolution_us = models.BigIntegerField(null=True, blank=True)
    resolution_business_us = models.BigIntegerField(null=True, blank=True)
    resolution_decided_at = models.DateTimeField(null=True, blank=True)
    resolution_met = models.BooleanField(null=True, blank=True)

    class Meta(Record.Meta):
        verbose_name = _("ticket")
        constraints = [
            *Record.Meta.constraints,
            models.CheckConstraint(
                condition=Q(priority__isnull=True) | Q(priority__range=(1, 5)),
                name="ticket_priority_is_1_to_5",
            ),
        ]
        indexes = [
            # Every figure of one engineer is answered from this index alone (DESIGN 8).
            models.Index(
                fields=[
                    "engineer",
                    "completed_at",
                    "response_decided_at",
                    "resolution_decided_at",
                    "response_met",
                    "resolution_met",
                    "response_us",
                    "response_business_us",
                    "resolution_us",
                    "resolution_business_us",
                    "resolved_at",
                    "reopen_count",
                    "visit_count",
                    "priority",
                    "job_type",
                    "no_fault_found",
                    "exclusion",
                ],
                name="ticket_figures",
            )
        ]


class Visit(Record):
    """One engineer's trip to a customer. A cancelled trip stays on record and counts in no measure."""

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, null=True, blank=True, related_name="visits")
    is_first = models.BooleanField(_("first visit of its ticket"), default=True, db_default=True)
    dispatched_at = models.DateTimeField(_("dispatched"))
    arrived_at = models.DateTimeField(_("arrived"), null=True, blank=True)
    left_at = models.DateTimeField(_("left"), null=True, blank=True)
    arrival_due_at = models.DateTimeField(_("arrival due, as the source says"), null=True, blank=True)

    arrival_us = models.BigIntegerField(null=True, blank=True)
    arrival_business_us = models.BigIntegerField(null=True, blank=True)
    arrival_decided_at = models.DateTimeField(null=True, blank=True)
    arrival_met = models.BooleanField(null=True, blank=True)

    class Meta(Record.Meta):
        verbose_name = _("visit")
        indexes = [
            models.Index(
                fields=[
                    "engineer",
                    "arrival_decided_at",
                    "arrived_at",
                    "arrival_met",
                    "arrival_us",
                    "arrival_business_us",
                    "is_first",
                    "exclusion",
                ],
                name="visit_figures",
            )
        ]


class Survey(Record):
    """A customer's answer. Scores are hundredths of a point, 100 to 500, so that sums stay exact."""

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, null=True, blank=True, related_name="surveys")
    delivered_at = models.DateTimeField(_("delivered"), null=True, blank=True)
    responded_at = models.DateTimeField(_("answered"), null=True, blank=True)
    score_hundredths = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MinValueValidator(100), MaxValueValidator(500)]
    )
    attitude_hundredths = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MinValueValidator(100), MaxValueValidator(500)]
    )
    comment = models.TextField(_("comment"), blank=True, db_default="")

    class Meta(Record.Meta):
        verbose_name = _("survey")
        constraints = [
            *Record.Meta.constraints,
            models.CheckConstraint(
                condition=Q(score_hundredths__isnull=True) | Q(score_hundredths__range=(100, 500)),
                name="survey_score_is_1_to_5",
            ),
            models.CheckConstraint(
                condition=Q(attitude_hundredths__isnull=True) | Q(attitude_hundredths__range=(100, 500)),
                name="survey_attitude_is_1_to_5",
            ),
        ]
        indexes = [
            models.Index(
                fields=[
                    "engineer",
                    "responded_at",
                    "delivered_at",
                    "score_hundredths",
                    "attitude_hundredths",
                    "exclusion",
                ],
                name="survey_figures",
            )
        ]


class TargetKind(models.TextChoices):
    RESPONSE = "response", _("First response")
    ARRIVAL = "arrival", _("Arrival on site")
    RESOLUTION = "resolution", _("Resolution")


class TargetClock(models.TextChoices):
    CALENDAR = "calendar", _("calendar time")
    BUSINESS = "business", _("business time")


LONGEST_TARGET_MINUTES = 366 * 24 * 60


class Target(models.Model):
    """A promise of ours, in force from a date. The most particular row that fits a record counts."""

    kind = models.CharField(_("kind"), max_length=20, choices=TargetKind.choices)
    source = models.CharField(_("source"), max_length=60, blank=True, help_text=_("Empty: every source."))
    priority = models.PositiveSmallIntegerField(
        _("priority"), default=0, validators=[MaxValueValidator(5)], help_text=_("0: every priority.")
    )
    minutes = models.PositiveIntegerField(
        _("minutes"), validators=[MinValueValidator(1), MaxValueValidator(LONGEST_TARGET_MINUTES)]
    )
    clock = models.CharField(_("clock"), max_length=20, choices=TargetClock.choices, default=TargetClock.CALENDAR)
    from_date = models.DateField(_("in force from"))

    class Meta:
        verbose_name = _("target")
        ordering = ["kind", "source", "priority", "from_date"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "source", "priority", "from_date"],
                name="one_target_per_kind_source_priority_and_date",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.minutes} min"


class FigureUpdate(models.Model):
    """Clock figures have to be computed anew, because a target changed; done when ``finished_at`` is set."""

    source = models.CharField(_("source"), max_length=60, blank=True)
    requested_at = models.DateTimeField(_("requested"))
    announced_at = models.DateTimeField()
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        verbose_name = _("update of figures")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.source or '*'} {self.requested_at:%Y-%m-%d %H:%M}"


class ImportState(models.TextChoices):
    PREVIEW = "preview", _("not confirmed yet")
    QUEUED = "queued", _("waiting")
    RUNNING = "running", _("running")
    DONE = "done", _("finished")
    REFUSED = "refused", _("refused")


class EvidenceImport(models.Model):
    """One file on its way in. Counts are committed with the batch they count, so a restart goes on truthfully."""

    kind = models.CharField(_("kind"), max_length=20, choices=EvidenceKind.choices)
    preset = models.CharField(_("preset"), max_length=60)
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
