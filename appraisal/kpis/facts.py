"""Facts behind KPIs: all KPIs of one evidence table in one grouped pass."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

from django.db.models import Count, Q, Sum, Value

from appraisal.calendars.roster import Roster, rosters_of
from appraisal.database.aggregates import OrderStatistics, Rows
from appraisal.database.prepared import Statement
from appraisal.database.presence import Place, places_naming
from appraisal.database.ranges import FEW
from appraisal.kpis import shares
from appraisal.kpis.left_out import NOTHING_LEFT_OUT, LeftOut
from appraisal.kpis.measures import Evidence, Facts, Part, Statistic, Window
from appraisal.kpis.models import KpiVersion
from appraisal.kpis.prepared import ANY_WINDOW, Asked, prepared, values_over
from appraisal.kpis.questions import TABLES, KpiQuestion, Pass, Raw, counted
from appraisal.scoring import values


def collect_facts(
    questions: Mapping[int, KpiQuestion],
    *,
    window: Window,
    engineer_ids: Sequence[int],
    rosters: Mapping[int, Roster] | None = None,
    present: Collection[Place] | None = None,
    left_out: LeftOut = NOTHING_LEFT_OUT,
) -> dict[int, dict[int, Facts]]:
    """Answer all questions for some engineers, ids rising: {engineer id: {key of the question: facts}}.

    One query per evidence table and credit, whatever the number of questions and engineers. An engineer
    without any record of a table may be missing: the caller treats that as no data. ``rosters`` are those of the
    whole cycle; without them the window is the cycle. ``present`` is what ``places_with_records`` found,
    ``left_out`` names records that do not count.
    """
    if not engineer_ids:
        return {}
    raw: dict[tuple[int, int], Raw] = {}
    asked = tuple(questions.items())
    for evidence, engineer in _passes(asked):
        if present is not None and (TABLES[evidence], engineer) not in present:
            continue
        pass_ = prepared(_prepare, asked, (evidence, engineer), engineer_ids, left_out=left_out)
        for row in pass_.statement.rows(values_over(window, engineer_ids)):
            for key, names in pass_.plans:
                raw.setdefault((row[engineer], key), {}).update({own: row[fact] for own, fact in names.items()})
    shares.add_shares(questions, raw, window=window, engineer_ids=engineer_ids, left_out=left_out)
    _add_rosters(questions, raw, window=window, engineer_ids=engineer_ids, rosters=rosters)
    answers: dict[int, dict[int, Facts]] = {}
    for (engineer_id, key), found in raw.items():
        answers.setdefault(engineer_id, {})[key] = _read(questions[key], found, window)
    return answers


def places_with_records(questions: Mapping[int, KpiQuestion], engineer_ids: Sequence[int]) -> set[Place] | None:
    """Return the tables, with the credit, in which some of a few engineers have any record; None: ask them all.

    To put a question to a table costs more than its answer where there is nothing; of many engineers somebody
    nearly always has something.
    """
    if len(engineer_ids) > FEW:
        return None
    return places_naming(
        [(TABLES[evidence], engineer) for evidence, engineer in _passes(tuple(questions.items()))], engineer_ids
    )


@dataclass(frozen=True)
class _Prepared:
    statement: Statement
    plans: tuple[tuple[int, Mapping[str, str]], ...]  # key of the question, where each of its numbers stands


@lru_cache(maxsize=128)
def _passes(asked: Asked) -> tuple[tuple[str, str], ...]:
    """Return the table and the credit of each pass that the questions need."""
    return tuple(dict.fromkeys(place for _key, question in asked for _name, _part, place in _parts(question)))


def _parts(question: KpiQuestion) -> list[tuple[str, Part, tuple[str, str]]]:
    return [
        (name, part, (part.population.evidence, f"{question.engineer_field(part)}_id"))
        for name, part in question.measure.cases.items()
        if part.population.evidence != Evidence.ROSTER
    ]


def _prepare(asked: Asked, place: tuple[Any, ...], engineers: Q, left_out: LeftOut) -> _Prepared:
    """Put together the pass over a table that answers all questions to it, whatever the window."""
    evidence, engineer = place
    collected = Pass()
    plans = tuple(
        (key, _plan(question, name, part, ANY_WINDOW, collected, left_out))
        for key, question in asked
        for name, part, own_place in _parts(question)
        if own_place == place
    )
    rows = TABLES[evidence]._default_manager.filter(counted(evidence), engineers).order_by().values(engineer)
    return _Prepared(Statement.of(rows.annotate(**collected.aggregates)), plans)


def _plan(
    question: KpiQuestion, name: str, part: Part, window: Window, collected: Pass, left_out: LeftOut
) -> dict[str, str]:
    """Add the aggregates a part needs to the pass; return where each of its numbers will stand."""
    counted = question.counts(part, window) & question.kept(part, left_out)
    if question.is_shared:
        counted &= shares.UNSHARED
    if question.measure.formula:
        return {name: collected.add(_number(part, counted, question.met(part, window)))}
    names = {"n": collected.add(Count(Value(1), filter=counted))}
    match question.statistic:
        case Statistic.RATE:
            success = question.met(part, window)
            if success is None:
                raise ValueError(f"{question.measure.id} declares no success")
            names["met"] = collected.add(Count(Value(1), filter=counted & success))
        case Statistic.MEAN if question.is_robust:
            names["rows"] = collected.add(Rows(question.column, filter=counted))
        case Statistic.MEAN | Statistic.SCORE:
            names["sum"] = collected.add(Sum(question.column, filter=counted))
        case Statistic.MEDIAN | Statistic.P90:
            names["order"] = collected.add(OrderStatistics(question.column, filter=counted))
    return names


def _number(part: Part, counted: Q, met: Q | None) -> Any:
    condition = counted & met if met is not None else counted
    if part.rows:
        return Rows(*part.rows, filter=condition)
    return Sum(part.column, filter=condition) if part.column else Count(Value(1), filter=condition)


def _add_rosters(
    questions: Mapping[int, KpiQuestion],
    raw: dict[tuple[int, int], Raw],
    *,
    window: Window,
    engineer_ids: Sequence[int],
    rosters: Mapping[int, Roster] | None,
) -> None:
    """Add scheduled workdays to the measures that need them: everybody has some, records or not."""
    asked = [
        (key, name, part)
        for key, question in questions.items()
        for name, part in question.measure.cases.items()
        if part.population.evidence == Evidence.ROSTER
    ]
    if not asked:
        return
    if rosters is None:
        rosters = rosters_of(engineer_ids, first_date=window.first_date, last_date=window.last_date)
    for engineer_id in engineer_ids:
        roster = rosters[engineer_id]
        eligible = roster.between(window.first_date, window.last_date).eligible
        for key, name, part in asked:
            # What is asked of a part of a cycle is asked of the whole one by its target (SPEC 4).
            raw.setdefault((engineer_id, key), {})[name] = eligible if part.rows else len(roster.workdays)


def _read(question: KpiQuestion, found: Raw, window: Window) -> Facts:
    if question.measure.formula:
        # Rows of a single column read as a plain list; a part without any record is nothing.
        numbers = {name: _plain(found.get(name), part) for name, part in question.measure.parts.items()}
        return question.measure.formula(numbers, question.parameters, window)
    n = found.get("n", 0)
    if question.is_shared:
        return shares.read_shared(question, found)
    if question.statistic == Statistic.COUNT:
        return Facts(n=n, value=Fraction(n), numerator=Fraction(n))
    if not n:
        return Facts()
    scale = question.measure.scale
    if question.is_robust:
        robust = scale * values.robust_mean([Fraction(duration) for (duration,) in found["rows"]])
        return Facts(n=n, value=robust, numerator=robust * n, denominator=Fraction(n))
    if question.statistic == Statistic.RATE:
        met = found["met"]
        return Facts(
            n=n,
            value=values.rate_percent(met=met, decided=n),
            numerator=Fraction(met),
            denominator=Fraction(n),
        )
    if question.statistic in (Statistic.MEAN, Statistic.SCORE):
        total = int(found["sum"]) * scale
        return Facts(n=n, value=values.mean(total=total, count=n), numerator=total, denominator=Fraction(n))
    percent = 50 if question.statistic == Statistic.MEDIAN else 90
    at = 2 * OrderStatistics.PERCENTS.index(percent)
    lower, upper = found["order"][at : at + 2]
    return Facts(
        n=n,
        value=values.percentile(lower=lower * scale, upper=upper * scale, count=n, percent=percent),
    )


def _plain(number: Any, part: Part) -> Any:
    if part.population.evidence == Evidence.ROSTER:
        return number
    if part.rows:
        rows = number or []
        return [row[0] for row in rows] if len(part.rows) == 1 else rows
    return 0 if number is None else number


def questions_of(versions: Iterable[tuple[int, KpiVersion]]) -> dict[int, KpiQuestion]:
    """Return the questions a scoring run has to ask, by the key given with each KPI version."""
    return {key: KpiQuestion.of(version) for key, version in versions if version.measure.is_computed}
