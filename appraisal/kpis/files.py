"""A scheme with its KPIs as one readable YAML file, read and written."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from appraisal.kpis.actions import WORDING, activate_scheme, save_kpi
from appraisal.kpis.choices import Form, StepRounding
from appraisal.kpis.drafts import read_grade_bands
from appraisal.kpis.measures import MEASURES
from appraisal.kpis.models import (
    Dimension,
    KpiVersion,
    LineRole,
    Scheme,
    SchemeLine,
    SchemeState,
    SchemeVersion,
)
from appraisal.kpis.queries import apply_both
from appraisal.kpis.wanted import read_distribution
from appraisal.scoring.numbers import decimal_text
from engineers.models import User

SHIPPED = Path(__file__).parent / "schemes"
RATED_FROM_PERCENT = 60
FULL_POINTS = Decimal(100)

_SCHEME_ENTRIES = frozenset(
    {"code", "name", "rated_from_percent", "grade_bands", "dimensions", "bonus_cap", "ceiling", "distribution"}
)
_LINE_ENTRIES = frozenset({"weight", "leads_only", "role"})  # what a scheme says of a KPI
_DIMENSION_ENTRIES = frozenset({"code", "name", "kpis"})
_KPI_ENTRIES = frozenset(
    {
        *(
            "code",
            "name",
            "measure",
            "statistic",
            "clock",
            "filters",
            "direction",
            "target",
            "curve",
            "cliff",
        ),
        *("minimum_n", "empty_policy", "criteria", "weight", "leads_only", "role", "credit", "parameters", "form"),
        *("zero_at", "step", "per_step", "steps", "full_points", "shrink_k", "strata", "scores_adjusted"),
    }
)


@transaction.atomic
def load_scheme(*, text: str, by: User | None, now: datetime) -> SchemeVersion:
    """Read a scheme file and activate it as a new version; an unchanged file changes nothing.

    Raises ValidationError saying which entry is wrong and why; nothing is stored then.
    """
    entry = _parse(text)
    scheme = _save_scheme(entry)
    active = scheme.versions.filter(state=SchemeState.ACTIVE).first()
    if active and _stored_content(active) == _file_content(entry):
        return active
    if scheme.versions.filter(state=SchemeState.DRAFT).exists():
        raise ValidationError(
            _("The scheme “%(code)s” has an open draft. Activate or discard it first."),
            params={"code": scheme.code},
            code="open_draft",
        )
    newest = scheme.versions.order_by("-number").first()
    version = SchemeVersion(
        scheme=scheme,
        number=(newest.number if newest else 0) + 1,
        grade_bands=read_grade_bands(entry["grade_bands"]),
        rated_from_percent=entry.get("rated_from_percent", RATED_FROM_PERCENT),
        distribution=_distribution(entry),
        **_limits(entry),
    )
    version.full_clean()
    version.save()
    for position, part in enumerate(entry["dimensions"]):
        dimension = Dimension(
            version=version,
            code=part["code"],
            name_zh=part["name"]["zh"],
            name_en=part["name"]["en"],
            position=position,
        )
        dimension.full_clean()
        dimension.save()
        for place, kpi in enumerate(part["kpis"]):
            _load_line(dimension, place, kpi, by=by, now=now)
    activate_scheme(version=version, by=by, now=now)
    version.refresh_from_db()
    return version


def ensure_scheme(*, code: str, by: User | None, now: datetime) -> SchemeVersion:
    """Return the active version of a scheme, loading the shipped file of that name when there is none yet."""
    active = SchemeVersion.objects.filter(scheme__code=code, state=SchemeState.ACTIVE).first()
    if active:
        return active
    shipped = SHIPPED / f"{code}.yaml"
    if not shipped.is_file() or shipped.parent != SHIPPED:
        raise ValidationError(_("There is no active scheme “%(code)s”."), params={"code": code}, code="no_scheme")
    return load_scheme(text=shipped.read_text(encoding="utf-8"), by=by, now=now)


def dump_scheme(version: SchemeVersion) -> str:
    """Write a scheme version as the file ``load_scheme`` reads."""
    return yaml.safe_dump(scheme_entry(version), allow_unicode=True, sort_keys=False, width=110)


def scheme_entry(version: SchemeVersion) -> dict[str, Any]:
    """Return what the file of a scheme version says."""
    applied = apply_both(version)[1]
    return {
        "code": version.scheme.code,
        "name": {"zh": version.scheme.name_zh, "en": version.scheme.name_en},
        "rated_from_percent": version.rated_from_percent,
        "grade_bands": [[name, _number(Decimal(str(lower)))] for name, lower in version.grade_bands],
        "bonus_cap": _number(version.bonus_cap),
        "ceiling": _number(version.ceiling),
        **_dump_distribution(version),
        "dimensions": [
            {
                "code": dimension.code,
                "name": {"zh": dimension.name_zh, "en": dimension.name_en},
                "kpis": [_dump_line(line) for line in applied.lines if line.dimension_id == dimension.pk],
            }
            for dimension in version.dimensions.all()
        ],
    }


def read_kpi(entry: Any) -> dict[str, Any]:
    """Return the wording of a KPI as a scheme file has it, for ``save_kpi``. Raises ValidationError."""
    _check_entries(entry, "KPI", _KPI_ENTRIES - _LINE_ENTRIES, ("code", "name", "measure"))
    return _wording(entry)


def _save_scheme(entry: dict[str, Any]) -> Scheme:
    scheme = Scheme.objects.filter(code=entry["code"]).first() or Scheme(code=entry["code"])
    scheme.name_zh, scheme.name_en = entry["name"]["zh"], entry["name"]["en"]
    scheme.full_clean()
    scheme.save()
    return scheme


def _wording(entry: dict[str, Any]) -> dict[str, Any]:
    """Return the wording of a KPI entry, defaults filled in. Raises ValidationError."""
    if entry["measure"] not in MEASURES:
        raise ValidationError(
            _("KPI “%(code)s”: there is no measure “%(measure)s”."),
            params={"code": entry["code"], "measure": entry["measure"]},
            code="unknown_measure",
        )
    measure = MEASURES[entry["measure"]]
    try:
        return {
            "name_zh": entry["name"]["zh"],
            "name_en": entry["name"]["en"],
            "measure_id": measure.id,
            "statistic": entry.get("statistic", measure.statistics[0].value),
            "clock": entry.get("clock", ""),
            "filters": entry.get("filters", {}),
            "direction": entry.get("direction", measure.direction.value),
            "target": _decimal(entry, "target"),
            "credit": entry.get("credit", ""),
            "parameters": entry.get("parameters", {}),
            "form": entry.get("form", Form.ANCHORS.value),
            "zero_at": _decimal(entry, "zero_at"),
            "step": _decimal(entry, "step"),
            "per_step": _decimal(entry, "per_step"),
            "steps": entry.get("steps", StepRounding.FLOOR.value),
            "full_points": Decimal(str(entry.get("full_points", 100))),
            "shrink_k": entry.get("shrink_k", 0),
            "strata": entry.get("strata", []),
            "scores_adjusted": entry.get("scores_adjusted", False),
            "anchors": [
                [decimal_text(Decimal(str(x))), decimal_text(Decimal(str(points)))]
                for x, points in entry.get("curve", [])
            ],
            "cliff": entry.get("cliff", False),
            "minimum_n": entry.get("minimum_n", measure.minimum_n),
            "empty_policy": entry.get("empty_policy", "redistribute"),
            "criteria": entry.get("criteria", []),
        }
    except (ArithmeticError, TypeError, ValueError) as error:
        raise ValidationError(
            _("KPI “%(code)s”: target and curve hold numbers, the curve as [[value, points], …]."),
            params={"code": entry["code"]},
            code="bad_number",
        ) from error


def _decimal(entry: dict[str, Any], name: str) -> Decimal | None:
    return Decimal(str(entry[name])) if entry.get(name) is not None else None


def _limits(entry: dict[str, Any]) -> dict[str, Decimal]:
    """Return the limits of the overall score, defaults filled in. Raises ValidationError."""
    try:
        return {name: Decimal(str(entry.get(name, default))) for name, default in (("bonus_cap", 5), ("ceiling", 100))}
    except ArithmeticError as error:
        raise ValidationError(_("“bonus_cap” and “ceiling” are numbers."), code="bad_number") from error


def _distribution(entry: dict[str, Any]) -> dict[str, Any]:
    return read_distribution(entry.get("distribution"), bands=read_grade_bands(entry["grade_bands"]))


def _dump_distribution(version: SchemeVersion) -> dict[str, Any]:
    """Name wanted shares where there are any: a version without reads as it did before there were some."""
    if not version.distribution:
        return {}
    shares = [
        {"grade": share["grade"], "percent": _number(Decimal(share["percent"]))}
        | ({"cap": True} if share["cap"] else {})
        for share in version.distribution["shares"]
    ]
    return {"distribution": {"smallest_pool": version.distribution["smallest_pool"], "shares": shares}}


def _weight(entry: dict[str, Any]) -> Decimal:
    try:
        return Decimal(str(entry.get("weight", 0)))
    except ArithmeticError as error:
        raise ValidationError(
            _("KPI “%(code)s”: the weight is a number."), params={"code": entry["code"]}, code="bad_number"
        ) from error


def _file_content(entry: dict[str, Any]) -> dict[str, Any]:
    """Say what a file asks for, in the form ``_stored_content`` says what is stored."""
    return {
        "rated_from_percent": entry.get("rated_from_percent", RATED_FROM_PERCENT),
        "grade_bands": read_grade_bands(entry["grade_bands"]),
        **_limits(entry),
        "distribution": _distribution(entry),
        "dimensions": [(part["code"], part["name"]["zh"], part["name"]["en"]) for part in entry["dimensions"]],
        "lines": [
            (
                *(part["code"], kpi["code"], _wording(kpi), _weight(kpi)),
                *(bool(kpi.get("leads_only", False)), kpi.get("role", LineRole.WEIGHED.value)),
            )
            for part in entry["dimensions"]
            for kpi in part["kpis"]
        ],
    }


def _stored_content(version: SchemeVersion) -> dict[str, Any]:
    return {
        "rated_from_percent": version.rated_from_percent,
        "grade_bands": read_grade_bands(version.grade_bands),
        "bonus_cap": version.bonus_cap,
        "ceiling": version.ceiling,
        "distribution": version.distribution,
        "dimensions": [(part.code, part.name_zh, part.name_en) for part in version.dimensions.all()],
        "lines": [
            (
                line.dimension.code,
                line.kpi_version.kpi.code,
                {name: getattr(line.kpi_version, name) for name in WORDING},
                line.weight,
                line.leads_only,
                line.role,
            )
            for line in apply_both(version)[1].lines
        ],
    }


def _load_line(dimension: Dimension, position: int, entry: dict[str, Any], *, by: User | None, now: datetime) -> None:
    wording = _wording(entry)
    line = SchemeLine(
        dimension=dimension,
        weight=_weight(entry),
        leads_only=entry.get("leads_only", False),
        role=entry.get("role", LineRole.WEIGHED),
        position=position,
    )
    try:
        line.kpi_version = save_kpi(code=entry["code"], wording=wording, by=by, now=now)
        line.full_clean()
    except ValidationError as error:
        raise ValidationError(
            _("KPI “%(code)s”: %(why)s"),
            params={"code": entry["code"], "why": " ".join(error.messages)},
            code="bad_kpi",
        ) from error
    line.save()


def _dump_line(line: SchemeLine) -> dict[str, Any]:
    optional = {"leads_only": line.leads_only, "role": line.role if line.role != LineRole.WEIGHED else ""}
    entry = kpi_entry(line.kpi_version) | {name: value for name, value in optional.items() if value}
    return entry | {"weight": _number(line.weight)}


def kpi_entry(version: KpiVersion) -> dict[str, Any]:
    """Return what a scheme file says of a version of a KPI, without its place in a scheme."""
    entry: dict[str, Any] = {
        "code": version.kpi.code,
        "name": {"zh": version.name_zh, "en": version.name_en},
        "measure": version.measure_id,
        "statistic": version.statistic,
    }
    optional = {
        "clock": version.clock,
        "filters": version.filters,
        "direction": version.direction if version.direction != version.measure.direction.value else "",
        "cliff": version.cliff,
        "empty_policy": version.empty_policy if version.empty_policy != "redistribute" else "",
        "curve": [[_number(Decimal(x)), _number(Decimal(points))] for x, points in version.anchors],
        "criteria": version.criteria,
        "credit": version.credit,
        "parameters": version.parameters,
        "form": version.form if version.form != Form.ANCHORS else "",
        "steps": version.steps if version.steps != StepRounding.FLOOR else "",
        "shrink_k": version.shrink_k,
        "strata": version.strata,
        "scores_adjusted": version.scores_adjusted,
    }
    numbers = {name: getattr(version, name) for name in ("target", "zero_at", "step", "per_step")}
    if version.full_points != FULL_POINTS:
        numbers["full_points"] = version.full_points
    entry |= {name: _number(value) for name, value in numbers.items() if value is not None}
    entry |= {name: value for name, value in optional.items() if value}
    if version.minimum_n != version.measure.minimum_n:
        entry["minimum_n"] = version.minimum_n
    return entry


def _parse(text: str) -> dict[str, Any]:
    try:
        entry = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValidationError(
            _("This is not a YAML file: %(why)s"), params={"why": str(error)}, code="not_yaml"
        ) from error
    if not isinstance(entry, dict):
        raise ValidationError(_("A scheme file begins with “code:”."), code="not_a_scheme")
    _check_entries(entry, "scheme", _SCHEME_ENTRIES, ("code", "name", "grade_bands", "dimensions"))
    for dimension in _list(entry, "dimensions"):
        _check_entries(dimension, "dimension", _DIMENSION_ENTRIES, ("code", "name", "kpis"))
        for kpi in _list(dimension, "kpis"):
            _check_entries(kpi, "KPI", _KPI_ENTRIES, ("code", "name", "measure"))
    codes = [kpi["code"] for dimension in entry["dimensions"] for kpi in dimension["kpis"]]
    for code in codes:
        if codes.count(code) > 1:
            raise ValidationError(
                _("KPI “%(code)s” stands in the scheme more than once."), params={"code": code}, code="twice"
            )
    return entry


def _list(entry: dict[str, Any], name: str) -> list[Any]:
    if not isinstance(entry[name], list):
        raise ValidationError(_("“%(name)s” must be a list."), params={"name": name}, code="bad_entry")
    found: list[Any] = entry[name]
    return found


def _check_entries(entry: Any, place: str, known: frozenset[str], required: tuple[str, ...]) -> None:
    """Refuse what is missing and what nobody reads: a misspelt entry must not be passed over in silence."""
    if not isinstance(entry, dict):
        raise ValidationError(
            _("In a %(place)s: “%(text)s” is no list of entries."),
            params={"place": place, "text": str(entry)[:60]},
            code="bad_entry",
        )
    label = entry.get("code", "?")
    for name in required:
        if name not in entry:
            raise ValidationError(
                _("%(place)s “%(label)s” lacks the entry “%(name)s”."),
                params={"place": place, "label": label, "name": name},
                code="missing_entry",
            )
    for name in entry:
        if name not in known:
            raise ValidationError(
                _("%(place)s “%(label)s” has an unknown entry “%(name)s”."),
                params={"place": place, "label": label, "name": name},
                code="unknown_entry",
            )
    names = entry["name"]
    if not isinstance(names, dict) or not all(isinstance(names.get(language), str) for language in ("zh", "en")):
        raise ValidationError(
            _("%(place)s “%(label)s”: the name is given as {zh: …, en: …}."),
            params={"place": place, "label": label},
            code="bad_name",
        )


def _number(value: Decimal) -> int | float | str:
    """Write a plain number where YAML keeps it exact."""
    text = decimal_text(value) or "0"
    return int(text) if text.lstrip("-").isdigit() else float(text) if str(float(text)) == text else text
