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

from appraisal.kpis.actions import activate_scheme, save_kpi
from appraisal.kpis.measures import MEASURES
from appraisal.kpis.models import Dimension, Scheme, SchemeLine, SchemeState, SchemeVersion
from appraisal.kpis.queries import apply_scheme
from appraisal.scoring.numbers import decimal_text
from engineers.models import User

SHIPPED = Path(__file__).parent / "schemes"


@transaction.atomic
def load_scheme(*, text: str, by: User | None, now: datetime) -> SchemeVersion:
    """Read a scheme file and activate it as a new version; an unchanged file changes nothing.

    Raises ValidationError saying which entry is wrong and why; nothing is stored then.
    """
    entry = _parse(text)
    scheme, _created = Scheme.objects.update_or_create(
        code=entry["code"], defaults={"name_zh": entry["name"]["zh"], "name_en": entry["name"]["en"]}
    )
    active = scheme.versions.filter(state=SchemeState.ACTIVE).first()
    if active and yaml.safe_load(dump_scheme(active)) == _normal(entry):
        return active
    scheme.versions.filter(state=SchemeState.DRAFT).delete()
    newest = scheme.versions.order_by("-number").first()
    version = SchemeVersion.objects.create(
        scheme=scheme,
        number=(newest.number if newest else 0) + 1,
        grade_bands=[[name, str(lower)] for name, lower in entry["grade_bands"]],
        rated_from_percent=entry.get("rated_from_percent", 60),
    )
    for position, part in enumerate(entry["dimensions"]):
        dimension = Dimension.objects.create(
            version=version,
            code=part["code"],
            name_zh=part["name"]["zh"],
            name_en=part["name"]["en"],
            position=position,
        )
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
    applied = apply_scheme(version, is_lead=True)
    entry = {
        "code": version.scheme.code,
        "name": {"zh": version.scheme.name_zh, "en": version.scheme.name_en},
        "rated_from_percent": version.rated_from_percent,
        "grade_bands": [[name, _number(Decimal(str(lower)))] for name, lower in version.grade_bands],
        "dimensions": [
            {
                "code": dimension.code,
                "name": {"zh": dimension.name_zh, "en": dimension.name_en},
                "kpis": [_dump_line(line) for line in applied.lines if line.dimension_id == dimension.pk],
            }
            for dimension in version.dimensions.all()
        ],
    }
    return yaml.safe_dump(entry, allow_unicode=True, sort_keys=False, width=110)


def _load_line(dimension: Dimension, position: int, entry: dict[str, Any], *, by: User | None, now: datetime) -> None:
    if entry["measure"] not in MEASURES:
        raise ValidationError(
            _("KPI “%(code)s”: there is no measure “%(measure)s”."),
            params={"code": entry["code"], "measure": entry["measure"]},
            code="unknown_measure",
        )
    measure = MEASURES[entry["measure"]]
    wording = {
        "name_zh": entry["name"]["zh"],
        "name_en": entry["name"]["en"],
        "measure_id": measure.id,
        "statistic": entry.get("statistic", measure.statistics[0].value),
        "clock": entry.get("clock", ""),
        "filters": entry.get("filters", {}),
        "direction": entry.get("direction", measure.direction.value),
        "target": Decimal(str(entry["target"])) if entry.get("target") is not None else None,
        "anchors": [[str(x), str(points)] for x, points in entry.get("curve", [])],
        "cliff": entry.get("cliff", False),
        "minimum_n": entry.get("minimum_n", measure.minimum_n),
        "empty_policy": entry.get("empty_policy", "redistribute"),
        "criteria": entry.get("criteria", []),
    }
    try:
        kpi_version = save_kpi(code=entry["code"], wording=wording, by=by, now=now)
    except ValidationError as error:
        raise ValidationError(
            _("KPI “%(code)s”: %(why)s"),
            params={"code": entry["code"], "why": " ".join(error.messages)},
            code="bad_kpi",
        ) from error
    line = SchemeLine(
        dimension=dimension,
        kpi_version=kpi_version,
        weight=Decimal(str(entry.get("weight", 0))),
        leads_only=entry.get("leads_only", False),
        position=position,
    )
    line.full_clean()
    line.save()


def _dump_line(line: SchemeLine) -> dict[str, Any]:
    version = line.kpi_version
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
        "leads_only": line.leads_only,
        "cliff": version.cliff,
        "empty_policy": version.empty_policy if version.empty_policy != "redistribute" else "",
        "curve": [[_number(Decimal(x)), _number(Decimal(points))] for x, points in version.anchors],
        "criteria": version.criteria,
    }
    entry |= {name: value for name, value in optional.items() if value}
    if version.target is not None:
        entry["target"] = _number(version.target)
    if version.minimum_n != version.measure.minimum_n:
        entry["minimum_n"] = version.minimum_n
    return entry | {"weight": _number(line.weight)}


def _parse(text: str) -> dict[str, Any]:
    try:
        entry = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValidationError(_("This is not a YAML file: %(why)s"), params={"why": str(error)}, code="not_yaml") from error
    if not isinstance(entry, dict):
        raise ValidationError(_("A scheme file begins with “code:”."), code="not_a_scheme")
    for name in ("code", "name", "grade_bands", "dimensions"):
        if name not in entry:
            raise ValidationError(_("The scheme lacks “%(name)s”."), params={"name": name}, code="missing_entry")
    for dimension in entry["dimensions"]:
        for name in ("code", "name", "kpis"):
            if name not in dimension:
                raise ValidationError(_("A dimension lacks “%(name)s”."), params={"name": name}, code="missing_entry")
        for kpi in dimension["kpis"]:
            for name in ("code", "name", "measure"):
                if name not in kpi:
                    raise ValidationError(_("A KPI lacks “%(name)s”."), params={"name": name}, code="missing_entry")
    return entry


def _normal(entry: dict[str, Any]) -> dict[str, Any]:
    """Bring a scheme file into the form ``dump_scheme`` writes, so that equal content compares equal."""
    dimensions = []
    for dimension in entry["dimensions"]:
        kpis = []
        for kpi in dimension["kpis"]:
            measure = MEASURES.get(kpi["measure"])
            normal = {"statistic": measure.statistics[0].value if measure else "", "weight": 0} | kpi
            if measure and normal.get("minimum_n") == measure.minimum_n:
                del normal["minimum_n"]
            kpis.append({name: value for name, value in normal.items() if value not in ("", [], {}, None, False)})
        dimensions.append({**dimension, "kpis": kpis})
    return {"rated_from_percent": 60} | entry | {"dimensions": dimensions}


def _number(value: Decimal) -> int | float | str:
    """Write a plain number where YAML keeps it exact."""
    text = decimal_text(value) or "0"
    return int(text) if text.lstrip("-").isdigit() else float(text) if str(float(text)) == text else text
