"""Whatever a table holds and however it is packed, it reads back equal, with its row numbers."""

from __future__ import annotations

import csv
import gzip
import io
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from appraisal.evidence.intake.files import open_table
from appraisal.evidence.intake.parsing import Reading
from appraisal.evidence.intake.presets import build_preset
from appraisal.evidence.intake.shaping import rows_frame, shape_groups
from appraisal.evidence.intake.tables import read_table

# Text that UTF-8 and GB18030 can both write, with all that csv finds difficult.
CELLS = st.text(
    st.one_of(st.sampled_from(",;\t|\"'\n 中文é€"), st.characters(exclude_categories=["Cs", "Cc", "Cn", "Co"])),
    max_size=8,
)
TABLES = st.integers(2, 4).flatmap(
    lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), min_size=1, max_size=12)
)


def as_text(rows: Sequence[Sequence[str]], delimiter: str) -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(rows)
    return out.getvalue()


def pack(content: bytes, packing: str, name: str) -> bytes:
    if packing == "gz":
        return gzip.compress(content)
    if packing == "zip":
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            archive.writestr(name, content)
        return out.getvalue()
    return content


def read_back(content: bytes, header: Sequence[str], size: int) -> list[tuple[int, ...] | tuple[int, str]]:
    rows: list[tuple] = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "upload"
        path.write_bytes(content)
        with read_table(open_table(path, folder=Path(folder)), wanted=header, sheet=None) as table:
            assert table.header == list(header)
            for batch in table.batches(header, size=size):
                assert batch.ragged == []
                rows.extend(zip(batch.numbers, *batch.columns, strict=True))
    return rows


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("packing", ["", "gz", "zip"])
@given(table=TABLES, delimiter=st.sampled_from(",\t;"), size=st.integers(1, 5))
def test_any_table_of_texts_reads_back_equal(encoding: str, packing: str, table, delimiter: str, size: int):
    header = [f"列{index}" for index in range(len(table[0]))]
    content = as_text([header, *table], delimiter).encode(encoding)
    if encoding == "gb18030":
        # Bytes that happen to be valid UTF-8 as well are UTF-8 by rule; real files of some length are not.
        try:
            content.decode("utf-8")
        except UnicodeDecodeError:
            pass
        else:
            assume(False)

    rows = read_back(pack(content, packing, "table.csv"), header, size)

    # A row of nothing but empty cells is a blank row: it keeps its number and is not read.
    assert rows == [(number, *row) for number, row in enumerate(table, start=2) if any(row)]


GROUPING = build_preset(
    {
        "code": "events",
        "title": {"en": "Events", "zh-hans": "事件"},
        "datetime_formats": ["%Y-%m-%d %H:%M"],
        "group_by": "no",
        "tickets": {
            "fields": {
                "external_id": {"column": "no"},
                "opened_at": {"column": "at", "rule": "min"},
                "resolved_at": {
                    "column": "at",
                    "rule": "max",
                    "where": {"column": "what", "equals": "resolve"},
                },
                "reassignment_count": {
                    "column": "what",
                    "rule": "count",
                    "where": {"column": "what", "not": ["open", "resolve"]},
                },
            }
        },
    }
)
EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["T1", "T2", "T3"]),
        st.integers(0, 59).map(lambda minute: f"2026-01-01 00:{minute:02}"),
        st.sampled_from(["open", "work", "resolve"]),
    ),
    min_size=1,
    max_size=15,
)


@given(events=EVENTS, data=st.data())
def test_smallest_largest_and_count_do_not_depend_on_the_order_of_rows(events, data):
    def grouped(rows: Sequence[tuple[str, str, str]]) -> list[tuple]:
        frame = rows_frame(range(2, 2 + len(rows)), list(zip(*rows, strict=True)), ["no", "at", "what"], [])
        shaped = shape_groups(frame, Reading(GROUPING, ZoneInfo("UTC")), ["tickets"])
        assert shaped.rejects.is_empty()
        return sorted(shaped.records["tickets"].select(pl.exclude("^_.*$")).rows(), key=str)

    assert grouped(data.draw(st.permutations(events))) == grouped(events)


def test_a_blank_row_keeps_its_number():
    rows = read_back(b"a,b\n1,2\n\n,\n3,4\n", ["a", "b"], 2)

    assert rows == [(2, "1", "2"), (5, "3", "4")]
