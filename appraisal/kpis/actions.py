"""Writes about KPIs and schemes, one verb each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from appraisal.kpis.choices import Form
from appraisal.kpis.filters import check_filters
from appraisal.kpis.measures import Credit
from appraisal.kpis.models import (
    Dimension,
    Kpi,
    KpiVersion,
    LineRole,
    Scheme,
    SchemeLine,
    SchemeState,
    SchemeVersion,
)
from appraisal.kpis.points import rule_of
from engineers.audit import record
from engineers.models import User

WHOLE = Decimal(100)
GRADE_BANDS = [["S", "95"], ["A", "85"], ["B", "70"], ["C", "60"], ["D", "0"]]

WORDING = (
    "name_zh",
    "name_en",
    "measure_id",
    "statistic",
    "clock",
    "filters",
    "direction",
    "target",
    "credit",
    "parameters",
    "form",
    "anchors",
    "cliff",
    "zero_at",
    "step",
    "per_step",
    "steps",
    "full_points",
    "shrink_k",
    "strata",
    "scores_adjusted",
    "minimum_n",
    "empty_policy",
    "criteria",
)


CRITERION_CODE_LENGTH = 40
RATINGS = 5

# What ``scoring`` says about a broken rule, for people.
_RULE_FAULTS = {
    "a curve needs at least two anchors": _("A curve needs at least two points."),
    "anchor values must rise": _("Each value may stand in the curve only once, in rising order."),
    "points must move with the direction of the measure": _(
        "Points must rise where higher is better, and fall where lower is better."
    ),
    "points must not be negative": _("Points must not be negative."),
    "a curve ends in a cliff or at a zero point, not both": _("A curve ends in a cliff or at a zero point, not both."),
    "the zero point must be worse than the worst anchor": _("The zero point must be worse than the worst value."),
    "two bands have the same bound": _("Each bound may stand there only once."),
    "a ratio needs a target above 0; use bands": _("A ratio needs a target above 0; use bands."),
    "target is needed": _("This form needs a target."),
    "step is needed": _("This form needs a step."),
    "per_step is needed": _("This form needs the points per step."),
    "step must be above 0": _("The step must be above 0."),
    "per_step must be above 0": _("The points per step must be above 0."),
    "full must be above 0": _("The full points must be above 0."),
    "cap must be above 0": _("The full points must be above 0."),
}


def check_kpi(version: KpiVersion) -> None:
    """Raise ValidationError, field by field, when a KPI does not fit its measure."""
    errors: dict[str, ValidationError] = {}
    measure = version.measure
    if version.statistic not in measure.statistics:
        possible = ", ".join(str(statistic.label) for statistic in measure.statistics)
        errors["statistic"] = ValidationError(_("This measure offers: %(possible)s."), params={"possible": possible})
    if bool(version.clock) != bool(measure.clocks) or (version.clock and version.clock not in measure.clocks):
        message = (
            _("Choose the clock the duration is counted by.") if measure.clocks else _("Only durations have a clock.")
        )
        errors["clock"] = ValidationError(message)
    try:
        if not isinstance(version.filters, dict):
            raise ValidationError(_("Filters are given by name."), code="bad_filters")
        check_filters(measure.evidence, version.filters)
    except ValidationError as error:
        errors["filters"] = error
    errors |= rule_faults(version)
    errors |= _choice_faults(version)
    faults = list(_criteria_faults(version))
    if faults:
        errors["criteria"] = ValidationError(faults)
    if errors:
        raise ValidationError(errors)


def rule_faults(version: KpiVersion) -> dict[str, ValidationError]:
    """Return what keeps a KPI's form of scoring from being a rule, by field."""
    try:
        rule_of(version)
    except (ArithmeticError, TypeError, ValueError) as error:
        fault = _RULE_FAULTS.get(str(error), _("A curve consists of numbers: value, points."))
        place = "anchors" if version.form in (Form.ANCHORS, Form.BANDS) else "form"
        return {place: ValidationError(fault, code="bad_curve")}
    return {}


