"""Where a line of a tried scheme finds its facts among the lines that applied in the cycle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.db import models
from django.utils.translation import gettext_lazy as _

from appraisal.kpis.actions import WORDING
from appraisal.kpis.models import KpiVersion, SchemeLine
from appraisal.kpis.questions import KpiQuestion

# What decides about points; names and the manager's criteria do not.
_SCORING = tuple(name for name in WORDING if name not in {"name_zh", "name_en", "criteria"})


class Source(models.TextChoices):
    """Where the points of a tried line come from."""

    STORED = "stored", _("as stored")
    RESCORED = "rescored", _("stored figures, points anew")
    MEASURED = "measured", _("measured anew from the records")
    RATED = "rated", _("ratings of the managers")


@dataclass(frozen=True, kw_only=True)
class Fit:
    """A tried line and the line whose stored facts are its own; ``old`` None: there are none."""

    line: SchemeLine
    source: Source
    old: SchemeLine | None = None


def fit_lines(lines: Sequence[SchemeLine], applied: Sequence[SchemeLine]) -> list[Fit]:
    """Return for each line of a tried scheme where its facts are; ``applied`` are the lines of the cycle."""
    by_kpi = {line.kpi_version.kpi_id: line for line in applied}
    return [_fit(line, by_kpi.get(line.kpi_version.kpi_id)) for line in lines]


def _fit(line: SchemeLine, old: SchemeLine | None) -> Fit:
    if line.kpi_version.measure.is_rated:
        return Fit(line=line, source=Source.RATED, old=old)
    if old is None or not asks_the_same(line.kpi_version, old.kpi_version):
        return Fit(line=line, source=Source.MEASURED)
    alike = all(getattr(line.kpi_version, name) == getattr(old.kpi_version, name) for name in _SCORING)
    return Fit(line=line, source=Source.STORED if alike else Source.RESCORED, old=old)


def asks_the_same(version: KpiVersion, old: KpiVersion) -> bool:
    """True when the facts stored for ``old`` are those of ``version``: without case mix its cells are not needed."""
    if old.measure.is_rated or (version.strata and version.strata != old.strata):
        return False
    before = KpiQuestion.of(old)
    return replace(KpiQuestion.of(version), strata=before.strata) == before
