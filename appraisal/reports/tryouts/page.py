"""A try-out as pages and API ask for it, and the list of people in it: filtered, sorted, paged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.paginator import Page, Paginator
from django.http import Http404

from appraisal.cycles.access import visible_cycles
from appraisal.cycles.models import Cycle, CycleState
from appraisal.cycles.workflow import REVEALED
from appraisal.kpis import access as kpi_access
from appraisal.kpis.models import SchemeVersion
from appraisal.reports.tryouts.figures import Person, TryOut, summarise
from appraisal.reports.tryouts.form import TryForm
from appraisal.reports.tryouts.memory import collector_at_rest
from appraisal.reports.tryouts.sheets import try_version
from engineers.models import User

PEOPLE_A_PAGE = 50
SHOWN = ("moved", "risen", "fallen", "not_rated", "all")
SORTS = {
    "number": lambda person: (True, person.employee_no),
    "name": lambda person: (True, person.name),
    "before": lambda person: (person.old_overall is not None, person.old_overall or 0),
    "after": lambda person: (person.new_overall is not None, person.new_overall or 0),
    "change": lambda person: (person.change is not None, person.change or 0),
}


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A version with the cycle it is tried on; ``outcome`` None: the form is wrong, or nobody is in the cycle."""

    version: SchemeVersion
    cycle: Cycle | None
    form: TryForm | None
    outcome: TryOut | None


def ask(*, viewer: User, code: str, number: int, asked: Mapping[str, Any], now: datetime) -> Asked:
    """Try a version on the cycle the address names, or the last one. Raises Http404 for what one may not see."""
    version = kpi_access.get_version(viewer=viewer, code=code, number=number)
    cycles = list(visible_cycles(viewer).exclude(state=CycleState.DRAFT))
    cycle = _chosen(cycles, str(asked.get("cycle", "")))
    if cycle is None:
        return Asked(version=version, cycle=None, form=None, outcome=None)
    form = TryForm(asked, version=version, cycle=cycle, cycles=cycles)
    outcome = None
    if form.is_valid():
        question = form.question()
        with collector_at_rest():
            tried = try_version(cycle=cycle, version=version, instead_of=question.instead_of, now=now)
            if tried:
                outcome = summarise(tried, base=question.base, coefficients=question.coefficients)
    return Asked(version=version, cycle=cycle, form=form, outcome=outcome)


def _chosen(cycles: Sequence[Cycle], code: str) -> Cycle | None:
    """Return the cycle of this code; without one, the last that is published, else the last."""
    if code:
        found = next((cycle for cycle in cycles if cycle.code == code), None)
        if found is None:
            raise Http404
        return found
    return next((cycle for cycle in cycles if cycle.state in REVEALED), cycles[0] if cycles else None)


@dataclass(frozen=True, kw_only=True)
class PeopleFilters:
    """Which people of a try-out are listed; whatever makes no sense is left out."""

    text: str
    show: str
    before: str
    after: str
    sort: str

    @classmethod
    def of(cls, query: Mapping[str, Any]) -> PeopleFilters:
        show, sort = str(query.get("show", "")), str(query.get("sort", ""))
        return cls(
            text=str(query.get("q", "")).strip()[:100],
            show=show if show in SHOWN else "moved",
            before=str(query.get("before", ""))[:10],
            after=str(query.get("after", ""))[:10],
            sort=sort if sort.lstrip("-") in SORTS else "change",
        )

    def holds(self, person: Person) -> bool:
        text = self.text.lower()
        return (
            (not text or text in person.employee_no.lower() or text in person.name.lower())
            and (not self.before or person.old_grade == self.before)
            and (not self.after or person.new_grade == self.after)
            and _is_shown(person, self.show)
        )


def _is_shown(person: Person, show: str) -> bool:
    match show:
        case "risen":
            return person.rise > 0
        case "fallen":
            return person.rise < 0
        case "moved":
            return person.moves
        case "not_rated":
            return person.new_overall is None
    return True


def list_people(outcome: TryOut, filters: PeopleFilters, page: Any) -> Page:
    """Return a page of the people; those without the figure sorted by come last either way."""
    people = sorted((each for each in outcome.people if filters.holds(each)), key=lambda each: each.employee_no)
    key = SORTS[filters.sort.lstrip("-")]
    known = [each for each in people if key(each)[0]]
    unknown = [each for each in people if not key(each)[0]]
    known.sort(key=key, reverse=filters.sort.startswith("-"))
    return Paginator([*known, *unknown], PEOPLE_A_PAGE).get_page(page)
