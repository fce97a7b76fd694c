"""What an import keeps, corrects, leaves out and reports."""

from __future__ import annotations

import gzip
import zipfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from appraisal.evidence import actions
from appraisal.evidence.intake.errors import IntakeMisuse
from appraisal.evidence.models import ImportReject, Survey, Target, Ticket, Visit
from engineers.models import Engineer, TeamMembership
from tests.integration.evidence.conftest import Run, Write, tech_support_row

pytestmark = pytest.mark.django_db

DATA = Path(__file__).resolve().parents[2] / "data"


def rejects() -> list[tuple[int, str, str, str]]:
    return list(ImportReject.objects.values_list("row_number", "column", "value", "reason"))


def test_a_corrected_file_updates_exactly_the_rows_that_changed(write_rows: Write, run: Run):
    rows = [tech_support_row(Ticket_ID=str(number)) for number in range(5)]
    run(write_rows(rows))
    rows[3]["Topic"] = "Repair"

    summary = run(write_rows(rows))

    assert (summary.created, summary.updated, summary.unchanged) == (0, 1, 4)
    assert Ticket.objects.get(external_id="3").category == "Repair"


def test_a_correction_may_also_take_a_value_away(write_rows: Write, run: Run):
    run(write_rows([tech_support_row()]))

    run(write_rows([tech_support_row(Resolution_time="", Close_time="")]))

    ticket = Ticket.objects.get()
    assert (ticket.resolved_at, ticket.resolution_us, ticket.completed_at) == (None, None, None)
    assert ticket.resolution_met is False


def test_the_same_numbers_of_two_sources_are_different_tickets(write_rows: Write, run: Run):
    path = write_rows([tech_support_row()])

    run(path, source="north")
    run(path, source="south")

    assert list(Ticket.objects.order_by("source").values_list("source", "external_id")) == [
        ("north", "1"),
        ("south", "1"),
    ]


def test_every_bad_row_is_reported_and_the_good_rows_go_in(write_rows: Write, run: Run):
    rows = [
        tech_support_row(Ticket_ID="1"),
        tech_support_row(Ticket_ID="2", Created_time="02.01.2023"),
        tech_support_row(Ticket_ID="3", Priority="Huge", Survey_results="9"),
        tech_support_row(Ticket_ID=""),
        tech_support_row(Ticket_ID="5", Topic="x" * 201),
        tech_support_row(Ticket_ID="6", Topic="a\0b"),
        tech_support_row(Ticket_ID="7"),
    ]

    summary = run(write_rows(rows))

    assert (summary.rows, summary.created, summary.rejected) == (7, 2, 5)
    assert set(Ticket.objects.values_list("external_id", flat=True)) == {"1", "7"}
    assert rejects() == [
        (3, "Created time", "02.01.2023", "bad_datetime"),
        (4, "Priority", "Huge", "bad_choice"),
        (4, "Survey results", "9", "out_of_range"),
        (5, "Ticket ID", "", "missing_required"),
        (6, "Topic", "x" * 201, "too_long"),
        (7, "Topic", "a␀b", "nul_character"),
    ]


def test_a_row_with_another_number_of_cells_stays_out_and_the_next_ones_go_in(write_rows: Write, run: Run):
    path = write_rows([tech_support_row(Ticket_ID="1"), tech_support_row(Ticket_ID="2")])
    header, first, second = path.read_text().splitlines()
    path.write_text("\n".join([header, first + ",extra", "a,b", second]))

    summary = run(path)

    assert (summary.rows, summary.created, summary.rejected) == (3, 1, 2)
    assert rejects() == [
        (2, "", "17 / 16", "wrong_column_count"),
        (3, "", "2 / 16", "wrong_column_count"),
    ]


def test_an_equal_row_adds_nothing_and_a_different_one_of_the_same_number_is_rejected(write_rows: Write, run: Run):
    rows = [tech_support_row(), tech_support_row(), tech_support_row(Topic="Other")]

    summary = run(write_rows(rows))

    assert (summary.created, summary.unchanged, summary.rejected) == (1, 1, 1)
    assert rejects() == [(4, "Ticket ID", "1", "duplicate_id")]
    assert Ticket.objects.get().category == "Setup"


