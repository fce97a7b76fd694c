"""Measures of knowledge: exams, practical tests, certificates, training, knowledge articles."""

from datetime import date, datetime
from fractions import Fraction
from typing import Any

from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from appraisal.evidence.models import ExamType
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
    dated_by,
    on_day,
)
from appraisal.scoring.workdays import as_if_present_throughout

FULL_SCORE = Fraction(100)


def _exams(kind: ExamType) -> Population:
    """Every exam offered so far: an earlier one counts as long as it is valid."""
    return Population(
        evidence=Evidence.EXAMS,
        member=lambda window, _p: Q(offered_at__lt=window.end),
        keeps=(
            Keep("other_type", _("exams of the other type"), Q(type=kind)),
            Keep(
                "expired",
                _("results that are no longer valid"),
                lambda window, _p: Q(valid_until__isnull=True) | Q(valid_until__gte=window.first_date),
            ),
        ),
    )


EXAM_ROWS = ("title", "taken_at", "score_hundredths", "is_resit")


def _latest_scores(rows: list[tuple[Any, ...]], parameters: Parameters, window: Window) -> dict[str, Fraction]:
    """Return by title the latest score in the window's sight; 0 where one was offered and none is there."""
    latest: dict[str, tuple[datetime, Fraction]] = {}
    for title, taken_at, score, is_resit in rows:
        if taken_at is None or taken_at >= window.end or score is None:
            continue
        points = Fraction(score, 100)
        if is_resit:
            points = min(points, Fraction(parameters["resit_cap"]))
        latest[title] = max(latest.get(title, (taken_at, points)), (taken_at, points))
    # An invitation not followed takes nothing from a score that is still valid.
    offered = dict.fromkeys((title for title, *_rest in rows), Fraction(0))
    return offered | {title: points for title, (_at, points) in latest.items()}


def _mean_of(scores: dict[str, Fraction]) -> Facts:
    if not scores:
        return Facts()
    total = sum(scores.values(), Fraction(0))
    return Facts(n=len(scores), value=total / len(scores), numerator=total, denominator=Fraction(len(scores)))


def _knowledge(found: Found, parameters: Parameters, window: Window) -> Facts:
    return _mean_of(_latest_scores(found["exams"] or [], parameters, window))


def _skill(found: Found, parameters: Parameters, window: Window) -> Facts:
    scores = _latest_scores(found["tests"] or [], parameters, window)
    newest: dict[str, date | None] = {}
    for title, expires_on in found["certificates"] or ():
        known = newest.get(title, date.min)
        newest[title] = None if known is None or expires_on is None else max(known, expires_on)
    for title, expires_on in newest.items():
        valid = expires_on is None or expires_on >= window.last_date
        scores[f"certificate:{title}"] = FULL_SCORE if valid else Fraction(0)
    return _mean_of(scores)


def _present(found: Found) -> Fraction:
    """Return the part of the cycle's workdays on which the engineer was there: so much of a target is asked.

    Source: SPEC 4: count targets are pro-rated, statutory leave never lowers a score.
    """
    scheduled = found["calendar"] or 0
    return Fraction(len(found["scheduled"] or ()), scheduled) if scheduled else Fraction(0)


def _new_technology(found: Found, parameters: Parameters, _window: Window) -> Facts:
    """Half for the hours, half for the courses passed of those assigned; the target falls with days away."""
    assigned = found["assigned"]
    if not assigned:
        return Facts()
    target = parameters["target_hours"] * 100 * _present(found)
    hours = min(Fraction(1), (found["hours"] or 0) / target) if target else Fraction(1)
    value = 50 * hours + Fraction(50 * found["passed"], assigned)
    return Facts(n=assigned, value=value, numerator=Fraction(found["passed"]), denominator=Fraction(assigned))


def _sharing(found: Found, parameters: Parameters, _window: Window) -> Facts:
    """Units as if for all the workdays of the cycle: the target is that of a whole one."""
    n = found["approved"] + found["reused"]
    if not n:
        return Facts()
    written = Fraction(found["approved"] * parameters["per_article"] + found["reused"] * parameters["per_use"])
    present, cap = _present(found), Fraction(parameters["cap"])
    # Of whom nothing was asked, whatever was given is all there could be.
    whole = as_if_present_throughout(written, present=present) if present else written * cap
    return Facts(n=n, value=min(whole, cap), numerator=written)


