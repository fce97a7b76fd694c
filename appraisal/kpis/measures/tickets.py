"""Measures of tickets."""

from fractions import Fraction

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from appraisal.evidence.models import JobType
from appraisal.kpis.measures.declaration import (
    Clock,
    Credit,
    Evidence,
    Keep,
    Measure,
    Parameter,
    Parameters,
    Population,
    Statistic,
    Unit,
    Window,
    always,
    dated_by,
)
from appraisal.scoring.curves import Direction

MINUTES = Fraction(1, 60_000_000)
HOURS = Fraction(1, 3_600_000_000)
PERCENT_OF_MILLIONTHS = Fraction(1, 10_000)
DISTRIBUTION = (Statistic.MEDIAN, Statistic.P90, Statistic.MEAN)
DAY_US = 24 * 3600 * 1_000_000

REPAIRS = Keep(
    "job_type",
    _("installation, preventive maintenance, training and service requests"),
    Q(job_type=JobType.REPAIR),
)
FAULT_FOUND = Keep("no_fault_found", _("cases in which no fault was found"), Q(no_fault_found=False))
BREAK_FIX = (REPAIRS, FAULT_FOUND)  # SPEC G7
RESOLVED_BY = (Credit.RESOLVER, Credit.OWNER, Credit.SHARE)
NO_PROMISE = _("cases with no target in force, or that cannot be timed")
UNDECIDED = _("cases with no target in force, or open and not yet due")
OUTSIDE_CONTROL = ("priority", "region", "distance_band", "product", "parts_missing")  # SPEC 5


def tickets(column: str, *keeps: Keep, undated: str | Promise) -> Population:
    """Members by one date of the ticket; looked through for what is left out: all opened or completed then."""
    return Population(
        evidence=Evidence.TICKETS,
        member=dated_by(column),
        keeps=keeps,
        candidates=lambda window, _p: window.holds("opened_at") | window.holds("completed_at") | window.holds(column),
        undated=undated,
    )


def _resolved_or_decided(window: Window, _parameters: Parameters) -> Q:
    unresolved = Q(completed_at__isnull=True) | Q(completed_at__gte=window.end)
    return window.holds("completed_at") | (window.holds("resolution_decided_at") & unresolved)


def _decided(column: str) -> Keep:
    return Keep("undecided", UNDECIDED, Q(**{f"{column}_met__isnull": False}))


def _promised(column: str) -> Keep:
    return Keep("no_promise", NO_PROMISE, Q(**{f"{column}_share__isnull": False}))


NOT_RESOLVED = _("cases not resolved in the cycle")
NOT_COMPLETED = _("cases not completed in the cycle")