def test_a_repeated_number_is_found_across_batches(write_rows: Write, run: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(actions, "batch_size", lambda: 2)
    rows = [tech_support_row(Ticket_ID=str(number)) for number in (1, 2, 3, 4, 5)]

    summary = run(write_rows([*rows, tech_support_row(Ticket_ID="2", Topic="Other"), rows[0]]))

    assert (summary.rows, summary.created, summary.unchanged, summary.rejected) == (7, 5, 1, 1)
    assert rejects() == [(7, "Ticket ID", "2", "duplicate_id")]


def test_an_unknown_engineer_is_rejected_unless_newcomers_are_created(write_rows: Write, run: Run, ann: Engineer):
    path = write_rows([tech_support_row(), tech_support_row(Ticket_ID="2", Agent_Name="Bob")])

    summary = run(path, create_engineers=False)

    assert (summary.created, summary.rejected) == (1, 1)
    assert rejects() == [(3, "Agent Name", "Bob", "unknown_engineer")]
    assert run(path).created == 1
    assert Ticket.objects.get(external_id="2").engineer == Engineer.objects.get(employee_no="Bob")


def test_a_name_borne_by_two_engineers_is_rejected_but_an_employee_number_is_not(write_rows: Write, run: Run):
    Engineer.objects.create(employee_no="17", name="Ann")
    Engineer.objects.create(employee_no="18", name="Ann")

    run(write_rows([tech_support_row(), tech_support_row(Ticket_ID="2", Agent_Name="18")]))

    assert rejects() == [(2, "Agent Name", "Ann", "ambiguous_engineer")]
    assert Ticket.objects.get().engineer.employee_no == "18"


def test_a_ticket_that_names_no_engineer_is_kept_unattributed(write_rows: Write, run: Run):
    summary = run(write_rows([tech_support_row(Agent_Name="")]))

    assert (summary.created, summary.rejected, summary.unattributed) == (1, 0, 1)
    assert Ticket.objects.get().engineer is None


def test_a_newcomer_joins_the_team_named_most_often_and_ties_go_by_the_alphabet(write_rows: Write, run: Run):
    teams = {"Ann": ["B", "A", "B"], "Bob": ["D", "C"]}
    labels = [(name, team) for name, given in teams.items() for team in given]
    rows = [
        tech_support_row(Ticket_ID=str(number), Agent_Name=name, Agent_Group=team)
        for number, (name, team) in enumerate(labels)
    ]

    run(write_rows(rows))

    joined = TeamMembership.objects.values_list("engineer__name", "team__code")
    assert sorted(joined) == [("Ann", "B"), ("Bob", "C")]


def test_labels_keep_their_inner_spaces_and_lose_those_at_the_ends(write_rows: Write, run: Run):
    run(write_rows([tech_support_row(Agent_Name=" Opened by  8\u3000")]))

    assert Engineer.objects.get().name == "Opened by  8"


def test_chinese_text_in_gb18030_is_read(write_rows: Write, run: Run):
    run(write_rows([tech_support_row(Agent_Name="王伟", Topic="泵站故障")], encoding="gb18030"))

    ticket = Ticket.objects.select_related("engineer").get()
    assert (ticket.engineer.name, ticket.category) == ("王伟", "泵站故障")


def test_a_file_may_come_zipped_or_gzipped_whatever_its_name(write_rows: Write, run: Run, tmp_path: Path):
    plain = write_rows([tech_support_row()])
    zipped, gzipped = tmp_path / "a.dat", tmp_path / "b.csv"
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.write(plain, "folder/table.csv")
        archive.writestr("__MACOSX/._table.csv", b"\0")
    gzipped.write_bytes(gzip.compress(plain.read_bytes()))

    assert run(plain).created == 1
    assert run(zipped).unchanged == 1
    assert run(gzipped).unchanged == 1


def test_a_workbook_inside_a_zip_is_read(tmp_path: Path, run: Run):
    from openpyxl import Workbook

    book = Workbook()
    book.active.title = "WOs"
    for row in (
        ["WO", "District", "LeadTech", "Service", "Rush", "ReqDate", "WorkDate"],
        ["W1", "North", "Ann", "Fix", "Yes", date(2026, 3, 2), date(2026, 3, 4)],
        ["W2", "North", "Ann", "Fix", None, "2026-03-02", None],
        [3, "North", "Ann", "Fix", None, "2 March", None],
    ):
        book.active.append(row)
    book.save(tmp_path / "orders.xlsx")
    with zipfile.ZipFile(tmp_path / "orders.zip", "w") as archive:
        archive.write(tmp_path / "orders.xlsx", "orders.xlsx")

    summary = run(tmp_path / "orders.zip", "workorders")

    assert (summary.created, summary.rejected) == (2, 1)
    assert rejects() == [(4, "ReqDate", "2 March", "bad_datetime")]
    first = Ticket.objects.get(external_id="W1")
    # Midnight in Shanghai.
    assert first.opened_at == datetime(2026, 3, 1, 16, tzinfo=UTC)
    assert first.resolved_at - first.opened_at == timedelta(days=2)
    assert list(Ticket.objects.order_by("external_id").values_list("priority", flat=True)) == [2, 3]


def test_times_are_read_in_the_zone_of_the_import(write_rows: Write, run: Run):
    path = write_rows([tech_support_row()])

    run(path, source="rome", time_zone="Europe/Rome")
    run(path, source="home")

    assert Ticket.objects.get(source="rome").opened_at == datetime(2023, 1, 2, 8, tzinfo=UTC)
    assert Ticket.objects.get(source="home").opened_at == datetime(2023, 1, 2, 1, tzinfo=UTC)


def test_a_survey_comes_along_with_its_ticket_where_there_is_one(write_rows: Write, run: Run):
    rows = [tech_support_row(Survey_results="4.0"), tech_support_row(Ticket_ID="2")]

    run(write_rows(rows))

    survey = Survey.objects.get()
    assert (survey.ticket.external_id, survey.score_hundredths, survey.engineer.name) == ("1", 400, "Ann")
    assert survey.responded_at == survey.ticket.closed_at


def test_surveys_alone_are_stored_and_linked_to_the_tickets_that_are_there(write_rows: Write, run: Run):
    run(write_rows([tech_support_row()]))
    rows = [tech_support_row(Survey_results="5"), tech_support_row(Ticket_ID="2", Survey_results="3")]

    summary = run(write_rows(rows), kind="surveys")

    assert (summary.rows, summary.records, summary.created) == (2, 2, 2)
    assert Ticket.objects.count() == 1
    links = Survey.objects.order_by("external_id").values_list("external_id", "ticket__external_id")
    assert list(links) == [("1", "1"), ("2", None)]


def test_a_kind_the_preset_does_not_map_is_misuse(write_rows: Write, run: Run):
    with pytest.raises(IntakeMisuse, match="tech_support has no visits"):
        run(write_rows([tech_support_row()]), kind="visits")


def test_a_unit_called_back_on_the_way_is_a_cancelled_visit_and_its_ticket_still_counts(run: Run):
    summary = run(DATA / "sf_fire_extract.csv", "sf_fire", time_zone="America/Los_Angeles")

    assert (summary.rows, summary.created) == (30, 30)
    for visit in Visit.objects.select_related("ticket"):
        arrived = visit.arrived_at is not None
        assert visit.exclusion == ("" if arrived else "cancelled")
        assert visit.is_first is arrived
        assert (visit.ticket.visit_count, visit.ticket.exclusion) == (int(arrived), "")
        assert visit.dispatched_at == visit.ticket.opened_at
        if arrived:
            on_time = visit.arrived_at - visit.dispatched_at <= timedelta(minutes=8)
            assert visit.arrival_met is on_time


def test_an_event_log_becomes_one_ticket_for_all_its_rows_with_the_words_of_the_last(run: Run):
    summary = run(DATA / "uci_incident_extract.csv", "uci_incident", time_zone="America/Sao_Paulo")

    assert (summary.rows, summary.records, summary.created) == (62, 8, 8)
    ticket = Ticket.objects.get(external_id="INC0000045")
    assert ticket.engineer.name == "Resolved by 149"
    assert ticket.first_response_at == datetime(2016, 2, 29, 11, 53, tzinfo=UTC)
    assert ticket.resolved_at == datetime(2016, 2, 29, 14, 29, tzinfo=UTC)
    assert ticket.closed_at == datetime(2016, 3, 5, 15, 0, tzinfo=UTC)
    assert (ticket.priority, ticket.source_resolution_met, ticket.resolution_met) == (3, True, True)


def test_a_fault_in_one_row_of_a_record_keeps_the_record_out_and_names_the_row(run: Run, tmp_path: Path):
    lines = (DATA / "uci_incident_extract.csv").read_text().splitlines(keepends=True)
    # The third row of the first ticket: the time it was updated.
    assert lines[3].startswith("INC0000045")
    lines[3] = lines[3].replace("29/2/2016 11:29", "29.2.2016", 1)
    path = tmp_path / "log.csv"
    path.write_text("".join(lines))

    summary = run(path, "uci_incident")

    assert (summary.created, summary.rejected) == (7, 1)
    assert rejects() == [(4, "sys_updated_at", "29.2.2016", "bad_datetime")]


def test_figures_follow_a_target_that_is_set_later(write_rows: Write, run: Run):
    run(write_rows([tech_support_row(Ticket_ID="1"), tech_support_row(Ticket_ID="2", Priority="Low")]))
    Target.objects.create(kind="resolution", priority=2, minutes=60, from_date="2023-01-01")

    changed = actions.recompute_figures()

    assert changed == 1
    assert list(Ticket.objects.order_by("external_id").values_list("resolution_met", flat=True)) == [
        False,
        True,
    ]
    assert actions.recompute_figures() == 0
    assert run(write_rows([tech_support_row(Ticket_ID="1")])).unchanged == 1


def test_arrival_figures_follow_a_target_that_is_set_later(run: Run):
    run(DATA / "sf_fire_extract.csv", "sf_fire")
    Target.objects.create(kind="arrival", source="sf_fire", minutes=1, from_date="2016-01-01")

    assert actions.recompute_figures(source="other") == 0
    assert actions.recompute_figures(source="sf_fire") > 0

    assert not Visit.objects.filter(arrival_met=True).exists()


def test_a_dry_run_tells_what_would_happen_and_stores_nothing(write_rows: Write, run: Run):
    rows = [tech_support_row(Ticket_ID=str(number)) for number in range(3)]
    run(write_rows(rows))
    rows[0]["Topic"] = "Other"
    rows += [tech_support_row(Ticket_ID="9"), tech_support_row(Ticket_ID="")]

    summary = actions.check_import(path=write_rows(rows), kind="tickets", preset="tech_support")

    assert (summary.rows, summary.created, summary.updated, summary.unchanged) == (5, 1, 1, 2)
    assert summary.rejected == 1
    assert (Ticket.objects.count(), ImportReject.objects.count()) == (3, 0)
    assert not Ticket.objects.filter(category="Other").exists()


def test_a_preview_shows_mapping_rows_and_problems_and_stores_nothing(write_rows: Write):
    rows = [tech_support_row(Ticket_ID="1"), tech_support_row(Ticket_ID="2", Priority="Huge")]

    with write_rows(rows).open("rb") as file:
        preview = actions.preview_import(file=file, kind="tickets", preset="tech_support")

    opened = [(row.row_number, row.cells["opened_at"].text, row.stays_out) for row in preview.rows]
    assert opened == [(2, "2023-01-02 09:00:00", False), (3, "2023-01-02 09:00:00", True)]
    wrong = preview.rows[1].cells["priority"]
    assert (wrong.text, wrong.problem) == ("Huge", "The preset does not know this value.")
    mapping = {field.name: field.columns for field in preview.mapping}
    assert mapping["opened_at"] == ("Created time",)
    assert [(p.row_number, p.column, p.value, p.reason) for p in preview.problems] == [
        (3, "Priority", "Huge", "bad_choice")
    ]
    assert preview.unknown_engineers == ("Ann",)
    assert Engineer.objects.count() == Ticket.objects.count() == 0
