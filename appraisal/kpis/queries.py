"""Reads about KPIs and schemes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from django.db.models import OuterRef, Q, QuerySet, Subquery

from appraisal.kpis.access import suggestible_kpis, suggestible_schemes
from appraisal.kpis.models import (
    Dimension,
    Kpi,
    KpiVersion,
    Scheme,
    SchemeLine,
    SchemeState,
    SchemeVersion,
    Suggestion,
    SuggestionState,
)
from appraisal.kpis.wanted import Wanted, wanted_of
from appraisal.scoring.rollup import GradeRules
from engineers.models import AuditEntry, User


@dataclass(frozen=True, kw_only=True)
class WeighedDimension:
    dimension: Dimension
    weight: Fraction

    @property
    def code(self) -> str:
        return self.dimension.code

    @property
    def name(self) -> str:
        return self.dimension.name


@dataclass(frozen=True, kw_only=True)
class AppliedScheme:
    """A scheme version as it applies to one kind of engineer: dimensions, lines, rules."""

    version_id: int
    label: str
    dimensions: tuple[WeighedDimension, ...]
    lines: tuple[SchemeLine, ...]
    rules: GradeRules
    bonus_cap: Fraction
    ceiling: Fraction
    wanted: Wanted | None = None

    @property
    def key(self) -> tuple[int, int]:
        """Tell apart what applies to members and to leads of the same version."""
        return self.version_id, len(self.lines)

    @property
    def dimension_weights(self) -> dict[str, Fraction]:
        return {dimension.code: dimension.weight for dimension in self.dimensions}


Pair = tuple[AppliedScheme, AppliedScheme]  # what applies to members, and to leads


@dataclass(frozen=True)
class Content:
    """The lines of a scheme version and what the dimensions weigh: what everybody's lines in each weigh together."""

    dimensions: tuple[WeighedDimension, ...]
    lines: tuple[SchemeLine, ...]
    for_members: tuple[SchemeLine, ...]

    @classmethod
    def of(cls, lines: Sequence[SchemeLine]) -> Content:
        # Lines for leads only come on top of the 100 (SPEC 1, leadership).
        everybodys = tuple(line for line in lines if not line.leads_only)
        dimensions = {line.dimension.code: line.dimension for line in lines}
        weights = dict.fromkeys(dimensions, Fraction(0))
        for line in everybodys:
            weights[line.dimension.code] += line.exact_weight
        weighed = tuple(WeighedDimension(dimension=each, weight=weights[code]) for code, each in dimensions.items())
        return cls(weighed, tuple(lines), everybodys)


def apply_both(version: SchemeVersion) -> Pair:
    """Return a stored scheme version as it applies to members, and as it applies to leads."""
    return _apply(version, _content_of(version))


def apply_lines(version: SchemeVersion, lines: Sequence[SchemeLine]) -> Pair:
    """Return a version with these lines as it applies to members, and to leads; neither need be stored as given."""
    return _apply(version, Content.of(lines))


def _apply(version: SchemeVersion, content: Content) -> Pair:
    for_leads = AppliedScheme(
        version_id=version.pk,
        label=str(version),
        dimensions=content.dimensions,
        lines=content.lines,
        rules=GradeRules(
            bands=[(name, Decimal(str(lower))) for name, lower in version.grade_bands],
            rated_from_percent=Fraction(version.rated_from_percent),
        ),
        bonus_cap=Fraction(version.bonus_cap),
        ceiling=Fraction(version.ceiling),
        wanted=wanted_of(version.distribution),
    )
    return replace(for_leads, lines=content.for_members), for_leads


def _content_of(version: SchemeVersion) -> Content:
    # A draft is still being edited; what was activated never changes.
    if version.activated_at is None:
        return Content.of(read_lines(version.pk))
    return content_as_activated(version.pk, version.activated_at)


@lru_cache(maxsize=64)
def content_as_activated(version_id: int, activated_at: datetime) -> Content:
    """Return the lines of an activated version, read once by each process: recomputing one engineer is too short
    to read them each time. The moment is part of the key, so that an id used again after a rollback is another one.
    """
    return Content.of(read_lines(version_id))


def read_lines(version_id: int) -> tuple[SchemeLine, ...]:
    """Return the lines of a version as they are stored now, in their order."""
    lines = SchemeLine.objects.filter(dimension__version=version_id)
    return tuple(lines.select_related("dimension", "kpi_version__kpi"))


def get_active_version(scheme_code: str) -> SchemeVersion:
    """Return the active version of a scheme. Raises SchemeVersion.DoesNotExist."""
    return SchemeVersion.objects.select_related("scheme").get(scheme__code=scheme_code, state=SchemeState.ACTIVE)


def newest_versions() -> QuerySet[KpiVersion]:
    """Return the newest version of every KPI of the library."""
    newest = KpiVersion.objects.filter(kpi=OuterRef("pk")).order_by("-number").values("pk")[:1]
    ids = Kpi.objects.annotate(newest=Subquery(newest)).values("newest")
    return KpiVersion.objects.filter(pk__in=ids).select_related("kpi").order_by("kpi__code")


def weight_total(lines: Sequence[SchemeLine]) -> Decimal:
    """Return the sum of the weights that must be 100."""
    return sum((line.weight for line in lines if not line.leads_only), Decimal(0))


