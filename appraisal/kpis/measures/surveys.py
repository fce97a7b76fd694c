"""Measures of customer surveys. Stored scores are hundredths of a point."""

from fractions import Fraction

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from appraisal.kpis.measures.declaration import (
    Evidence,
    Facts,
    Found,
    Keep,
    Measure,
    Parameter,
    Parameters,
    Part,
    Population,
    Statistic,
    Unit,
    Window,
    always,
    dated_by,
)

LATEST = Keep("superseded", _("earlier answers about the same case, and those later than 14 days"), Q(is_latest=True))
UNANSWERED = _("surveys nobody answered")


def answers(column: str) -> Population:
    """Answers given in the cycle that hold a score in ``column``; one per case."""
    return Population(
        evidence=Evidence.SURVEYS,
        member=dated_by("responded_at"),
        keeps=(Keep("no_score", _("answers without this score"), Q(**{f"{column}__isnull": False})), LATEST),
        candidates=lambda window, _p: window.holds("delivered_at") | window.holds("responded_at"),
        undated=UNANSWERED,
    )


def _net_promoters(found: Found, _parameters: Parameters, _window: Window) -> Facts:
    n = found["answers"]
    if not n:
        return Facts()
    difference = Fraction(found["promoters"] - found["detractors"])
    return Facts(n=n, value=100 * difference / n, numerator=difference, denominator=Fraction(n))


SURVEY_MEASURES = (
    Measure(
        id="csat_avg",
        name=_("Satisfaction, mean"),
        meaning=_("Mean of the customers' scores from 1 to 5."),
        unit=Unit.STARS,
        statistics=(Statistic.MEAN,),
        population=answers("score_hundredths"),
        columns={"": "score_hundredths"},
        scale=Fraction(1, 100),
        minimum_n=5,
    ),
    Measure(
        id="csat_top2",
        name=_("Satisfied customers"),
        meaning=_("Share of answers with at least as many stars as the KPI asks for, 4 of 5 unless set otherwise."),
        unit=Unit.PERCENT,
        population=answers("score_hundredths"),
        success=lambda _window, p: Q(score_hundredths__gte=100 * p["satisfied_from"]),
        parameters={
            "satisfied_from": Parameter(
                label=_("fewest stars that count as satisfied"), default=4, lowest=1, highest=5
            )
        },
        minimum_n=5,
    ),
    Measure(
        id="survey_response_rate",
        name=_("Survey response"),
        meaning=_("Share of delivered surveys that were answered."),
        unit=Unit.PERCENT,
        population=Population(
            evidence=Evidence.SURVEYS,
            member=dated_by("delivered_at"),
            candidates=lambda window, _p: window.holds("delivered_at") | window.holds("responded_at"),
            undated=_("surveys whose delivery the source does not tell"),
        ),
        success=lambda window, _p: Q(responded_at__lt=window.end),
        minimum_n=5,
    ),
    Measure(
        id="nps",
        name=_("Net promoter score"),
        meaning=_("Share of promoters (9 or 10 of 10) minus share of detractors (0 to 6)."),
        unit=Unit.POINTS,
        bounds=(-100, 100),
        statistics=(Statistic.SCORE,),
        parts={
            "answers": Part(label=_("answers"), population=answers("recommend")),
            "promoters": Part(
                label=_("promoters"), population=answers("recommend"), where=always(Q(recommend__gte=9))
            ),
            "detractors": Part(
                label=_("detractors"), population=answers("recommend"), where=always(Q(recommend__lte=6))
            ),
        },
        formula=_net_promoters,
        minimum_n=5,
    ),
    Measure(
        id="service_attitude",
        name=_("Service attitude"),
        meaning=_("Mean of the customers' scores for courtesy and patience, 5 being 100."),
        unit=Unit.POINTS,
        statistics=(Statistic.SCORE,),
        population=answers("attitude_hundredths"),
        columns={"": "attitude_hundredths"},
        scale=Fraction(20, 100),
        minimum_n=5,
    ),
)
