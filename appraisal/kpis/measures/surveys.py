"""Measures of customer surveys. Stored scores are hundredths of a point."""

from fractions import Fraction

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from appraisal.kpis.measures.declaration import Evidence, Measure, Statistic, Unit, always, dated_by

ANSWERED = dated_by("responded_at", Q(score_hundredths__isnull=False))
UNANSWERED = _("surveys nobody answered")

SURVEY_MEASURES = (
    Measure(
        id="csat_avg",
        name=_("Satisfaction, mean"),
        meaning=_("Mean of the customers' scores from 1 to 5."),
        evidence=Evidence.SURVEYS,
        unit=Unit.STARS,
        statistics=(Statistic.MEAN,),
        population=ANSWERED,
        columns={"": "score_hundredths"},
        scale=Fraction(1, 100),
        minimum_n=5,
        left_out=(UNANSWERED,),
    ),
    Measure(
        id="csat_top2",
        name=_("Satisfied customers"),
        meaning=_("Share of answers that gave 4 or 5."),
        evidence=Evidence.SURVEYS,
        unit=Unit.PERCENT,
        population=ANSWERED,
        success=always(Q(score_hundredths__gte=400)),
        minimum_n=5,
        left_out=(UNANSWERED,),
    ),
    Measure(
        id="survey_response_rate",
        name=_("Survey response"),
        meaning=_("Share of delivered surveys that were answered."),
        evidence=Evidence.SURVEYS,
        unit=Unit.PERCENT,
        population=dated_by("delivered_at"),
        success=lambda window: Q(responded_at__lt=window.end),
        minimum_n=5,
        left_out=(_("surveys whose delivery the source does not tell"),),
    ),
    Measure(
        id="service_attitude",
        name=_("Service attitude"),
        meaning=_("Mean of the customers' scores for courtesy and patience, 5 being 100."),
        evidence=Evidence.SURVEYS,
        unit=Unit.POINTS,
        statistics=(Statistic.SCORE,),
        population=dated_by("responded_at", Q(attitude_hundredths__isnull=False)),
        columns={"": "attitude_hundredths"},
        scale=Fraction(20, 100),
        minimum_n=5,
        left_out=(_("answers without a score for attitude"),),
    ),
)