TICKET_MEASURES = (
    Measure(
        id="first_response_time",
        name=_("First response time"),
        meaning=_("Time from the opening of a case to the first response, over cases completed in the cycle."),
        unit=Unit.MINUTES,
        direction=Direction.DOWN,
        statistics=DISTRIBUTION,
        population=tickets(
            "completed_at",
            Keep(
                "no_response",
                _("cases without a first response, or with one that cannot be timed"),
                Q(response_us__isnull=False),
            ),
            undated=NOT_COMPLETED,
        ),
        columns={Clock.BUSINESS: "response_business_us", Clock.CALENDAR: "response_us"},
        scale=MINUTES,
        minimum_n=5,
        credits=(Credit.HOLDER, Credit.RESOLVER, Credit.OWNER),
    ),
    Measure(
        id="response_time_share",
        name=_("First response against the promise"),
        meaning=_(
            "Time from the opening of a case to the first response as a share of the time promised for it, over "
            "cases completed in the cycle: the same yardstick for urgent and less urgent ones."
        ),
        unit=Unit.PERCENT,
        direction=Direction.DOWN,
        statistics=DISTRIBUTION,
        population=tickets("completed_at", _promised("response"), undated=NOT_COMPLETED),
        columns={"": "response_share"},
        scale=PERCENT_OF_MILLIONTHS,
        minimum_n=5,
        credits=(Credit.HOLDER, Credit.RESOLVER, Credit.OWNER),
    ),
    Measure(
        id="response_sla_rate",
        name=_("Response in time"),
        meaning=_("Share of decided cases whose first response came within the target."),
        unit=Unit.PERCENT,
        population=tickets("response_decided_at", _decided("response"), undated=UNDECIDED),
        success=always(Q(response_met=True)),
        credits=(Credit.HOLDER, Credit.RESOLVER, Credit.OWNER),
        strata=OUTSIDE_CONTROL,
    ),
    Measure(
        id="followup_continuity",
        name=_("Follow-up continuity"),
        meaning=_("Share of overdue cases whose customer was kept informed without too long a gap."),
        unit=Unit.PERCENT,
        population=tickets("overdue_at", undated=_("cases that were not overdue")),
        success=lambda window, _p: Q(followup_breach_at__isnull=True) | Q(followup_breach_at__gte=window.end),
        credits=RESOLVED_BY,
    ),
    Measure(
        id="resolution_time",
        name=_("Resolution time"),
        meaning=_("Time from the opening of a case to its resolution, over cases resolved in the cycle."),
        unit=Unit.HOURS,
        direction=Direction.DOWN,
        statistics=DISTRIBUTION,
        population=tickets(
            "resolved_at",
            Keep("no_duration", _("cases that cannot be timed"), Q(resolution_us__isnull=False)),
            *BREAK_FIX,
            undated=NOT_RESOLVED,
        ),
        columns={Clock.BUSINESS: "resolution_business_us", Clock.CALENDAR: "resolution_us"},
        scale=HOURS,
        minimum_n=5,
        credits=(Credit.RESOLVER, Credit.OWNER),
    ),
    Measure(
        id="resolution_time_share",
        name=_("Resolution against the promise"),
        meaning=_(
            "Time from the opening of a case to its resolution as a share of the time promised for it, over cases "
            "resolved in the cycle: the same yardstick for easy and hard ones."
        ),
        unit=Unit.PERCENT,
        direction=Direction.DOWN,
        statistics=DISTRIBUTION,
        population=tickets("resolved_at", _promised("resolution"), *BREAK_FIX, undated=NOT_RESOLVED),
        columns={"": "resolution_share"},
        scale=PERCENT_OF_MILLIONTHS,
        minimum_n=5,
        credits=(Credit.RESOLVER, Credit.OWNER),
    ),
    Measure(
        id="resolution_sla_rate",
        name=_("Resolution in time"),
        meaning=_("Share of decided cases that were resolved within the target."),
        unit=Unit.PERCENT,
        population=tickets("resolution_decided_at", _decided("resolution"), undated=UNDECIDED),
        success=always(Q(resolution_met=True)),
        credits=RESOLVED_BY,
        strata=OUTSIDE_CONTROL,
    ),
    Measure(
        id="problem_resolution_rate",
        name=_("Problem resolution"),
        meaning=_("Share of cases resolved or closed, among those and the overdue ones still open."),
        unit=Unit.PERCENT,
        population=Population(
            evidence=Evidence.TICKETS,
            member=_resolved_or_decided,
            candidates=lambda window, _p: window.holds("opened_at") | _resolved_or_decided(window, _p),
            undated=_("cases that are open and not yet due"),
        ),
        success=dated_by("completed_at"),
        credits=RESOLVED_BY,
    ),
    Measure(
        id="major_issue_resolution_rate",
        name=_("Major issues resolved in time"),
        meaning=_("Share of decided cases of the highest priority that were resolved within the target."),
        unit=Unit.PERCENT,
        population=tickets(
            "resolution_decided_at",
            _decided("resolution"),
            Keep("priority", _("cases of any other priority"), Q(priority=1)),
            undated=UNDECIDED,
        ),
        success=always(Q(resolution_met=True)),
        credits=RESOLVED_BY,
    ),
    Measure(
        id="independent_resolution_rate",
        name=_("Unassisted resolution"),
        meaning=_("Share of hard cases resolved without escalation or assistance."),
        unit=Unit.PERCENT,
        population=tickets(
            "resolved_at",
            Keep("not_hard", _("cases that are not hard"), Q(is_hard=True)),
            # Nobody shall hesitate to escalate what endangers people.
            Keep("safety", _("escalated safety matters"), Q(is_safety=False) | Q(escalated=False)),
            undated=NOT_RESOLVED,
        ),
        success=always(Q(escalated=False, assisted=False)),
        minimum_n=5,
        credits=(Credit.RESOLVER, Credit.OWNER),
    ),
    Measure(
        id="first_time_fix_rate",
        name=_("First-time fix"),
        meaning=_("Share of completed repairs done remotely or in one visit, never reopened, without a second order."),
        unit=Unit.PERCENT,
        population=tickets("completed_at", *BREAK_FIX, undated=NOT_COMPLETED),
        success=always(Q(reopen_count=0, visit_count__lte=1, follow_up_count=0)),
        credits=RESOLVED_BY,
        strata=OUTSIDE_CONTROL,
    ),
    Measure(
        id="repeat_repair_rate",
        name=_("Repeat repairs"),
        meaning=_("Share of repairs followed by the same fault on the same asset within the window of days."),
        unit=Unit.PERCENT,
        direction=Direction.DOWN,
        population=Population(
            evidence=Evidence.TICKETS,
            # The cohort lies earlier by the window: a fix must have had the time to fail.
            member=lambda window, p: window.shifted_back(p["window_days"]).holds("resolved_at"),
            keeps=(
                *BREAK_FIX,
                Keep("no_asset", _("cases whose asset or fault is not told"), Q(is_traceable=True)),
            ),
            candidates=lambda window, p: (
                window.holds("resolved_at") | window.shifted_back(p["window_days"]).holds("resolved_at")
            ),
            undated=_("repairs that have not had the time to fail yet; they count in the next cycle"),
        ),
        success=lambda _window, p: Q(repeat_after_us__lte=p["window_days"] * DAY_US),
        parameters={"window_days": Parameter(label=_("days within which it is a repeat"), default=30, lowest=1)},
        credits=RESOLVED_BY,
    ),
    Measure(
        id="reopen_rate",
        name=_("Reopened cases"),
        meaning=_("Share of resolved or closed cases that were reopened."),
        unit=Unit.PERCENT,
        direction=Direction.DOWN,
        population=tickets("completed_at", undated=NOT_COMPLETED),
        success=always(Q(reopen_count__gt=0)),
        credits=RESOLVED_BY,
    ),
    Measure(
        id="resolved_volume",
        name=_("Resolved cases"),
        meaning=_("Number of cases resolved or closed in the cycle."),
        unit=Unit.CASES,
        statistics=(Statistic.COUNT,),
        population=tickets("completed_at", undated=NOT_COMPLETED),
        minimum_n=1,
        credits=RESOLVED_BY,
    ),
)

# Whether an engineer had anything to do with tickets in the cycle at all: no KPI, but it decides what an empty one
# means (SPEC G12).
ACTIVITY = Measure(
    id="activity",
    name=_("Cases completed or decided"),
    meaning=_("Number of cases completed or decided in the cycle."),
    unit=Unit.CASES,
    statistics=(Statistic.COUNT,),
    population=Population(
        evidence=Evidence.TICKETS,
        member=lambda window, _p: (
            window.holds("completed_at") | window.holds("response_decided_at") | window.holds("resolution_decided_at")
        ),
    ),
)
