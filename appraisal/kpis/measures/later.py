"""Measures a scoring run does not compute: the manager's own criteria, and those whose evidence is not collected
yet. They stand in the scheme all the same; without points their weight goes to the others (SPEC 2.7).
"""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from appraisal.kpis.measures.declaration import Evidence, Measure, Statistic, Unit
from appraisal.scoring.curves import Direction


def _rated(measure_id: str, name: Promise, meaning: Promise) -> Measure:
    return Measure(
        id=measure_id,
        name=name,
        meaning=meaning,
        evidence=Evidence.MANAGER,
        unit=Unit.POINTS,
        statistics=(Statistic.SCORE,),
        minimum_n=1,
    )


def _unmeasured(
    measure_id: str,
    name: Promise,
    meaning: Promise,
    *,
    unit: Unit = Unit.PERCENT,
    direction: Direction = Direction.UP,
    statistic: Statistic = Statistic.RATE,
) -> Measure:
    return Measure(
        id=measure_id,
        name=name,
        meaning=meaning,
        evidence=Evidence.NONE,
        unit=unit,
        direction=direction,
        statistics=(statistic,),
    )


LATER = (
    _unmeasured(
        "followup_continuity",
        _("Follow-up continuity"),
        _("Share of overdue cases whose customer was kept informed without too long a gap."),
    ),
    _unmeasured(
        "independent_resolution_rate",
        _("Unassisted resolution"),
        _("Share of hard cases resolved without escalation or assistance."),
    ),
    _unmeasured(
        "repeat_repair_rate",
        _("Repeat repairs"),
        _("Share of repairs followed by the same fault on the same asset within the window."),
        direction=Direction.DOWN,
    ),
    _unmeasured(
        "diagnosis_accuracy",
        _("Diagnosis accuracy"),
        _("Share of audited reports whose first diagnosis was the final cause."),
    ),
    _unmeasured(
        "nps",
        _("Net promoter score"),
        _("Share of promoters minus share of detractors."),
        unit=Unit.POINTS,
        statistic=Statistic.SCORE,
    ),
    _unmeasured(
        "complaint_index",
        _("Complaint index"),
        _("Severity of justified complaints per 100 closed cases."),
        unit=Unit.POINTS,
        direction=Direction.DOWN,
        statistic=Statistic.SCORE,
    ),
    _unmeasured(
        "report_timeliness",
        _("Reports in time"),
        _("Share of due service reports submitted within 24 business hours."),
    ),
    _unmeasured(
        "report_completeness",
        _("Report completeness"),
        _("Mean score of the mandatory items over a random sample of service reports."),
    ),
    _unmeasured(
        "worklog_rate",
        _("Work log submission"),
        _("Share of scheduled workdays logged in time, leave removed."),
    ),
    _unmeasured(
        "product_knowledge",
        _("Product knowledge"),
        _("Latest valid exam score."),
        unit=Unit.POINTS,
        statistic=Statistic.SCORE,
    ),
    _unmeasured(
        "repair_skill",
        _("Repair skill"),
        _("Score of the practical test; an expired certificate counts 0."),
        unit=Unit.POINTS,
        statistic=Statistic.SCORE,
    ),
    _unmeasured(
        "new_tech_learning",
        _("New-technology learning"),
        _("Training hours against the target and courses passed of those assigned."),
        unit=Unit.POINTS,
        statistic=Statistic.SCORE,
    ),
    _unmeasured(
        "knowledge_sharing",
        _("Knowledge sharing"),
        _("Approved knowledge articles and their reuse by others, capped."),
        unit=Unit.POINTS,
        statistic=Statistic.SCORE,
    ),
    _rated("collaboration", _("Cooperation"), _("How the engineer works with colleagues and other departments.")),
    _rated("communication", _("Communication"), _("How the engineer informs customers and colleagues.")),
    _rated("leadership", _("Leadership"), _("How a lead guides the team; for those who lead others only.")),
    _rated(
        "manager_rating",
        _("Manager's rating"),
        _("Performance, ability and attitude as the manager rates them on anchored scales."),
    ),
    _unmeasured(
        "role_outputs",
        _("Role outputs"),
        _("Installations passed first time, customer training, handovers and product feedback accepted."),
        unit=Unit.POINTS,
        statistic=Statistic.SCORE,
    ),
    _unmeasured(
        "utilisation",
        _("Utilisation"),
        _("Working and travelling hours of the hours available; a sign of load, not of merit."),
    ),
)
