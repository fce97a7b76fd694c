from __future__ import annotations

from django.db import models
from django.db.models import Case, Q, Value, When
from django.utils.translation import gettext_lazy as _

from appraisal.evidence.models.base import JobType, Record, TicketRecord
from engineers.models import Engineer


class Ticket(Record):
    """A case. Durations are integer microseconds; ``*_decided_at`` is the date of membership (SPEC G6).

    ``*_met`` is None while nothing is decided: no target in force and no word of the source, or not yet due.
    """

    team_label = models.CharField(_("team in the source"), max_length=200, blank=True, db_default="")
    customer = models.CharField(_("customer"), max_length=200, blank=True, db_default="")
    product = models.CharField(_("product"), max_length=200, blank=True, db_default="")
    asset = models.CharField(
        _("asset"), max_length=200, blank=True, db_default="", help_text=_("The very machine, by its serial number.")
    )
    fault = models.CharField(_("fault"), max_length=200, blank=True, db_default="")
    region = models.CharField(_("region"), max_length=100, blank=True, db_default="")
    distance_km = models.PositiveIntegerField(_("distance in km"), null=True, blank=True)
    distance_band = models.GeneratedField(
        expression=Case(
            When(distance_km__lt=50, then=Value("0–50 km")),
            When(distance_km__lt=200, then=Value("50–200 km")),
            When(distance_km__isnull=False, then=Value("200+ km")),
            default=Value(""),
        ),
        output_field=models.CharField(_("distance"), max_length=10),
        db_persist=True,
    )
    category = models.CharField(_("category"), max_length=200, blank=True, db_default="")
    source_priority = models.PositiveSmallIntegerField(
        _("priority"), null=True, blank=True, help_text=_("1 is the most urgent, 5 the least.")
    )
    # In force when the case stopped: what its events say goes before what the source says (SPEC G5).
    priority = models.PositiveSmallIntegerField(_("priority"), null=True, blank=True)
    job_type = models.CharField(
        _("job type"),
        max_length=20,
        choices=JobType.choices,
        default=JobType.REPAIR,
        db_default=JobType.REPAIR,
    )
    no_fault_found = models.BooleanField(_("no fault found"), default=False, db_default=False)
    is_hard = models.BooleanField(_("hard case"), default=False, db_default=False)
    is_safety = models.BooleanField(_("safety matter"), default=False, db_default=False)
    escalated = models.BooleanField(_("escalated"), default=False, db_default=False)
    assisted = models.BooleanField(_("resolved with assistance"), default=False, db_default=False)
    parts_missing = models.BooleanField(_("waited for parts"), default=False, db_default=False)
    follow_up_of = models.CharField(
        _("follow-up of"), max_length=120, blank=True, db_default="", help_text=_("Number of the primary work order.")
    )
    owner = models.ForeignKey(
        Engineer,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="+",
        verbose_name=_("owner"),
    )

    opened_at = models.DateTimeField(_("opened"))
    first_response_at = models.DateTimeField(_("first response"), null=True, blank=True)
    resolved_at = models.DateTimeField(_("resolved"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    response_due_at = models.DateTimeField(_("response due, as the source says"), null=True, blank=True)
    resolution_due_at = models.DateTimeField(_("resolution due, as the source says"), null=True, blank=True)
    source_response_met = models.BooleanField(_("response in time, as the source says"), null=True, blank=True)
    source_resolution_met = models.BooleanField(_("resolution in time, as the source says"), null=True, blank=True)
    source_reopen_count = models.PositiveIntegerField(_("reopened"), default=0, db_default=0)
    reassignment_count = models.PositiveIntegerField(_("reassigned"), default=0, db_default=0)

    # Told by other records of the same ticket; reopenings by the source where no event tells of one.
    reopen_count = models.PositiveIntegerField(_("reopened"), default=0, db_default=0)
    visit_count = models.PositiveIntegerField(_("visits"), default=0, db_default=0)
    visit_minutes = models.PositiveIntegerField(_("minutes on site"), default=0, db_default=0)
    follow_up_count = models.PositiveIntegerField(_("follow-up orders"), default=0, db_default=0)
    answered_at = models.DateTimeField(_("answered by a person"), null=True, blank=True)
    first_resolved_at = models.DateTimeField(_("first resolved"), null=True, blank=True)
    response_engineer = models.ForeignKey(
        Engineer,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="+",
        verbose_name=_("held by when the response was decided"),
    )
    # Only what names asset and fault can be told to be repeated; stored, for the index has to hold it.
    is_traceable = models.GeneratedField(
        expression=~Q(asset="") & ~Q(fault=""),  # type: ignore[arg-type]  # a condition is an expression too
        output_field=models.BooleanField(),
        db_persist=True,
    )
    # From the fix to the opening of the next repair of the same asset and fault (SPEC 1, repeat_repair_rate).
    repeat_after_us = models.BigIntegerField(null=True, blank=True)

    # Clock figures, computed at intake (DESIGN 3.2).
    completed_at = models.DateTimeField(_("completed"), null=True, blank=True)
    response_us = models.BigIntegerField(null=True, blank=True)
    response_business_us = models.BigIntegerField(null=True, blank=True)
    response_decided_at = models.DateTimeField(null=True, blank=True)
    response_met = models.BooleanField(null=True, blank=True)
    # What was taken of the time that was promised, in millionths of it (SPEC 5).
    response_share = models.BigIntegerField(null=True, blank=True)
    resolution_us = models.BigIntegerField(null=True, blank=True)
    resolution_business_us = models.BigIntegerField(null=True, blank=True)
    resolution_decided_at = models.DateTimeField(null=True, blank=True)
    resolution_met = models.BooleanField(null=True, blank=True)
    resolution_share = models.BigIntegerField(null=True, blank=True)
    overdue_at = models.DateTimeField(_("overdue since"), null=True, blank=True)
    followup_breach_at = models.DateTimeField(_("follow-up promise broken"), null=True, blank=True)

    class Meta(Record.Meta):
        verbose_name = _("ticket")
        constraints = [
            *Record.Meta.constraints,
            models.CheckConstraint(
                condition=Q(priority__isnull=True) | Q(priority__range=(1, 5)),
                name="ticket_priority_is_1_to_5",
            ),
            models.CheckConstraint(
                condition=Q(source_priority__isnull=True) | Q(source_priority__range=(1, 5)),
                name="ticket_source_priority_is_1_to_5",
            ),
        ]
        indexes = [
            *Record.Meta.indexes,
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
                    "overdue_at",
                    "followup_breach_at",
                    "repeat_after_us",
                    "is_hard",
                    "escalated",
                    "assisted",
                    "follow_up_count",
                    "visit_minutes",
                    "is_safety",
                    "is_traceable",
                    "response_share",
                    "resolution_share",
                ],
                name="ticket_figures",
            ),
            # Responses are credited to whoever held the ticket then (SPEC G9).
            models.Index(
                fields=[
                    "response_engineer",
                    "completed_at",
                    "response_decided_at",
                    "response_met",
                    "response_us",
                    "response_business_us",
                    "priority",
                    "job_type",
                    "exclusion",
                    "response_share",
                ],
                name="ticket_responses",
            ),
            models.Index(
                fields=["asset", "fault", "opened_at"],
                condition=~Q(asset="") & ~Q(fault=""),
                name="ticket_repairs",
            ),
            models.Index(fields=["source", "follow_up_of"], condition=~Q(follow_up_of=""), name="ticket_follow_ups"),
            models.Index(fields=["opened_at"], condition=~Q(anomalies=""), name="ticket_exceptions"),
            # The few that are open: due moments pass without any record arriving.
            models.Index(fields=["resolution_decided_at"], condition=Q(completed_at__isnull=True), name="ticket_open"),
            # Whoever looks for a ticket knows the beginning of its number, whatever system it came from.
            models.Index(fields=["external_id"], opclasses=["varchar_pattern_ops"], name="ticket_by_number"),
        ]


