"""A chunk's figures: facts from the evidence, points from the curves, written where they changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import polars as pl

from appraisal.cycles.models import Cycle, KpiResult
from appraisal.cycles.queries import CycleSchemes
from appraisal.database.bulk import upsert
from appraisal.kpis.facts import Facts, collect_facts, questions_of
from appraisal.kpis.measures import Statistic, Window
from appraisal.kpis.models import EmptyPolicy, KpiVersion, SchemeLine
from appraisal.kpis.queries import AppliedScheme, curve_of
from appraisal.scoring.curves import Curve
from appraisal.scoring.numbers import fraction_text
from appraisal.scoring.rollup import Reason

FULL_POINTS = Fraction(100)

_SCHEMA = {
    "cycle_id": pl.Int64,
    "engineer_id": pl.Int64,
    "line_id": pl.Int64,
    "n": pl.Int64,
    "value": pl.String,
    "numerator": pl.String,
    "denominator": pl.String,
    "points": pl.String,
    "reason": pl.String,
}


@dataclass(frozen=True, kw_only=True)
class Participant:
    engineer_id: int
    scheme: AppliedScheme


def points_of(facts: Facts, version: KpiVersion, curve: Curve | None) -> tuple[Fraction | None, str]:
    """Return a line's exact points and, where it has none, why. Source: SPEC G12, 2.1, 2.6."""
    if facts.n == 0 and version.statistic != Statistic.COUNT:
        policy_points = {EmptyPolicy.FULL: FULL_POINTS, EmptyPolicy.ZERO: Fraction(0)}
        points = policy_points.get(EmptyPolicy(version.empty_policy)) if curve else None
        return points, Reason.NO_DATA
    if curve is None or facts.value is None:
        return None, ""
    if facts.n < version.minimum_n:
        return None, Reason.TOO_FEW
    return curve.points(facts.value), ""


def write_results(*, cycle: Cycle, window: Window, schemes: CycleSchemes, participants: Sequence[Participant]) -> None:
    """Compute and store the lines of some engineers; lines that no longer apply to them go.

    One query per evidence table for all of them (DESIGN 3.3); runs inside the caller's transaction.
    """
    if not participants:
        return
    lines: dict[int, SchemeLine] = {line.pk: line for scheme in schemes.all() for line in scheme.lines}
    # A KPI version that stands in several schemes is asked once.
    versions = {line.kpi_version_id: line.kpi_version for line in lines.values()}
    curves = {pk: curve_of(version) for pk, version in versions.items()}
    answers = collect_facts(
        questions_of(list(versions.items())),
        window=window,
        first_engineer_id=participants[0].engineer_id,
        last_engineer_id=participants[-1].engineer_id,
    )
    rows = []
    nothing = Facts()
    for participant in participants:
        found = answers.get(participant.engineer_id, {})
        for line in participant.scheme.lines:
            version = line.kpi_version
            if not version.measure.is_computed:
                continue
            facts = found.get(version.pk, nothing)
            if version.statistic == Statistic.COUNT and facts.value is None:
                facts = Facts(n=0, value=Fraction(0), numerator=Fraction(0))
            points, reason = points_of(facts, version, curves[version.pk])
            rows.append(
                (
                    cycle.pk,
                    participant.engineer_id,
                    line.pk,
                    facts.n,
                    fraction_text(facts.value),
                    fraction_text(facts.numerator),
                    fraction_text(facts.denominator),
                    fraction_text(points),
                    str(reason),
                )
            )
    upsert(
        KpiResult,
        pl.DataFrame(rows, schema=_SCHEMA, orient="row"),
        key=("cycle_id", "engineer_id", "line_id"),
    )
    for scheme in {participant.scheme.key: participant.scheme for participant in participants}.values():
        members = [p.engineer_id for p in participants if p.scheme.key == scheme.key]
        applying = [line.pk for line in scheme.lines]
        KpiResult.objects.filter(cycle=cycle, engineer__in=members).exclude(line__in=applying).delete()
