"""Facts behind KPIs: all KPIs of one evidence table in one grouped pass, and the cases behind one figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from django.db.models import Count, F, Model, Q, QuerySet, Sum, Value
from django.db.models.expressions import Combinable, ExpressionWrapper
from django.db.models.fields import BooleanField

from appraisal.database.aggregates import OrderStatistics
from appraisal.evidence.models import Exclusion, Survey, Ticket, Visit
from appraisal.kpis.filters import to_condition
from appraisal.kpis.measures import Evidence, Measure, Statistic, Window
from appraisal.kpis.models import KpiVersion
from appraisal.scoring import values

TABLES: dict[str, type[Model]] = {
    Evidence.TICKETS: Ticket,
    Evidence.VISITS: Visit,
    Evidence.SURVEYS: Survey,
}


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What the evidence says about one KPI of one engineer; exact. ``value`` None means not measurable."""

    n: int = 0
    value: Fraction | None = None
    numerator: Fraction | None = None
    denominator: Fraction | None = None


@dataclass(frozen=True, kw_only=True)
class KpiQuestion:
    """A KPI as a question to one evidence table."""

    measure: Measure
    statistic: str
    clock: str
    condition: Q

    @classmethod
    def of(cls, version: KpiVersion) -> KpiQuestion:
        measure = version.measure
        return cls(
            measure=measure,
            statistic=version.statistic,
            clock=version.clock,
            condition=to_condition(measure.evidence, version.filters),
        )

    @property
    def column(self) -> str:
        return self.measure.columns[self.clock]

    def population(self, window: Window) -> Q:
        if self.measure.population is None:
            raise ValueError(f"{self.measure.id} is not computed from records")
        return self.measure.population(window) & self.condition

    def success(self, window: Window) -> Q | None:
        return self.measure.success(window) if self.measure.success else None


class _Pass:
    """Collects the aggregates of one pass; the same aggregate asked for twice is computed once."""

    def __init__(self) -> None:
        self.aggregates: dict[str, Combinable] = {}
        self._names: dict[Any, str] = {}

    def add(self, aggregate: Any) -> str:
        name = self._names.get(aggregate.identity)
        if name is None:
            name = f"fact_{len(self._names)}"
            self._names[aggregate.identity] = name
            self.aggregates[name] = aggregate
        return name


def collect_facts(
    questions: Mapping[int, KpiQuestion], *, window: Window, first_engineer_id: int, last_engineer_id: int
) -> dict[int, dict[int, Facts]]:
    """Answer all questions for a range of engineers: {engineer id: {key of the question: facts}}.

    One query per evidence table, whatever the number of questions and engineers. An engineer without any
    record of a table is missing there: the caller treats that as no data.
    """
    answers: dict[int, dict[int, Facts]] = {}
    for evidence, table in TABLES.items():
        asked = {key: q for key, q in questions.items() if q.measure.evidence == evidence}
        if not asked:
            continue
        collected = _Pass()
        readers = {key: _plan(question, window, collected) for key, question in asked.items()}
        rows = (
            table._default_manager.filter(
                engineer_id__gte=first_engineer_id,
                engineer_id__lte=last_engineer_id,
                exclusion=Exclusion.NONE,
            )
            .order_by()
            .values("engineer_id")
            .annotate(**collected.aggregates)
        )
        for row in rows.iterator():
            found = answers.setdefault(row["engineer_id"], {})
            for key, names in readers.items():
                found[key] = _read(asked[key], row, names)
    return answers


def _plan(question: KpiQuestion, window: Window, collected: _Pass) -> dict[str, str]:
    population = question.population(window)
    names = {"n": collected.add(Count(Value(1), filter=population))}
    match question.statistic:
        case Statistic.RATE:
            success = question.success(window)
            if success is None:
                raise ValueError(f"{question.measure.id} declares no success")
            names["met"] = collected.add(Count(Value(1), filter=population & success))
        case Statistic.MEAN | Statistic.SCORE:
            names["sum"] = collected.add(Sum(question.column, filter=population))
        case Statistic.MEDIAN | Statistic.P90:
            names["order"] = collected.add(OrderStatistics(question.column, filter=population))
    return names


def _read(question: KpiQuestion, row: Mapping[str, Any], names: Mapping[str, str]) -> Facts:
    n = row[names["n"]]
    if question.statistic == Statistic.COUNT:
        return Facts(n=n, value=Fraction(n), numerator=Fraction(n))
    if not n:
        return Facts()
    scale = question.measure.scale
    if question.statistic == Statistic.RATE:
        met = row[names["met"]]
        return Facts(
            n=n,
            value=values.rate_percent(met=met, decided=n),
            numerator=Fraction(met),
            denominator=Fraction(n),
        )
    if question.statistic in (Statistic.MEAN, Statistic.SCORE):
        total = int(row[names["sum"]]) * scale
        return Facts(n=n, value=values.mean(total=total, count=n), numerator=total, denominator=Fraction(n))
    percent = 50 if question.statistic == Statistic.MEDIAN else 90
    at = 2 * OrderStatistics.PERCENTS.index(percent)
    lower, upper = row[names["order"]][at : at + 2]
    return Facts(
        n=n,
        value=values.percentile(lower=lower * scale, upper=upper * scale, count=n, percent=percent),
    )


def cases_behind(question: KpiQuestion, *, window: Window, engineer_id: int) -> QuerySet[Any]:
    """Return the records a figure was computed from, each with ``counts`` (its share of the numerator).

    ``counts`` is True or False for a share, the stored integer for durations and scores.
    """
    table = TABLES[question.measure.evidence]
    cases = table._default_manager.filter(
        question.population(window), engineer_id=engineer_id, exclusion=Exclusion.NONE
    )
    success = question.success(window)
    if question.statistic == Statistic.RATE and success is not None:
        return cases.annotate(counts=ExpressionWrapper(success, output_field=BooleanField()))
    if question.statistic == Statistic.COUNT:
        return cases.annotate(counts=ExpressionWrapper(Q(pk__isnull=False), output_field=BooleanField()))
    return cases.annotate(counts=F(question.column))


def questions_of(versions: Sequence[tuple[int, KpiVersion]]) -> dict[int, KpiQuestion]:
    """Return the questions a scoring run has to ask, by the key given with each KPI version."""
    return {key: KpiQuestion.of(version) for key, version in versions if version.measure.is_computed}
