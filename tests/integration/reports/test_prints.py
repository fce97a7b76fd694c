"""The scorecards of a whole cycle as PDF: in parts, interrupted and gone on with, kept for a while, for HR alone."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection
from django.http import Http404
from django.urls import reverse
from django.utils import timezone

from appraisal.jobs import registry
from appraisal.jobs.actions import run_now, run_part
from appraisal.jobs.models import Job
from appraisal.jobs.queries import list_waiting_parts
from appraisal.reports import printing
from appraisal.reports.printing import PRINT, PrintForm, open_print, remove_old_prints, request_print
from engineers.models import AuditEntry
from tests.factories import EngineerFactory
from tests.integration.reports.lines import client_of
from tests.integration.reports.printed import pages_of, text_of
from tests.world import NOW, World, build_world, score

pytestmark = pytest.mark.django_db

EVERYBODY = ["E1", "E2", "E3", "E4", "E5"]


@pytest.fixture(autouse=True)
def parts_of_two(settings: LazySettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.MEDIA_ROOT = tmp_path
    monkeypatch.setitem(registry._KINDS, PRINT, replace(registry.get_kind(PRINT), part_size=2))


@pytest.fixture
def world() -> World:
    built = build_world()
    for number in EVERYBODY[2:]:
        EngineerFactory(employee_no=number, name=f"工程师 {number}", team=built.team)
    score(built.cycle, now=NOW)
    return built


def ask(world: World, form: PrintForm = PrintForm.PDF, language: str = "zh-hans") -> Job:
    return request_print(cycle=world.cycle, form=form, language=language, by=world.users["HR"], now=NOW)


def fetch(world: World, job: Job) -> bytes:
    path, _content_type = open_print(viewer=world.users["HR"], cycle=world.cycle, job_id=job.pk, now=NOW)
    return path.read_bytes()


def numbers_in(content: bytes) -> list[str]:
    """Return the employee number at the foot of each page."""
    return [page[-1].split(" ")[0] for page in pages_of(content)]


def test_one_file_holds_everybody_once_in_order(world: World) -> None:
    job = run_now(ask(world), NOW)
    assert (job.state, job.items_done, job.parts_done) == ("done", 5, 4)
    content = fetch(world, job)
    assert numbers_in(content) == EVERYBODY
    assert "响应及时率 75.00 % 95 12 75.00 70 100.00" in text_of(content)
    assert [page[-1].endswith(" 1 / 1") for page in pages_of(content)] == [True] * 5


def test_a_zip_holds_a_file_for_each_engineer(world: World) -> None:
    job = run_now(ask(world, PrintForm.ZIP, "en"), NOW)
    with zipfile.ZipFile(BytesIO(fetch(world, job))) as archive:
        found = {name: numbers_in(archive.read(name)) for name in archive.namelist()}
    assert [name.split("-")[2] for name in found] == EVERYBODY
    assert list(found.values()) == [[number] for number in EVERYBODY]


def test_interrupted_it_goes_on_without_printing_anything_twice(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    printed: list[int] = []
    typeset = printing.typeset

    def counting(document: dict[str, Any], *, accessible: bool) -> bytes:
        printed.append(len(document["cards"]))
        return typeset(document, accessible=accessible)

    monkeypatch.setattr(printing, "typeset", counting)
    job = ask(world)
    run_part(part_id=list_waiting_parts(job)[1], now=NOW)
    with pytest.raises(Http404):
        fetch(world, job)

    # The worker dies after it has written a part and before it has counted it.
    first = job.parts.get(number=1)
    printing._print_part(job, first.item_ids, NOW)
    job = run_now(job, NOW)
    assert printed == [2, 2, 1]
    assert numbers_in(fetch(world, job)) == EVERYBODY


def test_a_part_whose_file_got_lost_is_printed_again(world: World, tmp_path: Path) -> None:
    job = ask(world)
    for part_id in list_waiting_parts(job):
        run_part(part_id=part_id, now=NOW)
    next((tmp_path / "prints" / str(job.pk)).glob("part-*")).unlink()
    assert numbers_in(fetch(world, run_now(job, NOW))) == EVERYBODY
    assert [path.name for path in (tmp_path / "prints" / str(job.pk)).iterdir()] == ["2026-Q1.pdf"]


# Another test with real transactions may have emptied the tables, what migrations put there included.
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_no_transaction_is_open_while_it_prints(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    inside: list[bool] = []
    typeset = printing.typeset

    def looking(document: dict[str, Any], *, accessible: bool) -> bytes:
        inside.append(connection.in_atomic_block)
        return typeset(document, accessible=accessible)

    monkeypatch.setattr(printing, "typeset", looking)
    assert run_now(ask(world), NOW).state == "done"
    assert inside == [False] * 3


def test_asking_twice_prints_once_but_another_form_or_language_is_another_job(world: World) -> None:
    first = ask(world)
    assert ask(world).pk == first.pk
    assert len({first.pk, ask(world, PrintForm.ZIP).pk, ask(world, language="en").pk}) == 3


def test_the_file_is_there_for_seven_days(world: World, tmp_path: Path) -> None:
    job = run_now(ask(world), NOW)
    given = {"viewer": world.users["HR"], "cycle": world.cycle, "job_id": job.pk}
    last = NOW + timedelta(days=7) - timedelta(seconds=1)
    assert open_print(**given, now=last)[0].exists()
    assert remove_old_prints(now=last) == 0
    with pytest.raises(Http404):
        open_print(**given, now=NOW + timedelta(days=7))
    assert remove_old_prints(now=NOW + timedelta(days=7)) == 1
    assert list((tmp_path / "prints").iterdir()) == []


def test_it_is_hrs_alone_in_the_browser(world: World) -> None:
    asked = {"form": "pdf", "language": "en"}
    address = reverse("cycle_prints", args=[world.cycle.code])
    for role in world.users.keys() - {"HR"}:
        assert client_of(world.users[role]).post(address, asked).status_code == 404, role
    hr = client_of(world.users["HR"])
    assert hr.post(address, asked).status_code == 302
    job = run_now(Job.objects.get(kind=PRINT), timezone.now())
    page = hr.get(address).content.decode()
    file = reverse("cycle_print_file", args=[world.cycle.code, job.pk])
    assert file in page
    answer = hr.get(file)
    assert (answer["content-type"], answer["content-disposition"]) == (
        "application/pdf",
        'attachment; filename="2026-Q1.pdf"',
    )
    assert numbers_in(b"".join(answer.streaming_content)) == EVERYBODY
    for role in world.users.keys() - {"HR"}:
        assert client_of(world.users[role]).get(file).status_code == 404, role
    entry = AuditEntry.objects.get(action="cycle.exported")
    assert (entry.actor, entry.after) == (
        world.users["HR"],
        {"format": "pdf", "scorecards": 5, "language": "en"},
    )


def test_it_is_hrs_alone_over_the_api(world: World) -> None:
    address = reverse("api:cycle-print-list", args=[world.cycle.code])
    for role in world.users.keys() - {"HR"}:
        assert client_of(world.users[role]).post(address).status_code == 404, role
    hr = client_of(world.users["HR"])
    asked = hr.post(address, {"form": "zip", "language": "en"})
    assert (asked.status_code, asked.json()["items_total"]) == (202, 5)
    assert [each["until"] for each in hr.get(address).json()] == [None]
    run_now(Job.objects.get(pk=asked.json()["id"]), timezone.now())
    (listed,) = hr.get(address).json()
    assert (listed["form"], listed["job"]["state"]) == ("zip", "done")
    file = reverse("api:cycle-print-file", args=[world.cycle.code, asked.json()["id"]])
    answer = hr.get(file)
    assert answer["content-type"] == "application/zip"
    assert zipfile.is_zipfile(BytesIO(b"".join(answer.streaming_content)))
    for role in world.users.keys() - {"HR"}:
        assert client_of(world.users[role]).get(file).status_code == 404, role
    assert hr.post(address, {"form": "doc"}).status_code == 400


def test_a_print_is_found_under_its_own_cycle_alone(world: World) -> None:
    job = run_now(ask(world), NOW)
    Job.objects.filter(pk=job.pk).update(params={**job.params, "cycle": 0})
    with pytest.raises(Http404):
        fetch(world, job)
