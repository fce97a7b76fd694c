"""Reads of training needs: filtered, with the KPI's name and the courses that help."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from appraisal.kpis.models import KpiVersion
from appraisal.outcomes.models import Course, NeedState, TrainingNeed
from appraisal.outcomes.tables import Cell
from appraisal.outcomes.training import courses_for
from engineers.requests import number_in


@dataclass(frozen=True, kw_only=True)
class NeedFilters:
    """What the address of the list may ask for; anything it does not know is ignored."""

    text: str = ""
    cycle: str = ""
    state: str = ""
    kpi: str = ""
    team_id: int | None = None

    @classmethod
    def of(cls, query: Mapping[str, Any]) -> NeedFilters:
        state = str(query.get("state", ""))
        return cls(
            text=str(query.get("q", "")).strip()[:100],
            cycle=str(query.get("cycle", ""))[:40],
            state=state if state in NeedState.values else "",
            kpi=str(query.get("kpi", ""))[:60],
            team_id=number_in(str(query.get("team", ""))),
        )

    def narrow(self, needs: QuerySet[TrainingNeed]) -> QuerySet[TrainingNeed]:
        if self.text:
            person = Q(review__engineer__employee_no__icontains=self.text)
            needs = needs.filter(person | Q(review__engineer__name__icontains=self.text))
        if self.cycle:
            needs = needs.filter(review__cycle__code=self.cycle)
        if self.state:
            needs = needs.filter(state=self.state)
        if self.kpi:
            needs = needs.filter(kpi__code=self.kpi)
        if self.team_id is not None:
            needs = needs.filter(review__team=self.team_id)
        return needs


@dataclass(frozen=True, kw_only=True)
class NeedView:
    need: TrainingNeed
    kpi_name: str
    courses: list[Course] = field(default_factory=list)


def view_needs(needs: Iterable[TrainingNeed]) -> list[NeedView]:
    """Return needs with names and courses; two queries for all of them."""
    listed = list(needs)
    ids = sorted({need.kpi_id for need in listed})
    names, courses = kpi_names(ids), courses_for(ids)
    return [
        NeedView(need=need, kpi_name=names.get(need.kpi_id, need.kpi.code), courses=courses.get(need.kpi_id, []))
        for need in listed
    ]


def kpi_names(kpi_ids: Iterable[int]) -> dict[int, str]:
    """Return what people call some KPIs today."""
    versions = KpiVersion.objects.filter(kpi__in=kpi_ids).order_by("number")
    return {version.kpi_id: version.name for version in versions.only("kpi_id", "name_zh", "name_en")}


def titles() -> list[str]:
    return [
        *(_("Employee number"), _("Full name"), _("Team"), _("Cycle"), _("KPI"), _("KPI name"), _("Points")),
        *(_("State"), _("Course"), _("Suggested courses"), _("Reason")),
    ]


def rows(needs: QuerySet[TrainingNeed]) -> Iterator[list[Cell]]:
    """Yield the rows of an export."""
    for view in view_needs(needs):
        need = view.need
        yield [
            need.review.engineer.employee_no,
            need.review.engineer.name,
            need.review.team.name if need.review.team else "",
            need.review.cycle.code,
            need.kpi.code,
            view.kpi_name,
            need.points,
            str(need.get_state_display()),
            need.course.name if need.course else "",
            "; ".join(course.name for course in view.courses),
            need.reason,
        ]
