"""Leave: who sees it, who adds it, what is refused, and that a list goes in whole or not at all."""

from __future__ import annotations

import json
from datetime import date
from io import StringIO
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.http import Http404
from django.test import Client
from django.urls import reverse

from engineers import actions
from engineers.models import AuditEntry, Engineer, Leave, User
from tests.factories import EngineerFactory
from tests.once import once_a_module
from tests.world import NOW, World, build_world

pytestmark = pytest.mark.django_db

FIRST, LAST = date(2026, 3, 2), date(2026, 3, 6)


@once_a_module
def built() -> World:
    return build_world()


def client_of(world: World, role: str) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(world.users[role])
    return client


def add(engineer: Engineer, start: date = FIRST, end: date = LAST, *, by: User | None = None) -> Leave:
    return actions.add_leave(engineer=engineer, start_date=start, end_date=end, kind="annual", by=by, now=NOW)


def test_leave_is_added_and_taken_back_with_an_audit_trail(world: World) -> None:
    hr = world.users["HR"]
    leave = add(world.one, by=hr)
    assert (leave.start_date, leave.end_date) == (FIRST, LAST)
    actions.remove_leave(leave=leave, by=hr, now=NOW)
    assert not Leave.objects.exists()
    added, removed = (AuditEntry.objects.get(action=f"leave.{what}") for what in ("added", "removed"))
    assert added.after == removed.before == {"from": "2026-03-02", "to": "2026-03-06", "kind": "annual"}
    assert added.actor == removed.actor == hr


@pytest.mark.parametrize(
    ("start", "end", "code"),
    [
        (LAST, FIRST, "ends_before_start"),
        (LAST, date(2026, 3, 20), "leaves_overlap"),
        (date(2026, 2, 1), FIRST, "leaves_overlap"),
        (date(2026, 3, 3), date(2026, 3, 4), "leaves_overlap"),
        (date(2026, 1, 1), date(2026, 12, 31), "leaves_overlap"),
    ],
)
def test_an_end_before_the_start_and_shared_days_are_refused(start: date, end: date, code: str) -> None:
    engineer = EngineerFactory()
    add(engineer)
    with pytest.raises(ValidationError) as caught:
        add(engineer, start, end)
    assert [error.code for errors in caught.value.error_dict.values() for error in errors] == [code]
    assert Leave.objects.count() == 1


def test_the_days_before_and_after_a_leave_and_those_of_others_are_free() -> None:
    engineer = EngineerFactory()
    add(engineer)
    add(engineer, date(2026, 3, 1), date(2026, 3, 1))
    add(engineer, date(2026, 3, 7), date(2026, 3, 7))
    add(EngineerFactory())
    assert Leave.objects.count() == 4


def test_the_database_refuses_an_end_before_the_start() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Leave.objects.create(engineer=EngineerFactory(), start_date=LAST, end_date=FIRST)


@pytest.mark.parametrize("role", ["manager", "auditor", "engineer", "administrator"])
def test_only_hr_writes(world: World, role: str) -> None:
    leave = add(world.one)
    with pytest.raises(Http404):
        add(world.one, date(2026, 5, 1), date(2026, 5, 1), by=world.users[role])
    with pytest.raises(Http404):
        actions.remove_leave(leave=leave, by=world.users[role], now=NOW)


def test_hr_adds_and_removes_on_the_page_and_the_engineer_reads_it(world: World) -> None:
    page, hr = reverse("leave_list", args=[world.one.pk]), client_of(world, "HR")
    days = {"start_date": "2026-03-02", "end_date": "2026-03-06", "kind": "sick"}
    assert hr.post(page, days).url == page
    answer = hr.post(page, days)
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["start_date"])
    assert "sick leave" in client_of(world, "engineer").get(page).content.decode()
    assert "sick leave" in hr.get(reverse("engineer_detail", args=[world.one.pk])).content.decode()
    leave = Leave.objects.get()
    assert client_of(world, "HR").post(reverse("leave_remove", args=[world.two.pk, leave.pk])).status_code == 404
    assert hr.post(reverse("leave_remove", args=[world.one.pk, leave.pk])).url == page
    assert not Leave.objects.exists()


HEADER = "employee_no,from,to,kind\n"