def _choice_faults(version: KpiVersion) -> dict[str, ValidationError]:
    """Return what a KPI asks of its measure that the measure does not offer."""
    measure = version.measure
    errors: dict[str, ValidationError] = {}
    if version.credit and version.credit not in measure.credits:
        errors["credit"] = ValidationError(_("This measure cannot be credited like that."), code="bad_credit")
    if version.credit == Credit.SHARE and (version.strata or version.shrink_k):
        errors["credit"] = ValidationError(
            _("Shared credit goes neither with case mix nor with the weight of the job family."), code="bad_credit"
        )
    strata = version.strata if isinstance(version.strata, list) else [None]
    if not all(name in measure.strata for name in strata):
        errors["strata"] = ValidationError(
            _("Case mix of this measure is possible by: %(names)s."),
            params={"names": ", ".join(measure.strata) or "–"},
            code="bad_strata",
        )
    if version.scores_adjusted and not version.strata:
        errors["scores_adjusted"] = ValidationError(_("Without case mix there is no adjusted figure."))
    if version.shrink_k and not measure.shrinks:
        errors["shrink_k"] = ValidationError(_("Only shares and means can lean on the job family."))
    if not _parameters_fit(version):
        possible = ", ".join(f"{name} {p.lowest}–{p.highest}" for name, p in measure.parameters.items())
        errors["parameters"] = ValidationError(
            _("Numbers of this measure are: %(possible)s."), params={"possible": possible or "–"}, code="bad_parameter"
        )
    return errors


def _parameters_fit(version: KpiVersion) -> bool:
    known = version.measure.parameters
    given = version.parameters
    return isinstance(given, dict) and all(
        name in known and type(value) is int and known[name].lowest <= value <= known[name].highest
        for name, value in given.items()
    )


def _criteria_faults(version: KpiVersion) -> Iterator[ValidationError]:
    """Yield what keeps a manager from rating by the criteria of a KPI."""
    is_rated = version.measure.is_rated
    if is_rated and not version.criteria:
        yield ValidationError(_("What the manager rates needs at least one criterion."), code="no_criteria")
    if version.criteria and not is_rated:
        yield ValidationError(_("Only what the manager rates has criteria."), code="needless_criteria")
    seen = set()
    for criterion in version.criteria if isinstance(version.criteria, list) else [{}]:
        if not _is_criterion(criterion):
            yield ValidationError(
                _("A criterion has a code, a name and five anchors, in Chinese and in English."),
                code="bad_criterion",
            )
        elif criterion["code"] in seen:
            yield ValidationError(
                _("The criterion “%(code)s” stands there twice."),
                params={"code": criterion["code"]},
                code="criterion_twice",
            )
        else:
            seen.add(criterion["code"])


def _is_criterion(entry: Any) -> bool:
    if not isinstance(entry, dict) or set(entry) != {"code", "name", "anchors"}:
        return False
    code, anchors = entry["code"], entry["anchors"]
    if not isinstance(code, str) or not 0 < len(code) <= CRITERION_CODE_LENGTH:
        return False
    texts = [entry["name"], *(anchors if isinstance(anchors, list) else [])]
    return len(texts) == 1 + RATINGS and all(
        isinstance(text, dict) and all(isinstance(text.get(language), str) for language in ("zh", "en"))
        for text in texts
    )


@transaction.atomic
def save_kpi(*, code: str, wording: Mapping[str, Any], by: User | None, now: datetime) -> KpiVersion:
    """Write a KPI: a new version if its wording differs from the newest one, else that one.

    Drafts of schemes move to the new version; what is active keeps the version it was activated with.
    Raises ValidationError when the wording does not fit the measure.
    """
    kpi = Kpi.objects.select_for_update().filter(code=code).first()
    if kpi is None:
        kpi = Kpi(code=code)
        kpi.full_clean()
        kpi.save()
    newest = kpi.versions.order_by("-number").first()
    version = KpiVersion(kpi=kpi, number=(newest.number if newest else 0) + 1, **wording)
    version.full_clean()
    check_kpi(version)
    before = {name: getattr(newest, name) for name in WORDING} if newest else {}
    after = {name: getattr(version, name) for name in WORDING}
    if newest and before == after:
        return newest
    version.save()
    SchemeLine.objects.filter(kpi_version__kpi=kpi, dimension__version__state=SchemeState.DRAFT).update(
        kpi_version=version
    )
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
        grade_bands=newest.grade_bands if newest else GRADE_BANDS,
        rated_from_percent=newest.rated_from_percent if newest else 60,
    )
    if newest:
        draft.bonus_cap, draft.ceiling = newest.bonus_cap, newest.ceiling
        draft.distribution = newest.distribution
        draft.save(update_fields=["bonus_cap", "ceiling", "distribution"])
        _copy_content(newest, draft)
    record(action="scheme.drafted", target=draft, by=by, now=now)
    return draft