def search_kpis(text: str, *, measure_ids: Collection[str]) -> QuerySet[KpiVersion]:
    """Return the newest version of the KPIs whose code or name holds a text, and of those with such a measure."""
    found = newest_versions()
    if not text:
        return found
    return found.filter(
        Q(kpi__code__icontains=text)
        | Q(name_zh__icontains=text)
        | Q(name_en__icontains=text)
        | Q(measure_id__in=measure_ids)
    )


@dataclass(frozen=True, kw_only=True)
class Wording:
    """A version of a KPI in its history: when and by whom it was written, and which fields it changed."""

    version: KpiVersion
    at: datetime | None
    by: User | None
    changed: tuple[str, ...]


# What people word themselves; the rest of a version only numbers it.
_COMPARED = frozenset(
    {
        *("name_zh", "name_en", "measure_id", "statistic", "clock", "filters", "direction", "target"),
        *("credit", "parameters", "form", "anchors", "cliff", "zero_at", "step", "per_step", "steps", "full_points"),
        *("shrink_k", "strata", "scores_adjusted", "minimum_n", "empty_policy", "criteria"),
    }
)


def _differ(before: KpiVersion, after: KpiVersion, name: str) -> bool:
    return bool(getattr(before, name) != getattr(after, name))


def list_wordings(kpi: Kpi) -> list[Wording]:
    """Return the versions of a KPI, newest first."""
    entries = list(
        AuditEntry.objects.filter(target_type="kpis.kpi", target_id=kpi.pk, action="kpi.saved")
        .select_related("actor")
        .order_by("pk")
    )
    versions = list(kpi.versions.order_by("number"))
    history = []
    for index, version in enumerate(versions):
        # Each version was recorded once, in the same order.
        entry = entries[index] if index < len(entries) else None
        before = versions[index - 1] if index else None
        changed = [
            str(field.verbose_name)
            for field in KpiVersion._meta.fields
            if field.name in _COMPARED and before and _differ(before, version, field.name)
        ]
        history.append(
            Wording(
                version=version,
                at=entry.at if entry else None,
                by=entry.actor if entry else None,
                changed=tuple(changed),
            )
        )
    return history[::-1]


@dataclass(frozen=True, kw_only=True)
class DimensionTable:
    """A dimension of a scheme version with its lines and the weight of those that count for everybody."""

    dimension: Dimension
    lines: tuple[SchemeLine, ...]
    weight: Decimal


@dataclass(frozen=True, kw_only=True)
class SchemeTable:
    """A scheme version as a page shows it."""

    version: SchemeVersion
    dimensions: tuple[DimensionTable, ...]
    total: Decimal

    @property
    def is_full(self) -> bool:
        return self.total == 100


def get_table(version: SchemeVersion) -> SchemeTable:
    """Return dimensions and lines of a scheme version in their order."""
    lines = list(SchemeLine.objects.filter(dimension__version=version).select_related("dimension", "kpi_version__kpi"))
    tables = []
    for dimension in version.dimensions.all():
        own = [line for line in lines if line.dimension_id == dimension.pk]
        tables.append(DimensionTable(dimension=dimension, lines=tuple(own), weight=weight_total(own)))
    return SchemeTable(
        version=version,
        dimensions=tuple(tables),
        total=weight_total(lines),
    )


@dataclass(frozen=True, kw_only=True)
class SchemeRow:
    """A scheme in the list: what is in force and whether something is being drafted."""

    scheme: Scheme
    active: SchemeVersion | None
    draft: SchemeVersion | None


def list_schemes() -> list[SchemeRow]:
    """Return all schemes with their active version and draft."""
    rows = []
    for scheme in Scheme.objects.prefetch_related("versions"):
        states = {version.state: version for version in scheme.versions.all()}
        rows.append(
            SchemeRow(
                scheme=scheme,
                active=states.get(SchemeState.ACTIVE),
                draft=states.get(SchemeState.DRAFT),
            )
        )
    return rows


def list_kpis_to_add(version: SchemeVersion) -> list[KpiVersion]:
    """Return the newest version of the KPIs that a scheme version does not hold yet."""
    held = SchemeLine.objects.filter(dimension__version=version).values("kpi_version__kpi")
    return list(newest_versions().exclude(kpi__in=held))


def list_suggestible() -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Return code and name of the KPIs and of the schemes that suggestions may be about."""
    kpis = newest_versions().filter(kpi__in=suggestible_kpis())
    return [(version.kpi.code, version.name) for version in kpis], [(s.code, s.name) for s in suggestible_schemes()]


def filter_suggestions(suggestions: QuerySet[Suggestion], *, state: str = "", kpi: str = "") -> QuerySet[Suggestion]:
    """Narrow suggestions by state and by the code of a KPI; a state that there is not narrows nothing."""
    if state in SuggestionState.values:
        suggestions = suggestions.filter(state=state)
    return suggestions.filter(kpi__code=kpi) if kpi else suggestions


def versions_to_come() -> QuerySet[SchemeVersion]:
    """Return the drafts, and the versions in force, into which an accepted suggestion may go."""
    versions = SchemeVersion.objects.exclude(state=SchemeState.RETIRED).select_related("scheme")
    return versions.order_by("scheme__code", "-number")
