"""Measures of work logs, and of what an engineer gives to other departments."""

from fractions import Fraction

from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from appraisal.evidence.models import HandoverType, JobType
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
    on_day,
)
from appraisal.kpis.measures.surveys import answers
from appraisal.kpis.measures.tickets import NOT_COMPLETED, tickets

LOGGED_DAYS = Population(
    evidence=Evidence.WORKLOGS,
    member=on_day("day"),
    keeps=(Keep("late", _("days logged too late"), Q(logged_in_time=True)),),
)
LOGS = Population(evidence=Evidence.WORKLOGS, member=on_day("day"))
ROSTER = Population(evidence=Evidence.ROSTER, member=on_day("day"))


def _worklog_rate(found: Found, _parameters: Parameters, _window: Window) -> Facts:
    scheduled = found["scheduled"]
    if not scheduled:
        return Facts()
    # A day on which somebody worked though none was scheduled makes up for no other.
    days = len(set(found["logged"] or ()) & set(scheduled))
    return Facts(
        n=len(scheduled),
        value=Fraction(100 * days, len(scheduled)),
        numerator=Fraction(days),
        denominator=Fraction(len(scheduled)),
    )


def _utilisation(found: Found, parameters: Parameters, _window: Window) -> Facts:
    available = parameters["hours_a_day"] * 60 * len(found["scheduled"] or ())
    if not available:
        return Facts()
    used = (found["wrench"] or 0) + (found["travel"] or 0) * parameters["with_travel"]
    return Facts(
        n=len(found["scheduled"]),
        value=Fraction(100 * used, available),
        numerator=Fraction(used, 60),
        denominator=Fraction(available, 60),
    )


def _outputs(found: Found, _parameters: Parameters, _window: Window) -> Facts:
    """Mean of the outputs this engineer had a chance to give; each counts the same."""
    shares = [
        (found["installed_at_once"], found["installed"]),
        (found["taken_over_in_time"], found["handed_over"]),
        (found["accepted"], found["suggested"]),
    ]
    percents = [Fraction(100 * met, n) for met, n in shares if n]
    n = sum(n for _met, n in shares)
    if found["trained"]:
        percents.append(Fraction(found["training_score"] * 20, found["trained"] * 100))
        n += found["trained"]
    if not percents:
        return Facts()
    total = sum(percents, Fraction(0))
    return Facts(n=n, value=total / len(percents), numerator=total, denominator=Fraction(len(percents)))


INSTALLATIONS = tickets(
    "completed_at",
    Keep("not_installation", _("other jobs than installations"), Q(job_type=JobType.INSTALLATION)),
    undated=NOT_COMPLETED,
)
_TRAINING = Keep(
    "not_training", _("answers about other jobs than customer training"), Q(ticket__job_type=JobType.TRAINING)
)
CUSTOMER_TRAINING = Population(
    evidence=Evidence.SURVEYS,
    member=answers("score_hundredths").member,
    keeps=(*answers("score_hundredths").keeps, _TRAINING),
)
HANDOVERS = Population(
    evidence=Evidence.HANDOVERS,
    member=dated_by("decided_at"),
    keeps=(Keep("not_handover", _("product feedback and improvements"), Q(type=HandoverType.HANDOVER)),),
)
SUGGESTIONS = Population(
    evidence=Evidence.HANDOVERS,
    member=dated_by("decided_at"),
    keeps=(Keep("handover", _("handovers"), ~Q(type=HandoverType.HANDOVER)),),
)


def _accepted_in_time(_window: Window, _parameters: Parameters) -> Q:
    return Q(accepted=True) & (Q(due_at__isnull=True) | Q(decided_at__lte=F("due_at")))


WORK_MEASURES = (
    Measure(
        id="worklog_rate",
        name=_("Work log submission"),
        meaning=_("Share of scheduled workdays logged in time, leave removed."),
        unit=Unit.PERCENT,
        parts={
            "logged": Part(label=_("days logged in time"), population=LOGGED_DAYS, rows=("day",)),
            "scheduled": Part(label=_("scheduled workdays"), population=ROSTER, rows=("day",)),
        },
        formula=_worklog_rate,
        minimum_n=1,
    ),
    Measure(
        id="role_outputs",
        name=_("Role outputs"),
        meaning=_(
            "Mean of installations accepted at once, customer training, handovers accepted in time, and feedback "
            "and improvements accepted; of those there were any."
        ),
        unit=Unit.POINTS,
        statistics=(Statistic.SCORE,),
        parts={
            "installed": Part(label=_("installations"), population=INSTALLATIONS),
            "installed_at_once": Part(
                label=_("installations accepted at once"),
                population=INSTALLATIONS,
                where=always(Q(reopen_count=0, visit_count__lte=1, follow_up_count=0)),
            ),
            "trained": Part(label=_("ratings of customer training"), population=CUSTOMER_TRAINING),
            "training_score": Part(
                label=_("score of customer training"), population=CUSTOMER_TRAINING, column="score_hundredths"
            ),
            "handed_over": Part(label=_("handovers"), population=HANDOVERS),
            "taken_over_in_time": Part(
                label=_("handovers accepted in time"), population=HANDOVERS, where=_accepted_in_time
            ),
            "suggested": Part(label=_("feedback and improvements decided"), population=SUGGESTIONS),
            "accepted": Part(
                label=_("feedback and improvements accepted"), population=SUGGESTIONS, where=always(Q(accepted=True))
            ),
        },
        formula=_outputs,
        minimum_n=1,
    ),
    Measure(
        id="utilisation",
        name=_("Utilisation"),
        meaning=_("Working and travelling hours of the hours available; a sign of load, not of merit."),
        unit=Unit.PERCENT,
        bounds=(0, None),
        parts={
            "wrench": Part(label=_("minutes of work"), population=LOGS, column="wrench_minutes"),
            "travel": Part(label=_("minutes of travel"), population=LOGS, column="travel_minutes"),
            "scheduled": Part(label=_("scheduled workdays"), population=ROSTER, rows=("day",)),
        },
        formula=_utilisation,
        parameters={
            "hours_a_day": Parameter(label=_("available hours a day"), default=8, lowest=1, highest=24),
            "with_travel": Parameter(label=_("travel counts as work (1) or not (0)"), default=1, highest=1),
        },
        minimum_n=1,
    ),
)
