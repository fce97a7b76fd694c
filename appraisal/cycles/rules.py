"""The KPIs of a cycle's schemes with what scoring needs of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.utils.functional import cached_property

from appraisal.database.presence import not_empty
from appraisal.kpis.choices import EmptyPolicy
from appraisal.kpis.facts import questions_of
from appraisal.kpis.models import KpiVersion, SchemeLine
from appraisal.kpis.queries import AppliedScheme
from appraisal.kpis.questions import TABLES, KpiQuestion


class Rules:
    """The lines of a cycle's schemes, put together once for all that a run does; a KPI in several is asked once."""

    def __init__(self, schemes: Iterable[AppliedScheme]) -> None:
        self.lines: dict[int, SchemeLine] = {line.pk: line for scheme in schemes for line in scheme.lines}
        self.versions: dict[int, KpiVersion] = {line.kpi_version_id: line.kpi_version for line in self.lines.values()}
        self.leaning = {pk for pk, version in self.versions.items() if version.leans_on_family}

    @cached_property
    def questions(self) -> Mapping[int, KpiQuestion]:
        """What to ask the evidence, by the id of the KPI's version."""
        return questions_of(self.versions.items())

    @cached_property
    def uncollected(self) -> set[int]:
        """KPIs that would count 0 without a case, but whose kind of evidence nobody collects."""
        obliged = [v for v in self.versions.values() if v.empty_policy == EmptyPolicy.ZERO and v.measure.is_computed]
        kinds = {version.measure.evidence for version in obliged}
        collected = not_empty({TABLES[kind] for kind in kinds})
        return {version.pk for version in obliged if TABLES[version.measure.evidence] not in collected}
