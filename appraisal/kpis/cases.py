"""The records behind one figure of one engineer: which counted, which were left out and by which rule.

From the same declaration as the figure itself, so that the two cannot disagree.
"""

from __future__ import annotations

from typing import Any

from django.db.models import BooleanField, Case, CharField, F, Q, QuerySet, Sum, Value, When
from django.db.models.expressions import ExpressionWrapper
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from appraisal.evidence.models import Exclusion, Ticket
from appraisal.kpis.left_out import NOTHING_LEFT_OUT, LeftOut
from appraisal.kpis.measures import Evidence, Part, Statistic, Window
from appraisal.kpis.questions import TABLES, KpiQuestion, about_counted, counted, not_excluded
from appraisal.kpis.shares import UNSHARED

EXCLUDED, UNDATED, FILTERED, DISPUTED = "excluded", "undated", "filtered", "disputed"
ABOUT_EXCLUDED = "about_excluded"


def part_names(question: KpiQuestion) -> list[str]:
    """Return the parts of a measure whose records can be listed."""
    return [name for name, part in question.measure.cases.items() if part.population.evidence != Evidence.ROSTER]


def counted_cases(
    question: KpiQuestion, *, part: str, window: Window, engineer_id: int, left_out: LeftOut = NOTHING_LEFT_OUT
) -> QuerySet[Any]:
    """Return the records a figure was computed from, each with ``counts``, its share of the numerator.

    ``counts`` is True or False for a share, the stored integer for durations, scores and sums. Where credit is
    shared, ``own_minutes`` of ``visit_minutes`` is what the engineer contributed; None: the whole case.
    """
    declared = question.measure.cases[part]
    cases = _credited(question, declared, engineer_id).filter(
        counted(declared.population.evidence), question.counts(declared, window)
    )
    cases = cases.filter(_kept(question, declared, engineer_id, left_out))
    return cases.annotate(counts=_contribution(question, declared, window))


def left_out_cases(
    question: KpiQuestion, *, part: str, window: Window, engineer_id: int, left_out: LeftOut = NOTHING_LEFT_OUT
) -> QuerySet[Any]:
    """Return the records that were looked through and do not count, each with ``rule``, the first that says so."""
    declared = question.measure.cases[part]
    population = declared.population
    member = population.member(window, question.parameters)
    looked_through = population.candidates(window, question.parameters) if population.candidates else member
    tests = [(not_excluded(), EXCLUDED), (member, UNDATED)]
    if about := about_counted(population.evidence):
        tests.insert(1, (about, ABOUT_EXCLUDED))
    tests += [(keep.holds(window, question.parameters), keep.code) for keep in population.keeps]
    if population.evidence == question.measure.evidence and question.condition:
        tests.append((question.condition, FILTERED))
    kept = _kept(question, declared, engineer_id, left_out)
    if kept:
        tests.append((kept, DISPUTED))
    # The first condition that fails names the rule; an unknown value fails like a false one.
    rule: Any = Value(None, output_field=CharField())
    for condition, code in reversed(tests):
        rule = Case(When(condition, then=rule), default=Value(code), output_field=CharField())
    cases = _credited(question, declared, engineer_id).filter(looked_through)
    return cases.annotate(rule=rule).filter(rule__isnull=False)


def rule_labels(question: KpiQuestion, *, part: str) -> dict[str, str | Promise]:
    """Return in words what each rule leaves out."""
    population = question.measure.cases[part].population
    labels: dict[str, str | Promise] = {
        EXCLUDED: _("cancelled, duplicate, refused, withdrawn and test records"),
        ABOUT_EXCLUDED: _("records about a ticket or report that is excluded itself"),
        UNDATED: population.undated or _("records that do not belong to this cycle by their date"),
        FILTERED: _("records outside the KPI's filters"),
    }
    labels[DISPUTED] = _("disputed by the engineer: the dispute was upheld")
    return labels | {keep.code: keep.left_out for keep in population.keeps}


def number_of(record: Any) -> str:
    """Return the number people know a record by: that of its ticket, else its own."""
    ticket = record if isinstance(record, Ticket) else getattr(record, "ticket", None)
    if ticket is not None:
        return str(ticket.external_id)
    report = getattr(record, "report", None)
    number = getattr(report or record, "ticket_number", "")
    return str(number or (report or record).external_id)


def _kept(question: KpiQuestion, part: Part, engineer_id: int, left_out: LeftOut) -> Q:
    """Return the condition on the records credited to one engineer, whoever else they name."""
    own = LeftOut.of(each for each in left_out.records if each.engineer_id == engineer_id)
    disputed = own.record_ids(question.measure.id, part.population.evidence)
    return ~Q(pk__in=disputed) if disputed else Q()


def exclusion_label(code: str) -> str:
    return str(Exclusion(code).label)


def _credited(question: KpiQuestion, part: Part, engineer_id: int) -> QuerySet[Any]:
    """Return the records of a part that are credited to an engineer, wholly or in part."""
    table = TABLES[part.population.evidence]._default_manager.all()
    mine = Q(**{f"{question.engineer_field(part)}_id": engineer_id})
    if not question.is_shared:
        return table.filter(mine)
    visiting = Q(visits__engineer_id=engineer_id, visits__exclusion=Exclusion.NONE, visits__minutes__gt=0)
    return table.annotate(own_minutes=Sum("visits__minutes", filter=visiting)).filter(
        Q(own_minutes__gt=0) | (mine & UNSHARED)
    )


def _contribution(question: KpiQuestion, part: Part, window: Window) -> Any:
    success = question.met(part, window)
    if success is not None:
        # An unknown value makes a condition neither true nor false: then the case does not count either.
        return Case(When(success, then=Value(True)), default=Value(False), output_field=BooleanField())
    if part.column:
        return F(part.column)
    if question.measure.population and question.statistic != Statistic.COUNT:
        return F(question.column)
    return ExpressionWrapper(Q(pk__isnull=False), output_field=BooleanField())
