"""Any file: its columns are guessed, shown, corrected, and kept as a preset that the next file of its form finds."""

from __future__ import annotations

import csv
import gzip
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from appraisal.evidence import actions
from appraisal.evidence.intake.look import MOST_COLUMNS
from appraisal.evidence.mapping_forms import MappingForm
from appraisal.evidence.models import EvidenceImport, SavedPreset, Survey, Ticket, Visit
from engineers.models import AuditEntry
from tests.factories import auditor_user, hr_user
from tests.integration.evidence.conftest import Run
from tests.integration.evidence.records import client_of

pytestmark = pytest.mark.django_db

DATA = Path(__file__).resolve().parents[2] / "data"

TECH_SUPPORT = {
    "Country": "客户",
    "Agent Name": "处理人",
    "Ticket ID": "工单编号",
    "Priority": "紧急程度",
    "Topic": "问题类型",
    "Agent Group": "班组",
    "Survey results": "满意度评分",
    "Created time": "报修时间",
    "First response time": "首次响应时间",
    "Resolution time": "解决时间",
    "Close time": "关闭时间",
    "Expected SLA to first response": "应响应时间",
    "Expected SLA to resolve": "应解决时间",
    "SLA For first response": "响应是否达标",
    "SLA For Resolution": "解决是否达标",
    "Product group": "产品",
}
SF_FIRE = {
    "Unit ID": "Technician",
    "Available DtTm": "Completed at",
    "RowID": "Work order",
    "On Scene DtTm": "Arrived at",
    "Received DtTm": "Reported",
    "Response DtTm": "Responded",
    "Final Priority": "Urgency",
    "Battalion": "District",
    "Call Type": "Category",
    "Unit Type": "Model",
    "Address": "Client",
}
UCI = {
    "closed_at": "Closed",
    "resolved_at": "Resolved",
    "opened_at": "Opened",
    "number": "Case number",
    "resolved_by": "Handled by",
    "assignment_group": "Support group",
    "sys_updated_at": "Entry made",
    "incident_state": "Step",
    "priority": "Urgency",
    "category": "Category",
    "cmdb_ci": "Product",
    "caller_id": "Caller",
    "reopen_count": "Reopens",
    "reassignment_count": "Transfers",
    "made_sla": "SLA met",
}
WORKORDERS = {
    "WorkDate": "完工日期",
    "ReqDate": "报修日期",
    "LeadTech": "工程师",
    "WO": "单号",
    "District": "大区",
    "Service": "服务类型",
    "Rush": "紧急度",
}

TICKET = (
    *("external_id", "engineer__name", "customer", "product", "category", "priority", "opened_at"),
    *("first_response_at", "resolved_at", "closed_at", "response_due_at", "resolution_due_at", "response_us"),
    *("response_met", "resolution_us", "resolution_met", "reopen_count", "reassignment_count", "anomalies"),
)
SURVEY = ("external_id", "ticket__external_id", "engineer__name", "responded_at", "score_hundredths")
VISIT = ("external_id", "engineer__name", "dispatched_at", "arrived_at", "arrival_us", "is_first")


@pytest.fixture
def hr() -> Client:
    return client_of(hr_user(username="hr"))