@transaction.atomic
def create_scheme(
    *,
    code: str,
    name_zh: str,
    name_en: str,
    source: SchemeVersion | None,
    by: User | None,
    now: datetime,
) -> SchemeVersion:
    """Create a scheme with a first draft, a copy of ``source`` where there is one."""
    scheme = Scheme(code=code, name_zh=name_zh, name_en=name_en)
    scheme.full_clean()
    scheme.save()
    draft = SchemeVersion(scheme=scheme, number=1, grade_bands=GRADE_BANDS)
    if source:
        draft.grade_bands, draft.rated_from_percent = source.grade_bands, source.rated_from_percent
        draft.bonus_cap, draft.ceiling = source.bonus_cap, source.ceiling
        draft.distribution = source.distribution
    draft.save()
    if source:
        _copy_content(source, draft)
    record(
        action="scheme.created",
        target=draft,
        by=by,
        now=now,
        after={"copied_from": str(source) if source else None},
    )
    return draft


def _copy_content(source: SchemeVersion, draft: SchemeVersion) -> None:
    """Copy dimensions and lines; the lines take the newest wording of each KPI."""
    for dimension in source.dimensions.all():
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
                    role=line.role,
                    position=line.position,
                )
                for line in dimension.lines.select_related("kpi_version__kpi")
            ]
        )


@transaction.atomic
def discard_draft(*, version: SchemeVersion, by: User | None, now: datetime) -> None:
    """Throw a draft away; a scheme that has nothing else goes with it."""
    refuse_unless_draft(version)
    record(action="scheme.draft_discarded", target=version, by=by, now=now)
    scheme = version.scheme
    version.delete()
    if not scheme.versions.exists():
        scheme.delete()


@transaction.atomic
def add_dimension(
    *, version: SchemeVersion, code: str, name_zh: str, name_en: str, by: User | None, now: datetime
) -> Dimension:
    """Add a dimension to the end of a draft."""
    refuse_unless_draft(version)
    last = version.dimensions.order_by("position").last()
    dimension = Dimension(
        version=version,
        code=code,
        name_zh=name_zh,
        name_en=name_en,
        position=last.position + 1 if last else 0,
    )
    dimension.full_clean()
    dimension.save()
    record(action="scheme.dimension_added", target=version, by=by, now=now, after={"dimension": code})
    return dimension


@transaction.atomic
def remove_dimension(*, dimension: Dimension, by: User | None, now: datetime) -> None:
    """Take an empty dimension out of a draft."""
    refuse_unless_draft(dimension.version)
    if dimension.lines.exists():
        raise ValidationError(
            _("The dimension “%(name)s” still holds KPIs; remove them first."),
            params={"name": dimension.name},
            code="not_empty",
        )
    record(
        action="scheme.dimension_removed",
        target=dimension.version,
        by=by,
        now=now,
        before={"dimension": dimension.code},
    )
    dimension.delete()


def refuse_unless_draft(version: SchemeVersion) -> None:
    if version.state != SchemeState.DRAFT:
        raise ValidationError(
            _("Version %(number)s is no draft and cannot be changed. Start a new draft."),
            params={"number": version.number},
            code="not_a_draft",
        )


@transaction.atomic
def add_line(*, dimension: Dimension, kpi: Kpi, weight: Decimal, by: User | None, now: datetime) -> SchemeLine:
    """Put the newest version of a KPI into a draft's dimension."""
    refuse_unless_draft(dimension.version)
    if SchemeLine.objects.filter(dimension__version=dimension.version, kpi_version__kpi=kpi).exists():
        raise ValidationError(_("%(code)s is already in this scheme."), params={"code": kpi.code})
    line = SchemeLine(
        dimension=dimension,
        kpi_version=kpi.versions.order_by("-number")[0],
        weight=weight,
        position=max((line.position for line in dimension.lines.all()), default=-1) + 1,
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
        for line in SchemeLine.objects.filter(
            Q(weight__gt=0) | ~Q(role=LineRole.WEIGHED), dimension__version=version
        ).select_related("kpi_version__kpi")
        if line.kpi_version.rule is None
    ]
    if scored_without_curve:
        raise ValidationError(
            _("These KPIs are scored but have no curve: %(codes)s."),
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
