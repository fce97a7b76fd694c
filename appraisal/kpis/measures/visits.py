"""Measures of visits."""

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from appraisal.kpis.measures.declaration import (
    Clock,
    Evidence,
    Measure,
    Statistic,
    Unit,
    always,
    dated_by,
)
from appraisal.kpis.measures.tickets import MINUTES
from appraisal.scoring.curves import Direction

FIRST_VISITS = _("second and later visits of the same case")

VISIT_MEASURES = (
    Measure(
        id="arrival_time",
        name=_("Arrival time"),
        meaning=_("Time from dispatch to arrival at the customer's site, over first visits."),
        evidence=Evidence.VISITS,
        unit=Unit.MINUTES,
        direction=Direction.DOWN,
        statistics=(Statistic.MEDIAN, Statistic.P90, Statistic.MEAN),
        population=dated_by("arrived_at", Q(arrival_us__isnull=False, is_first=True)),
        columns={Clock.BUSINESS: "arrival_business_us", Clock.CALENDAR: "arrival_us"},
        scale=MINUTES,
        minimum_n=5,
        left_out=(FIRST_VISITS, _("visits cancelled on the way")),
    ),
    Measure(
        id="arrival_sla_rate",
        name=_("On-time arrival"),
        meaning=_("Share of decided first visits that arrived within the target."),
        evidence=Evidence.VISITS,
        unit=Unit.PERCENT,
        population=dated_by("arrival_decided_at", Q(arrival_met__isnull=False, is_first=True)),
        success=always(Q(arrival_met=True)),
        left_out=(FIRST_VISITS, _("visits cancelled on the way"), _("visits with no target in force")),
    ),
)