def renamed(rows: Sequence[Mapping[str, str]], names: Mapping[str, str], **options: Any) -> bytes:
    """Write rows with other column names in another order, and a column that nobody knows."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, **options)
    writer.writerow(["Zzz", *names.values()])
    writer.writerows(["zzz", *(row[name] for name in names)] for row in rows)
    return out.getvalue().encode()


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def upload(client: Client, content: bytes, name: str = "export.csv", **fields: str) -> EvidenceImport:
    """Send a file and let the portal find out how it is read."""
    told = {"kind": "tickets", "preset": "", "source": "", "time_zone": "UTC", "create_engineers": "on"} | fields
    answer = client.post(reverse("import_new"), told | {"file": SimpleUploadedFile(name, content)})
    assert answer.status_code == 302, answer.context["form"].errors
    return EvidenceImport.objects.latest("pk")


def as_sent(form: MappingForm) -> dict[str, str]:
    """Return what a browser sends of the form as it is shown."""
    sent = {}
    for name in form.fields:
        value = form[name].value()
        if value is not False:
            sent[name] = "on" if value is True else str(value or "")
    for _title, first, more in form.groups():
        for slot in (*first, *more):
            if slot.words:
                sent[f"{slot.key}@"] = slot.words_of
                sent |= {word.name: word.text for word in slot.words}
    return sent


def mapping_page(client: Client, job: EvidenceImport) -> Any:
    return client.get(reverse("import_mapping", args=[job.pk]))


def change(client: Client, job: EvidenceImport, **changes: str) -> Any:
    """Send the form as shown, with some selects changed; ``tickets.priority`` is written ``tickets_priority``."""
    sent = as_sent(mapping_page(client, job).context["form"])
    told = {name.replace("__", ".", 1): value for name, value in changes.items()}
    return client.post(reverse("import_mapping", args=[job.pk]), sent | told)


def meaning(client: Client, job: EvidenceImport, key: str, **meanings: str) -> Any:
    """Say what values of a field stand for."""
    form = mapping_page(client, job).context["form"]
    sent = as_sent(form)
    for number, word in enumerate(form._words[key]):
        if word in meanings:
            sent[f"{key}={number}"] = meanings[word]
    return client.post(reverse("import_mapping", args=[job.pk]), sent)


def confirm(client: Client, job: EvidenceImport) -> actions.ImportSummary:
    client.post(reverse("import_confirm", args=[job.pk]))
    return actions.run_import(import_id=job.pk)


def told(model: Any, source: str, names: Sequence[str]) -> list[tuple[Any, ...]]:
    return sorted(model.objects.filter(source=source).values_list(*names), key=str)


def test_technical_support_under_chinese_names_is_guessed_whole_and_read_as_by_its_own_preset(
    shared_data: Path, run: Run, hr: Client
) -> None:
    path = shared_data / "tech_support" / "technical_support.csv"
    run(path, "tech_support", time_zone="UTC")
    rows = rows_of(path.read_text("utf-8"))

    summary = confirm(hr, upload(hr, renamed(rows, TECH_SUPPORT), source="desk"))

    assert (summary.rows, summary.created, summary.rejected) == (2330, 2330, 0)
    assert told(Ticket, "desk", TICKET) == told(Ticket, "tech_support", TICKET)
    assert told(Survey, "desk", SURVEY) == told(Survey, "tech_support", SURVEY)
    assert Survey.objects.filter(source="desk").count() == 1173


def test_dispatches_under_other_names_give_the_arrivals_of_their_own_preset(
    shared_data: Path, run: Run, hr: Client
) -> None:
    path = shared_data / "sf_fire" / "calls_for_service_2017w1.csv.gz"
    run(path, "sf_fire", time_zone="America/Los_Angeles")
    rows = rows_of(gzip.decompress(path.read_bytes()).decode())
    job = upload(hr, renamed(rows, SF_FIRE, delimiter=";"), source="desk", time_zone="America/Los_Angeles")

    # A number says which is more urgent only to those who know the system: 3 is an emergency here.
    meaning(hr, job, "tickets.priority", **{"3": "1", "2": "3"})
    summary = confirm(hr, job)

    assert (summary.rows, summary.created, summary.rejected) == (7704, 7704, 0)
    assert told(Ticket, "desk", TICKET) == told(Ticket, "sf_fire", TICKET)
    arrived = Visit.objects.filter(source="sf_fire", arrived_at__isnull=False).values_list(*VISIT)
    assert told(Visit, "desk", VISIT) == sorted(arrived, key=str)


def uci_declaration(job: EvidenceImport) -> dict[str, Any]:
    """Add what no select says: the first response is the earliest entry that is not New."""
    declaration: dict[str, Any] = json.loads(json.dumps(job.declaration))
    declaration["tickets"]["fields"]["first_response_at"] = {
        "column": UCI["sys_updated_at"],
        "rule": "min",
        "where": {"column": UCI["incident_state"], "not": ["New"]},
    }
    return declaration


@pytest.mark.parametrize("real", [False, True])
def test_an_event_log_is_grouped_and_its_conditions_are_said_in_the_declaration(
    real: bool, request: pytest.FixtureRequest, run: Run, hr: Client
) -> None:
    if real:
        path = request.getfixturevalue("shared_data") / "uci_incident" / "incident_event_log.csv.zip"
        with zipfile.ZipFile(path) as archive:
            text = archive.read(archive.namelist()[0]).decode()
    else:
        path = DATA / "uci_incident_extract.csv"
        text = path.read_text("utf-8")
    run(path, "uci_incident", time_zone="UTC")
    job = upload(hr, renamed(rows_of(text), UCI), source="desk")
    assert job.declaration["group_by"] == "Case number"
    # JSON is YAML.
    details = json.dumps(uci_declaration(job))
    assert hr.post(reverse("import_mapping", args=[job.pk]), {"declaration": details}).status_code == 302
    # The selects show the rest and leave alone what they cannot say.
    assert change(hr, job).status_code == 302

    summary = confirm(hr, job)

    assert (summary.rejected, summary.created) == (0, Ticket.objects.filter(source="uci_incident").count())
    assert summary.created == (20_769 if real else 8)
    assert told(Ticket, "desk", TICKET) == told(Ticket, "uci_incident", TICKET)


def test_work_orders_of_excel_are_found_on_their_sheet(
    shared_data: Path, tmp_path: Path, run: Run, hr: Client
) -> None:
    path = shared_data / "workorders" / "workorders.xlsx"
    run(path, "workorders", time_zone="UTC")
    from python_calamine import CalamineWorkbook

    header, *rows = CalamineWorkbook.from_path(str(path)).get_sheet_by_name("WOs").to_python()
    content = workbook(tmp_path, [dict(zip(header, row, strict=True)) for row in rows], WORKORDERS)
    job = upload(hr, content, "orders.xlsx", source="desk")
    assert job.declaration["sheet"] == "Orders"

    # An empty cell is no rush.
    form = mapping_page(hr, job).context["form"]
    sent = as_sent(form) | {f"tickets.priority={form._words['tickets.priority'].index('')}": "3"}
    hr.post(reverse("import_mapping", args=[job.pk]), sent)
    summary = confirm(hr, job)

    assert (summary.created, summary.rejected) == (1000, 0)
    assert told(Ticket, "desk", TICKET) == told(Ticket, "workorders", TICKET)


def workbook(folder: Path, rows: Sequence[Mapping[str, Any]], names: Mapping[str, str]) -> bytes:
    path = folder / "made.xlsx"
    with xlsxwriter.Workbook(str(path), {"default_date_format": "yyyy-mm-dd"}) as book:
        book.add_worksheet("Read me").write(0, 0, "Orders of the year")
        sheet = book.add_worksheet("Orders")
        sheet.write_row(0, 0, list(names.values()))
        for number, row in enumerate(rows, start=1):
            sheet.write_row(number, 0, [row[name] for name in names])
    return path.read_bytes()


SMALL = "Case;Technician;Opened;Urgency\nA-1;Ann;{0} 09:00;high\nA-2;Ann;{1} 10:00;whatever\n"


def test_the_order_of_day_and_month_is_asked_for_and_never_guessed(hr: Client) -> None:
    job = upload(hr, SMALL.format("02/03/2026", "04/05/2026").encode())
    page = mapping_page(hr, job)
    assert page.context["form"]["datetime_format"].value() == ""

    refused = change(hr, job)
    assert refused.status_code == 422
    assert "The values fit both orders of day and month" in refused.content.decode()
    assert change(hr, job, datetime_format="%d/%m/%Y %H:%M").status_code == 302
    rows = mapping_page(hr, job).context["preview"].rows
    assert [row.cells["opened_at"].text for row in rows] == ["2026-03-02 09:00:00", "2026-05-04 10:00:00"]


def test_one_date_that_fits_one_order_only_decides(hr: Client) -> None:
    job = upload(hr, SMALL.format("02/03/2026", "13/05/2026").encode())

    assert job.declaration["datetime_formats"] == ["%d/%m/%Y %H:%M"]


def test_a_mapping_that_is_not_complete_imports_nothing(hr: Client) -> None:
    job = upload(hr, SMALL.format("02/03/2026", "04/05/2026").encode())

    answer = hr.post(reverse("import_confirm", args=[job.pk]), follow=True)

    assert "The mapping is not complete" in answer.content.decode()
    assert EvidenceImport.objects.get().state == "preview"


def test_a_value_that_cannot_be_read_is_shown_with_its_reason_beside_it(hr: Client) -> None:
    job = upload(hr, SMALL.format("2026-03-02", "2026-03-03").encode())

    page = mapping_page(hr, job).content.decode()

    assert 'whatever<div class="invalid-feedback d-block">The preset does not know this value.</div>' in page
    meaning(hr, job, "tickets.priority", whatever="5")
    assert "does not know this value" not in mapping_page(hr, job).content.decode()


def test_a_select_that_is_left_empty_asks_for_its_column(hr: Client) -> None:
    job = upload(hr, SMALL.format("2026-03-02", "2026-03-03").encode())

    refused = change(hr, job, tickets__opened_at="")

    assert refused.context["form"].errors["tickets.opened_at"] == ["Every record needs this: choose its column."]
    assert EvidenceImport.objects.get().declaration == job.declaration


def saved(client: Client, content: bytes, name: str = "Acme desk") -> EvidenceImport:
    """Upload, translate, keep as a preset."""
    job = upload(client, content, "acme-2026-03.csv")
    meaning(client, job, "tickets.priority", whatever="5")
    assert client.post(reverse("import_keep", args=[job.pk]), {"name": name}).status_code == 302
    job.refresh_from_db()
    return job


def test_a_kept_mapping_reads_the_next_file_of_its_form_by_itself(hr: Client) -> None:
    first = saved(hr, SMALL.format("2026-03-02", "2026-03-03").encode())
    assert (first.preset, first.preset_version, first.source) == ("acme-desk", 1, "acme")
    assert confirm(hr, first).created == 2

    next_one = upload(hr, SMALL.format("2026-04-02", "2026-03-03").encode(), "whatever.csv")

    assert (next_one.preset, next_one.preset_version, next_one.source) == ("acme-desk", 1, "acme")
    assert (
        "By the preset acme-desk, version 1." in hr.get(reverse("import_detail", args=[next_one.pk])).content.decode()
    )
    summary = confirm(hr, next_one)
    assert (summary.created, summary.updated, summary.unchanged) == (0, 1, 1)


def test_an_old_import_tells_how_it_was_read_when_its_preset_has_changed_or_gone(hr: Client) -> None:
    job = saved(hr, SMALL.format("2026-03-02", "2026-03-03").encode())
    other = SMALL.replace("Opened", "Start").format("2026-03-02", "2026-03-03")
    content = {key: value for key, value in job.declaration.items() if key not in ("code", "title")}
    content["tickets"]["fields"]["opened_at"] = {"column": "Start"}
    address = reverse("preset_detail", args=["acme-desk"])
    assert hr.post(address, {"name": "Acme desk", "declaration": json.dumps(content)}).status_code == 302
    assert SavedPreset.objects.get().version == 2

    # Confirmed after the change: it is still read as it was shown.
    assert confirm(hr, job).created == 2
    newer = upload(hr, other.encode(), source="newer")
    assert (newer.preset, newer.preset_version) == ("acme-desk", 2)
    assert hr.post(reverse("preset_delete", args=["acme-desk"])).status_code == 302
    page = hr.get(reverse("import_detail", args=[job.pk])).content.decode()
    assert "Read by the preset “Acme desk”, version 1" in page
    assert "<td>Opened</td>" in page
    assert "<td>Start</td>" not in page
    assert confirm(hr, newer).created == 2


def test_presets_are_audited_with_what_they_said(hr: Client) -> None:
    saved(hr, SMALL.format("2026-03-02", "2026-03-03").encode())
    address = reverse("preset_detail", args=["acme-desk"])
    form = hr.get(address).context["form"]
    same = {"name": form["name"].value(), "declaration": form["declaration"].value()}
    hr.post(address, same)
    hr.post(address, same | {"name": "Acme"})
    hr.post(reverse("preset_delete", args=["acme-desk"]))

    entries = AuditEntry.objects.filter(action__startswith="evidence.preset").order_by("pk")
    assert [(entry.action, entry.before.get("name"), entry.after.get("name")) for entry in entries] == [
        ("evidence.preset_saved", None, "Acme desk"),
        ("evidence.preset_saved", "Acme desk", "Acme"),
        ("evidence.preset_deleted", "Acme", None),
    ]
    assert entries[0].after["content"]["tickets"]["fields"]["opened_at"] == {"column": "Opened"}


@pytest.mark.parametrize(
    ("declaration", "says"),
    [
        ("tickets: {fields: {external_id: {column: A}}}", "opened_at must be mapped"),
        ("tickets: [", "not readable as YAML"),
        ("- a", "expected names with values"),
        ("a: &a [x]\nb: *a", "aliases are not allowed"),
        ("tickets: !!python/object/apply:os.system [ls]", "not readable as YAML"),
    ],
)
def test_a_declaration_with_a_fault_is_refused_with_its_place(hr: Client, declaration: str, says: str) -> None:
    saved(hr, SMALL.format("2026-03-02", "2026-03-03").encode())

    answer = hr.post(reverse("preset_detail", args=["acme-desk"]), {"name": "Acme desk", "declaration": declaration})

    assert answer.status_code == 422
    assert says in " ".join(answer.context["form"].errors["declaration"])
    assert SavedPreset.objects.get().version == 1


def test_a_name_in_use_is_refused_beside_the_field(hr: Client) -> None:
    saved(hr, SMALL.format("2026-03-02", "2026-03-03").encode())
    job = upload(hr, SMALL.replace("Case", "Number").format("2026-03-02", "2026-03-03").encode())

    answer = hr.post(reverse("import_keep", args=[job.pk]), {"name": "Acme desk"})

    assert answer.status_code == 422
    assert "There is a preset of this name" in answer.content.decode()


def test_a_file_nobody_can_read_says_so_and_stores_nothing(hr: Client) -> None:
    job = upload(hr, b"%PDF-1.7 not a table", "report.csv")

    answer = hr.get(reverse("import_detail", args=[job.pk]), follow=True)

    assert "This is not a table but PDF" in answer.content.decode()


def test_a_file_of_very_many_columns_offers_the_first_of_them(hr: Client) -> None:
    names = ["Case", "Opened", *(f"Column {number}" for number in range(5_000))]
    content = "\n".join([",".join(names), ",".join(["A-1", "2026-03-02 09:00", *["x"] * 5_000])]).encode()
    job = upload(hr, content)

    page = mapping_page(hr, job)

    assert len(page.context["form"]["tickets.external_id"].field.choices) == MOST_COLUMNS + 1
    assert [row.cells["external_id"].text for row in page.context["preview"].rows] == ["A-1"]


def dry_run(client: Client, content: bytes, **fields: str) -> Any:
    sent = {"kind": "tickets", "file": SimpleUploadedFile("export.csv", content), "create_engineers": "true"}
    return client.post(reverse("api:evidenceimport-dry-run"), sent | fields)


def test_a_dry_run_by_the_api_guesses_counts_and_stores_nothing(hr: Client) -> None:
    answer = dry_run(hr, SMALL.format("2026-03-02", "2026-03-03").encode()).json()

    assert (answer["preset"], answer["rows"], answer["created"], answer["rejected"]) == ("", 2, 1, 1)
    assert answer["declaration"]["tickets"]["fields"]["engineer"] == {"column": "Technician"}
    assert answer["rejects"] == [{"row_number": 3, "column": "Urgency", "value": "whatever", "reason": "bad_choice"}]
    assert not Ticket.objects.exists()
    assert not EvidenceImport.objects.exists()
    doubtful = dry_run(hr, SMALL.format("02/03/2026", "04/05/2026").encode())
    assert doubtful.status_code == 400


def test_presets_are_kept_changed_and_deleted_by_the_api(hr: Client) -> None:
    content = SMALL.format("2026-03-02", "2026-03-03").encode()
    guess = dry_run(hr, content).json()["declaration"]
    guess["tickets"]["fields"]["priority"]["map"]["whatever"] = 5
    sent = {"name": "Acme desk", "declaration": guess}

    made = hr.post(reverse("api:import-preset-list"), sent, content_type="application/json")
    assert (made.status_code, made.json()["code"], made.json()["version"]) == (201, "acme-desk", 1)
    tried = dry_run(hr, content).json()
    assert (tried["preset"], tried["declaration"], tried["created"]) == ("acme-desk", None, 2)
    address = reverse("api:import-preset-detail", args=["acme-desk"])
    changed = hr.put(address, sent | {"name": "Acme"}, content_type="application/json").json()
    assert (changed["name"], changed["version"]) == ("Acme", 2)
    wrong = hr.put(address, sent | {"declaration": {"tickets": {}}}, content_type="application/json")
    assert "fields is missing" in wrong.json()["declaration"][0]
    auditor = client_of(auditor_user(username="auditor"))
    assert [each["code"] for each in auditor.get(reverse("api:import-preset-list")).json()["results"]] == ["acme-desk"]
    assert hr.delete(address).status_code == 204
    assert not SavedPreset.objects.exists()
