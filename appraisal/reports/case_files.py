"""The cases behind one line as a list to keep: all that counted, and all that did not, with the rule why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import gettext as _

from appraisal.outcomes.tables import Cell
from appraisal.reports.case_facts import FactValue
from appraisal.reports.cases import CaseView, PartTab, iter_cases
from appraisal.reports.line_explanations import get_line
from engineers.clock import organisation_time
from engineers.models import User


@dataclass(frozen=True, kw_only=True)
class CaseList:
    """``rows`` have a cell for each of ``titles``; instants are in the organisation's zone."""

    name: str
    titles: list[str]
    rows: Iterator[list[Cell]]


def list_for_file(*, viewer: User, review_id: int, line_id: int, segment: int = 0) -> CaseList:
    """Return every case of a line that the viewer may see, for a file. Raises Http404."""
    line = get_line(viewer=viewer, review_id=review_id, line_id=line_id, segment=segment)
    found = list(iter_cases(line))
    facts = {fact.name: fact.label for _tab, case in found for fact in case.facts}
    titles = [_("Part"), _("Counted"), _("Left out because"), _("Met"), _("Number"), _("Subject"), _("Priority")]
    titles += [
        _("Amount"),
        _("Own minutes"),
        _("All minutes"),
        *(label[:1].upper() + label[1:] for label in facts.values()),
    ]
    name = f"{line.review.cycle.code}-{line.review.engineer.employee_no}-{line.source.kpi.kpi.code}"
    return CaseList(name=name, titles=titles, rows=(_row(tab, case, list(facts)) for tab, case in found))


def _row(tab: PartTab, case: CaseView, facts: list[str]) -> list[Cell]:
    own = {fact.name: fact.value for fact in case.facts}
    met = None if case.met is None else _cell(case.met)
    return [
        *(str(tab.label), _cell(not case.rule), str(case.rule_label), met, case.number, case.subject, case.priority),
        *(case.amount, case.own_minutes, case.all_minutes, *(_cell(own.get(name)) for name in facts)),
    ]


def _cell(value: FactValue) -> Cell:
    match value:
        case bool():
            return _("yes") if value else _("no")
        case datetime():
            return organisation_time(value)
        case date():
            return value.isoformat()
        case _:
            return value
