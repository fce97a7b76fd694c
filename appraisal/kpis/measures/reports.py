"""Measures of service reports and of their audit."""

from fractions import Fraction

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from appraisal.kpis.measures.declaration import (
    Evidence,
    Facts,
    Found,
    Keep,
    Measure,
    Parameters,
    Part,
    Population,
    Statistic,
    Unit,
    Window,
    always,
    dated_by,
)

AUDITED = Population(evidence=Evidence.AUDITS, member=dated_by("audited_at"))


def _completeness(found: Found, _parameters: Parameters, _window: Window) -> Facts:
    """Mean over reports of the mean over items: each report weighs the same, however many items apply to it."""
    scores = [Fraction(items_sum, items_count) for items_sum, items_count in found["reports"] or ()]
    if not scores:
        return Facts()
    total = sum(scores, Fraction(0))
    return Facts(n=len(scores), value=total / len(scores), numerator=total, denominator=Fraction(len(scores)))


REPORT_MEASURES = (
    Measure(
        id="diagnosis_accuracy",
        name=_("Diagnosis accuracy"),
        meaning=_("Share of audited reports whose first diagnosis was the final cause."),
        unit=Unit.PERCENT,
        population=Population(
            evidence=Evidence.AUDITS,
            member=dated_by("audited_at"),
            keeps=(
                Keep("undiagnosed", _("reports without a diagnosis to judge"), Q(diagnosis_correct__isnull=False)),
            ),
        ),
        success=always(Q(diagnosis_correct=True)),
        minimum_n=5,
    ),
    Measure(
        id="report_timeliness",
        name=_("Reports in time"),
        meaning=_("Share of due service reports submitted within the target, 24 business hours unless set otherwise."),
        unit=Unit.PERCENT,
        population=Population(
            evidence=Evidence.REPORTS,
            member=dated_by("report_decided_at"),
            keeps=(Keep("undecided", _("reports with no target in force"), Q(report_met__isnull=False)),),
            candidates=lambda window, _p: window.holds("service_ended_at") | window.holds("report_decided_at"),
            undated=_("reports with no target in force, or not yet due"),
        ),
        success=always(Q(report_met=True)),
        minimum_n=1,
    ),
    Measure(
        id="report_completeness",
        name=_("Report completeness"),
        meaning=_("Mean score of the mandatory items over a random sample of service reports."),
        unit=Unit.PERCENT,
        statistics=(Statistic.SCORE,),
        parts={"reports": Part(label=_("audited reports"), population=AUDITED, rows=("items_sum", "items_count"))},
        formula=_completeness,
        minimum_n=5,
    ),
)
