"""Writes about KPIs and schemes, one verb each."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from appraisal.kpis.filters import to_condition
from appraisal.kpis.models import (
    Dimension,
    Kpi,
    KpiVersion,
    Scheme,
    SchemeLine,
    SchemeState,
    SchemeVersion,
)
from appraisal.kpis.queries import curve_of
from engineers.audit import record
from engineers.models import User

WHOLE = Decimal(100)

_WORDING = (
    "name_zh",
    "name_en",
    "measure_id",
    "statistic",
    "clock",
    "filters",
    "direction",
    "target",
    "anchors",
    "cliff",
    "minimum_n",
    "empty_policy",
    "criteria",
)


def check_kpi(version: KpiVersion) -> None:
    """Raise ValidationError, field by field, when a KPI does not fit its measure."""
    errors: dict[str, ValidationError] = {}
    measure = version.measure
    if version.statistic not in measure.statistics:
        possible = ", ".join(str(statistic.label) for statistic in measure.statistics)
        errors["statistic"] = ValidationError(_("This measure offers: %(possible)s."), params={"possible": possible})
    if bool(version.clock) != bool(measure.clocks) or (version.clock and version.clock not in measure.clocks):
        message = _("Choose the clock the duration is counted by.") if measure.clocks else _("Only durations have a clock.")
        errors["clock"] = ValidationError(message)
    try:
        to_condition(measure.evidence, version.filters)
    except ValidationError as error:
        errors["filters"] = error
    if version.anchors:
        try:
            curve_of(version)
        except (ValueError, ArithmeticError) as error:
            errors["anchors"] = ValidationError(
                _("The curve does not hold: %(why)s."), params={"why": str(error)}, code="bad_curve"
            )
    if errors:
        raise ValidationError(errors)


@transaction.atomic
def save_kpi(*, code: str, wording: Mapping[str, Any], by: User | None, now: datetime) -> KpiVersion:
    """Write a KPI: a new version if its wording differs from the newest one, else that one.

    Drafts of schemes move to the new version; what is active keeps the version it was activated with.
    Raises ValidationError when the wording does not fit the measure.
    """
    kpi, _created = Kpi.objects.select_for_update().get_or_create(code=code)
    newest = kpi.versions.order_by("-number").first()
    version = KpiVersion(kpi=kpi, number=(newest.number if newest else 0) + 1, **wording)
    version.full_clean()
    check_kpi(version)
    before = {name: getattr(newest, name) for name in _WORDING} if newest else {}
    after = {name: getattr(version, name) for name in _WORDING}
    if newest and before == after:
        return newest
    version.save()
    SchemeLine.objects.filter(
        kpi_version__kpi=kpi, dimension__version__state=SchemeState.DRAFT
    ).update(kpi_version=version)
    record(action="kpi.saved", target=kpi, by=by, now=now, before=before, after=after)
    return version


@transaction.atomic
def draft_scheme(*, scheme: Scheme, by: User | None, now: datetime) -> SchemeVersion:
    """Return the scheme's draft; without one, copy the newest version into a new draft."""
    draft = scheme.versions.filter(state=SchemeState.DRAFT).first()
    if draft:
        return draft
    newest = scheme.versions.order_by("-number").first()
    draft = SchemeVersion.objects.create(
        scheme=scheme,
        number=(newest.number if newest else 0) + 1,
        grade_bands=newest.grade_bands if newest else [["A", "85"], ["B", "70"], ["C", "60"], ["D", "0"]],
        rated_from_percent=newest.rated_from_percent if newest else 60,
    )
    for dimension in newest.dimensions.all() if newest else ():
        copy = Dimension.objects.create(
            version=draft,
            code=dimension.code,
            name_zh=dimension.name_zh,
            name_en=dimension.name_en,
            position=dimension.position,
        )
        SchemeLine.objects.bulk_create(
            [
                SchemeLine(
                    dimension=copy,
                    kpi_version=line.kpi_version.kpi.versions.order_by("-number")[0],
                    weight=line.weight,
                    leads_only=line.leads_only,
                    position=line.position,
                )
                for line in dimension.lines.select_related("kpi_version__kpi")
            ]
        )
    record(action="scheme.drafted", target=draft, by=by, now=now)
    return draft