class EventType(models.TextChoices):
    ASSIGNED = "assigned", _("assigned")
    UPDATED = "updated", _("customer informed")
    PAUSED = "paused", _("paused")
    RESOLVED = "resolved", _("resolved")
    REOPENED = "reopened", _("reopened")
    ESCALATED = "escalated", _("escalated")
    ASSISTED = "assisted", _("assisted")
    PRIORITY = "priority", _("priority changed")


class PauseReason(models.TextChoices):
    """The only reasons that stop the clock (SPEC G3)."""

    WAITING_CUSTOMER = "waiting_customer", _("waiting for the customer")
    APPOINTMENT = "appointment", _("agreed appointment")
    PARTS = "parts", _("approved wait for parts")


class TicketEvent(TicketRecord):
    """Something that happened to a ticket; ``engineer`` is to whom it was assigned, or who acted."""

    ticket = models.ForeignKey(
        Ticket, on_delete=models.CASCADE, null=True, blank=True, db_index=False, related_name="events"
    )
    type = models.CharField(_("what"), max_length=20, choices=EventType.choices)
    at = models.DateTimeField(_("at"))
    until = models.DateTimeField(_("until"), null=True, blank=True, help_text=_("End of a pause."))
    is_public = models.BooleanField(_("seen by the customer"), default=True, db_default=True)
    is_automatic = models.BooleanField(
        _("automatic"),
        default=False,
        db_default=False,
        help_text=_("An automatic reply, a message to many cases at once, or one without content: no answer."),
    )
    reason = models.CharField(_("reason"), max_length=60, blank=True, db_default="")
    old_priority = models.PositiveSmallIntegerField(_("priority before"), null=True, blank=True)
    new_priority = models.PositiveSmallIntegerField(_("priority after"), null=True, blank=True)
    is_approved = models.BooleanField(
        _("approved"),
        default=False,
        db_default=False,
        help_text=_("A case is made less urgent only where somebody approved it; else the target stays."),
    )
    note = models.TextField(_("note"), blank=True, db_default="")

    class Meta(TicketRecord.Meta):
        verbose_name = _("ticket event")
        indexes = [*TicketRecord.Meta.indexes, models.Index(fields=["ticket", "at"], name="event_by_ticket")]