TRAININGS = Population(
    evidence=Evidence.TRAINING,
    member=dated_by("assigned_at"),
    keeps=(Keep("other_subject", _("training on known technology"), Q(is_new_technology=True)),),
    candidates=lambda window, _p: window.holds("assigned_at") | window.holds("completed_at"),
    undated=_("training that was not assigned in the cycle"),
)
FINISHED = Population(
    evidence=Evidence.TRAINING,
    member=dated_by("completed_at"),
    keeps=TRAININGS.keeps,
)
APPROVED = Population(
    evidence=Evidence.ARTICLES,
    member=dated_by("approved_at"),
    candidates=lambda window, _p: window.holds("submitted_at") | window.holds("approved_at"),
    undated=_("articles not approved in the cycle"),
)
REUSED = Population(
    evidence=Evidence.ARTICLE_USES,
    member=dated_by("used_at"),
    keeps=(Keep("own_use", _("articles used by their own author"), ~Q(engineer=F("author"))),),
    engineer="author",
)
SCHEDULED = Population(evidence=Evidence.ROSTER, member=on_day("day"))
WORKDAYS = {
    "scheduled": Part(label=_("scheduled workdays"), population=SCHEDULED, rows=("day",)),
    "calendar": Part(label=_("workdays of the cycle"), population=SCHEDULED),
}
RESIT_CAP = {"resit_cap": Parameter(label=_("highest score of a resit"), default=80, highest=100)}

LEARNING_MEASURES = (
    Measure(
        id="product_knowledge",
        name=_("Product knowledge"),
        meaning=_(
            "Latest valid exam score; an exam offered of which there is none counts 0. Several exams: their mean."
        ),
        unit=Unit.POINTS,
        statistics=(Statistic.SCORE,),
        parts={"exams": Part(label=_("exams"), population=_exams(ExamType.KNOWLEDGE), rows=EXAM_ROWS)},
        formula=_knowledge,
        parameters=RESIT_CAP,
        minimum_n=1,
    ),
    Measure(
        id="repair_skill",
        name=_("Repair skill"),
        meaning=_(
            "Mean of the latest practical tests and of the certificates, a valid one being 100 and an expired one 0."
        ),
        unit=Unit.POINTS,
        statistics=(Statistic.SCORE,),
        parts={
            "tests": Part(label=_("practical tests"), population=_exams(ExamType.PRACTICAL), rows=EXAM_ROWS),
            "certificates": Part(
                label=_("certificates"),
                population=Population(
                    evidence=Evidence.CERTIFICATES,
                    member=lambda window, _p: Q(issued_on__lte=window.last_date),
                ),
                rows=("title", "expires_on"),
            ),
        },
        formula=_skill,
        parameters=RESIT_CAP,
        minimum_n=1,
    ),
    Measure(
        id="new_tech_learning",
        name=_("New-technology learning"),
        meaning=_("Half for training hours against the target, half for courses passed of those assigned."),
        unit=Unit.POINTS,
        statistics=(Statistic.SCORE,),
        parts={
            "assigned": Part(label=_("courses assigned"), population=TRAININGS),
            "passed": Part(
                label=_("courses passed"),
                population=TRAININGS,
                where=lambda window, _p: Q(passed=True, completed_at__lt=window.end),
            ),
            "hours": Part(label=_("hours"), population=FINISHED, column="hours_hundredths"),
            **WORKDAYS,
        },
        formula=_new_technology,
        parameters={"target_hours": Parameter(label=_("target hours in a cycle"), default=16, lowest=1)},
        minimum_n=1,
    ),
    Measure(
        id="knowledge_sharing",
        name=_("Knowledge sharing"),
        meaning=_(
            "Approved knowledge articles and, weighing more, their use by others, for the days present; capped."
        ),
        unit=Unit.NUMBER,
        statistics=(Statistic.SCORE,),
        parts={
            "approved": Part(label=_("approved articles"), population=APPROVED),
            "reused": Part(label=_("uses by others"), population=REUSED),
            **WORKDAYS,
        },
        formula=_sharing,
        parameters={
            "per_article": Parameter(label=_("units for an article"), default=1),
            "per_use": Parameter(label=_("units for a use by others"), default=2),
            "cap": Parameter(label=_("most units"), default=15, lowest=1),
        },
        minimum_n=1,
    ),
)
