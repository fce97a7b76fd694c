"""Every kind of evidence goes in by a file of the portal's own form, once and checked."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from appraisal.evidence.intake.presets import get_preset, shipped_presets
from appraisal.evidence.intake.samples import sample_csv, sample_rows
from appraisal.evidence.kinds import KINDS
from appraisal.evidence.models import (
    Article,
    ArticleUse,
    Certificate,
    Complaint,
    EvidenceImport,
    EvidenceKind,
    Exam,
    Handover,
    ImportReject,
    Metric,
    ServiceReport,
    Survey,
    Ticket,
    TicketEvent,
    Training,
    Visit,
    WorkLog,
)
from engineers.models import Engineer
from tests.integration.evidence.conftest import Run, Write

pytestmark = pytest.mark.django_db

OWN = {kind: "portal" if kind == "tickets" else f"portal_{kind}" for kind in KINDS}
ORDINARY = sorted(kind for kind in KINDS if kind != "tickets")

# Where each kind breaks: a column it cannot do without, and a cell that is no such choice, number, date or time.
WRONG = {
    "events": ("ticket", [("type", "teleported", "bad_choice"), ("at", "2026-13-01", "bad_datetime")]),
    "visits": ("dispatched", [("arrived", "soon", "bad_datetime"), ("minutes", "-1", "out_of_range")]),
    "surveys": ("score", [("score", "5.5", "out_of_range"), ("recommend", "11", "out_of_range")]),
    "complaints": ("severity", [("severity", "dreadful", "bad_choice"), ("anonymous", "perhaps", "bad_boolean")]),
    "reports": ("service_ended", [("service_ended", "", "missing_required"), ("submitted", "x", "bad_datetime")]),
    "worklogs": ("day", [("day", "02.03.2026", "bad_date"), ("wrench_minutes", "1441", "out_of_range")]),
    "handovers": ("raised", [("department", "kitchen", "bad_choice"), ("due", "never", "bad_datetime")]),
    "training": ("course", [("course", "", "missing_required"), ("hours", "1,5", "bad_number")]),
    "exams": ("offered", [("score", "100.01", "out_of_range"), ("valid_until", "2026-02-30", "bad_date")]),
    "certificates": ("issued", [("issued", "", "missing_required"), ("expires", "31/12/2026", "bad_date")]),
    "articles": ("title", [("title", "x" * 201, "too_long"), ("approved", "y", "bad_datetime")]),
    "article_uses": ("article", [("used", "", "missing_required"), ("engineer", "Nobody", "unknown_engineer")]),
    "metrics": (
        "code",
        [("code", "two words", "bad_code"), ("value", "1e3", "bad_number"), ("weight", "0", "out_of_range")],
    ),
}


@pytest.fixture
def engineer() -> Engineer:
    return Engineer.objects.create(employee_no="E00001", name="Li Wei")


def example(kind: str) -> dict[str, str]:
    header, row = sample_rows(get_preset(OWN[kind]))
    return dict(zip(header, row, strict=True))


def rejects() -> set[tuple[int, str, str]]:
    return set(ImportReject.objects.values_list("row_number", "column", "reason"))


def test_there_is_an_own_form_for_every_kind():
    assert {kind for kind in EvidenceKind.values if kind in get_preset(OWN[kind]).kinds} == set(EvidenceKind.values)
    assert set(WRONG) == set(ORDINARY)


@pytest.mark.parametrize("kind", KINDS)
def test_the_file_that_is_offered_as_an_example_goes_in_and_again_changes_nothing(
    kind: str, run: Run, tmp_path: Path, engineer: Engineer
):
    path = tmp_path / "example.csv"
    path.write_text(sample_csv(get_preset(OWN[kind])), "utf-8")

    first = run(path, OWN[kind], kind, create_engineers=False)
    again = run(path, OWN[kind], kind, create_engineers=False)

    assert (first.created, first.rejected) == (1, 0)
    assert (again.created, again.updated, again.unchanged) == (0, 0, 1)
    record = KINDS[kind].model.objects.get()
    assert (record.source, record.external_id, record.engineer) == ("portal", "1001", engineer)


@pytest.mark.parametrize(
    "preset", [code for code, each in shipped_presets().items() if code not in OWN.values() and not each.sheet]
)
def test_the_examples_of_other_systems_files_go_in_too(preset: str, run: Run, tmp_path: Path):
    path = tmp_path / "example.csv"
    path.write_text(sample_csv(get_preset(preset)), "utf-8")

    assert (run(path, preset).created, ImportReject.objects.count()) == (1, 0)


@pytest.mark.parametrize("kind", ORDINARY)
def test_a_file_without_a_column_that_is_needed_is_refused(kind: str, run: Run, write_rows: Write, engineer: Engineer):
    row = example(kind)
    column, _cells = WRONG[kind]
    del row[column]

    summary = run(write_rows([row]), OWN[kind], kind)

    assert summary.state == "refused"
    assert f'"columns": "{column}"' in EvidenceImport.objects.get().refusal
    assert KINDS[kind].model.objects.count() == 0


@pytest.mark.parametrize("kind", ORDINARY)
def test_every_bad_cell_is_reported_with_its_place_and_the_good_row_goes_in(
    kind: str, run: Run, write_rows: Write, engineer: Engineer
):
    _column, cells = WRONG[kind]
    rows = [example(kind)] + [
        example(kind) | {"number": f"bad{number}", column: value} for number, (column, value, _why) in enumerate(cells)
    ]

    summary = run(write_rows(rows), OWN[kind], kind, create_engineers=False)

    assert (summary.created, summary.rejected) == (1, len(cells))
    assert rejects() == {(number, column, why) for number, (column, _value, why) in enumerate(cells, start=3)}


def test_columns_that_are_optional_may_be_missing_and_count_as_empty(run: Run, write_rows: Write, engineer: Engineer):
    row = {"number": "M1", "engineer": "E00001", "code": "nps", "day": "2026-03-02", "value": "-12.3456785"}

    run(write_rows([row]), "portal_metrics", "metrics")

    metric = Metric.objects.get()
    assert (metric.measured_on, metric.name, metric.exclusion) == (date(2026, 3, 2), "", "")
    assert (metric.value_millionths, metric.weight_millionths) == (-12_345_679, 1_000_000)  # half up, away from zero


def test_what_a_file_says_is_stored_exactly(run: Run, write_rows: Write, engineer: Engineer):
    day = {"engineer": "E00001", "number": "1"}
    files = {
        "exams": {"type": "practical", "offered": "2026-03-02 09:00:00", "taken": "", "score": "89.995"},
        "training": {"course": "Drives", "completed": "2026-03-02 17:00:00", "hours": "7.5", "new_technology": "no"},
        "certificates": {"title": "Lifts", "issued": "2025-12-31", "expires": "2026-12-30", "licence": "yes"},
        "complaints": {
            "received": "2026-03-02 09:00:00",
            "type": "safety",
            "severity": "major",
            "verdict": "justified",
        },
        "handovers": {"type": "improvement", "raised": "2026-03-02 09:00:00", "accepted": "yes"},
    }

    for kind, row in files.items():
        run(write_rows([day | row]), OWN[kind], kind)

    exam, training, certificate = Exam.objects.get(), Training.objects.get(), Certificate.objects.get()
    assert (exam.type, exam.taken_at, exam.score_hundredths) == ("practical", None, 9000)
    assert (training.hours_hundredths, training.is_new_technology, training.passed) == (750, False, None)
    assert (certificate.issued_on, certificate.expires_on) == (date(2025, 12, 31), date(2026, 12, 30))
    assert (Complaint.objects.get().severity, Complaint.objects.get().cause) == (5, "")
    assert (Handover.objects.get().accepted, Handover.objects.get().department) == (True, "other")
    assert exam.offered_at == datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def ticket(number: str = "T1", **changes: str) -> dict[str, str]:
    empty = dict.fromkeys(get_preset("portal").required_columns(), "")
    return empty | {"number": number, "engineer": "E00001", "opened": "2026-03-02 09:00:00"} | changes


def run_tickets(run: Run, write_rows: Write, *rows: dict[str, str]) -> None:
    run(write_rows(rows), "portal", "tickets", create_engineers=False)


def test_records_that_come_before_their_ticket_find_it_when_it_comes(run: Run, write_rows: Write, engineer: Engineer):
    refer = {"ticket": "T1", "engineer": ""}
    for kind in ("events", "visits", "surveys", "complaints", "reports"):
        run(write_rows([example(kind) | refer]), OWN[kind], kind)
    assert Visit.objects.get().ticket is None

    run_tickets(run, write_rows, ticket(resolved="2026-03-02 11:00:00"))

    arrived = Ticket.objects.get()
    for model in (TicketEvent, Visit, Survey, Complaint, ServiceReport):
        record = model.objects.get()
        assert (record.ticket, record.engineer) == (arrived, engineer), model
    assert (arrived.visit_count, arrived.visit_minutes) == (1, 1)


def test_a_ticket_of_the_same_source_goes_before_one_elsewhere_and_two_elsewhere_are_nobodys(
    run: Run, write_rows: Write, engineer: Engineer
):
    for source in ("north", "south"):
        run(write_rows([ticket("T1"), ticket(f"only {source}")]), "portal", source=source)

    visits = [example("visits") | {"number": f"{number}", "ticket": number} for number in ("T1", "only south")]
    run(write_rows(visits), "portal_visits", "visits", source="north")
    run(write_rows(visits), "portal_visits", "visits", source="east")

    found = {(visit.source, visit.external_id): visit.ticket and visit.ticket.source for visit in Visit.objects.all()}
    assert found == {
        ("north", "T1"): "north",
        ("north", "only south"): "south",
        ("east", "T1"): None,
        ("east", "only south"): "south",
    }


def test_visits_count_without_those_who_assist_but_with_all_their_minutes(
    run: Run, write_rows: Write, engineer: Engineer
):
    run_tickets(run, write_rows, ticket())
    base = example("visits") | {"ticket": "T1"}
    rows = [
        base | {"number": "1", "dispatched": "2026-03-02 08:00:00", "assisting": "yes", "minutes": "60"},
        base | {"number": "2", "dispatched": "2026-03-02 09:00:00", "minutes": "120"},
        base | {"number": "3", "dispatched": "2026-03-02 10:00:00", "minutes": "30"},
        base | {"number": "4", "dispatched": "2026-03-02 07:00:00", "minutes": "500", "excluded": "refused"},
    ]

    run(write_rows(rows), "portal_visits", "visits")

    assert (Ticket.objects.get().visit_count, Ticket.objects.get().visit_minutes) == (2, 210)
    assert list(Visit.objects.filter(is_first=True).values_list("external_id", flat=True)) == ["2"]


def test_the_latest_answer_within_14_days_of_the_completion_counts(run: Run, write_rows: Write, engineer: Engineer):
    run_tickets(run, write_rows, ticket(resolved="2026-03-02 11:00:00"))
    base = example("surveys") | {"ticket": "T1"}
    rows = [
        base | {"number": "early", "answered": "2026-03-03 09:00:00"},
        base | {"number": "last", "answered": "2026-03-16 11:00:00"},
        base | {"number": "late", "answered": "2026-03-16 11:00:01"},
        base | {"number": "void", "answered": "2026-03-10 09:00:00", "excluded": "test"},
        base | {"number": "alone", "ticket": "", "answered": "2026-09-01 09:00:00"},
    ]

    run(write_rows(rows), "portal_surveys", "surveys")

    assert set(Survey.objects.filter(is_latest=True).values_list("external_id", flat=True)) == {"last", "alone"}


def test_events_move_the_figures_of_their_ticket_and_a_new_import_of_the_ticket_keeps_them(
    run: Run, write_rows: Write, engineer: Engineer
):
    row = ticket(resolved="2026-03-04 16:00:00")
    run_tickets(run, write_rows, row)
    base = example("events") | {"ticket": "T1", "until": "", "reason": ""}
    events = [
        base | {"number": "1", "type": "resolved", "at": "2026-03-02 15:00:00"},
        base | {"number": "2", "type": "reopened", "at": "2026-03-04 10:00:00"},
        base | {"number": "3", "type": "resolved", "at": "2026-03-04 16:00:00"},
        base | {"number": "4", "type": "escalated", "at": "2026-03-04 11:00:00"},
    ]

    run(write_rows(events), "portal_events", "events")
    told = Ticket.objects.get()
    again = run(write_rows([row]), "portal", "tickets", create_engineers=False)

    # SPEC E3: 300 minutes before and 300 minutes after the reopening.
    assert (told.reopen_count, told.resolution_business_us, told.escalated) == (1, 600 * 60_000_000, True)
    assert (again.updated, again.unchanged) == (0, 1)


def test_a_corrected_ticket_corrects_what_its_visits_and_surveys_make_of_it(
    run: Run, write_rows: Write, engineer: Engineer
):
    run_tickets(run, write_rows, ticket())
    visit = example("visits") | {"ticket": "T1", "dispatched": "2026-03-02 10:00:00", "arrived": "", "due": ""}
    run(write_rows([visit]), "portal_visits", "visits")
    run(
        write_rows([example("surveys") | {"ticket": "T1", "answered": "2026-04-01 09:00:00"}]),
        "portal_surveys",
        "surveys",
    )
    assert (Visit.objects.get().anomalies, Survey.objects.get().is_latest) == ("", True)

    run_tickets(run, write_rows, ticket(resolved="2026-03-02 17:00:00"))

    assert (Visit.objects.get().anomalies, Survey.objects.get().is_latest) == ("no_check_in", False)


def test_repeats_and_follow_up_orders_are_found_in_any_order_of_the_files(
    run: Run, write_rows: Write, engineer: Engineer
):
    later = ticket("T2", opened="2026-03-12 11:00:00", asset="X", fault="f", follow_up_of="T1")
    first = ticket("T1", resolved="2026-03-02 11:00:00", asset="X", fault="f")

    run_tickets(run, write_rows, later)
    run_tickets(run, write_rows, first)

    fixed = Ticket.objects.get(external_id="T1")
    assert (fixed.repeat_after_us, fixed.follow_up_count) == (10 * 86_400_000_000, 1)
    run_tickets(run, write_rows, later | {"asset": "Y", "follow_up_of": ""})
    fixed.refresh_from_db()
    assert (fixed.repeat_after_us, fixed.follow_up_count) == (None, 0)


def test_uses_of_an_article_name_its_author_whatever_comes_first(run: Run, write_rows: Write, engineer: Engineer):
    author = Engineer.objects.create(employee_no="E00002", name="Author")
    use = example("article_uses") | {"number": "U1", "article": "A-1"}
    article = example("articles") | {"number": "A-1", "engineer": "E00002"}

    run(write_rows([use]), "portal_article_uses", "article_uses")
    run(write_rows([article]), "portal_articles", "articles")
    run(write_rows([use | {"number": "U2"}]), "portal_article_uses", "article_uses")

    assert [(use.article, use.author) for use in ArticleUse.objects.all()] == [(Article.objects.get(), author)] * 2
    run(write_rows([article | {"engineer": "E00001"}]), "portal_articles", "articles")
    assert {use.author for use in ArticleUse.objects.all()} == {engineer}


def test_a_work_log_is_in_time_until_the_end_of_the_next_workday(run: Run, write_rows: Write, engineer: Engineer):
    base = example("worklogs") | {"day": "2026-03-06"}  # a Friday
    rows = [
        base | {"number": "1", "logged": "2026-03-09 23:59:59"},
        base | {"number": "2", "logged": "2026-03-10 00:00:00"},
        base | {"number": "3", "logged": ""},
    ]

    run(write_rows(rows), "portal_worklogs", "worklogs")

    in_time = dict(WorkLog.objects.values_list("external_id", "logged_in_time"))
    assert in_time == {"1": True, "2": False, "3": None}


def test_an_unknown_owner_rejects_the_row_like_an_unknown_engineer(run: Run, write_rows: Write, engineer: Engineer):
    rows = [ticket("1", owner="E00001"), ticket("2", owner="Nobody")]

    run_tickets(run, write_rows, *rows)

    assert (Ticket.objects.get().owner, rejects()) == (engineer, {(3, "owner", "unknown_engineer")})


@pytest.mark.parametrize("kind", ORDINARY)
def test_the_command_takes_every_kind(kind: str, tmp_path: Path, engineer: Engineer):
    path = tmp_path / "example.csv"
    path.write_text(sample_csv(get_preset(OWN[kind])), "utf-8")
    out = StringIO()

    call_command("import_evidence", str(path), kind=kind, preset=OWN[kind], json=True, stdout=out)

    assert '"created": 1' in out.getvalue()


def test_the_example_is_a_file_that_excel_opens_as_it_is():
    text = sample_csv(get_preset("portal_worklogs"))

    assert text.startswith("\ufeffnumber,engineer,day,logged")
    assert len(list(csv.reader(StringIO(text)))) == 2


def test_events_of_a_file_say_who_answered_and_how_urgent_a_ticket_was(
    run: Run, write_rows: Write, engineer: Engineer
):
    run_tickets(run, write_rows, ticket(priority="4", responded="2026-03-02 09:00:00"))
    base = example("events") | {"ticket": "T1", "until": "", "reason": ""}
    turned = {"old_priority": "1", "new_priority": "4", "approved": "0"}
    events = [
        base | {"number": "1", "type": "updated", "at": "2026-03-02 09:00:00", "automatic": "1"},
        base | {"number": "2", "type": "updated", "at": "2026-03-02 09:20:00", "automatic": "0"},
        base | turned | {"number": "3", "type": "priority", "at": "2026-03-02 09:05:00"},
    ]

    run(write_rows(events), "portal_events", "events")
    told = Ticket.objects.get()

    assert (told.answered_at, told.priority) == (datetime(2026, 3, 2, 1, 20, tzinfo=UTC), 1)
