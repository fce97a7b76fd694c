"""Writes of all of a scheme's draft at once: weights, roles, names, grades, limits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from appraisal.kpis.actions import refuse_unless_draft
from appraisal.kpis.models import Dimension, SchemeLine, SchemeVersion
from appraisal.kpis.queries import Pair, apply_lines, read_lines
from appraisal.kpis.wanted import read_distribution
from appraisal.scoring.numbers import decimal_text
from engineers.audit import record
from engineers.models import User

LONGEST_GRADE = 10


@dataclass(frozen=True, kw_only=True)
class LineShape:
    weight: Decimal
    role: str
    leads_only: bool


@dataclass(frozen=True, kw_only=True)
class DraftShape:
    """What a draft shall look like: ``lines`` by line id, ``names`` (Chinese, English) by dimension id.

    ``distribution`` is as a scheme file has it, {} for no wanted shares.
    """

    lines: Mapping[int, LineShape]
    names: Mapping[int, tuple[str, str]]
    grade_bands: Sequence[Sequence[str]]
    rated_from_percent: int
    bonus_cap: Decimal
    ceiling: Decimal
    distribution: Mapping[str, Any] = field(default_factory=dict)


@transaction.atomic
def shape_draft(*, version: SchemeVersion, shape: DraftShape, by: User | None, now: datetime) -> None:
    """Give a draft this shape; lines and dimensions of other schemes stay untouched.

    The weights need to add up to 100 only when the draft is activated.
    """
    version = SchemeVersion.objects.select_for_update().get(pk=version.pk)
    refuse_unless_draft(version)
    before, after = {}, {}
    for name, (old, new) in {
        **_shape_lines(version, shape.lines),
        **_name_dimensions(version, shape.names),
        **_limit(version, shape),
    }.items():
        before[name], after[name] = old, new
    if after:
        record(action="scheme.shaped", target=version, by=by, now=now, before=before, after=after)


@dataclass(frozen=True, kw_only=True)
class Unsaved:
    """A draft as it would stand with a shape; ``lines`` are not those that are stored."""

    version: SchemeVersion
    lines: tuple[SchemeLine, ...]

    def applied(self) -> Pair:
        """Return what would apply to members and to leads."""
        return apply_lines(self.version, self.lines)


def as_shaped(*, version: SchemeVersion, shape: DraftShape) -> Unsaved:
    """Return a draft with a shape that nobody saved; nothing is stored. Raises ValidationError as ``shape_draft``."""
    shaped = copy(version)
    shaped.grade_bands = read_grade_bands(shape.grade_bands)
    shaped.distribution = read_distribution(shape.distribution, bands=shaped.grade_bands)
    shaped.rated_from_percent = shape.rated_from_percent
    shaped.bonus_cap, shaped.ceiling = shape.bonus_cap, shape.ceiling
    lines = read_lines(version.pk)
    for line in lines:
        wanted = shape.lines.get(line.pk)
        if wanted:
            line.weight, line.role, line.leads_only = wanted.weight, wanted.role, wanted.leads_only
    return Unsaved(version=shaped, lines=lines)


Changes = dict[str, tuple[Any, Any]]


def _shape_lines(version: SchemeVersion, lines: Mapping[int, LineShape]) -> Changes:
    changes: Changes = {}
    stored = SchemeLine.objects.filter(dimension__version=version, pk__in=lines).select_related("kpi_version__kpi")
    for line in stored:
        wanted = lines[line.pk]
        old = _line_state(line)
        line.weight, line.role, line.leads_only = wanted.weight, wanted.role, wanted.leads_only
        if _line_state(line) != old:
            line.full_clean()
            line.save(update_fields=["weight", "role", "leads_only"])
            changes[line.kpi_version.kpi.code] = (old, _line_state(line))
    return changes


def _line_state(line: SchemeLine) -> dict[str, Any]:
    return {"weight": line.weight, "role": line.role, "leads_only": line.leads_only}


def _name_dimensions(version: SchemeVersion, names: Mapping[int, tuple[str, str]]) -> Changes:
    changes: Changes = {}
    for dimension in Dimension.objects.filter(version=version, pk__in=names):
        old = (dimension.name_zh, dimension.name_en)
        if names[dimension.pk] != old:
            dimension.name_zh, dimension.name_en = names[dimension.pk]
            dimension.full_clean()
            dimension.save(update_fields=["name_zh", "name_en"])
            changes[dimension.code] = (old, names[dimension.pk])
    return changes


def _limit(version: SchemeVersion, shape: DraftShape) -> Changes:
    bands = read_grade_bands(shape.grade_bands)
    wanted: dict[str, Any] = {
        "grade_bands": bands,
        "distribution": read_distribution(shape.distribution, bands=bands),
        "rated_from_percent": shape.rated_from_percent,
        "bonus_cap": shape.bonus_cap,
        "ceiling": shape.ceiling,
    }
    stored = {name: getattr(version, name) for name in wanted}
    stored["grade_bands"] = read_grade_bands(version.grade_bands)
    changes = {name: (stored[name], new) for name, new in wanted.items() if stored[name] != new}
    if changes:
        for name in changes:
            setattr(version, name, wanted[name])
        version.full_clean()
        version.save(update_fields=list(changes))
    return changes


def read_grade_bands(bands: Iterable[Sequence[Any]]) -> list[list[str]]:
    """Return the grades, best first, as they are stored. Raises ValidationError when they are no ladder down to 0."""
    try:
        read = [(str(grade).strip(), Decimal(str(lower))) for grade, lower in bands]
    except (ArithmeticError, TypeError, ValueError) as error:
        raise ValidationError(_("“grade_bands” is a list of [grade, lower bound]."), code="bad_grade_bands") from error
    names = [grade for grade, _lower in read]
    if len(set(names)) < len(names) or not all(0 < len(grade) <= LONGEST_GRADE for grade in names):
        raise ValidationError(_("Each grade has a name of its own, of 10 characters at most."), code="bad_grade_bands")
    bounds = [lower for _grade, lower in read]
    if not bounds or bounds[-1] != 0 or any(upper <= lower for upper, lower in pairwise(bounds)):
        raise ValidationError(
            _("The lower bounds of the grades must fall from the best grade to 0."), code="bad_grade_bands"
        )
    return [[grade, decimal_text(lower) or "0"] for grade, lower in read]
