"""Cases of a KPI by stratum of what engineers cannot choose (SPEC 5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.db.models import Count, Value

from appraisal.database.ranges import among
from appraisal.kpis.left_out import NOTHING_LEFT_OUT, LeftOut
from appraisal.kpis.measures import Window
from appraisal.kpis.questions import COUNTED, TABLES, KpiQuestion, Pass

# Stratum (values of the strata as text, "" where unknown), cases, those that met.
Cell = tuple[tuple[str, ...], int, int]


def collect_cells(
    questions: Mapping[int, KpiQuestion],
    *,
    window: Window,
    engineer_ids: Sequence[int],
    left_out: LeftOut = NOTHING_LEFT_OUT,
) -> dict[int, dict[int, list[Cell]]]:
    """Return {engineer id: {key of the question: cells}} of the questions that ask for case mix.

    One query per table, credit and set of strata.
    """
    passes: dict[tuple[str, str, tuple[str, ...]], list[int]] = {}
    for key, question in questions.items():
        if question.strata:
            part = question.measure.cases[""]
            place = (part.population.evidence, f"{question.engineer_field(part)}_id", question.strata)
            passes.setdefault(place, []).append(key)
    found: dict[int, dict[int, list[Cell]]] = {}
    for (evidence, engineer, strata), keys in passes.items():
        collected = Pass()
        plans = {key: _plan(questions[key], window, collected, left_out) for key in keys}
        rows = (
            TABLES[evidence]
            ._default_manager.filter(COUNTED, among(engineer, engineer_ids))
            .order_by()
            .values(engineer, *strata)
            .annotate(**collected.aggregates)
        )
        for row in rows.iterator():
            stratum = tuple("" if row[name] is None else str(row[name]) for name in strata)
            for key, (n, met) in plans.items():
                if row[n]:
                    cells = found.setdefault(row[engineer], {}).setdefault(key, [])
                    cells.append((stratum, row[n], row[met]))
    return found


def _plan(question: KpiQuestion, window: Window, collected: Pass, left_out: LeftOut) -> tuple[str, str]:
    part = question.measure.cases[""]
    counted = question.counts(part, window) & question.kept(part, left_out)
    success = question.met(part, window)
    if success is None:
        raise ValueError(f"{question.measure.id} is no share; case mix compares shares")
    return (
        collected.add(Count(Value(1), filter=counted)),
        collected.add(Count(Value(1), filter=counted & success)),
    )
