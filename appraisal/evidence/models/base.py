from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from appraisal.database import lookups  # noqa: F401 -- registers any_of
from engineers.models import Engineer


class EvidenceKind(models.TextChoices):
    """Kinds of record that can be imported, sent and entered."""

    TICKETS = "tickets", _("Tickets")
    EVENTS = "events", _("Ticket events")
    VISITS = "visits", _("Visits")
    SURVEYS = "surveys", _("Surveys")
    COMPLAINTS = "complaints", _("Complaints")
    REPORTS = "reports", _("Service reports")
    WORKLOGS = "worklogs", _("Work logs")
    HANDOVERS = "handovers", _("Handovers and product feedback")
    TRAINING = "training", _("Training")
    EXAMS = "exams", _("Exams and practical tests")
    CERTIFICATES = "certificates", _("Certificates")
    ARTICLES = "articles", _("Knowledge articles")
    ARTICLE_USES = "article_uses", _("Uses of knowledge articles")
    METRICS = "metrics", _("Metrics of other systems")


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
    REFUSED = "refused", _("refused by the customer")
    WITHDRAWN = "withdrawn", _("withdrawn")


class Anomaly(models.TextChoices):
    """Bad data that keeps a figure from being computed, or is counted against it until settled (SPEC G10)."""

    RESPONSE_BEFORE_OPENED = "response_before_opened", _("first response before the ticket was opened")
    RESOLVED_BEFORE_OPENED = "resolved_before_opened", _("resolved before the ticket was opened")
    CLOSED_BEFORE_OPENED = "closed_before_opened", _("closed before the ticket was opened")
    ARRIVED_BEFORE_DISPATCHED = "arrived_before_dispatched", _("arrived before being dispatched")
    NO_CHECK_IN = "no_check_in", _("resolved, but nobody checked in on site")
    REPORT_BEFORE_SERVICE = "report_before_service", _("report submitted before the service ended")


class Record(models.Model):
    """A fact from another system, known by (source, external id): importing it twice changes nothing."""

    source = models.CharField(_("source"), max_length=60)
    external_id = models.CharField(_("number"), max_length=120)
    engineer = models.ForeignKey(
        Engineer,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_index=False,  # the index of each kind's figures begins with it
        related_name="+",
        verbose_name=_("engineer"),
    )
    exclusion = models.CharField(_("exclusion"), max_length=20, choices=Exclusion.choices, blank=True, db_default="")
    anomalies = models.CharField(_("anomalies"), max_length=200, blank=True, db_default="")
    waived = models.CharField(
        _("waived clocks"),
        max_length=60,
        blank=True,
        db_default="",
        help_text=_("Clocks whose exception was excused: they give no figure."),
    )

    class Meta:
        abstract = True
        constraints = [
            models.UniqueConstraint(fields=["source", "external_id"], name="one_%(class)s_per_source_and_id")
        ]
        indexes = [
            # An import asks for these before each batch; nearly always there are none.
            models.Index(
                fields=["source", "external_id"], condition=Q(exclusion="withdrawn"), name="%(class)s_withdrawn"
            )
        ]

    def __str__(self) -> str:
        return self.external_id

    @property
    def anomaly_labels(self) -> list[str]:
        """The bad data of this record, in words."""
        return [str(Anomaly(code).label) for code in self.anomalies.split(",") if code]


class TicketRecord(Record):
    """A fact about a ticket. The number is kept, so that a record that comes before its ticket finds it later."""

    ticket_number = models.CharField(_("ticket"), max_length=120, blank=True, db_default="")

    class Meta(Record.Meta):
        abstract = True
        indexes = [
            *Record.Meta.indexes,
            models.Index(
                fields=["source", "ticket_number"],
                condition=Q(ticket__isnull=True) & ~Q(ticket_number=""),
                name="%(class)s_without_ticket",
            ),
        ]
