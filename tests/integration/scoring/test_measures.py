"""What holds for every measure: what counts nowhere, what is left out and why, one pass for a table.

Each measure against cases counted by hand: ``test_measures_of_*.py``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from appraisal.evidence.models import Exclusion, JobType
from appraisal.kpis.facts import collect_facts
from appraisal.kpis.measures import MEASURES, Facts, Statistic
from appraisal.kpis.models import KpiVersion
from appraisal.kpis.questions import KpiQuestion
from engineers.models import Engineer
from tests.factories import EngineerFactory, TicketFactory
from tests.integration.scoring.asking import HOUR, INSIDE, QUARTER, ask, completed, left_out

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("exclusion", [Exclusion.CANCELLED, Exclusion.DUPLICATE, Exclusion.TEST])
def test_cancelled_duplicate_and_test_records_count_nowhere(engineer: Engineer, exclusion: str) -> None:
    completed(engineer, exclusion=exclusion, resolution_us=HOUR, resolution_decided_at=INSIDE, resolution_met=True)
    for measure in ("resolution_sla_rate", "problem_resolution_rate", "first_time_fix_rate", "reopen_rate"):
        assert ask(engineer, measure) == Facts(), measure


def test_a_filter_narrows_the_members(engineer: Engineer) -> None:
    for priority, source in ((1, "a"), (2, "a"), (2, "b")):
        completed(engineer, priority=priority, source=source)
    assert ask(engineer, "resolved_volume", "count", filters={"priority": [2]}).n == 2
    assert ask(engineer, "resolved_volume", "count", filters={"priority": [2], "source": ["b"]}).n == 1


def test_cases_of_other_engineers_and_of_nobody_do_not_count(engineer: Engineer) -> None:
    completed(EngineerFactory())
    TicketFactory(engineer=None, completed_at=INSIDE)
    assert ask(engineer, "resolved_volume", "count") == Facts()


@pytest.mark.parametrize(
    ("measure", "fields", "rule"),
    [
        ("response_sla_rate", {"response_decided_at": INSIDE}, "undecided"),
        ("resolution_sla_rate", {"resolution_decided_at": INSIDE}, "undecided"),
        ("major_issue_resolution_rate", {"resolution_decided_at": INSIDE, "resolution_met": True}, "priority"),
        ("first_time_fix_rate", {"completed_at": INSIDE, "job_type": JobType.REQUEST}, "job_type"),
        ("first_time_fix_rate", {"completed_at": INSIDE, "no_fault_found": True}, "no_fault_found"),
        ("resolution_time", {"resolved_at": INSIDE}, "no_duration"),
        ("first_response_time", {"completed_at": INSIDE}, "no_response"),
        ("reopen_rate", {"opened_at": INSIDE}, "undated"),
        ("resolved_volume", {"completed_at": INSIDE, "exclusion": Exclusion.DUPLICATE}, "excluded"),
        ("followup_continuity", {"completed_at": INSIDE}, "undated"),
        ("problem_resolution_rate", {"opened_at": INSIDE}, "undated"),
    ],
)
def test_a_case_left_out_names_the_first_rule_that_says_so(
    engineer: Engineer, measure: str, fields: dict[str, Any], rule: str
) -> None:
    TicketFactory(engineer=engineer, **fields)
    statistic = MEASURES[measure].statistics[0].value
    clock = "calendar" if MEASURES[measure].clocks else ""
    assert ask(engineer, measure, statistic, clock).n == 0
    assert left_out(engineer, measure, statistic=statistic, clock=clock) == [rule]


def test_a_case_outside_the_filters_of_the_kpi_is_left_out_by_them(engineer: Engineer) -> None:
    completed(engineer, priority=3)
    assert left_out(engineer, "reopen_rate", filters={"priority": [1]}) == ["filtered"]


def test_all_measures_of_a_table_take_one_query(engineer: Engineer, django_assert_num_queries: Any) -> None:
    versions = [
        KpiVersion(measure_id=measure.id, statistic=statistic, clock=clock)
        for measure in MEASURES.values()
        if measure.is_computed
        for statistic in measure.statistics
        for clock in (measure.clocks or [""])
    ]
    questions = {number: KpiQuestion.of(version) for number, version in enumerate(versions)}
    # Fourteen tables; tickets once more for who held them; employment, leave, and four for calendars.
    with django_assert_num_queries(21):
        collect_facts(questions, window=QUARTER, engineer_ids=[engineer.pk])


@pytest.mark.parametrize(
    "measure", [measure for measure in MEASURES.values() if measure.is_computed], ids=lambda m: m.id
)
def test_every_computed_measure_says_what_it_means(measure: Any) -> None:
    assert (measure.population is None) == bool(measure.formula)
    assert str(measure.name)
    assert str(measure.meaning).endswith((".", "。"))
    if measure.population:
        assert (measure.success is not None) == (Statistic.RATE in measure.statistics)


def test_every_computed_measure_is_asked_in_these_files() -> None:
    """A measure without a case counted by hand fails here."""
    texts = [file.read_text(encoding="utf-8") for file in sorted(Path(__file__).parent.glob("test_measures*.py"))]
    asked = {name for name in MEASURES for text in texts if f', "{name}"' in text}
    assert asked == {name for name, measure in MEASURES.items() if measure.is_computed}
