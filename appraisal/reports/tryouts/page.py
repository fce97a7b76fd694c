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
from appraisal.kpis.models import Kpi, KpiVersion, SchemeState, SchemeVersion
from appraisal.kpis.queries import Pair, apply_both, apply_lines, read_lines
from appraisal.reports.tryouts.figures import Person, TryOut, summarise
from appraisal.reports.tryouts.form import Question, TryForm, usual_question
from appraisal.reports.tryouts.memory import collector_at_rest
from appraisal.reports.tryouts.sheets import replaceable, try_scheme
from engineers.models import User

PEOPLE_A_PAGE = 50
MOVERS_SHOWN = 10
UNSAVED = -1  # the id of a wording that nobody saved: no stored one has it
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
        outcome = _outcome(cycle, apply_both(version), form.question(), now)
    return Asked(version=version, cycle=cycle, form=form, outcome=outcome)


@dataclass(frozen=True, kw_only=True)
class WhatIf:
    """What a scheme that nobody saved would change in the last cycle; ``outcome`` None: nobody is in it."""

    cycle: Cycle
    outcome: TryOut | None

    @property
    def movers(self) -> list[Person]:
        """Who moves grade, those first whose overall changes most; a few of them."""
        moved = sorted(
            (person for person in self.outcome.people if person.moves) if self.outcome else (),
            key=lambda person: (-abs(person.change or 0), person.employee_no),
        )
        return moved[:MOVERS_SHOWN]


def what_if(*, viewer: User, version: SchemeVersion, pair: Pair, now: datetime) -> WhatIf | None:
    """Try a version as it would stand on the last cycle; None where there is no cycle yet. Nothing is stored."""
    cycle = last_cycle(viewer)
    if cycle is None:
        return None
    return WhatIf(cycle=cycle, outcome=_outcome(cycle, pair, usual_question(version, cycle), now))


def what_if_kpi(*, viewer: User, kpi: Kpi, wording: KpiVersion, now: datetime) -> WhatIf | None:
    """Try an unsaved wording in a scheme in force that applied in the last cycle; None where none holds the KPI."""
    cycle = last_cycle(viewer)
    schemes = {row.version.scheme_id for row in replaceable(cycle)} if cycle else set()
    held = SchemeVersion.objects.filter(
        scheme__in=schemes, state=SchemeState.ACTIVE, dimensions__lines__kpi_version__kpi=kpi
    )
    version = held.select_related("scheme").order_by("scheme__code").first()
    if cycle is None or version is None:
        return None
    wording.kpi, wording.pk = kpi, UNSAVED
    lines = read_lines(version.pk)
    for line in lines:
        if line.kpi_version.kpi_id == kpi.pk:
            line.kpi_version = wording
    pair = apply_lines(version, lines)
    return WhatIf(cycle=cycle, outcome=_outcome(cycle, pair, usual_question(version, cycle), now))


def _outcome(cycle: Cycle, pair: Pair, question: Question, now: datetime) -> TryOut | None:
    with collector_at_rest():
        tried = try_scheme(cycle=cycle, pair=pair, instead_of=question.instead_of, now=now)
        return summarise(tried, base=question.base, coefficients=question.coefficients) if tried else None


def _chosen(cycles: Sequence[Cycle], code: str) -> Cycle | None:
    """Return the cycle of this code; without one, the last that is published, else the last."""
    if code:
        found = next((cycle for cycle in cycles if cycle.code == code), None)
        if found is None:
            raise Http404
        return found
    return next((cycle for cycle in cycles if cycle.state in REVEALED), cycles[0] if cycles else None)


def last_cycle(viewer: User) -> Cycle | None:
    """Return the cycle on which things are tried unless another one is asked for."""
    return _chosen(list(visible_cycles(viewer).exclude(state=CycleState.DRAFT)), "")


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
