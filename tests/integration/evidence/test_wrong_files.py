"""A file that cannot be used is refused with a sentence that says why, and nothing of it is stored."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import override_settings
from django.utils import translation

from appraisal.evidence.intake.errors import REFUSALS, refusal_text
from appraisal.evidence.models import EvidenceImport, ImportReject, Ticket
from engineers.models import Engineer
from tests.integration.evidence.conftest import TECH_SUPPORT, Run, Write, tech_support_row

pytestmark = pytest.mark.django_db

HEADER = ",".join(TECH_SUPPORT) + "\n"
ROW = ",".join(TECH_SUPPORT.values()) + "\n"


def zipped(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(f"{name}.csv", content)
    return out.getvalue()


GOOD = (HEADER + ROW).encode()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"%PDF-1.7\n1 0 obj", "not a table but PDF"),
        (b"\x89PNG\r\n\x1a\n\0\0", "not a table but PNG"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "xls"),
        (bytes(range(256)) * 40, "not a table but binary data"),
        (b"", "The file is empty"),
        (b"\xef\xbb\xbf\r\n \n", "The file is empty"),
        (HEADER.encode(), "a header but no rows"),
        (
            b"a,b,c,d,e\n1,2,3,4,5\n",
            "lacks these columns of the preset “tech_support”: Ticket ID, Agent Name",
        ),
        (HEADER.replace("Topic", "Ticket ID").encode() + ROW.encode(), "lacks these columns"),
        (HEADER.replace("Country", "Country,Topic").encode() + ROW.encode(), "“Topic” more than once"),
        (HEADER.encode() + b"\xff\xfe\xfd\x80," + ROW.encode(), "neither UTF-8 nor GB18030"),
        (HEADER.encode() + ROW.encode() + b'"1,2\n', "quotation marks of row 3"),
        (HEADER.encode() + ROW.encode() + b'"1"2,3\n', "quotation marks of row 3"),
        (gzip.compress(GOOD)[:-12], "damaged or ends too early"),
        (gzip.compress(GOOD)[:20], "damaged or ends too early"),
        (gzip.compress(gzip.compress(GOOD)), "not a table but GZIP"),
        (zipped(one=GOOD)[:-30], "not a table but ZIP"),
        (zipped(one=GOOD, two=GOOD), "several files: one.csv, two.csv"),
        (zipped(), "The file is empty|holds no table"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_wrong_file_is_refused_and_nothing_is_stored(content: bytes, sentence: str, tmp_path: Path, run: Run):
    path = tmp_path / "tickets.csv"
    path.write_bytes(content)

    summary = run(path)

    with translation.override("en"):
        text = refusal_text(summary.refusal)
    assert summary.state == "refused"
    assert any(part in text for part in sentence.split("|")), text
    assert Ticket.objects.count() == Engineer.objects.count() == ImportReject.objects.count() == 0


def test_a_file_for_another_preset_is_refused_and_the_fitting_preset_named(tmp_path: Path, run: Run):
    path = tmp_path / "file.csv"
    path.write_text("WO,District,LeadTech,Service,Rush,ReqDate,WorkDate\nW1,N,Ann,Fix,,2026-03-02,\n")

    summary = run(path)

    assert "workorders" in refusal_text(summary.refusal)


def test_200_megabytes_of_one_line_are_refused_within_bounded_memory(tmp_path: Path, run: Run):
    import resource

    path = tmp_path / "line.csv"
    with path.open("wb") as file:
        for _ in range(200):
            file.write(b"x" * (1 << 20))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    summary = run(path)

    with translation.override("en"):
        assert "Line 1 is longer than" in refusal_text(summary.refusal)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024


@pytest.mark.parametrize("pack", [gzip.compress, lambda content: zipped(one=content)])
def test_a_file_that_unpacks_to_more_than_the_limit_is_refused(
    pack: Callable[[bytes], bytes], tmp_path: Path, run: Run
):
    path = tmp_path / "bomb.csv"
    path.write_bytes(pack((HEADER + ROW * 50_000).encode()))

    with override_settings(INTAKE_MAX_UNPACKED_BYTES=1_000_000):
        summary = run(path)

    assert EvidenceImport.objects.get().state == "refused"
    assert "1000000" in refusal_text(summary.refusal)


def test_a_file_larger_than_the_limit_is_refused(write_rows: Write, run: Run):
    with override_settings(INTAKE_MAX_FILE_BYTES=100):
        summary = run(write_rows([tech_support_row()]))

    assert "100" in refusal_text(summary.refusal)


def test_a_workbook_without_the_sheet_of_the_preset_is_refused(tmp_path: Path, run: Run):
    from openpyxl import Workbook

    Workbook().save(tmp_path / "book.xlsx")

    summary = run(tmp_path / "book.xlsx", "workorders")

    assert "WOs" in refusal_text(summary.refusal)


def test_a_broken_workbook_is_refused(tmp_path: Path, run: Run):
    path = tmp_path / "book.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/workbook.xml", "<broken")

    assert "xlsx" in refusal_text(run(path, "workorders").refusal)


def test_an_unmapped_column_may_be_there_twice(tmp_path: Path, run: Run):
    path = tmp_path / "file.csv"
    path.write_text(f"Variant,Variant,{HEADER}a,b,{ROW}")

    assert run(path).created == 1


def test_every_refusal_has_a_sentence_that_can_be_filled():
    for code, sentence in REFUSALS.items():
        assert str(sentence), code
