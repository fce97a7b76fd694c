"""Measures of tickets."""

from fractions import Fraction

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from appraisal.evidence.models import JobType
from appraisal.kpis.measures.declaration import (
    Clock,
    Evidence,
    Measure,
    Statistic,
    Unit,
    Window,
    always,
    dated_by,
)
from appraisal.scoring.curves import Direction

MINUTES = Fraction(1, 60_000_000)
HOURS = Fraction(1, 3_600_000_000)

# Break/fix measures leave out other jobs and faults nobody could find (SPEC G7).
BREAK_FIX = Q(job_type=JobType.REPAIR, no_fault_found=False)
LEFT_OUT_BREAK_FIX = (
    _("installation, preventive maintenance, training and service requests"),
    _("cases in which no fault was found"),
)
UNDECIDED = _("cases with no target in force, or open and not yet due")


def _resolved_or_decided(window: Window) -> Q:
    unresolved = Q(completed_at__isnull=True) | Q(completed_at__gte=window.end)
    return window.holds("completed_at") | (window.holds("resolution_decided_at") & unresolved)


TICKET_MEASURES = (
    Measure(
        id="first_response_time",
        name=_("First response time"),
        meaning=_("Time from the opening of a case to the first response, over cases completed in the cycle."),
        evidence=Evidence.TICKETS,
        unit=Unit.MINUTES,
        direction=Direction.DOWN,
        statistics=(Statistic.MEDIAN, Statistic.P90, Statistic.MEAN),
        population=dated_by("completed_at", Q(response_us__isnull=False)),
        columns={Clock.BUSINESS: "response_business_us", Clock.CALENDAR: "response_us"},
        scale=MINUTES,
        minimum_n=5,
        left_out=(_("cases without a first response"),),
    ),
    Measure(
        id="response_sla_rate",
        name=_("Response in time"),
        meaning=_("Share of decided cases whose first response came within the target."),
        evidence=Evidence.TICKETS,
        unit=Unit.PERCENT,
        population=dated_by("response_decided_at", Q(response_met__isnull=False)),
        success=always(Q(response_met=True)),
        left_out=(UNDECIDED,),
    ),
    Measure(
        id="resolution_time",
        name=_("Resolution time"),
        meaning=_("Time from the opening of a case to its resolution, over cases resolved in the cycle."),
        evidence=Evidence.TICKETS,
        unit=Unit.HOURS,
        direction=Direction.DOWN,
        statistics=(Statistic.MEDIAN, Statistic.P90, Statistic.MEAN),
        population=dated_by("resolved_at", Q(resolution_us__isnull=False), BREAK_FIX),
        columns={Clock.BUSINESS: "resolution_business_us", Clock.CALENDAR: "resolution_us"},
        scale=HOURS,
        minimum_n=5,
        left_out=(_("cases closed without a resolution time"), *LEFT_OUT_BREAK_FIX),
    ),
    Measure(
        id="resolution_sla_rate",
        name=_("Resolution in time"),
        meaning=_("Share of decided cases that were resolved within the target."),
        evidence=Evidence.TICKETS,
        unit=Unit.PERCENT,
        population=dated_by("resolution_decided_at", Q(resolution_met__isnull=False)),
        success=always(Q(resolution_met=True)),
        left_out=(UNDECIDED,),
    ),
    Measure(
        id="problem_resolution_rate",
        name=_("Problem resolution"),
        meaning=_("Share of cases resolved or closed, among those and the overdue ones still open."),
        evidence=Evidence.TICKETS,
        unit=Unit.PERCENT,
        population=_resolved_or_decided,
        success=lambda window: window.holds("completed_at"),
        left_out=(_("cases that are open and not yet due"),),
    ),
    Measure(
        id="major_issue_resolution_rate",
        name=_("Major issues resolved in time"),
        meaning=_("Share of decided cases of the highest priority that were resolved within the target."),
        evidence=Evidence.TICKETS,
        unit=Unit.PERCENT,
        population=dated_by("resolution_decided_at", Q(resolution_met__isnull=False), Q(priority=1)),
        success=always(Q(resolution_met=True)),
        left_out=(_("cases of any other priority"), UNDECIDED),
    ),
    Measure(
        id="first_time_fix_rate",
        name=_("First-time fix"),
        meaning=_("Share of completed repairs done remotely or in one visit and never reopened."),
        evidence=Evidence.TICKETS,
        unit=Unit.PERCENT,
        population=dated_by("completed_at", BREAK_FIX),
        success=always(Q(reopen_count=0, visit_count__lte=1)),
        left_out=LEFT_OUT_BREAK_FIX,
    ),
    Measure(
        id="reopen_rate",
        name=_("Reopened cases"),
        meaning=_("Share of resolved or closed cases that were reopened."),
        evidence=Evidence.TICKETS,
        unit=Unit.PERCENT,
        direction=Direction.DOWN,
        population=dated_by("completed_at"),
        success=always(Q(reopen_count__gt=0)),
    ),
    Measure(
        id="resolved_volume",
        name=_("Resolved cases"),
        meaning=_("Number of cases resolved or closed in the cycle."),
        evidence=Evidence.TICKETS,
        unit=Unit.CASES,
        statistics=(Statistic.COUNT,),
        population=dated_by("completed_at"),
        minimum_n=1,
    ),
)
