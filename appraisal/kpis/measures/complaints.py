"""Measures of complaints."""

from fractions import Fraction

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from appraisal.evidence.models import Cause, Verdict
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
)
from appraisal.kpis.measures.tickets import NOT_COMPLETED, tickets
from appraisal.scoring.curves import Direction
from appraisal.scoring.values import per_hundred

CHARGED = Population(
    evidence=Evidence.COMPLAINTS,
    member=dated_by("received_at"),
    keeps=(
        Keep("pending", _("complaints not decided yet"), ~Q(verdict=Verdict.PENDING)),
        Keep("unjustified", _("complaints that were not justified"), Q(verdict=Verdict.JUSTIFIED)),
        Keep(
            "other_cause",
            _("complaints caused by product, logistics, process, customer or others"),
            Q(cause__in=[Cause.UNKNOWN, Cause.ENGINEER]),
        ),
        Keep("anonymous", _("anonymous complaints without evidence"), Q(is_anonymous=False) | Q(has_evidence=True)),
    ),
)


def _index(found: Found, parameters: Parameters, _window: Window) -> Facts:
    closed = found["closed"]
    charged = Fraction(found["severity"] or 0) if parameters["weighted"] else Fraction(found["complaints"])
    if not closed:
        # No index without cases; but what was charged keeps the line from counting as free of complaints.
        return Facts(numerator=charged or None)
    value = per_hundred(total=charged, base=closed)
    return Facts(n=closed, value=value, numerator=charged, denominator=Fraction(closed))


COMPLAINT_MEASURES = (
    Measure(
        id="complaint_index",
        name=_("Complaint index"),
        meaning=_("Justified complaints per 100 closed cases, weighted 1, 3 or 5 by severity."),
        unit=Unit.PER_HUNDRED,
        direction=Direction.DOWN,
        statistics=(Statistic.SCORE,),
        parts={
            "complaints": Part(label=_("complaints"), population=CHARGED),
            "severity": Part(label=_("severity"), population=CHARGED, column="severity"),
            "closed": Part(label=_("closed cases"), population=tickets("completed_at", undated=NOT_COMPLETED)),
        },
        formula=_index,
        parameters={"weighted": Parameter(label=_("weighted by severity (1) or counted (0)"), default=1, highest=1)},
    ),
)
