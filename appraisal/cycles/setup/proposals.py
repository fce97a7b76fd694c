"""What a new cycle is likely to be: the period after the last one, its name, its schemes, its deadlines."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from appraisal.cycles.models import Cycle, CycleState
from appraisal.kpis.queries import list_schemes

SHIPPED_SCHEME = "standard"
LIKE = "like:"
# Days after the end of the cycle by which a stage is due, unless a former cycle says otherwise.
USUAL_DAYS = {
    CycleState.SELF_REVIEW: 7,
    CycleState.MANAGER_REVIEW: 21,
    CycleState.CALIBRATION: 28,
    CycleState.PUBLISHED: 35,
}
DAY = timedelta(days=1)


class Kind(models.TextChoices):
    """Templates: how long a cycle lasts."""

    MONTH = "month", _("a month")
    QUARTER = "quarter", _("a quarter")
    HALF_YEAR = "half_year", _("half a year")
    YEAR = "year", _("a year of quarters")


MONTHS = {Kind.MONTH: 1, Kind.QUARTER: 3, Kind.HALF_YEAR: 6, Kind.YEAR: 12}


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """Initial values of each step's form, by step."""

    period: dict[str, Any]
    schemes: dict[str, Any] = field(default_factory=dict)
    people: dict[str, Any] = field(default_factory=dict)
    deadline_days: dict[str, int] = field(default_factory=dict)


def propose(start: str, *, today: date) -> Proposal:
    """Return what is proposed from a template, or from a cycle (``like:<code>``) that shall be followed."""
    former = Cycle.objects.filter(code=start.removeprefix(LIKE)).first() if start.startswith(LIKE) else None
    if former is None:
        kind = Kind(start) if start in Kind.values else Kind.QUARTER
        first, last = _free_period(kind, today)
        return Proposal(
            period=_period(kind, first, last),
            schemes={"scheme": _first_scheme()},
            deadline_days={str(state): days for state, days in USUAL_DAYS.items()},
        )
    followed = kind_of(former.start_date, former.end_date)
    first, last = _after(former)
    rows = former.schemes.select_related("version__scheme")
    schemes = {
        "scheme" if row.profile_id is None else f"scheme_{row.profile_id}": row.version.scheme.code for row in rows
    }
    days = {deadline.state: (deadline.due_date - former.end_date).days for deadline in former.deadlines.all()}
    return Proposal(
        period=_period(followed, first, last) | {"time_zone": former.time_zone},
        schemes=schemes,
        people={"asks_self_review": former.asks_self_review, "asks_second_level": former.asks_second_level},
        deadline_days=days or {str(state): number for state, number in USUAL_DAYS.items()},
    )


def kind_of(first: date, last: date) -> Kind | None:
    """Return which template some days are, None for a span of its own."""
    return next((kind for kind in Kind if _span_at(kind, first) == (first, last)), None)


def _free_period(kind: Kind, today: date) -> tuple[date, date]:
    """Return the period of this kind that today lies in, or the next one of which there is no cycle yet."""
    taken = set(Cycle.objects.values_list("start_date", "end_date"))
    first, last = _span_at(kind, today)
    while (first, last) in taken:
        first, last = _span_at(kind, last + DAY)
    return first, last


def _span_at(kind: Kind, day: date) -> tuple[date, date]:
    months = MONTHS[kind]
    first = date(day.year, months * ((day.month - 1) // months) + 1, 1)
    following = first.month - 1 + months
    return first, date(first.year + following // 12, following % 12 + 1, 1) - DAY


def _after(former: Cycle) -> tuple[date, date]:
    """Return the days that follow a cycle: a month after a month, else as many days."""
    first = former.end_date + DAY
    kind = kind_of(former.start_date, former.end_date)
    return _span_at(kind, first) if kind else (first, first + (former.end_date - former.start_date))


def _period(kind: Kind | None, first: date, last: date) -> dict[str, Any]:
    code, name = _named(kind, first, last)
    parts = Cycle.objects.filter(start_date__gte=first, end_date__lte=last, parts__isnull=True)
    return {
        "code": _free_code(code, set(Cycle.objects.values_list("code", flat=True))),
        "name": name,
        "start_date": first.isoformat(),
        "end_date": last.isoformat(),
        "time_zone": settings.TIME_ZONE,
        "parts": [str(pk) for pk in parts.values_list("pk", flat=True)] if kind == Kind.YEAR else [],
    }


def _named(kind: Kind | None, first: date, last: date) -> tuple[str, str]:
    year = str(first.year)
    match kind:
        case Kind.MONTH:
            return f"{first:%Y-%m}", str(_("%(year)s, month %(number)s")) % {"year": year, "number": first.month}
        case Kind.QUARTER:
            number = (first.month + 2) // 3
            return f"{year}-Q{number}", str(_("%(year)s, quarter %(number)s")) % {"year": year, "number": number}
        case Kind.HALF_YEAR:
            half = (first.month + 5) // 6
            return f"{year}-H{half}", str(_("%(year)s, half %(number)s")) % {"year": year, "number": half}
        case Kind.YEAR:
            return year, str(_("Year %(year)s")) % {"year": year}
    return first.isoformat(), f"{first.isoformat()} – {last.isoformat()}"


def _free_code(code: str, taken: Collection[str]) -> str:
    free, number = code, 2
    while free in taken:
        free, number = f"{code}-{number}", number + 1
    return free


def _first_scheme() -> str:
    """Return the one scheme that is in force; with none or several, the shipped one."""
    in_force = [row.scheme.code for row in list_schemes() if row.active]
    return in_force[0] if len(in_force) == 1 else SHIPPED_SCHEME
