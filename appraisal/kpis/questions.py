"""KPIs as questions to the evidence: what a pass over a table has to count, and for whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import Model, Q
from django.db.models.expressions import Combinable

from appraisal.evidence.models import (
    Article,
    ArticleUse,
    Certificate,
    Complaint,
    Exam,
    Exclusion,
    Handover,
    Metric,
    ReportAudit,
    ServiceReport,
    Survey,
    Ticket,
    Training,
    Visit,
    WorkLog,
)
from appraisal.kpis.filters import to_condition
from appraisal.kpis.left_out import LeftOut
from appraisal.kpis.measures import CREDIT_FIELDS, Credit, Evidence, Measure, Part, Statistic, Window
from appraisal.kpis.models import KpiVersion

TABLES: dict[str, type[Model]] = {
    Evidence.TICKETS: Ticket,
    Evidence.VISITS: Visit,
    Evidence.SURVEYS: Survey,
    Evidence.COMPLAINTS: Complaint,
    Evidence.REPORTS: ServiceReport,
    Evidence.AUDITS: ReportAudit,
    Evidence.WORKLOGS: WorkLog,
    Evidence.HANDOVERS: Handover,
    Evidence.TRAINING: Training,
    Evidence.EXAMS: Exam,
    Evidence.CERTIFICATES: Certificate,
    Evidence.ARTICLES: Article,
    Evidence.ARTICLE_USES: ArticleUse,
    Evidence.METRICS: Metric,
}
# By evidence, the records that each of its records is about: what is excluded of them is excluded with it (SPEC G7).
ABOUT: Mapping[str, tuple[str, ...]] = {
    Evidence.VISITS: ("ticket",),
    Evidence.SURVEYS: ("ticket",),
    Evidence.COMPLAINTS: ("ticket",),
    Evidence.REPORTS: ("ticket",),
    Evidence.AUDITS: ("report", "report__ticket"),
}


def not_excluded() -> Q:
    """Return the condition that a record is not excluded itself."""
    return Q(exclusion=Exclusion.NONE)


def about_counted(evidence: str) -> Q:
    """Return the condition that nothing a record is about is excluded."""
    condition = Q()
    for path in ABOUT.get(evidence, ()):
        condition &= Q(**{f"{path}__isnull": True}) | Q(**{f"{path}__exclusion": Exclusion.NONE})
    return condition


def counted(evidence: str) -> Q:
    """Return the condition of the records of an evidence that count in measures at all (SPEC G7)."""
    return not_excluded() & about_counted(evidence)


# What the passes found for one question of one engineer, by "<part>.<what>".
Raw = dict[str, Any]


def scores_mean_of_durations(version: KpiVersion) -> bool:
    """Tell whether a KPI turns a mean of durations into points; one that only informs shows the plain mean."""
    return version.statistic == Statistic.MEAN and bool(version.measure.clocks) and version.rule is not None


@dataclass(frozen=True, kw_only=True, eq=False)
class KpiQuestion:
    """A KPI as a question to the evidence; equal to one that asks the same of the same measure."""

    measure: Measure
    statistic: str
    clock: str
    condition: Q
    parameters: Mapping[str, int]
    credit: str = ""
    strata: tuple[str, ...] = ()
    # A mean of durations that scores: a single forgotten case must not decide it (SPEC G11).
    is_robust: bool = False

    @classmethod
    def of(cls, version: KpiVersion) -> KpiQuestion:
        measure = version.measure
        defaults = {name: parameter.default for name, parameter in measure.parameters.items()}
        return cls(
            measure=measure,
            statistic=version.statistic,
            clock=version.clock,
            condition=to_condition(measure.evidence, version.filters),
            parameters=defaults | version.parameters,
            credit=version.credit or next(iter(measure.credits), ""),
            strata=tuple(version.strata),
            is_robust=scores_mean_of_durations(version),
        )

    @cached_property
    def _asks(self) -> tuple[object, ...]:
        parameters = tuple(sorted(self.parameters.items()))
        return (
            *(self.measure.id, self.statistic, self.clock, self.condition, parameters),
            *(self.credit, self.strata, self.is_robust),
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, KpiQuestion) and self.measure is other.measure and self._asks == other._asks

    def __hash__(self) -> int:
        return hash(self._asks)

    @property
    def column(self) -> str:
        return self.measure.columns[self.clock]

    @property
    def is_shared(self) -> bool:
        return self.credit == Credit.SHARE

    def engineer_field(self, part: Part) -> str:
        """Return the field that says whose figure a record of a part counts in (SPEC G9)."""
        if self.measure.population and self.credit:
            return CREDIT_FIELDS.get(self.credit, CREDIT_FIELDS[Credit.RESOLVER])
        return part.population.engineer

    def counts(self, part: Part, window: Window) -> Q:
        """Return the condition of the records a part counts; the KPI's filters narrow the main table."""
        condition = part.population.counts(window, self.parameters)
        return condition & self.condition if part.population.evidence == self.measure.evidence else condition

    def kept(self, part: Part, left_out: LeftOut) -> Q:
        """Return the condition that keeps the records of a part but those left out for their engineers."""
        engineer = f"{self.engineer_field(part)}_id"
        return left_out.kept(self.measure.id, part.population.evidence, engineer=engineer)

    def met(self, part: Part, window: Window) -> Q | None:
        return part.where(window, self.parameters) if part.where else None


class Pass:
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