class Visit(TicketRecord):
    """One engineer's trip to a customer; who assists has a row of one's own. A cancelled trip counts in no measure."""

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, null=True, blank=True, related_name="visits")
    is_first = models.BooleanField(_("first visit of its ticket"), default=True, db_default=True)
    dispatched_at = models.DateTimeField(_("dispatched"))
    arrived_at = models.DateTimeField(_("arrived"), null=True, blank=True)
    left_at = models.DateTimeField(_("left"), null=True, blank=True)
    arrival_due_at = models.DateTimeField(_("arrival due, as the source says"), null=True, blank=True)
    appointment_until_at = models.DateTimeField(
        _("end of the customer's appointment"),
        null=True,
        blank=True,
        help_text=_("Later than the due time, it is the due time."),
    )
    minutes = models.PositiveIntegerField(_("minutes on site"), null=True, blank=True)
    is_assisting = models.BooleanField(
        _("assisting"),
        default=False,
        db_default=False,
        help_text=_("A second engineer of the same trip, with minutes of one's own."),
    )

    arrival_us = models.BigIntegerField(null=True, blank=True)
    arrival_business_us = models.BigIntegerField(null=True, blank=True)
    arrival_decided_at = models.DateTimeField(null=True, blank=True)
    arrival_met = models.BooleanField(null=True, blank=True)
    arrival_share = models.BigIntegerField(null=True, blank=True)

    class Meta(TicketRecord.Meta):
        verbose_name = _("visit")
        indexes = [
            *TicketRecord.Meta.indexes,
            models.Index(fields=["dispatched_at"], condition=~Q(anomalies=""), name="visit_exceptions"),
            models.Index(fields=["arrival_decided_at"], condition=Q(arrived_at__isnull=True), name="visit_expected"),
            models.Index(
                fields=[
                    "engineer",
                    "arrival_decided_at",
                    "arrived_at",
                    "arrival_met",
                    "arrival_us",
                    "arrival_business_us",
                    "arrival_share",
                    "is_first",
                    "exclusion",
                ],
                name="visit_figures",
            ),
        ]
