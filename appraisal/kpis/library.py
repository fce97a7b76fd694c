"""The library: what can be measured, which KPIs measure it, and in which schemes they count since when."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from django.conf import settings
from django.db.models import QuerySet
from django.utils import translation

from appraisal.kpis.measures import MEASURES, Evidence, Measure
from appraisal.kpis.models import Kpi, KpiVersion, Scheme, SchemeLine, SchemeState, SchemeVersion
from appraisal.kpis.queries import newest_versions, search_kpis
from appraisal.kpis.words import MeasureWords, describe


@dataclass(frozen=True, kw_only=True)
class Use:
    """A scheme that holds a KPI: in its version in force, or in its draft only.

    ``since`` is when the first of the versions came into force that held it without a break until now.
    """

    scheme: Scheme
    number: int
    is_in_force: bool
    since: datetime | None


@dataclass(frozen=True, kw_only=True)
class LibraryRow:
    """A KPI in its newest wording, with the schemes that use it."""

    version: KpiVersion
    uses: tuple[Use, ...]


@dataclass(frozen=True, kw_only=True)
class MeasureRow:
    """A measure with the KPIs of the library that measure it."""

    measure: Measure
    kpis: tuple[LibraryRow, ...]

    @property
    def uses(self) -> list[Use]:
        """The schemes of its KPIs, each once; the earliest beginning counts."""
        found: dict[int, Use] = {}
        for use in sorted((use for row in self.kpis for use in row.uses), key=_sooner):
            found.setdefault(use.scheme.pk, use)
        return list(found.values())


def _sooner(use: Use) -> tuple[bool, float]:
    return not use.is_in_force, use.since.timestamp() if use.since else 0


@dataclass(frozen=True, kw_only=True)
class Definition:
    """A measure in the words of one language."""

    language: str
    language_name: str
    words: MeasureWords


def define(measure: Measure) -> list[Definition]:
    """Return what a measure's declaration says in every language of the portal, that of the reader first."""
    reader = translation.get_language()
    definitions = []
    for language, name in sorted(settings.LANGUAGES, key=lambda entry: entry[0] != reader):
        with translation.override(language):
            definitions.append(Definition(language=language, language_name=name, words=describe(measure)))
    return definitions


def find_measures(text: str, *, evidence: str = "", in_meaning: bool = True) -> list[Measure]:
    """Return the measures whose id, name or meaning holds a text, in any language; ``evidence`` narrows them."""
    wanted = text.casefold()
    return [
        measure
        for measure in MEASURES.values()
        if (not evidence or measure.evidence == evidence)
        and (wanted in _names(measure.id) or (in_meaning and wanted in _meanings(measure.id)))
    ]


@lru_cache(maxsize=256)
def _names(measure_id: str) -> str:
    return _in_all_languages([measure_id, MEASURES[measure_id].name])


@lru_cache(maxsize=256)
def _meanings(measure_id: str) -> str:
    return _in_all_languages([MEASURES[measure_id].meaning])


def _in_all_languages(texts: Sequence[object]) -> str:
    found = []
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            found += [str(text).casefold() for text in texts]
    return "\n".join(found)


def find_kpis(text: str, *, evidence: str = "", scheme: str = "") -> QuerySet[KpiVersion]:
    """Return the newest wordings whose code, names or measure hold a text; ``scheme`` is one that uses them now."""
    found = search_kpis(text, measure_ids=[measure.id for measure in find_measures(text, in_meaning=False)])
    if evidence:
        found = found.filter(measure_id__in=[measure.id for measure in find_measures("", evidence=evidence)])
    if scheme:
        held = SchemeLine.objects.filter(
            dimension__version__scheme__code=scheme,
            dimension__version__state__in=(SchemeState.ACTIVE, SchemeState.DRAFT),
        )
        found = found.filter(kpi__in=held.values("kpi_version__kpi"))
    return found


def with_uses(versions: Iterable[KpiVersion]) -> list[LibraryRow]:
    """Return wordings with the schemes that use their KPIs; two queries for all of them."""
    shown = list(versions)
    uses = _uses({version.kpi_id for version in shown})
    return [LibraryRow(version=version, uses=tuple(uses.get(version.kpi_id, ()))) for version in shown]


def uses_of(kpi: Kpi) -> tuple[Use, ...]:
    """Return the schemes that use a KPI."""
    return tuple(_uses([kpi.pk]).get(kpi.pk, ()))


def list_measures(measures: Sequence[Measure]) -> list[MeasureRow]:
    """Return measures with their KPIs and the schemes that use these; a fixed number of queries."""
    versions = newest_versions().filter(measure_id__in=[measure.id for measure in measures])
    rows = with_uses(versions)
    return [
        MeasureRow(measure=measure, kpis=tuple(row for row in rows if row.version.measure_id == measure.id))
        for measure in measures
    ]


def list_evidence() -> list[tuple[str, object]]:
    """Return the kinds of evidence that measures draw from, as choices."""
    drawn_from = {measure.evidence for measure in MEASURES.values()}
    return [(value, label) for value, label in Evidence.choices if value in drawn_from]


def _uses(kpi_ids: Collection[int]) -> dict[int, list[Use]]:
    """Return by KPI the schemes that hold it now."""
    held: dict[int, set[int]] = {}
    lines = SchemeLine.objects.filter(kpi_version__kpi__in=kpi_ids).order_by()
    for kpi_id, version_id in lines.values_list("kpi_version__kpi", "dimension__version"):
        held.setdefault(kpi_id, set()).add(version_id)
    by_scheme: dict[int, list[SchemeVersion]] = {}
    for version in SchemeVersion.objects.select_related("scheme").order_by("scheme__code", "number"):
        by_scheme.setdefault(version.scheme_id, []).append(version)
    found: dict[int, list[Use]] = {}
    for kpi_id, version_ids in held.items():
        uses = [use for versions in by_scheme.values() if (use := _use(versions, version_ids))]
        found[kpi_id] = uses
    return found


def _use(versions: Sequence[SchemeVersion], holding: Collection[int]) -> Use | None:
    """Return how a scheme uses a KPI; ``versions`` rise by number, ``holding`` are those with the KPI in them."""
    active = next((version for version in versions if version.state == SchemeState.ACTIVE), None)
    if active is None or active.pk not in holding:
        draft = next((version for version in versions if version.state == SchemeState.DRAFT), None)
        if draft is None or draft.pk not in holding:
            return None
        return Use(scheme=draft.scheme, number=draft.number, is_in_force=False, since=None)
    first = active
    before = [version for version in versions if version.state == SchemeState.RETIRED]
    for version in reversed(before):
        if version.pk not in holding:
            break
        first = version
    return Use(scheme=active.scheme, number=active.number, is_in_force=True, since=first.activated_at)
