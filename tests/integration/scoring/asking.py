"""Asks one KPI about one engineer, and checks what must hold for every answer."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any

from appraisal.evidence.models import Record
from appraisal.evidence.records import write_rows
from appraisal.kpis.cases import counted_cases, left_out_cases, part_names, rule_labels
from appraisal.kpis.facts import collect_facts
from appraisal.kpis.measures import Facts, Statistic, Window
from appraisal.kpis.models import KpiVersion
from appraisal.kpis.questions import KpiQuestion
from engineers.models import Engineer
from tests.factories import TicketFactory, hr_user

HOUR = 3_600_000_000
MOMENT = timedelta(microseconds=1)
START, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)
INSIDE = datetime(2026, 2, 1, tzinfo=UTC)
WORKDAYS = 59  # of the first quarter of 2026 in China (SPEC E15)
QUARTER = Window(start=START, end=END, first_date=date(2026, 1, 1), last_date=date(2026, 3, 31))


def ask(
    engineer: Engineer,
    measure: str,
    statistic: str = "rate",
    clock: str = "",
    filters: dict[str, Any] | None = None,
    window: Window = QUARTER,
    **settings: Any,
) -> Facts:
    """Answer one KPI for one engineer; and check that the cases behind it add up to the same figure."""
    question = KpiQuestion.of(
        KpiVersion(measure_id=measure, statistic=statistic, clock=clock, filters=filters or {}, **settings)
    )
    answers = collect_facts({1: question}, window=window, engineer_ids=[engineer.pk])
    facts = answers.get(engineer.pk, {}).get(1, Facts())
    if not question.measure.formula:
        behind = list(counted_cases(question, part="", window=window, engineer_id=engineer.pk))
        assert len(behind) == facts.n, "the cases listed are the cases counted"
        if statistic == Statistic.RATE and facts.n:
            assert sum(bool(case.counts) * share_of(case) for case in behind) == facts.numerator
            assert sum(share_of(case) for case in behind) == facts.denominator
    for part in part_names(question):
        labels = rule_labels(question, part=part)
        counted = set(
            counted_cases(question, part=part, window=window, engineer_id=engineer.pk).values_list("pk", flat=True)
        )
        for case in left_out_cases(question, part=part, window=window, engineer_id=engineer.pk):
            assert case.rule in labels, "every case left out names its rule"
            assert case.pk not in counted, "no case is both counted and left out"
    return facts


def left_out(engineer: Engineer, measure: str, part: str = "", **settings: Any) -> list[str]:
    """Return the rules that left cases out of a figure, one for each case, in order of their codes."""
    statistic = settings.pop("statistic", "rate")
    question = KpiQuestion.of(KpiVersion(measure_id=measure, statistic=statistic, **{"filters": {}} | settings))
    cases = left_out_cases(question, part=part, window=QUARTER, engineer_id=engineer.pk)
    return sorted(case.rule for case in cases)


def share_of(case: Any) -> Fraction:
    """How much of a case is this engineer's: all of it, or the part of the minutes on site."""
    own = getattr(case, "own_minutes", None)
    return Fraction(own, case.visit_minutes) if own else Fraction(1)


def enter(kind: str, *rows: dict[str, Any]) -> None:
    """Enter records as HR and other systems do: what follows from them is computed on the way."""
    write_rows(kind=kind, rows=[{"source": "test"} | row for row in rows], by=hr_user(), now=END)


def completed(engineer: Engineer, at: datetime = INSIDE, **fields: Any) -> None:
    TicketFactory(engineer=engineer, resolved_at=at, completed_at=at, **fields)


def add(model: type[Record], engineer: Engineer | None, **fields: Any) -> Any:
    number = f"{model.__name__}{model.objects.count()}"
    return model.objects.create(**{"source": "test", "external_id": number, "engineer": engineer} | fields)
