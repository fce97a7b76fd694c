"""Cases of a KPI by stratum of what engineers cannot choose (SPEC 5)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, Value

from appraisal.database.prepared import Statement
from appraisal.database.presence import Place
from appraisal.kpis.left_out import NOTHING_LEFT_OUT, LeftOut
from appraisal.kpis.measures import Window
from appraisal.kpis.prepared import ANY_WINDOW, Asked, prepared, values_over
from appraisal.kpis.questions import TABLES, KpiQuestion, Pass, counted

# Stratum (values of the strata as text, "" where unknown), cases, those that met.
Cell = tuple[tuple[str, ...], int, int]


def collect_cells(
    questions: Mapping[int, KpiQuestion],
    *,
    window: Window,
    engineer_ids: Sequence[int],
    present: Collection[Place] | None = None,
    left_out: LeftOut = NOTHING_LEFT_OUT,
) -> dict[int, dict[int, list[Cell]]]:
    """Return {engineer id: {key of the question: cells}} of the questions that ask for case mix.

    One query per table, credit and set of strata. ``present`` is what ``facts.places_with_records`` found.
    """
    asked = tuple((key, question) for key, question in questions.items() if question.strata)
    found: dict[int, dict[int, list[Cell]]] = {}
    for place in dict.fromkeys(_place(question) for _key, question in asked):
        evidence, engineer, strata = place
        if present is not None and (TABLES[evidence], engineer) not in present:
            continue
        pass_ = prepared(_prepare, asked, place, engineer_ids, left_out=left_out)
        for row in pass_.statement.rows(values_over(window, engineer_ids)):
            stratum = tuple("" if row[name] is None else str(row[name]) for name in strata)
            for key, n, met in pass_.plans:
                if row[n]:
                    cells = found.setdefault(row[engineer], {}).setdefault(key, [])
                    cells.append((stratum, row[n], row[met]))
    return found


@dataclass(frozen=True)
class _Prepared:
    statement: Statement
    plans: tuple[tuple[int, str, str], ...]  # key of the question, where its cases stand, and those that met


def _place(question: KpiQuestion) -> tuple[str, str, tuple[str, ...]]:
    part = question.measure.cases[""]
    return part.population.evidence, f"{question.engineer_field(part)}_id", question.strata


def _prepare(asked: Asked, place: tuple[Any, ...], engineers: Q, left_out: LeftOut) -> _Prepared:
    evidence, engineer, strata = place
    collected = Pass()
    plans = tuple(
        (key, *_plan(question, ANY_WINDOW, collected, left_out))
        for key, question in asked
        if _place(question) == place
    )
    rows = TABLES[evidence]._default_manager.filter(counted(evidence), engineers).order_by().values(engineer, *strata)
    return _Prepared(Statement.of(rows.annotate(**collected.aggregates)), plans)


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
