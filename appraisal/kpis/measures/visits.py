"""Measures of visits."""

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from appraisal.kpis.measures.declaration import (
    Clock,
    Evidence,
    Keep,
    Measure,
    Population,
    Unit,
    always,
    dated_by,
)
from appraisal.kpis.measures.tickets import DISTRIBUTION, MINUTES, PERCENT_OF_MILLIONTHS
from appraisal.scoring.curves import Direction

FIRST_VISITS = Keep("not_first", _("second and later visits of the same case, and those who assist"), Q(is_first=True))


def visits(column: str, *keeps: Keep, undated: str | Promise) -> Population:
    return Population(
        evidence=Evidence.VISITS,
        member=dated_by(column),
        keeps=(FIRST_VISITS, *keeps),
        candidates=lambda window, _p: window.holds("dispatched_at") | window.holds(column),
        undated=undated,
    )


VISIT_MEASURES = (
    Measure(
        id="arrival_time",
        name=_("Arrival time"),
        meaning=_("Time from dispatch to arrival at the customer's site, over first visits."),
        unit=Unit.MINUTES,
        direction=Direction.DOWN,
        statistics=DISTRIBUTION,
        population=visits(
            "arrived_at",
            Keep("no_duration", _("arrivals that cannot be timed"), Q(arrival_us__isnull=False)),
            undated=_("visits without a check-in"),
        ),
        columns={Clock.BUSINESS: "arrival_business_us", Clock.CALENDAR: "arrival_us"},
        scale=MINUTES,
        minimum_n=5,
    ),
    Measure(
        id="arrival_time_share",
        name=_("Arrival against the promise"),
        meaning=_(
            "Time from dispatch to arrival as a share of the time promised for it, over first visits: the same "
            "yardstick for near and far customers."
        ),
        unit=Unit.PERCENT,
        direction=Direction.DOWN,
        statistics=DISTRIBUTION,
        population=visits(
            "arrived_at",
            Keep(
                "no_promise",
                _("visits with no target in force, or that cannot be timed"),
                Q(arrival_share__isnull=False),
            ),
            undated=_("visits without a check-in"),
        ),
        columns={"": "arrival_share"},
        scale=PERCENT_OF_MILLIONTHS,
        minimum_n=5,
    ),
    Measure(
        id="arrival_sla_rate",
        name=_("On-time arrival"),
        meaning=_("Share of decided first visits that arrived within the target."),
        unit=Unit.PERCENT,
        population=visits(
            "arrival_decided_at",
            Keep("undecided", _("visits with no target in force"), Q(arrival_met__isnull=False)),
            undated=_("visits with no target in force, or not yet due"),
        ),
        success=always(Q(arrival_met=True)),
        strata=("ticket__priority", "ticket__region", "ticket__distance_band"),
    ),
)
