"""What the columns of an unknown file are taken for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from appraisal.evidence.intake.fields import FIELDS
from appraisal.evidence.intake.guessing import guess_declaration, header_score, meaning_of, truth_of
from appraisal.evidence.intake.look import Look, SheetLook


def look(columns: Mapping[str, Sequence[str]], name: str = "") -> Look:
    return Look(sheets=(SheetLook(name=name, header=tuple(columns), cells=dict(columns), typed=False),))


def fields(columns: Mapping[str, Sequence[str]], kind: str = "tickets") -> dict[str, str]:
    """Return the column that each field is read from."""
    found: dict[str, Any] = guess_declaration(look(columns), kind=kind).declaration[kind]["fields"]
    return {name: item["column"] for name, item in found.items()}


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("工单编号", "external_id"),
        ("Ticket ID", "external_id"),
        ("TicketID", "external_id"),
        ("ticket_id", "external_id"),
        ("服务工程师", "engineer"),
        ("处理人姓名", "engineer"),
        ("Opened At", "opened_at"),
        ("报修时间", "opened_at"),
        ("客户名称", "customer"),
        ("满意度评分", "score_hundredths"),
    ],
)
def test_a_header_is_known_in_both_languages(header: str, field: str) -> None:
    scores = {name: header_score(header, name) for name in (*FIELDS["tickets"], "score_hundredths")}
    assert max(scores, key=lambda name: scores[name]) == field


def test_a_date_is_no_engineer_and_words_are_no_time() -> None:
    found = fields({"No": ["1", "2"], "Opened": ["soon", "later"], "Engineer": ["Ann", "Bob"]})

    assert found == {"external_id": "No", "engineer": "Engineer"}


def test_of_two_columns_the_surer_name_wins_and_no_column_is_read_twice_for_one_kind() -> None:
    found = fields({"Urgency": ["1", "2"], "Priority": ["high", "low"], "No": ["1", "2"]})

    assert found["priority"] == "Priority"
    assert "Urgency" not in found.values()


def test_markers_for_nothing_are_found_in_columns_that_are_read_only() -> None:
    declaration = guess_declaration(look({"No": ["1", "?"], "Zzz": ["n/a", "n/a"]}), kind="tickets").declaration

    assert declaration["missing"] == ["?"]


@pytest.mark.parametrize(
    ("values", "formats", "is_open"),
    [
        (["2026-03-02 09:30", "2026-03-03 10:00"], ["%Y-%m-%d %H:%M"], False),
        (["5/3/2016 08:40", "29/2/2016 01:16"], ["%d/%m/%Y %H:%M"], False),
        (["12/31/2016 11:57:56 PM"], ["%m/%d/%Y %I:%M:%S %p"], False),
        (["2026年3月2日 09:30"], ["%Y年%m月%d日 %H:%M"], False),
        (["2026-03-02T09:30:00Z", "2026-03-02T09:30:00.5+08:00"], ["%Y-%m-%dT%H:%M:%S%.f%#z"], False),
        (["02.03.2026 09:30"], ["%d.%m.%Y %H:%M"], False),
        (["02/03/2026 09:30"], None, True),
        (["02-03-2026 09:30"], None, True),
    ],
)
def test_the_form_of_times_is_seen_but_never_the_order_that_values_leave_open(
    values: list[str], formats: list[str] | None, is_open: bool
) -> None:
    guess = guess_declaration(look({"No": [str(n) for n in range(len(values))], "Opened": values}), kind="tickets")

    assert guess.declaration.get("datetime_formats") == formats
    assert bool(guess.open_formats) is is_open


def test_a_column_that_decides_the_order_decides_for_its_neighbour() -> None:
    columns = {"No": ["1", "2"], "Opened": ["02/03/2026 09:30"] * 2, "Closed": ["13/03/2026 09:30"] * 2}
    guess = guess_declaration(look(columns), kind="tickets")

    assert guess.declaration["datetime_formats"] == ["%d/%m/%Y %H:%M"]
    assert guess.open_formats == ()


def test_a_few_values_that_are_no_dates_do_not_hide_a_column_of_dates() -> None:
    assert fields({"No": ["1", "2", "3"], "Opened": ["2026-03-02 09:30", "2026-03-02 10:00", "bad"]})["opened_at"]


def test_rows_with_the_same_number_are_one_record() -> None:
    columns = {"Case": ["1", "1", "1", "2", "2"] * 4, "Opened": ["2026-03-02 09:30"] * 20}

    assert guess_declaration(look(columns), kind="tickets").declaration["group_by"] == "Case"


def test_tickets_bring_along_the_visits_and_surveys_of_the_same_rows() -> None:
    columns = {
        "No": ["1", "2"],
        "Engineer": ["Ann", "Bob"],
        "Opened": ["2026-03-02 09:30", "2026-03-03 09:30"],
        "Closed": ["2026-03-05 09:30", "2026-03-06 09:30"],
        "Arrived": ["2026-03-02 11:30", ""],
        "Score": ["4.5", ""],
    }
    declaration = guess_declaration(look(columns), kind="tickets").declaration

    assert declaration["visits"]["where"] == {"column": "Arrived", "not": [""]}
    assert declaration["visits"]["fields"]["dispatched_at"] == {"column": "Opened"}
    assert declaration["surveys"]["fields"]["responded_at"] == {"column": "Closed", "otherwise": ["Opened"]}
    assert declaration["surveys"]["fields"]["ticket"] == {"column": "No"}


@pytest.mark.parametrize(
    ("word", "level"),
    [
        ("1 - Critical", 1),
        ("P2", 2),
        ("High", 2),
        ("紧急", 2),
        ("特急", 1),
        ("一般", 3),
        ("low", 4),
        ("17", None),
        ("x", None),
    ],
)
def test_what_a_priority_means(word: str, level: int | None) -> None:
    assert meaning_of(word, FIELDS["tickets"]["priority"]) == level


@pytest.mark.parametrize(
    ("word", "truth"),
    [("Within SLA", True), ("SLA Violated", False), ("是", True), ("超时", False), ("perhaps", None)],
)
def test_what_yes_and_no_are_called(word: str, truth: bool | None) -> None:
    assert truth_of(word) is truth