def load(folder: Path, text: str) -> dict:
    file, out = folder / "leave.csv", StringIO()
    file.write_text(text, encoding="utf-8")
    call_command("load_leave", str(file), "--json", stdout=out)
    return json.loads(out.getvalue())


def refused(folder: Path, text: str) -> list[tuple[int, str, str]]:
    file, out = folder / "leave.csv", StringIO()
    file.write_text(text, encoding="utf-8")
    with pytest.raises(CommandError) as caught:
        call_command("load_leave", str(file), "--json", stdout=out)
    assert caught.value.returncode == 1
    assert not Leave.objects.exists()
    outcome = json.loads(out.getvalue())
    assert (outcome["created"], outcome["unchanged"]) == (0, 0)
    return [(problem["row"], problem["column"], problem["code"]) for problem in outcome["problems"]]


def test_a_list_goes_in_and_loading_it_again_changes_nothing(world: World, tmp_path: Path) -> None:
    text = HEADER + "E1,2026-03-02,2026-03-06,sick\nE1,2026/3/9,2026年3月9日,年假\n"
    assert load(tmp_path, text) == {"rows": 2, "created": 2, "unchanged": 0, "problems": []}
    assert load(tmp_path, text) == {"rows": 2, "created": 0, "unchanged": 2, "problems": []}
    assert list(Leave.objects.order_by("start_date").values_list("start_date", "end_date", "kind")) == [
        (FIRST, LAST, "sick"),
        (date(2026, 3, 9), date(2026, 3, 9), "annual"),
    ]
    assert AuditEntry.objects.filter(action="leave.added").count() == 2


def test_one_wrong_row_keeps_all_out_and_every_problem_is_told(world: World, tmp_path: Path) -> None:
    rows = [
        "E1,2026-03-02,2026-03-06,sick",
        "E1,2026-03-06,2026-03-08,sick",
        "E9,2026-03-02,2026-03-06,sick",
        "E1,2026-04-02,2026-04-01,sick",
        "E1,soon,2026-04-01,holiday",
        ",2026-04-02,2026-04-03,sick",
    ]
    assert refused(tmp_path, HEADER + "\n".join(rows)) == [
        (3, "start_date", "leaves_overlap"),
        (4, "employee_no", "unknown_engineer"),
        (5, "end_date", "ends_before_start"),
        (6, "start_date", "bad_date"),
        (6, "kind", "bad_kind"),
        (7, "employee_no", "missing_required"),
    ]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty_file"),
        ("employee_no,from,to\nE1,2026-03-02,2026-03-06\n", "missing_columns"),
        ("employee_no,from,to,kind,工号\n", "duplicate_column"),
        (HEADER, "no_rows"),
    ],
)
def test_a_file_that_is_no_list_of_leaves_is_refused(tmp_path: Path, text: str, code: str) -> None:
    file, out = tmp_path / "leave.csv", StringIO()
    file.write_text(text, encoding="utf-8")
    with pytest.raises(CommandError) as caught:
        call_command("load_leave", str(file), "--json", stdout=out)
    assert (caught.value.returncode, json.loads(out.getvalue())["refused"]) == (1, code)


def test_a_missing_file_is_misuse(tmp_path: Path) -> None:
    with pytest.raises(CommandError) as caught:
        call_command("load_leave", str(tmp_path / "none.csv"))
    assert caught.value.returncode == 2


def test_a_list_is_told_to_people_too(world: World, tmp_path: Path) -> None:
    file, out = tmp_path / "leave.csv", StringIO()
    file.write_text(HEADER + "E1,2026-03-02,2026-03-06,sick\nE9,2026-03-02,2026-03-06,sick\n", encoding="utf-8")
    with pytest.raises(CommandError):
        call_command("load_leave", str(file), stdout=out)
    assert "Row 3, employee_no “E9”" in out.getvalue()


def test_a_long_list_asks_few_questions(tmp_path: Path, django_assert_max_num_queries) -> None:
    rows = [f"{EngineerFactory().employee_no},2026-03-02,2026-03-06,sick" for _ in range(20)]
    file = tmp_path / "leave.csv"
    file.write_text(HEADER + "\n".join(rows), encoding="utf-8")
    # One audit entry a leave; all else once.
    with django_assert_max_num_queries(28):
        call_command("load_leave", str(file), stdout=StringIO())
