"""Finding a person by number or name, among those a viewer may name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When

from engineers.models import Engineer, TeamMembership

OFFERED = 8


@dataclass(frozen=True, kw_only=True)
class Suggestion:
    """A person as offered: the number is what is sent, name and team are what is recognised."""

    employee_no: str
    name: str
    team: str

    def __str__(self) -> str:
        return " · ".join(part for part in (f"{self.name} ({self.employee_no})", self.team) if part)


def people_like(engineers: QuerySet[Engineer], text: str) -> QuerySet[Engineer]:
    """Narrow engineers to a part of number or name; what begins so comes first."""
    begins = Q(employee_no__istartswith=text) | Q(name__istartswith=text)
    order = Case(When(begins, then=Value(0)), default=Value(1), output_field=IntegerField())
    found = engineers.filter(Q(employee_no__icontains=text) | Q(name__icontains=text))
    return found.order_by(order, "employee_no")


def suggest(engineers: Iterable[Engineer], *, on: date) -> list[Suggestion]:
    """Return some engineers as they are offered, with their team on that day, in one query more."""
    shown = list(engineers)
    held = TeamMembership.objects.overlapping(on, on).filter(engineer__in=[each.pk for each in shown])
    teams = dict(held.order_by("start_date", "pk").values_list("engineer_id", "team__name"))
    return [Suggestion(employee_no=each.employee_no, name=each.name, team=teams.get(each.pk, "")) for each in shown]
