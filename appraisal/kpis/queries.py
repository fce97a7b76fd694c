"""Reads about KPIs and schemes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from django.db.models import OuterRef, QuerySet, Subquery

from appraisal.kpis.models import Kpi, KpiVersion, SchemeLine, SchemeState, SchemeVersion
from appraisal.scoring.curves import Curve, Direction
from appraisal.scoring.rollup import GradeRules


@dataclass(frozen=True, kw_only=True)
class WeighedDimension:
    code: str
    name: str
    weight: Fraction


@dataclass(frozen=True, kw_only=True)
class AppliedScheme:
    """A scheme version as it applies to one kind of engineer: dimensions, lines, rules."""

    version_id: int
    label: str
    dimensions: tuple[WeighedDimension, ...]
    lines: tuple[SchemeLine, ...]
    rules: GradeRules

    @property
    def dimension_weights(self) -> dict[str, Fraction]:
        return {dimension.code: dimension.weight for dimension in self.dimensions}


def curve_of(version: KpiVersion) -> Curve | None:
    """Return the curve of a KPI; None for one that only informs. Raises ValueError for a broken curve."""
    if not version.anchors:
        return None
    anchors = [(Fraction(str(x)), Fraction(str(points))) for x, points in version.anchors]
    return Curve(anchors=anchors, direction=Direction(version.direction), cliff=version.cliff)


def apply_scheme(version: SchemeVersion, *, is_lead: bool) -> AppliedScheme:
    """Return the lines that apply: a dimension weighs what everybody's lines in it weigh (SPEC 1, leadership)."""
    lines = list(
        SchemeLine.objects.filter(dimension__version=version).select_related("dimension", "kpi_version__kpi")
    )
    weights: dict[str, Fraction] = {}
    names: dict[str, str] = {}
    for line in lines:
        code = line.dimension.code
        names.setdefault(code, line.dimension.name)
        weights[code] = weights.get(code, Fraction(0)) + (Fraction(0) if line.leads_only else Fraction(line.weight))
    return AppliedScheme(
        version_id=version.pk,
        label=str(version),
        dimensions=tuple(
            WeighedDimension(code=code, name=names[code], weight=weight) for code, weight in weights.items()
        ),
        lines=tuple(line for line in lines if is_lead or not line.leads_only),
        rules=GradeRules(
            bands=[(name, Decimal(str(lower))) for name, lower in version.grade_bands],
            rated_from_percent=Fraction(version.rated_from_percent),
        ),
    )


def get_active_version(scheme_code: str) -> SchemeVersion:
    """Return the active version of a scheme. Raises SchemeVersion.DoesNotExist."""
    return SchemeVersion.objects.select_related("scheme").get(
        scheme__code=scheme_code, state=SchemeState.ACTIVE
    )


def newest_versions() -> QuerySet[KpiVersion]:
    """Return the newest version of every KPI of the library."""
    newest = KpiVersion.objects.filter(kpi=OuterRef("pk")).order_by("-number").values("pk")[:1]
    ids = Kpi.objects.annotate(newest=Subquery(newest)).values("newest")
    return KpiVersion.objects.filter(pk__in=ids).select_related("kpi").order_by("kpi__code")


def weight_total(lines: Sequence[SchemeLine]) -> Decimal:
    """Return the sum of the weights that must be 100."""
    return sum((line.weight for line in lines if not line.leads_only), Decimal(0))