def refuse_unless_draft(version: SchemeVersion) -> None:
    if version.state != SchemeState.DRAFT:
        raise ValidationError(
            _("Version %(number)s is no draft and cannot be changed. Start a new draft."),
            params={"number": version.number},
            code="not_a_draft",
        )


@transaction.atomic
def set_weights(
    *, version: SchemeVersion, weights: Mapping[int, Decimal], by: User | None, now: datetime
) -> None:
    """Set the weights of a draft's lines by line id; they need to add up to 100 only when it is activated."""
    version = SchemeVersion.objects.select_for_update().get(pk=version.pk)
    refuse_unless_draft(version)
    before, after = {}, {}
    for line in SchemeLine.objects.filter(dimension__version=version, pk__in=weights).select_related(
        "kpi_version__kpi"
    ):
        if line.weight != weights[line.pk]:
            before[line.kpi_version.kpi.code] = line.weight
            after[line.kpi_version.kpi.code] = weights[line.pk]
            line.weight = weights[line.pk]
            line.full_clean()
            line.save(update_fields=["weight"])
    if after:
        record(action="scheme.weighted", target=version, by=by, now=now, before=before, after=after)


@transaction.atomic
def add_line(
    *, dimension: Dimension, kpi: Kpi, weight: Decimal, by: User | None, now: datetime
) -> SchemeLine:
    """Put the newest version of a KPI into a draft's dimension."""
    refuse_unless_draft(dimension.version)
    if SchemeLine.objects.filter(dimension__version=dimension.version, kpi_version__kpi=kpi).exists():
        raise ValidationError(_("%(code)s is already in this scheme."), params={"code": kpi.code})
    line = SchemeLine(
        dimension=dimension,
        kpi_version=kpi.versions.order_by("-number")[0],
        weight=weight,
        position=dimension.lines.count(),
    )
    line.full_clean()
    line.save()
    record(action="scheme.line_added", target=dimension.version, by=by, now=now, after={kpi.code: weight})
    return line


@transaction.atomic
def remove_line(*, line: SchemeLine, by: User | None, now: datetime) -> None:
    """Take a KPI out of a draft."""
    version = line.dimension.version
    refuse_unless_draft(version)
    record(
        action="scheme.line_removed",
        target=version,
        by=by,
        now=now,
        before={line.kpi_version.kpi.code: line.weight},
    )
    line.delete()


def check_scheme(version: SchemeVersion) -> None:
    """Raise ValidationError unless the weights of what counts for everybody add up to 100."""
    lines = SchemeLine.objects.filter(dimension__version=version, leads_only=False)
    total = sum((line.weight for line in lines), Decimal(0))
    if total != WHOLE:
        raise ValidationError(
            _("The weights add up to %(total)s; they must add up to 100."),
            params={"total": format(total.normalize(), "f")},
            code="weights_not_100",
        )
    scored_without_curve = [
        line.kpi_version.kpi.code
        for line in SchemeLine.objects.filter(dimension__version=version, weight__gt=0).select_related(
            "kpi_version__kpi"
        )
        if not line.kpi_version.anchors
    ]
    if scored_without_curve:
        raise ValidationError(
            _("These KPIs carry weight but have no curve: %(codes)s."),
            params={"codes": ", ".join(scored_without_curve)},
            code="no_curve",
        )


@transaction.atomic
def activate_scheme(*, version: SchemeVersion, by: User | None, now: datetime) -> None:
    """Make a draft the version that new cycles use; the one before it retires."""
    version = SchemeVersion.objects.select_for_update().get(pk=version.pk)
    refuse_unless_draft(version)
    check_scheme(version)
    version.scheme.versions.filter(state=SchemeState.ACTIVE).update(state=SchemeState.RETIRED)
    version.state = SchemeState.ACTIVE
    version.activated_at = now
    version.activated_by = by
    version.save(update_fields=["state", "activated_at", "activated_by"])
    record(action="scheme.activated", target=version, by=by, now=now)
