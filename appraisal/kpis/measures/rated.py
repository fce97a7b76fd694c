"""Measures people rate: the manager's anchored scales, until answers of others are collected."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from appraisal.kpis.measures.declaration import Measure, Statistic, Unit


def _rated(measure_id: str, name: Promise, meaning: Promise) -> Measure:
    return Measure(
        id=measure_id,
        name=name,
        meaning=meaning,
        unit=Unit.POINTS,
        statistics=(Statistic.SCORE,),
        minimum_n=1,
        is_rated=True,
    )


RATED_MEASURES = (
    _rated("collaboration", _("Cooperation"), _("How the engineer works with colleagues and other departments.")),
    _rated("communication", _("Communication"), _("How the engineer informs customers and colleagues.")),
    _rated("leadership", _("Leadership"), _("How a lead guides the team; for those who lead others only.")),
    _rated(
        "manager_rating",
        _("Manager's rating"),
        _("Performance, ability and attitude as the manager rates them on anchored scales."),
    ),
)
